//! The shapes of ruling R4 are answered from indexes: what SQLite says it would do, on rows enough for every choice to be made.

use odata::plan::Filter;
use odata::{Model, model::EdmType};
use rusqlite::Connection;

use super::plan::Driver;
use super::*;
use crate::ids::ConfigurationId;
use crate::shape::{Shape, shape};
use crate::sqlite::{connect::Connector, schema};

const ROWS: i64 = 60_000;

struct Fixture {
    model: Model,
    connection: Connection,
    _folder: tempfile::TempDir,
}

impl Fixture {
    /// Rows of two configurations, one user each two rows, one in twenty failing.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let connector = Connector { vfs: None, durability: crate::sqlite::Durability::Synced };
        let mut connection = connector.writer(&folder.path().join("db")).expect("opened");
        schema::migrate(&mut connection, "db").expect("migrated");
        connection
            .execute_batch(&format!(
                "BEGIN;
                 CREATE TEMP TABLE n (tenant, configuration, n);
                 WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {ROWS} - 1)
                 INSERT INTO n SELECT 1, 1, n FROM s;
                 INSERT INTO n SELECT 1, 2, n FROM n WHERE n < 1000;
                 INSERT INTO checkin_owners VALUES (1, 1, 1, {ROWS} + 1, -719162), (2, 1, 2, 1001, -719162);
                 INSERT INTO checkins SELECT configuration << 32 | n + 1, configuration, n * 7919 % {ROWS} * 10, 0, n % 20 <> 0, NULL
                     FROM n ORDER BY 1;
                 INSERT INTO checkin_texts SELECT configuration << 32 | n + 1, configuration, 'user' || n / 2, 0, NULL,
                     'user' || n / 2, 'contoso.example', 'PC-' || n, 'Win32', NULL, NULL FROM n ORDER BY 1;
                 INSERT INTO failed_checkins SELECT id, owner, ticks FROM checkins WHERE NOT ok;
                 INSERT INTO configurations VALUES (1, 1, zeroblob(16), 0, 524272, 0, 524272, 1, NULL, NULL, 1, 1, {ROWS});
                 COMMIT;"
            ))
            .expect("filled");
        crate::sqlite::functions::register(&connection).expect("registered");
        let model =
            odata::csdl::read(include_str!("../../../../server/src/office.csdl.xml")).expect("the office model");
        Self { model, connection, _folder: folder }
    }

    fn filter(&self, text: &str) -> Option<Filter> {
        let ty = *self.model.type_names.get("microsoft.graph.officeClientCheckinStatus").expect("declared");
        (!text.is_empty())
            .then(|| odata::bind::filter(&self.model, EdmType::Named(ty), text).expect("a filter of the model"))
    }

    fn query(&self, filter: &str, order: RowOrder) -> StatusQuery {
        use odata::expr::{Expr, ExprType, Node, Step};
        let node = Node::Path { root: 0, steps: vec![Step::Member(crate::position::member::CHECKIN_DATE_TIME)] };
        let expr = Expr { node, ty: ExprType { base: None, collection: false } };
        let order = match order {
            RowOrder::Time { descending } => vec![odata::plan::OrderBy { expr, descending }],
            _ => Vec::new(),
        };
        let filter = self.filter(filter);
        StatusQuery { filter, order, ..StatusQuery::all(ConfigurationId(uuid::Uuid::nil()), 20) }
    }

    /// SQLite's plan, in lines.
    fn plan(&self, query: &StatusQuery, after: Option<Position>) -> Vec<String> {
        let order = RowOrder::of(&query.order);
        let conditions = Conditions::of(query.filter.as_ref());
        let plan = Plan::choose(&self.connection, 1, &conditions, order).expect("chosen");
        let mut select = Select::new(1, 1, plan.driver, &conditions);
        select.conditions(query, &plan, &conditions).expect("translated");
        select.after(order, after);
        let sql = select.rows(order, &query.order, 20, 0).expect("translated");
        let mut statement = self.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("prepared");
        let lines = statement.query_map(select.params(), |row| row.get::<_, String>(3)).expect("explained");
        lines.map(|line| line.expect("a line")).collect()
    }
}

