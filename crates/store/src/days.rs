//! What summaries (R5) are counted from, the same in every database that keeps counts: of each row the UTC day, whether it failed, and the client
//! configurations in it; of each user the last day seen and the last day with a failing device. Pure; it must never know where counts are kept.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// In place of a client configuration: all rows.
pub(crate) const ALL: i64 = 0;

/// An id in `appliedPolicies`; never [`ALL`].
pub(crate) fn policy_key(id: &str) -> i64 {
    let mut first = [0; 8];
    first.copy_from_slice(&Sha256::digest(id)[..8]);
    (i64::from_be_bytes(first) & i64::MAX).max(1)
}

/// Keys of client configurations, each once, in order.
pub(crate) type Policies = Arc<[i64]>;

/// The keys of the ids in applied policies.
pub(crate) fn policies<'t>(ids: impl Iterator<Item = &'t str>) -> Policies {
    let keys: BTreeSet<i64> = ids.map(policy_key).collect();
    keys.into_iter().collect()
}

/// What of a row counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) day: i32,
    pub(crate) was_successful: bool,
    pub(crate) policies: Policies,
}

impl Seen {
    pub(crate) fn counts_for(&self, client: i64) -> bool {
        client == ALL || self.policies.binary_search(&client).is_ok()
    }
}

/// For whom a row counts otherwise than before.
pub(crate) fn affected(before: Option<&Seen>, after: Option<&Seen>) -> BTreeSet<i64> {
    if before == after {
        return BTreeSet::new();
    }
    let state = |seen: Option<&Seen>| seen.map(|seen| (seen.day, seen.was_successful));
    let policies = |seen: Option<&Seen>| seen.map(|seen| seen.policies.iter().copied().collect()).unwrap_or_default();
    let (old, new): (BTreeSet<i64>, BTreeSet<i64>) = (policies(before), policies(after));
    if state(before) == state(after) {
        return old.symmetric_difference(&new).copied().collect();
    }
    old.union(&new).copied().chain([ALL]).collect()
}

/// The last day that a user was seen, and the last of a device that failed.
#[derive(Debug, Default)]
pub(crate) struct LastDays {
    pub(crate) seen: Option<i32>,
    pub(crate) failed: Option<i32>,
}

/// Of a user's rows, those that count for a client configuration.
pub(crate) fn last_days<'s>(rows: impl Iterator<Item = &'s Seen>, client: i64) -> LastDays {
    let mut last = LastDays::default();
    for seen in rows.filter(|seen| seen.counts_for(client)) {
        last.seen = last.seen.max(Some(seen.day));
        if !seen.was_successful {
            last.failed = last.failed.max(Some(seen.day));
        }
    }
    last
}

const TICKS_PER_DAY: i64 = 864_000_000_000;
/// Days from 0001-01-01, where ticks start, to 1970-01-01.
const DAYS_TO_UNIX: i64 = 719_162;

/// The UTC day of an instant, in days since 1970-01-01.
pub(crate) fn day_of(ticks: i64) -> i32 {
    i32::try_from(ticks / TICKS_PER_DAY - DAYS_TO_UNIX).unwrap_or(i32::MAX)
}

/// The first instant of a UTC day.
pub(crate) fn first_tick(day: i64) -> i64 {
    day.saturating_add(DAYS_TO_UNIX).saturating_mul(TICKS_PER_DAY)
}
