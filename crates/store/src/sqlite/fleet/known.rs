//! The devices that came lately, by hashes of what they said: one that says the same again on the same day only moves its row's instant, and nothing has to
//! be read to know it. An entry is there only while the row is as the entry says; it must never be needed for a check-in to be right.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use super::owners::Of;
use crate::domain::Checkin;
use crate::limits::MAX_DEVICES_KNOWN;

/// Hashes of a check-in, under keys that nobody outside knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Print {
    /// Of the identity (ruling R4).
    identity: u64,
    /// Of all that a fetch can change, identity included. An entry is taken for a check-in's only where both agree.
    content: u64,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    content: u64,
    id: i64,
    day: i32,
}

/// Two generations: when the younger has grown to half of what may be known, the older goes.
#[derive(Default)]
pub(super) struct Known {
    young: HashMap<u64, Entry>,
    old: HashMap<u64, Entry>,
    keys: (RandomState, RandomState),
    bytes: Vec<u8>,
}

impl Known {
    pub(super) fn print(&mut self, of: Of, checkin: &Checkin) -> Print {
        self.bytes.clear();
        let device = checkin.device_name.as_deref();
        for text in [&checkin.user_id, device.unwrap_or_default(), &checkin.device_platform] {
            push(&mut self.bytes, |bytes| {
                if text.is_ascii() {
                    bytes.extend(text.bytes().map(|byte| byte.to_ascii_lowercase()));
                } else {
                    bytes.extend_from_slice(text.to_lowercase().as_bytes());
                }
            });
        }
        let identity = self.keys.0.hash_one((of, &self.bytes));
        self.bytes.clear();
        let name = checkin.user_principal_name.as_deref();
        for text in [Some(&*checkin.user_id), device, Some(&*checkin.device_platform), name] {
            self.bytes.push(u8::from(text.is_some()));
            push(&mut self.bytes, |bytes| bytes.extend_from_slice(text.unwrap_or_default().as_bytes()));
        }
        for id in &checkin.applied {
            self.bytes.extend_from_slice(id.0.as_bytes());
        }
        let content = self.keys.1.hash_one((of, checkin.at.form(), &self.bytes));
        Print { identity, content }
    }

    /// The id of the row that is as the check-in says but for its instant, which is of the same day.
    pub(super) fn unchanged(&mut self, print: Print, day: i32) -> Option<i64> {
        let is_same = |entry: &&Entry| entry.content == print.content && entry.day == day;
        if let Some(entry) = self.young.get(&print.identity) {
            return Some(entry).filter(is_same).map(|entry| entry.id);
        }
        let entry = *self.old.get(&print.identity).filter(is_same)?;
        self.put(print, entry.id, day);
        Some(entry.id)
    }

    /// The row of the identity is as the check-in says, and successful.
    pub(super) fn put(&mut self, print: Print, id: i64, day: i32) {
        if self.young.len() >= MAX_DEVICES_KNOWN / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(print.identity, Entry { content: print.content, id, day });
    }

    /// The row of the identity changes otherwise.
    pub(super) fn forget(&mut self, print: Print) {
        self.young.remove(&print.identity);
        self.old.remove(&print.identity);
    }

    /// Any row may change.
    pub(super) fn forget_all(&mut self) {
        self.young = HashMap::new();
        self.old = HashMap::new();
    }
}

/// Adds what `add` adds, and how much that is, so that no two lists of texts look alike.
fn push(bytes: &mut Vec<u8>, add: impl FnOnce(&mut Vec<u8>)) {
    let before = bytes.len();
    add(bytes);
    let len = bytes.len() - before;
    bytes.extend_from_slice(&len.to_le_bytes());
}