#[test]
fn r4_the_shapes_use_an_index_and_sort_only_what_is_little() {
    let f = Fixture::new();
    let by_time = RowOrder::Time { descending: false };
    let by_time_down = RowOrder::Time { descending: true };
    let cases = [
        // Filter, order, the index that drives, whether the keys found are sorted.
        ("", RowOrder::Key, "h USING INTEGER PRIMARY KEY", false),
        ("", by_time, "h USING COVERING INDEX checkins_by_time", false),
        ("", by_time_down, "h USING COVERING INDEX checkins_by_time", false),
        ("userId eq 'user77'", RowOrder::Key, "c USING COVERING INDEX checkin_texts_by_user", true),
        ("userId eq 'user77'", by_time_down, "c USING COVERING INDEX checkin_texts_by_user", true),
        ("userPrincipalName eq 'user77@contoso.example'", RowOrder::Key, "c USING INDEX checkin_texts_by_upn", false),
        ("deviceName eq 'PC-9'", RowOrder::Key, "c USING COVERING INDEX checkin_texts_by_device", false),
        ("startswith(userId,'user77')", RowOrder::Key, "c USING COVERING INDEX checkin_texts_by_user", true),
        ("startswith(userPrincipalName,'user77')", by_time, "c USING COVERING INDEX checkin_texts_by_upn", true),
        ("startswith(deviceName,'PC-5')", RowOrder::Key, "c USING COVERING INDEX checkin_texts_by_device", true),
        // Most rows have the prefix: walk in order.
        ("startswith(deviceName,'PC-')", RowOrder::Key, "c USING INTEGER PRIMARY KEY", false),
        ("startswith(deviceName,'PC-')", by_time_down, "h USING COVERING INDEX checkins_by_time", false),
        ("wasSuccessful eq true", RowOrder::Key, "h USING INTEGER PRIMARY KEY", false),
        ("wasSuccessful eq false", RowOrder::Key, "f USING INTEGER PRIMARY KEY", false),
        ("not wasSuccessful", by_time_down, "f USING COVERING INDEX failed_checkins_by_time", false),
        ("checkinDateTime lt 0001-01-01T00:00:00.01Z", RowOrder::Key, "h USING COVERING INDEX checkins_by_time", true),
        ("checkinDateTime lt 0001-01-01T00:00:00.01Z", by_time_down, "h USING COVERING INDEX checkins_by_time", false),
        ("checkinDateTime ge 0001-01-01T00:00:00Z", RowOrder::Key, "h USING INTEGER PRIMARY KEY", false),
        // Pairs.
        (
            "wasSuccessful eq false and startswith(deviceName,'PC-5')",
            RowOrder::Key,
            "c USING COVERING INDEX checkin_texts_by_device",
            true,
        ),
        (
            "wasSuccessful eq false and startswith(deviceName,'PC-')",
            RowOrder::Key,
            "f USING INTEGER PRIMARY KEY",
            false,
        ),
        (
            "startswith(userId,'user77') and startswith(deviceName,'PC-5')",
            RowOrder::Key,
            "c USING COVERING INDEX checkin_texts_by_user",
            true,
        ),
        (
            "userId eq 'user77' and wasSuccessful eq true",
            RowOrder::Key,
            "c USING COVERING INDEX checkin_texts_by_user",
            true,
        ),
        (
            "wasSuccessful eq false and checkinDateTime ge 0001-01-01T00:00:00Z",
            by_time,
            "f USING COVERING INDEX failed_checkins_by_time",
            false,
        ),
        (
            "deviceName eq 'PC-9' and checkinDateTime ge 0001-01-01T00:00:00Z",
            RowOrder::Key,
            "c USING COVERING INDEX checkin_texts_by_device",
            false,
        ),
    ];
    for (filter, order, driving, sorted) in cases {
        let lines = f.plan(&f.query(filter, order), None);
        let case = format!("{filter} {order:?}: {lines:#?}");
        let first = lines.iter().find(|line| line.starts_with("SEARCH")).expect("a search");
        assert!(first.contains(driving), "{case}");
        // The page itself, found, is walked and put in order again.
        let page = lines.iter().position(|line| line.starts_with("SCAN p")).expect("the page");
        assert_eq!(lines[..page].iter().any(|line| line.contains("TEMP B-TREE")), sorted, "{case}");
        assert_eq!(lines.iter().filter(|line| line.contains("SCAN")).count(), 1, "{case}");
    }
}

