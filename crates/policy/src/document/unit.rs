//! The units of merging of a document, found once: a resolution looks at tens of thousands of them and reads no setting.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use super::setting::Setting;
use crate::platform::Platform;

/// One for all documents, so that a unit is hashed once; by chance, so that nobody can write documents whose units all hash alike.
static HASHES: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Settings of a document that lie beside each other, without copying them.
#[derive(Clone)]
pub struct Settings {
    all: Arc<[Arc<Setting>]>,
    from: u32,
    to: u32,
}

impl Deref for Settings {
    type Target = [Arc<Setting>];

    fn deref(&self) -> &[Arc<Setting>] {
        &self.all[self.from as usize..self.to as usize]
    }
}

impl<'s> IntoIterator for &'s Settings {
    type Item = &'s Arc<Setting>;
    type IntoIter = std::slice::Iter<'s, Arc<Setting>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Vec<Arc<Setting>>> for Settings {
    fn from(all: Vec<Arc<Setting>>) -> Self {
        let to = u32::try_from(all.len()).unwrap_or(u32::MAX);
        Self { all: all.into(), from: 0, to }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Settings {}

/// A unit of merging in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unit {
    /// `parentSettingId`
    pub(crate) id: Arc<str>,
    /// Of the id: equal in all documents.
    pub(crate) hash: u64,
    /// Where its settings are.
    from: u32,
    to: u32,
    /// Platforms that any of its settings is for, and those that all are for, as bits.
    any: u8,
    every: u8,
}

/// The units of settings that stand in order of theirs.
pub(super) fn of(settings: &[Arc<Setting>]) -> Box<[Unit]> {
    let mut units: Vec<Unit> = Vec::new();
    for (at, setting) in (0_u32..).zip(settings) {
        let platforms = bits(setting);
        match units.last_mut().filter(|unit| unit.id == setting.parent_setting_id) {
            Some(unit) => {
                unit.to = at + 1;
                unit.any |= platforms;
                unit.every &= platforms;
            }
            None => units.push(Unit {
                id: Arc::clone(&setting.parent_setting_id),
                hash: HASHES.hash_one(&*setting.parent_setting_id),
                from: at,
                to: at + 1,
                any: platforms,
                every: platforms,
            }),
        }
    }
    units.into()
}

impl Unit {
    /// Its settings for a platform; `None` when there are none.
    pub(super) fn settings(&self, all: &Arc<[Arc<Setting>]>, platform: Platform) -> Option<Settings> {
        let bit = bit(platform);
        if self.any & bit == 0 {
            return None;
        }
        let whole = Settings { all: Arc::clone(all), from: self.from, to: self.to };
        if self.every & bit != 0 {
            return Some(whole);
        }
        let some: Vec<_> = whole.iter().filter(|setting| setting.applies_to(platform)).cloned().collect();
        Some(some.into())
    }
}

fn bits(setting: &Setting) -> u8 {
    let all = Platform::ALL.into_iter().filter(|platform| setting.applies_to(*platform));
    all.fold(0, |bits, platform| bits | bit(platform))
}

const fn bit(platform: Platform) -> u8 {
    1 << platform as u8
}
