//! The forms in which texts of check-in rows are kept, so that they are small and found by an index: users as GUIDs where they are, names split at
//! the @. What was told comes back as it was told. It must never run SQL.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, Value, ValueRef};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::rules::IdentityKey;

const GUID_LEN: usize = 36;
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// A user's id in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::sqlite) enum User {
    Guid([u8; 16]),
    Text(Arc<str>),
}

impl User {
    pub(in crate::sqlite) fn of(id: &str) -> Self {
        let dashed = id.len() == GUID_LEN && DASHES.iter().all(|at| id.as_bytes()[*at] == b'-');
        match Uuid::try_parse(id) {
            Ok(guid) if dashed => Self::Guid(guid.into_bytes()),
            _ => Self::Text(id.to_lowercase().into()),
        }
    }

    /// The text of the id in lower case.
    pub(in crate::sqlite) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Guid(bytes) => Cow::Owned(Uuid::from_bytes(*bytes).as_hyphenated().to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// The id as told, where it is not the text in lower case. `id` is one whose user this is.
    pub(super) fn spelling<'t>(&self, id: &'t str) -> Option<&'t str> {
        let is_lower = match self {
            Self::Guid(_) => !id.bytes().any(|byte| byte.is_ascii_uppercase()),
            Self::Text(text) => **text == *id,
        };
        (!is_lower).then_some(id)
    }
}

impl ToSql for User {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Guid(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

impl FromSql for User {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value {
            ValueRef::Blob(bytes) => bytes.try_into().map(Self::Guid).map_err(FromSqlError::other),
            other => other.as_str().map(|text| Self::Text(text.into())),
        }
    }
}

/// A hash of device and platform, of 24 bits: enough to find one among a user's devices; rows are compared besides.
pub(in crate::sqlite) fn device_key(identity: &IdentityKey) -> i32 {
    let mut hash = Sha256::new();
    hash.update((identity.device().len() as u64).to_le_bytes());
    hash.update(identity.device().as_bytes());
    hash.update(identity.platform().as_bytes());
    let digest = hash.finalize();
    i32::from_be_bytes([digest[0], digest[1], digest[2], 0]) >> 8
}

/// What stands before the first @ of a name, and what follows it.
pub(in crate::sqlite) fn split_name(name: &str) -> (&str, Option<&str>) {
    name.split_once('@').map_or((name, None), |(local, domain)| (local, Some(domain)))
}

/// Ranges of users, as they are kept, with all whose ids start with `prefix`, from one inclusive to one exclusive; others are in them, too.
pub(in crate::sqlite) fn users_starting_with(prefix: &str) -> Vec<(Value, Value)> {
    // Beyond ASCII what a letter is in lower case depends on what follows it.
    let ascii = prefix.bytes().take_while(u8::is_ascii).count();
    let lower = prefix[..ascii].to_ascii_lowercase();
    let mut ranges = vec![(Value::Text(lower.clone()), above_texts(&lower))];
    if ascii == prefix.len()
        && let Some((from, to)) = guids_starting_with(&lower)
    {
        ranges.push((Value::Blob(from), Value::Blob(to)));
    }
    ranges
}

/// The least value above all texts that start with this one.
pub(in crate::sqlite) fn above_texts(prefix: &str) -> Value {
    // A blob is above every text.
    next_after(prefix).map_or_else(|| Value::Blob(Vec::new()), Value::Text)
}

fn guids_starting_with(prefix: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let (mut digits, mut len) = (0_u128, 0_u32);
    for (at, letter) in prefix.chars().enumerate() {
        if DASHES.contains(&at) {
            (letter == '-').then_some(())?;
        } else {
            (at < GUID_LEN).then_some(())?;
            digits = digits << 4 | u128::from(letter.to_digit(16)?);
            len += 1;
        }
    }
    let shifted = |digits: u128| digits.checked_shl(4 * (32 - len)).unwrap_or(0);
    let is_last = len == 0 || digits == u128::MAX >> (4 * (32 - len));
    let to = if is_last { vec![0xff; 17] } else { shifted(digits + 1).to_be_bytes().to_vec() };
    Some((shifted(digits).to_be_bytes().to_vec(), to))
}

/// The least text, by code point, above all that start with `prefix`; `None` when there is no such text.
fn next_after(prefix: &str) -> Option<String> {
    let mut chars: Vec<char> = prefix.chars().collect();
    while let Some(last) = chars.pop() {
        // Code points step over the surrogates.
        if let Some(next) = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32) {
            chars.push(next);
            return Some(chars.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_is_sixteen_bytes_in_whichever_case_and_nothing_else_is() {
        let lower = "0a3f0000-0000-4000-8000-00000000beef";
        let upper = "0A3F0000-0000-4000-8000-00000000BEEF";
        let user = User::of(lower);
        assert!(matches!(user, User::Guid(_)));
        assert_eq!((User::of(upper), user.text().as_ref()), (user.clone(), lower));
        assert_eq!((user.spelling(lower), user.spelling(upper)), (None, Some(upper)));
        for other in ["0a3f00000000400080000000000000beef", "{0a3f0000-0000-4000-8000-00000000beef}", "anna", "", "K"] {
            let user = User::of(other);
            assert_eq!(
                (user.text().as_ref(), user.spelling(other)),
                (&*other.to_lowercase(), (other == "K").then_some("K"))
            );
        }
    }

    #[test]
    fn the_ranges_of_a_prefix_hold_all_users_that_start_with_it() {
        let ids = [
            "0a3f0000-0000-4000-8000-00000000beef",
            "0A3F",
            "0a",
            "anna",
            "Änne",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "f",
        ];
        let prefixes = [
            "",
            "0",
            "0a3",
            "0A3f",
            "0a3f0000-",
            "0a3f0000-0000-4000-8000-00000000beef",
            "f",
            "ffffffff-f",
            "a",
            "Ä",
            "0a-",
        ];
        for prefix in prefixes {
            let ranges = users_starting_with(prefix);
            for id in ids {
                let within = ranges.iter().any(|(from, to)| is_between(&User::of(id), from, to));
                assert!(within || !id.starts_with(prefix), "{id} starts with {prefix}: {ranges:?}");
                // Besides, only what starts with it in another case.
                assert!(
                    !within || id.to_lowercase().starts_with(&prefix.to_lowercase()) || prefix == "Ä",
                    "{id}, {prefix}"
                );
            }
        }
    }

    fn is_between(user: &User, from: &Value, to: &Value) -> bool {
        match (user, from, to) {
            (User::Guid(bytes), Value::Blob(from), Value::Blob(to)) => bytes[..] >= from[..] && bytes[..] < to[..],
            (User::Text(text), Value::Text(from), Value::Text(to)) => **text >= **from && **text < **to,
            (User::Text(text), Value::Text(from), Value::Blob(_)) => **text >= **from,
            _ => false,
        }
    }

    #[test]
    fn the_text_after_a_prefix_is_above_all_that_start_with_it() {
        assert_eq!(next_after("ab").as_deref(), Some("ac"));
        assert_eq!(next_after("a\u{d7ff}").as_deref(), Some("a\u{e000}"));
        assert_eq!(next_after("a\u{10ffff}").as_deref(), Some("b"));
        assert_eq!(next_after("\u{10ffff}"), None);
        assert_eq!(next_after(""), None);
    }
}
