//! Ruling R5: what a user check-in summary counts. Pure; the stores bring the rows and the day.

use std::collections::HashMap;

use crate::domain::{CheckinStatus, Summary};
use crate::limits::SUMMARY_DAYS;

/// Distinct users of rows in the window; a user with a failing row in it counts as failed. There is one row a device, its latest.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    failed_by_user: HashMap<String, bool>,
}

impl Tally {
    /// Counts a row that is in the window.
    pub(crate) fn add(&mut self, user_id: &str, was_successful: bool) {
        *self.failed_by_user.entry(user_id.to_lowercase()).or_default() |= !was_successful;
    }

    pub(crate) fn summary(&self) -> Summary {
        let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
        let failed = self.failed_by_user.values().filter(|failed| **failed).count();
        Summary { succeeded: count(self.failed_by_user.len() - failed), failed: count(failed) }
    }
}

/// The first and the last UTC day of the window that ends with `today`, in days since 1970-01-01.
pub(crate) fn window(today: i32) -> (i64, i64) {
    let today = i64::from(today);
    (today - SUMMARY_DAYS + 1, today)
}

/// The summary of rows on a day.
pub(crate) fn summarize<'a>(rows: impl Iterator<Item = &'a CheckinStatus>, today: i32) -> Summary {
    let (first, last) = window(today);
    let mut tally = Tally::default();
    for row in rows.filter(|row| (first..=last).contains(&i64::from(row.checkin.unix_day()))) {
        tally.add(&row.user_id, row.was_successful);
    }
    tally.summary()
}
