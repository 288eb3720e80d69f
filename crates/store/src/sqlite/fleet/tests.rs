//! What the tables hold after check-ins, commands and sweeps: small, in step, nothing left over.

use odata::edm::DateTimeOffset;
use rusqlite::Connection;
use uuid::Uuid;

use super::*;
use crate::domain::CheckinReport;
use crate::ids::{ClientConfigurationId, ConfigurationId};
use crate::limits::MAX_WORDS;
use crate::sqlite::{functions, schema};

const OF: Of = (1, 1);

struct Fixture {
    connection: Connection,
    fleet: Fleet,
}

impl Fixture {
    fn new() -> Self {
        let mut connection = Connection::open_in_memory().expect("a database");
        functions::register(&connection).expect("registered");
        schema::migrate(&mut connection, "new").expect("made");
        Self { connection, fleet: Fleet::default() }
    }

    fn check_in(&mut self, of: Of, checkin: &Checkin) {
        let statements = &mut Statements::new(&self.connection);
        self.fleet.check_in(statements, of, checkin).expect("recorded");
        self.fleet.flush(statements).expect("written");
    }

    fn sweep(&mut self, most: u32) -> bool {
        let statements = &mut Statements::new(&self.connection);
        let more = self.fleet.sweep(statements, most).expect("swept");
        self.fleet.flush(statements).expect("written");
        more
    }

    fn count(&self, sql: &str) -> i64 {
        self.connection.query_row(sql, (), |row| row.get(0)).expect("counted")
    }

    fn shown(&mut self, of: Of) -> u64 {
        self.fleet.count(&mut Statements::new(&self.connection), of).expect("counted")
    }

    fn differing(&self, owner: i64) -> i64 {
        differing(&self.connection, owner).expect("compared")
    }

    /// What a check-in changed in the database, besides the instants of rows.
    fn changes(&mut self, checkin: &Checkin) -> u64 {
        let before = self.connection.total_changes();
        self.check_in(OF, checkin);
        self.connection.total_changes() - before
    }
}

fn at(day: i64, second: i64) -> DateTimeOffset {
    DateTimeOffset::from_unix_nanos(i128::from(day * 86_400 + second) * 1_000_000_000)
}

fn checkin(user: &str, at: DateTimeOffset) -> Checkin {
    Checkin {
        configuration: ConfigurationId(Uuid::nil()),
        user_id: user.into(),
        user_principal_name: Some(format!("{user}@contoso.example").into()),
        device_name: Some("PC".into()),
        device_platform: "mac".into(),
        at,
        applied: vec![ClientConfigurationId(Uuid::from_u128(7))],
        report: None,
    }
}

fn failing(user: &str, at: DateTimeOffset) -> Checkin {
    let report = CheckinReport {
        was_successful: false,
        error_message: Some("no".into()),
        device_platform_version: Some("15".into()),
    };
    Checkin { report: Some(report), ..checkin(user, at) }
}

#[test]
fn what_is_kept_of_a_removed_configuration_goes_with_its_rows() {
    let mut f = Fixture::new();
    for n in 0..25 {
        for configuration in [1, 2] {
            f.check_in((1, configuration), &failing(&format!("u{n}"), at(20_000, 0)));
        }
    }
    doom(&f.connection, (1, 1)).expect("marked");
    while f.sweep(10) {}
    for table in ["checkins", "checkin_texts", "failed_checkins", "checkin_days", "checkin_owners"] {
        let of = |owner| f.count(&format!("SELECT count(*) FROM {table} WHERE owner = {owner}"));
        assert_eq!(of(1), 0, "{table}");
        assert_ne!(of(2), 0, "{table} of another configuration");
    }
    assert_eq!(f.differing(2), 0);
}

#[test]
fn a_fetch_that_says_the_same_again_changes_one_row_and_the_day_once_a_day() {
    let mut f = Fixture::new();
    f.check_in(OF, &checkin("anna", at(20_000, 1)));
    for second in 2..5 {
        assert_eq!(f.changes(&checkin("anna", at(20_000, second))), 1);
    }
    // A new day: the row, the counts of the old day and of the new, for all and for one client configuration, and the day itself.
    assert_eq!(f.changes(&checkin("anna", at(20_001, 2))), 6);
    assert_eq!(f.changes(&checkin("anna", at(20_001, 3))), 1);
    // A writer that knows nothing any more reads the row, and writes no more.
    f.fleet = Fleet::default();
    assert_eq!(f.changes(&checkin("anna", at(20_001, 4))), 1);
    assert_eq!(f.count("SELECT count(*) FROM checkins"), 1);
    // A device that fails stands in the list of those, too.
    f.check_in(OF, &failing("anna", at(20_001, 5)));
    assert_eq!(f.changes(&checkin("anna", at(20_001, 6))), 2);
    assert_eq!(f.changes(&checkin("anna", at(20_001, 7))), 2);
    assert_eq!(f.differing(1), 0);
}

