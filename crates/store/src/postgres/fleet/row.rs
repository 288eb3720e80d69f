//! A row that clients reported, as a batch knows it, and how it is read. It must never know what becomes of it.

use std::collections::BTreeSet;

use odata::edm::DateTimeOffset;
use tokio_postgres::types::{FromSql, Type};
use tokio_postgres::{Error, GenericClient, Row as SqlRow};
use uuid::Uuid;

use super::{keys, texts};
use crate::days::Seen;
use crate::domain::CheckinStatus;
use crate::ids::TenantId;
use crate::rules::IdentityKey;

use super::lists::Lists;

/// Whose rows: a configuration's `seq` and a digest of the user.
pub(super) type Of = (i64, Uuid);

/// A row's number in the default order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// It has one.
    Kept(i64),
    /// It gets one: the n-th that the batch made.
    New(u64),
}

#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) place: Place,
    pub(super) identity: IdentityKey,
    /// Without its applied policies.
    pub(super) status: CheckinStatus,
    /// Its applied policies.
    pub(super) list: Option<Uuid>,
    /// The digest of what the check-in said that made it so; `None` where an administrator did.
    pub(super) told: Option<i64>,
}

impl Row {
    pub(super) fn new(place: Place, status: CheckinStatus, list: Option<Uuid>, told: Option<i64>) -> Self {
        Self {
            place,
            identity: IdentityKey::of(&status),
            status: CheckinStatus { applied_policies: None, ..status },
            list,
            told,
        }
    }

    /// The digest of how it went, for the next check-in that says the same.
    pub(super) fn outcome(&self) -> Option<i64> {
        self.told.map(|_| keys::outcome_of(&self.status))
    }

    pub(super) fn day(&self) -> i32 {
        self.status.checkin.unix_day()
    }

    pub(super) fn seen(&self, lists: &Lists) -> Seen {
        Seen { day: self.day(), was_successful: self.status.was_successful, policies: lists.policies(self.list) }
    }

    /// Whether what changes with each check-in is the same.
    pub(super) fn has_hot_of(&self, other: &Self) -> bool {
        let hot =
            |row: &Self| (row.status.checkin.ticks(), row.status.checkin.form(), row.status.was_successful, row.list);
        hot(self) == hot(other)
    }

    /// Whether what seldom changes is the same.
    pub(super) fn has_texts_of(&self, other: &Self) -> bool {
        let texts = |row: &Self| {
            let status = row.status.clone();
            CheckinStatus { checkin: DateTimeOffset::from_unix_nanos(0), was_successful: true, ..status }
        };
        texts(self) == texts(other)
    }

    /// Whether it counts as before.
    pub(super) fn counts_as(&self, other: &Self) -> bool {
        let counted = |row: &Self| (row.day(), row.status.was_successful, row.list);
        counted(self) == counted(other)
    }
}

/// The columns of a row but its applied policies, from `h` (`checkins`) and `c` (`checkin_texts`), in the order in which [`status`] reads them.
pub(in crate::postgres) const COLUMNS: &str = "h.ticks, h.form, h.ok, c.user_id, c.user_id_rest, c.upn, c.upn_rest, c.device_name, \
     c.device_name_rest, c.platform, c.version, c.error";

/// How many columns those are.
pub(in crate::postgres) const WIDTH: usize = 12;

/// Reads [`COLUMNS`] from column `at` on.
pub(in crate::postgres) fn status(row: &SqlRow, at: usize) -> Result<CheckinStatus, Error> {
    let text = |n: usize| row.try_get::<_, Option<&str>>(at + n);
    let plain = |n: usize| Ok(text(n)?.map(texts::told));
    let joined = |n: usize| text(n)?.map(|first| Ok(texts::joined(first, text(n + 1)?))).transpose();
    Ok(CheckinStatus {
        checkin: instant(row, at)?,
        was_successful: row.try_get(at + 2)?,
        user_id: texts::joined(row.try_get(at + 3)?, text(4)?),
        user_principal_name: joined(5)?,
        device_name: joined(7)?,
        device_platform: plain(9)?,
        device_platform_version: plain(10)?,
        error_message: plain(11)?,
        applied_policies: None,
    })
}

/// Reads ticks and form from columns `at` and `at + 1`.
pub(in crate::postgres) fn instant(row: &SqlRow, at: usize) -> Result<DateTimeOffset, Error> {
    match DateTimeOffset::from_parts(row.try_get(at)?, row.try_get(at + 1)?) {
        Some(instant) => Ok(instant),
        None => Err(corrupt(row, at)),
    }
}

/// The error for a column whose value nobody wrote.
pub(in crate::postgres) fn corrupt(row: &SqlRow, at: usize) -> Error {
    #[derive(Debug)]
    enum Never {}
    impl<'a> FromSql<'a> for Never {
        fn from_sql(_: &Type, _: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
            Err("a stored value is out of range".into())
        }

        fn accepts(_: &Type) -> bool {
            true
        }
    }
    match row.try_get::<_, Never>(at) {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

/// All rows of users, by user.
pub(super) async fn of_users<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    (configurations, users): (&[i64], &[Uuid]),
) -> Result<Vec<(Of, Row)>, Error> {
    let sql = format!(
        "SELECT c.configuration, c.user_key, c.key, h.applied, h.told, {COLUMNS}
         FROM unnest($2, $3) w (configuration, user_key)
         CROSS JOIN LATERAL (
             SELECT * FROM checkin_texts c
             WHERE c.tenant = $1 AND c.configuration = w.configuration AND c.user_key = w.user_key
             ORDER BY c.identity OFFSET 0) c
         CROSS JOIN LATERAL (
             SELECT * FROM checkins h WHERE h.tenant = $1 AND h.configuration = c.configuration
                 AND h.key >= c.key AND h.key <= c.key ORDER BY h.key OFFSET 0) h"
    );
    let params: [super::Param<'_>; 3] =
        [(&tenant.0, Type::UUID), (&configurations, Type::INT8_ARRAY), (&users, Type::UUID_ARRAY)];
    let found = tx.query_typed(&sql, &params).await?;
    let mut rows = Vec::with_capacity(found.len());
    for row in &found {
        let of = (row.try_get(0)?, row.try_get(1)?);
        let place = Place::Kept(row.try_get(2)?);
        rows.push((of, Row::new(place, status(row, 5)?, row.try_get(3)?, row.try_get(4)?)));
    }
    Ok(rows)
}

/// The lists that rows have.
pub(super) fn lists<'r>(rows: impl Iterator<Item = &'r Row>) -> BTreeSet<Uuid> {
    rows.filter_map(|row| row.list).collect()
}

/// Reads applied policies, kept as a list or null, from column `at`.
pub(in crate::postgres) fn applied(row: &SqlRow, at: usize) -> Result<Option<Vec<std::sync::Arc<str>>>, Error> {
    let Some(json) = row.try_get::<_, Option<&str>>(at)? else { return Ok(None) };
    super::lists::read(json).map(Some).ok_or_else(|| corrupt(row, at))
}
