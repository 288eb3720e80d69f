//! One row of a client's check-ins as the database has it, and how it is read, written and removed. It must never decide what becomes of one.

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use rusqlite::{Row, params};

use super::forms::{User, device_key, split_name};
use super::words::{Kind, Word, Words};
use crate::days::{Seen, day_of};
use crate::domain::{Checkin, CheckinStatus};
use crate::rules::IdentityKey;
use crate::sqlite::columns;
use crate::sqlite::statements::{Sql, Statements};

/// The form of an instant of the server's clock: UTC, seven digits.
pub(in crate::sqlite) const FORM_OF_CLOCK: i32 = 0x7fff << 4 | 7;

/// A row as its columns have it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stored {
    pub(super) id: i64,
    pub(super) hot: Hot,
    pub(super) texts: Texts,
}

/// What check-ins change.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Hot {
    pub(super) at: DateTimeOffset,
    pub(super) was_successful: bool,
    pub(super) applied: Word,
}

/// What seldom changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Texts {
    pub(super) user: User,
    user_id: Option<Arc<str>>,
    upn: Option<Arc<str>>,
    domain: Word,
    device_name: Option<Arc<str>>,
    platform: Word,
    version: Word,
    error_message: Option<Arc<str>>,
}

impl Stored {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (ticks, form): (i64, i32) = (row.get(1)?, row.get(2)?);
        let hot = Hot {
            at: columns::instant_of(ticks, form.wrapping_add(FORM_OF_CLOCK), 1)?,
            was_successful: row.get(3)?,
            applied: row.get(4)?,
        };
        let texts = Texts {
            user: row.get(5)?,
            user_id: row.get(6)?,
            upn: row.get(7)?,
            domain: row.get(8)?,
            device_name: row.get(9)?,
            platform: row.get(10)?,
            version: row.get(11)?,
            error_message: row.get(12)?,
        };
        Ok(Self { id: row.get(0)?, hot, texts })
    }

    pub(super) fn day(&self) -> i32 {
        self.hot.at.unix_day()
    }

    /// Whether a fetch that says this changes nothing but the instant.
    pub(super) fn is_as_fetched(
        &self,
        checkin: &Checkin,
        applied: &Word,
        statements: &mut Statements<'_>,
        (words, tenant): (&mut Words, i64),
    ) -> rusqlite::Result<bool> {
        let texts = &self.texts;
        let is_same = self.hot.applied == *applied
            && self.hot.at.form() == checkin.at.form()
            && texts.user_id.as_deref() == texts.user.spelling(&checkin.user_id)
            && texts.device_name == checkin.device_name;
        if !is_same {
            return Ok(false);
        }
        let platform = words.word(statements, tenant, Kind::Platform, Some(&checkin.device_platform))?;
        let Some(name) = checkin.user_principal_name.as_deref() else { return Ok(platform == texts.platform) };
        let (upn, domain) = split_name(name);
        let domain = words.word(statements, tenant, Kind::Domain, domain)?;
        Ok(platform == texts.platform && texts.upn.as_deref() == Some(upn) && texts.domain == domain)
    }

    /// The row as it was told.
    pub(super) fn status(&self, statements: &mut Statements<'_>, words: &mut Words) -> rusqlite::Result<CheckinStatus> {
        let texts = &self.texts;
        let domain = words.text(statements, &texts.domain)?;
        let applied = words.text(statements, &self.hot.applied)?;
        Ok(CheckinStatus {
            user_principal_name: texts.upn.as_ref().map(|upn| match &domain {
                None => Arc::clone(upn),
                Some(domain) => format!("{upn}@{domain}").into(),
            }),
            device_name: texts.device_name.clone(),
            device_platform: words.text(statements, &texts.platform)?,
            device_platform_version: words.text(statements, &texts.version)?,
            was_successful: self.hot.was_successful,
            user_id: texts.user_id.clone().unwrap_or_else(|| texts.user.text().into()),
            checkin: self.hot.at,
            error_message: texts.error_message.clone(),
            applied_policies: applied.map(|json| columns::json_list(&json, 4)).transpose()?,
        })
    }

    /// A row with the id as it is to be kept.
    pub(super) fn of(
        statements: &mut Statements<'_>,
        (words, tenant): (&mut Words, i64),
        id: i64,
        row: &CheckinStatus,
    ) -> rusqlite::Result<Self> {
        let mut word = |kind, text: Option<&str>| words.word(statements, tenant, kind, text);
        let name = row.user_principal_name.as_deref().map(split_name);
        let domain = word(Kind::Domain, name.and_then(|(_, domain)| domain))?;
        let platform = word(Kind::Platform, row.device_platform.as_deref())?;
        let version = word(Kind::Version, row.device_platform_version.as_deref())?;
        let user = User::of(&row.user_id);
        let texts = Texts {
            user_id: user.spelling(&row.user_id).map(Arc::from),
            user,
            upn: name.map(|(upn, _)| upn.into()),
            domain,
            device_name: row.device_name.clone(),
            platform,
            version,
            error_message: row.error_message.clone(),
        };
        let applied = words.applied_by(statements, tenant, row)?;
        Ok(Self { id, hot: Hot { at: row.checkin, was_successful: row.was_successful, applied }, texts })
    }

    /// What of the row counts.
    pub(super) fn seen(&self, statements: &mut Statements<'_>, words: &mut Words) -> rusqlite::Result<Seen> {
        let policies = words.policies(statements, &self.hot.applied)?;
        Ok(Seen { day: day_of(self.hot.at.ticks()), was_successful: self.hot.was_successful, policies })
    }

    pub(super) fn insert(
        &self,
        statements: &mut Statements<'_>,
        owner: i64,
        identity: &IdentityKey,
    ) -> rusqlite::Result<()> {
        let (hot, texts) = (&self.hot, &self.texts);
        let (ticks, form) = (hot.at.ticks(), hot.at.form() - FORM_OF_CLOCK);
        statements.get(Sql::InsertHot)?.execute(params![
            self.id,
            owner,
            ticks,
            form,
            hot.was_successful,
            hot.applied
        ])?;
        statements.get(Sql::InsertTexts)?.execute(params![
            self.id,
            owner,
            texts.user,
            device_key(identity),
            texts.user_id,
            texts.upn,
            texts.domain,
            texts.device_name,
            texts.platform,
            texts.version,
            texts.error_message
        ])?;
        if !hot.was_successful {
            statements.get(Sql::PutFailed)?.execute((self.id, owner, ticks))?;
        }
        Ok(())
    }

    /// Writes what is not as in `old`, which is there.
    pub(super) fn update(
        &self,
        statements: &mut Statements<'_>,
        owner: i64,
        old: &Self,
        identity: &IdentityKey,
    ) -> rusqlite::Result<()> {
        let (hot, texts, ticks) = (&self.hot, &self.texts, self.hot.at.ticks());
        let form = hot.at.form() - FORM_OF_CLOCK;
        let is_touched = hot.was_successful == old.hot.was_successful
            && hot.applied == old.hot.applied
            && hot.at.form() == old.hot.at.form();
        if is_touched {
            statements.get(Sql::Touch)?.execute((self.id, ticks))?;
        } else {
            let update = statements.get(Sql::UpdateHot)?;
            update.execute(params![self.id, ticks, form, hot.was_successful, hot.applied])?;
        }
        if *texts != old.texts {
            self.update_texts(statements, old, identity)?;
        }
        if !hot.was_successful {
            statements.get(Sql::PutFailed)?.execute((self.id, owner, ticks))?;
        } else if !old.hot.was_successful {
            statements.get(Sql::DeleteFailed)?.execute([self.id])?;
        }
        Ok(())
    }

    fn update_texts(
        &self,
        statements: &mut Statements<'_>,
        old: &Self,
        identity: &IdentityKey,
    ) -> rusqlite::Result<()> {
        let texts = &self.texts;
        if texts.is_found_as(&old.texts) {
            let update = statements.get(Sql::UpdateDetails)?;
            update.execute(params![self.id, texts.platform, texts.version, texts.error_message])?;
            return Ok(());
        }
        statements.get(Sql::UpdateTexts)?.execute(params![
            self.id,
            texts.user,
            device_key(identity),
            texts.user_id,
            texts.upn,
            texts.domain,
            texts.device_name,
            texts.platform,
            texts.version,
            texts.error_message
        ])?;
        Ok(())
    }

    pub(super) fn delete(&self, statements: &mut Statements<'_>) -> rusqlite::Result<()> {
        for sql in [Sql::DeleteHot, Sql::DeleteTexts] {
            statements.get(sql)?.execute([self.id])?;
        }
        if !self.hot.was_successful {
            statements.get(Sql::DeleteFailed)?.execute([self.id])?;
        }
        Ok(())
    }
}

