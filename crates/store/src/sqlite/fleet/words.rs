//! Texts that many rows share (applied policies, domains, platforms, versions), kept once in the database and here by their numbers. What is too long,
//! or comes when there are enough, stands in its row: nothing that a client makes up can fill this.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension as _, ToSql};

use crate::days::{self, Policies};
use crate::domain::CheckinStatus;
use crate::ids::ClientConfigurationId;
use crate::limits::{MAX_APPLIED_WORD, MAX_WORD, MAX_WORDS, MAX_WORDS_KNOWN};
use crate::sqlite::columns;
use crate::sqlite::statements::{Sql, Statements};

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::sqlite) enum Kind {
    /// `appliedPolicies`, as JSON.
    Applied = 0,
    /// What follows the @ of a name.
    Domain = 1,
    Platform = 2,
    Version = 3,
}

impl Kind {
    fn max_len(self) -> usize {
        if self == Self::Applied { MAX_APPLIED_WORD } else { MAX_WORD }
    }
}

/// A text as a row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Word {
    Null,
    Known(i64),
    Text(Arc<str>),
}

impl ToSql for Word {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Self::Known(id) => ToSqlOutput::Borrowed(ValueRef::Integer(*id)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

impl FromSql for Word {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Null => Ok(Self::Null),
            ValueRef::Integer(id) => Ok(Self::Known(id)),
            other => other.as_str().map(|text| Self::Text(text.into())),
        }
    }
}

#[derive(Default)]
pub(super) struct Words {
    kinds: HashMap<(i64, Kind), Known>,
    texts: HashMap<i64, Arc<str>>,
    policies: HashMap<i64, Policies>,
    applied: HashMap<(i64, Box<[ClientConfigurationId]>), Word>,
    none: Option<Policies>,
}

/// The words of a kind that a tenant has.
struct Known {
    ids: HashMap<Arc<str>, i64>,
    count: usize,
}

impl Words {
    /// A text as rows of the tenant have it.
    pub(super) fn word(
        &mut self,
        statements: &mut Statements<'_>,
        tenant: i64,
        kind: Kind,
        text: Option<&str>,
    ) -> rusqlite::Result<Word> {
        let Some(text) = text else { return Ok(Word::Null) };
        if text.len() > kind.max_len() {
            return Ok(Word::Text(text.into()));
        }
        let known = match self.kinds.entry((tenant, kind)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let count: i64 = statements.get(Sql::CountWords)?.query_row((tenant, kind as i64), |row| row.get(0))?;
                place.insert(Known { ids: HashMap::new(), count: usize::try_from(count).unwrap_or(usize::MAX) })
            }
        };
        if let Some(id) = known.ids.get(text) {
            return Ok(Word::Known(*id));
        }
        let found =
            statements.get(Sql::FindWord)?.query_row((tenant, kind as i64, text), |row| row.get(0)).optional()?;
        let id = match found {
            Some(id) => id,
            None if known.count >= MAX_WORDS => return Ok(Word::Text(text.into())),
            None => {
                known.count += 1;
                statements.get(Sql::InsertWord)?.insert((tenant, kind as i64, text))?
            }
        };
        known.ids.insert(text.into(), id);
        Ok(Word::Known(id))
    }

    /// The applied policies of a check-in.
    pub(super) fn applied(
        &mut self,
        statements: &mut Statements<'_>,
        tenant: i64,
        applied: &[ClientConfigurationId],
    ) -> rusqlite::Result<Word> {
        let key = (tenant, applied.into());
        if let Some(word) = self.applied.get(&key) {
            return Ok(word.clone());
        }
        let list: Vec<Arc<str>> = applied.iter().map(|id| id.to_string().into()).collect();
        let word = self.word(statements, tenant, Kind::Applied, Some(&columns::json(&list)))?;
        self.applied.insert(key, word.clone());
        Ok(word)
    }

    /// The applied policies of a row.
    pub(super) fn applied_by(
        &mut self,
        statements: &mut Statements<'_>,
        tenant: i64,
        row: &CheckinStatus,
    ) -> rusqlite::Result<Word> {
        let text = row.applied_policies.as_deref().map(columns::json);
        self.word(statements, tenant, Kind::Applied, text.as_deref())
    }

    pub(super) fn text(&mut self, statements: &mut Statements<'_>, word: &Word) -> rusqlite::Result<Option<Arc<str>>> {
        match word {
            Word::Null => Ok(None),
            Word::Text(text) => Ok(Some(Arc::clone(text))),
            Word::Known(id) => {
                if let Some(text) = self.texts.get(id) {
                    return Ok(Some(Arc::clone(text)));
                }
                let text: Arc<str> = statements.get(Sql::ReadWord)?.query_row([id], |row| row.get(0))?;
                self.texts.insert(*id, Arc::clone(&text));
                Ok(Some(text))
            }
        }
    }

    /// The client configurations in applied policies.
    pub(super) fn policies(&mut self, statements: &mut Statements<'_>, word: &Word) -> rusqlite::Result<Policies> {
        if let Word::Known(id) = word
            && let Some(known) = self.policies.get(id)
        {
            return Ok(Arc::clone(known));
        }
        let Some(text) = self.text(statements, word)? else {
            return Ok(Arc::clone(self.none.get_or_insert_with(|| Arc::from([]))));
        };
        let list = columns::json_list(&text, 0)?;
        let policies = days::policies(list.iter().map(AsRef::as_ref));
        if let Word::Known(id) = word {
            self.policies.insert(*id, Arc::clone(&policies));
        }
        Ok(policies)
    }

    /// Lets go of what is known where it has become much. Between transactions.
    pub(super) fn shrink(&mut self) {
        let ids: usize = self.kinds.values().map(|known| known.ids.len() + 1).sum();
        if ids.max(self.texts.len()).max(self.policies.len()).max(self.applied.len()) > MAX_WORDS_KNOWN {
            *self = Self::default();
        }
    }
}
