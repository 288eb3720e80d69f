//! The folder as it may be after a power cut.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::vfs::{Event, Name};

/// What a disk writes at once.
const SECTOR: usize = 512;

/// A small generator of numbers (SplitMix64): the same seed, the same cuts.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n.max(1) as u64).unwrap()
    }
}

/// The files' synced content up to an instant. Instants only move on.
#[derive(Default)]
pub(crate) struct Cut {
    files: HashMap<Name, Synced>,
    instant: usize,
}

#[derive(Default)]
struct Synced {
    bytes: Vec<u8>,
    /// Events before this one are in `bytes`.
    through: usize,
}

fn of(event: &Event) -> Name {
    match event {
        Event::Write { file, .. }
        | Event::Truncate { file, .. }
        | Event::Sync { file, .. }
        | Event::Delete { file } => *file,
    }
}

fn apply(bytes: &mut Vec<u8>, event: &Event) {
    match event {
        Event::Write { offset, bytes: new, .. } => put(bytes, *offset, new),
        Event::Truncate { size, .. } => bytes.resize(*size, 0),
        Event::Delete { .. } => bytes.clear(),
        Event::Sync { .. } => {}
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, new: &[u8]) {
    let end = offset + new.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(new);
}

impl Cut {
    /// Moves to a later instant: the first `instant` events have happened.
    pub(crate) fn advance(&mut self, events: &[Event], instant: usize) {
        for event in &events[self.instant..instant] {
            let Event::Sync { file, covers } = event else { continue };
            let synced = self.files.entry(*file).or_default();
            if *covers > synced.through {
                for earlier in events[synced.through..*covers].iter().filter(|e| of(e) == *file) {
                    apply(&mut synced.bytes, earlier);
                }
                synced.through = *covers;
            }
        }
        self.instant = instant;
    }

    /// Writes the files with what was synced and some of what was not.
    pub(crate) fn rebuild(&self, events: &[Event], instant: usize, chance: &mut Chance, folder: &Path) {
        for (file, name) in [(Name::Database, "officeconfig.db"), (Name::Log, "officeconfig.db-wal")] {
            let empty = Synced::default();
            let synced = self.files.get(&file).unwrap_or(&empty);
            let mut bytes = synced.bytes.clone();
            for event in events[synced.through..instant].iter().filter(|e| of(e) == file) {
                match chance.below(5) {
                    0 | 1 => apply(&mut bytes, event),
                    2 | 3 => {}
                    _ => tear(&mut bytes, event, chance),
                }
            }
            if !bytes.is_empty() {
                fs::write(folder.join(name), &bytes).unwrap();
            }
        }
    }
}

/// Only some sectors of a write.
fn tear(bytes: &mut Vec<u8>, event: &Event, chance: &mut Chance) {
    let Event::Write { offset, bytes: new, .. } = event else { return };
    let mut at = 0;
    while at < new.len() {
        let end = (at + SECTOR - (offset + at) % SECTOR).min(new.len());
        if chance.below(2) == 0 {
            put(bytes, offset + at, &new[at..end]);
        }
        at = end;
    }
}