impl Texts {
    /// Whether what indexes have, and what changes with it, is the same.
    fn is_found_as(&self, other: &Self) -> bool {
        (&self.user, &self.user_id, &self.device_name) == (&other.user, &other.user_id, &other.device_name)
            && (&self.upn, &self.domain) == (&other.upn, &other.domain)
    }

    pub(super) fn has_device(&self) -> bool {
        self.device_name.as_deref().is_some_and(|name| !name.is_empty())
    }

    /// Whether device and platform are those of the identity, whose user this is.
    pub(super) fn is_of(
        &self,
        identity: &IdentityKey,
        statements: &mut Statements<'_>,
        words: &mut Words,
    ) -> rusqlite::Result<bool> {
        let device = self.device_name.as_deref().unwrap_or_default();
        Ok(is_lower(identity.device(), device) && self.is_on(identity, statements, words)?)
    }

    /// Whether the platform is that of the identity.
    pub(super) fn is_on(
        &self,
        identity: &IdentityKey,
        statements: &mut Statements<'_>,
        words: &mut Words,
    ) -> rusqlite::Result<bool> {
        let platform = words.text(statements, &self.platform)?;
        Ok(is_lower(identity.platform(), platform.as_deref().unwrap_or_default()))
    }
}

/// Whether `text` is `lower` in lower case.
fn is_lower(lower: &str, text: &str) -> bool {
    if text.is_ascii() { lower.eq_ignore_ascii_case(text) } else { text.to_lowercase() == lower }
}

/// The rows of an identity's user that may be its device's: those whose hashes agree.
pub(super) fn candidates(
    statements: &mut Statements<'_>,
    owner: i64,
    user: &User,
    identity: &IdentityKey,
) -> rusqlite::Result<Vec<Stored>> {
    let device = device_key(identity);
    statements.get(Sql::FindDevices)?.query_map(params![owner, user, device], Stored::read)?.collect()
}

/// All rows of a user.
pub(super) fn of_user(statements: &mut Statements<'_>, owner: i64, user: &User) -> rusqlite::Result<Vec<Stored>> {
    statements.get(Sql::OfUser)?.query_map(params![owner, user], Stored::read)?.collect()
}

/// Some of the rows from before an instant, the oldest first.
pub(super) fn before(
    statements: &mut Statements<'_>,
    owner: i64,
    ticks: i64,
    most: u32,
) -> rusqlite::Result<Vec<Stored>> {
    statements.get(Sql::Expired)?.query_map((owner, ticks, most), Stored::read)?.collect()
}