#[test]
fn what_is_known_of_a_device_is_never_taken_for_another_fetch() {
    let mut f = Fixture::new();
    let first = checkin("anna", at(20_000, 1));
    let row = |f: &mut Fixture| {
        let statements = &mut Statements::new(&f.connection);
        let rows = row::of_user(statements, 1, &User::of("anna")).expect("read");
        let told = rows[0].status(statements, &mut f.fleet.words).expect("read");
        (rows.len(), told)
    };
    let others: [&dyn Fn(&mut Checkin); 6] = [
        &|one| one.user_id = "Anna".into(),
        &|one| one.user_principal_name = Some("anna@other.example".into()),
        &|one| one.device_name = Some("pc".into()),
        &|one| one.device_platform = "MAC".into(),
        &|one| one.applied = Vec::new(),
        &|one| one.at = DateTimeOffset::parse("2024-10-04T00:00:02Z").expect("an instant"),
    ];
    for change in others {
        f.check_in(OF, &first);
        f.check_in(OF, &first);
        let mut other = first.clone();
        change(&mut other);
        for _ in 0..2 {
            f.check_in(OF, &other);
            assert_eq!(row(&mut f), (1, rules::merged(None, &other)), "{other:?}");
        }
        f.check_in(OF, &first);
        assert_eq!(row(&mut f), (1, rules::merged(None, &first)));
    }
}

#[test]
fn rows_that_are_too_old_leave_the_counts_at_once_and_the_tables_a_few_at_a_time() {
    let mut f = Fixture::new();
    for n in 0..30 {
        f.check_in(OF, &failing(&format!("old{n}"), at(20_000, n)));
    }
    f.check_in(OF, &checkin("anna", at(20_091, 0)));
    assert_eq!(f.shown(OF), 31, "91 days later all are there");
    while f.sweep(10) {}
    assert_eq!(f.count("SELECT count(*) FROM checkins"), 31);
    f.check_in(OF, &checkin("anna", at(20_092, 0)));
    assert_eq!((f.shown(OF), f.count("SELECT count(*) FROM checkins")), (1, 31));
    assert!(f.sweep(10));
    assert_eq!(f.count("SELECT count(*) FROM checkins"), 21);
    assert_eq!(f.differing(1), 0);
    // One of them comes again before it is removed: as a new one.
    f.check_in(OF, &checkin("old29", at(20_092, 1)));
    assert_eq!(f.shown(OF), 2);
    assert_eq!(f.count("SELECT count(*) FROM failed_checkins"), 19);
    // And the writer may be another one.
    f.fleet = Fleet::default();
    while f.sweep(10) {}
    for (table, left) in [("checkins", 2), ("checkin_texts", 2), ("failed_checkins", 0)] {
        assert_eq!(f.count(&format!("SELECT count(*) FROM {table}")), left, "{table}");
    }
    assert_eq!((f.differing(1), f.shown(OF)), (0, 2));
    assert_eq!(f.count("SELECT max(id) & 0xffffffff FROM checkins"), 32, "no number is used twice");
}

#[test]
fn nothing_that_a_client_makes_up_fills_the_words() {
    let mut f = Fixture::new();
    let words = i64::try_from(MAX_WORDS).expect("small");
    for n in 0..words + 10 {
        let mut report = failing("anna", at(20_000, n));
        if let Some(report) = &mut report.report {
            report.device_platform_version = Some(format!("{n}").into());
        }
        f.check_in(OF, &report);
    }
    assert_eq!(f.count("SELECT count(*) FROM checkin_words WHERE kind = 3"), words);
    let version: String =
        f.connection.query_row("SELECT version FROM checkin_texts", (), |row| row.get(0)).expect("a text");
    assert_eq!(version, format!("{}", words + 9));
    let mut long = checkin("anna", at(20_000, 0));
    long.device_platform = "x".repeat(300).into();
    f.check_in(OF, &long);
    assert_eq!(f.count("SELECT count(*) FROM checkin_words WHERE length(text) > 256"), 0);
    assert_eq!(f.count("SELECT count(*) FROM checkin_texts WHERE length(platform) = 300"), 1);
}