/// Whichever table drives a query, and whichever conditions are looked up in their own indexes, the same rows are found.
#[test]
fn every_plan_finds_the_rows_that_the_conditions_mean() {
    let f = Fixture::new();
    let mut fleet = crate::sqlite::fleet::Fleet::default();
    let mut statements = crate::sqlite::statements::Statements::new(&f.connection);
    let users =
        ["0a3f0000-0000-4000-8000-00000000beef", "0A3F0000-0000-4000-8000-00000000BEEF", "0a", "0A", "anna", "Anna"];
    let names = ["anna@contoso.example", "anna", "anna@", "ann@x@y", "Anna@contoso.example", "annabel@contoso.example"];
    let rows: Vec<Arc<CheckinStatus>> = (0..36)
        .map(|n| {
            Arc::new(CheckinStatus {
                user_principal_name: (n % 7 != 0).then(|| names[n / 6].into()),
                device_name: Some(format!("PC-{}", n % 4).into()),
                device_platform: Some(format!("p{n}").into()),
                device_platform_version: None,
                was_successful: n % 3 != 0,
                user_id: users[n % 6].into(),
                checkin: odata::edm::DateTimeOffset::from_ticks(i64::try_from(n % 5 * 10).expect("small"))
                    .expect("an instant"),
                error_message: None,
                applied_policies: None,
            })
        })
        .collect();
    fleet.record(&mut statements, (1, 3), -719_162, &rows).expect("recorded");
    let owner = 3;
    let all = super::Fleet { tenant: 1, owner, first_day: i32::MIN }.all(&f.connection).expect("read");
    assert_eq!(all.len(), 36);
    let filters = [
        "userId eq '0a3f0000-0000-4000-8000-00000000beef' and startswith(deviceName,'PC')",
        "startswith(userId,'0a') and startswith(userPrincipalName,'anna')",
        "startswith(userId,'0A3F') and wasSuccessful",
        "startswith(userId,'0a3f0') and not wasSuccessful",
        "userId eq 'Anna' and userPrincipalName eq 'anna@'",
        "userPrincipalName eq 'ann@x@y' and checkinDateTime ge 0001-01-01T00:00:00.000002Z",
        "userPrincipalName eq 'anna' and startswith(userId,'')",
        "startswith(userPrincipalName,'anna@c') and deviceName eq 'PC-1'",
        "startswith(userPrincipalName,'ann@') and startswith(userId,'a')",
        "checkinDateTime le 0001-01-01T00:00:00.000002Z and deviceName eq 'PC-2'",
    ];
    for filter in filters {
        let query = f.query(filter, RowOrder::Key);
        let conditions = Conditions::of(query.filter.as_ref());
        assert!(conditions.all_indexed(), "{filter}");
        let expected: Vec<i64> = all.iter().filter(|(_, row)| conditions.hold(row)).map(|(n, _)| *n).collect();
        let mut drivers = vec![Driver::Key, Driver::TextsByKey, Driver::Time];
        if conditions.successful == Some(false) {
            drivers.extend([Driver::FailedByKey, Driver::FailedByTime]);
        }
        drivers.extend(conditions.texts.iter().enumerate().map(|(at, text)| Driver::Text(text.column, at)));
        for driver in drivers {
            for few in [Vec::new(), (0..conditions.texts.len()).collect()] {
                let plan = Plan { driver, few_in_range: !few.is_empty(), few };
                let mut select = Select::new(1, owner, driver, &conditions);
                select.conditions(&query, &plan, &conditions).expect("translated");
                let sql = select.rows(RowOrder::Key, &[], 100, 0).expect("translated");
                let mut statement = f.connection.prepare(&sql).expect("prepared");
                let found = statement.query_map(select.params(), |row| row.get(0)).expect("read");
                let found: Vec<i64> = found.map(|id| fleet::row_number(id.expect("an id"))).collect();
                assert_eq!(found, expected, "{filter} {plan:?}: {sql}");
            }
        }
    }
}

#[test]
fn a_page_in_the_middle_starts_in_the_index() {
    let f = Fixture::new();
    for (order, at, entered) in [
        (RowOrder::Key, Position::Key(5), "rowid>? AND rowid<?"),
        (RowOrder::Time { descending: true }, Position::Time { ticks: 9, key: 9 }, "owner=? AND ticks<?"),
        (RowOrder::Time { descending: false }, Position::Time { ticks: 9, key: 9 }, "owner=? AND ticks>?"),
    ] {
        let plan = f.plan(&f.query("", order), Some(at)).join("; ");
        assert!(plan.contains(entered), "{order:?}: {plan}");
    }
}

#[test]
fn r4_only_shapes_without_an_index_over_many_rows_are_slow() {
    let f = Fixture::new();
    let mut owner = crate::domain::OfficeConfiguration {
        id: ConfigurationId(uuid::Uuid::nil()),
        seq: 1,
        stamp: crate::domain::Stamp {
            created: odata::edm::DateTimeOffset::from_unix_nanos(0),
            modified: odata::edm::DateTimeOffset::from_unix_nanos(0),
            version: 1,
        },
        is_default: false,
        written_summary: None,
        has_checkins_from_clients: true,
        status_version: 1,
        status_count: 1_000_000,
        clients: crate::clients::Clients::default(),
    };
    let quick = ["", "startswith(userId,'a') and wasSuccessful", "checkinDateTime ge 2026-01-01T00:00:00Z"];
    let slow = ["contains(userId,'a')", "devicePlatform eq 'Mac'", "userId eq 'a' or wasSuccessful"];
    for (filters, expected) in [(&quick[..], Shape::Quick), (&slow[..], Shape::Slow)] {
        for filter in filters {
            let mut query = f.query(filter, RowOrder::Key);
            assert_eq!(shape(&query, &owner), expected, "{filter}");
            query.count = !filter.is_empty();
            assert_eq!(shape(&query, &owner) == Shape::Slow, query.count, "{filter} counted");
        }
    }
    owner.status_count = 9_000;
    assert_eq!(shape(&f.query(slow[0], RowOrder::Key), &owner), Shape::Quick);
}
