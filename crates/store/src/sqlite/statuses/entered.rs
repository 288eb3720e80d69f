//! How the index of a text column is entered with a condition, and what has to be asked of the rows that it gives: users and names are kept in forms
//! of their own ([`crate::sqlite::fleet`]), so that an index may give more than what was asked for, and never less.

use rusqlite::types::Value;

use super::text::USER_PRINCIPAL_NAME;
use crate::conditions::{Match, TextColumn, TextCondition};
use crate::sqlite::fleet::{User, above_texts, split_name, users_starting_with};

/// Binds a value and gives its name in the SQL text.
pub(super) type Bind<'b> = dyn FnMut(Value) -> String + 'b;

/// The entries of an index within a condition.
pub(super) enum Entered {
    Is(Value),
    /// From one, inclusive, to another, exclusive.
    Between(Value, Value),
    /// In one or the other.
    Either((Value, Value), (Value, Value)),
}

impl TextColumn {
    /// The column with the index.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::UserId => "user",
            Self::UserPrincipalName => "upn",
            Self::DeviceName => "device_name",
        }
    }

    /// The index.
    pub(super) fn index(self) -> &'static str {
        match self {
            Self::UserId => "checkin_texts_by_user",
            Self::UserPrincipalName => "checkin_texts_by_upn",
            Self::DeviceName => "checkin_texts_by_device",
        }
    }
}

impl TextCondition {
    fn entered(&self) -> Entered {
        let prefix = |text: &str| Entered::Between(Value::Text(text.to_owned()), above_texts(text));
        let is = |text: &str| Entered::Is(Value::Text(text.to_owned()));
        match (self.column, self.is) {
            (TextColumn::UserId, Match::Equal) => Entered::Is(match User::of(&self.text) {
                User::Guid(bytes) => Value::Blob(bytes.to_vec()),
                User::Text(text) => Value::Text(text.to_string()),
            }),
            (TextColumn::UserId, Match::StartsWith) => {
                let mut ranges = users_starting_with(&self.text).into_iter();
                match (ranges.next(), ranges.next()) {
                    (Some(one), Some(other)) => Entered::Either(one, other),
                    (Some((from, to)), None) => Entered::Between(from, to),
                    (None, _) => prefix(&self.text),
                }
            }
            (TextColumn::UserPrincipalName, Match::Equal) => is(split_name(&self.text).0),
            (TextColumn::UserPrincipalName, Match::StartsWith) => match split_name(&self.text) {
                (local, Some(_)) => is(local),
                (local, None) => prefix(local),
            },
            (TextColumn::DeviceName, Match::Equal) => is(&self.text),
            (TextColumn::DeviceName, Match::StartsWith) => prefix(&self.text),
        }
    }

    /// The table `c` by the index, and the entries within the condition.
    pub(super) fn source(&self, bind: &mut Bind<'_>) -> (String, String) {
        let (column, index) = (self.column.name(), self.column.index());
        let table = format!("checkin_texts c INDEXED BY {index}");
        match self.entered() {
            Entered::Is(value) => (table, format!("c.{column} = {}", bind(value))),
            Entered::Between(from, to) => {
                (table, format!("c.{column} >= {} AND c.{column} < {}", bind(from), bind(to)))
            }
            // SQLite enters an index with one range.
            Entered::Either(one, other) => {
                let [a, b, c, d] = [one.0, one.1, other.0, other.1].map(&mut *bind);
                let table = format!("(VALUES ({a}, {b}), ({c}, {d})) r CROSS JOIN {table}");
                (table, format!("c.{column} >= r.column1 AND c.{column} < r.column2"))
            }
        }
    }

    /// What is to be asked of the entries besides, if anything.
    pub(super) fn residual(&self, bind: &mut Bind<'_>) -> Option<String> {
        match self.column {
            TextColumn::UserId => Some(self.of_user(bind)),
            TextColumn::UserPrincipalName if self.is == Match::Equal || self.text.contains('@') => {
                Some(self.compared(USER_PRINCIPAL_NAME, bind))
            }
            TextColumn::UserPrincipalName | TextColumn::DeviceName => None,
        }
    }

    /// The whole condition on rows of `c` that another index gave.
    pub(super) fn exact(&self, bind: &mut Bind<'_>) -> String {
        match self.column {
            TextColumn::UserId => self.of_user(bind),
            // The plus keeps SQLite from entering another index with it.
            TextColumn::DeviceName => self.compared("+c.device_name", bind),
            TextColumn::UserPrincipalName => {
                let (local, domain) = split_name(&self.text);
                let is = if domain.is_some() { Match::Equal } else { self.is };
                let cheap = Self { column: self.column, text: local.to_owned(), is }.compared("+c.upn", bind);
                match self.residual(bind) {
                    Some(rest) => format!("{cheap} AND {rest}"),
                    None => cheap,
                }
            }
        }
    }

    /// The condition on a user as told, without making its text.
    fn of_user(&self, bind: &mut Bind<'_>) -> String {
        let told = self.compared("c.user_id", bind);
        let text = self.compared("c.user", bind);
        let guid = match User::of(&self.text) {
            // What is told otherwise is not in lower case.
            _ if self.text.bytes().any(|byte| byte.is_ascii_uppercase()) => "0".to_owned(),
            User::Guid(bytes) => format!("c.user = {}", bind(Value::Blob(bytes.to_vec()))),
            User::Text(_) if self.is == Match::Equal => "0".to_owned(),
            User::Text(text) => match users_starting_with(&text).pop() {
                Some((Value::Blob(from), Value::Blob(to))) => {
                    format!("c.user >= {} AND c.user < {}", bind(Value::Blob(from)), bind(Value::Blob(to)))
                }
                _ => "0".to_owned(),
            },
        };
        format!("CASE WHEN c.user_id IS NOT NULL THEN {told} WHEN typeof(c.user) = 'blob' THEN {guid} ELSE {text} END")
    }

    fn compared(&self, expression: &str, bind: &mut Bind<'_>) -> String {
        let text = bind(Value::Text(self.text.clone()));
        match self.is {
            Match::Equal => format!("{expression} = {text}"),
            Match::StartsWith => {
                let end = bind(above_texts(&self.text));
                format!("{expression} >= {text} AND {expression} < {end}")
            }
        }
    }
}
