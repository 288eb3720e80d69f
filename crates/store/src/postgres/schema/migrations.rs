//! The migrations. Each goes from one version of the schema to the next in up to three parts, so that the servers of a version and of the one before
//! it run side by side. An applied part is never edited. It must never run anything.
//!
//! An *expand* or *contract* locks tables that servers use: it is a few statements that change what tables are, never rows, and an index on a table
//! of check-ins is not among them. Together they have [`crate::limits::MIGRATION_HELD_MAX`].

use std::borrow::Cow;

use crate::digest;

/// From one version of the schema to the next.
#[derive(Debug, Clone)]
pub(super) struct Migration {
    pub(super) version: i64,
    pub(super) name: &'static str,
    /// Adds what programs of this version need, and takes nothing from those of `serves`: what they write goes on to mean what it did.
    pub(super) expand: &'static str,
    /// The oldest version whose programs go on working once it was expanded.
    pub(super) serves: i64,
    /// One statement that fills what was added, in some of a tenant's rows (the tenant is set), and says how many it changed: 0 is the end. It
    /// may come to rows that an older program wrote after the last time, and is run until its end again before anything is removed.
    pub(super) backfill: Option<&'static str>,
    /// Removes what only programs before this version need. Those of this version never name it: they run before it is removed and behind.
    pub(super) contract: Option<&'static str>,
}

impl Migration {
    /// One that only adds: programs of the version before it go on.
    pub(super) const fn new(version: i64, name: &'static str, expand: &'static str) -> Self {
        Self { version, name, expand, serves: version - 1, backfill: None, contract: None }
    }

    /// Whether the parts are the ones that were applied.
    pub(super) fn digest(&self) -> String {
        let mut all = Cow::Borrowed(self.expand);
        for (part, text) in [("backfill", self.backfill), ("contract", self.contract)] {
            if let Some(text) = text {
                all = format!("{all}\n-- {part}\n{text}").into();
            }
        }
        digest::of_text(&all)
    }
}

pub(super) const MIGRATIONS: &[Migration] = &[
    Migration::new(1, "control", include_str!("../migrations/0001_control.sql")),
    Migration::new(2, "checkins", include_str!("../migrations/0002_checkins.sql")),
    Migration::new(3, "clusters", include_str!("../migrations/0003_clusters.sql")),
];

/// The newest version among migrations.
pub(super) fn newest(migrations: &[Migration]) -> i64 {
    migrations.last().map_or(0, |migration| migration.version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_on_and_serve_the_version_before() {
        assert!((1..).zip(MIGRATIONS).all(|(n, migration)| migration.version == n && migration.serves < n));
    }

    #[test]
    fn a_migration_of_one_part_is_known_by_its_text_and_others_by_all_parts() {
        let one = Migration::new(1, "one", "CREATE TABLE one ()");
        assert_eq!(one.digest(), digest::of_text("CREATE TABLE one ()"));
        let filled = Migration { backfill: Some("DELETE FROM one"), ..one.clone() };
        let contracted = Migration { contract: Some("DELETE FROM one"), ..one.clone() };
        assert!(filled.digest() != one.digest() && filled.digest() != contracted.digest());
    }
}
