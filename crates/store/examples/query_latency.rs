//! How long a page of check-in rows takes when there are many (ruling R4: 20 ms at 10 million):
//! `cargo run --release -p store --example query_latency -- [FOLDER] [ROWS]`. Prints the median and the worst of each shape, first pages
//! and pages that continue.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use odata::edm::DateTimeOffset;
use odata::expr::{Expr, ExprType, Node, Step};
use odata::model::EdmType;
use odata::plan::OrderBy;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::{Caller, Command, Commit, StatusQuery, Store, TenantId, default_configuration_id};
use uuid::Uuid;

const ROWS: u64 = 1_000_000;
const PAGES: usize = 20;

/// Filter, and order by time: none, up, down.
const SHAPES: &[(&str, Option<bool>)] = &[
    ("", None),
    ("", Some(false)),
    ("", Some(true)),
    ("userId eq 'user00012345'", None),
    ("userPrincipalName eq 'user00012345@contoso.example'", Some(true)),
    ("deviceName eq 'PC-00054321'", None),
    ("startswith(userId,'user000123')", None),
    ("startswith(userPrincipalName,'user0001')", None),
    ("startswith(deviceName,'PC-000')", Some(true)),
    ("startswith(deviceName,'PC-0005')", Some(false)),
    ("wasSuccessful eq true", None),
    ("wasSuccessful eq false", None),
    ("wasSuccessful eq false", Some(true)),
    ("checkinDateTime ge 2026-11-01T00:00:00Z", None),
    ("checkinDateTime ge 2026-11-01T00:00:00Z", Some(true)),
    ("checkinDateTime ge 2026-11-22T23:30:00Z", None),
    ("wasSuccessful eq false and startswith(deviceName,'PC-0005')", None),
    ("wasSuccessful eq false and startswith(deviceName,'PC-000')", Some(true)),
    ("wasSuccessful eq false and checkinDateTime ge 2026-11-20T00:00:00Z", None),
    ("startswith(userPrincipalName,'user0001') and startswith(deviceName,'PC-0002')", None),
    ("startswith(deviceName,'PC-0005') and checkinDateTime ge 2026-11-20T00:00:00Z", Some(true)),
    ("userId eq 'user00012345' and wasSuccessful eq false", None),
];

/// Two devices a user, a check-in of each within the last 90 days, one in twenty failing.
fn fill(folder: &Path, rows: u64) -> Result<(), Box<dyn Error>> {
    let newest = DateTimeOffset::parse("2026-11-23T00:00:00Z")?.ticks();
    let database = rusqlite::Connection::open(folder.join("officeconfig.db"))?;
    let indexes: Vec<(String, String)> = database
        .prepare(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND name LIKE '%checkin%'",
        )?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &indexes {
        database.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    database.execute_batch(&format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; BEGIN;
         DELETE FROM checkins; DELETE FROM checkin_texts; DELETE FROM failed_checkins;
         CREATE TEMP TABLE n (key INTEGER PRIMARY KEY, n INTEGER);
         WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM s WHERE n < {rows} - 1)
             INSERT INTO n SELECT ((n * 2654435761) & 4294967295) * 2147483 + 4294967296, n FROM s;
         INSERT INTO checkins SELECT 1, 1, key, {newest} - (n * 7919 % {rows}) * (77760000000000 / {rows}), 524279,
             n % 20 <> 0 FROM n ORDER BY key;
         INSERT INTO checkin_texts SELECT 1, 1, key, printf('user%08d', n / 2), printf('user%08d@contoso.example', n / 2),
             printf('PC-%08d', n), 'Win32', '10.0.26100', NULL, '[]' FROM n ORDER BY key;
         INSERT INTO failed_checkins SELECT tenant, configuration, key, ticks FROM checkins WHERE NOT ok;
         UPDATE configurations SET status_count = {rows}; DROP TABLE n; COMMIT;"
    ))?;
    for (_, sql) in &indexes {
        database.execute_batch(sql)?;
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().map_or_else(|| std::env::temp_dir().join("officeconfig-latency"), PathBuf::from);
    let rows = arguments.next().map_or(Ok(ROWS), |text| text.parse::<u64>())?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let caller = Caller { tenant: TenantId(Uuid::from_u128(7)), actor: "query_latency".into() };
    let configuration = default_configuration_id(caller.tenant);
    if !store::sqlite::exists(&folder) {
        let store = SqliteStore::open(SqliteOptions::new(&folder))?;
        let row = store::CheckinStatus {
            user_principal_name: None,
            device_name: None,
            device_platform: None,
            device_platform_version: None,
            was_successful: true,
            user_id: "u".into(),
            checkin: DateTimeOffset::from_unix_nanos(0),
            error_message: None,
            applied_policies: None,
        };
        let record = Command::RecordCheckins { configuration, checkins: vec![row] };
        runtime.block_on(store.commit(&caller, Commit::of(DateTimeOffset::from_unix_nanos(0), record)))?;
        runtime.block_on(store.close());
        drop(store);
        let started = Instant::now();
        fill(&folder, rows)?;
        println!("{rows} rows written in {:.0?}", started.elapsed());
    }
    let store = SqliteStore::open(SqliteOptions::new(&folder))?;
    for (filter, by_time) in SHAPES {
        let query = query(configuration, filter, *by_time)?;
        let mut times = runtime.block_on(measure(&store, &caller, query))?;
        let found = times.len();
        times.sort_unstable();
        let order = match by_time {
            None => "default",
            Some(false) => "time",
            Some(true) => "time desc",
        };
        let (median, worst) = (times[found / 2], times[found - 1]);
        println!("{median:>9.2?} median {worst:>9.2?} worst of {found:>2} pages  {order:<9} {filter}");
    }
    Ok(())
}

fn query(
    configuration: store::ConfigurationId,
    filter: &str,
    by_time: Option<bool>,
) -> Result<StatusQuery, Box<dyn Error>> {
    let model = odata::csdl::read(include_str!("../../server/src/office.csdl.xml")).map_err(|e| format!("{e:?}"))?;
    let ty = model.type_names.get("microsoft.graph.officeClientCheckinStatus").ok_or("not in the model")?;
    let bind = |text| odata::bind::filter(&model, EdmType::Named(*ty), text).map_err(|e| format!("{e:?}"));
    let filter = if filter.is_empty() { None } else { Some(bind(filter)?) };
    let key = |descending| {
        let node = Node::Path { root: 0, steps: vec![Step::Member(6)] };
        OrderBy { expr: Expr { node, ty: ExprType { base: None, collection: false } }, descending }
    };
    let order = by_time.map(key).into_iter().collect();
    Ok(StatusQuery { filter, order, ..StatusQuery::all(configuration, 20) })
}

/// The first pages of a query, each asked for twice: the second time the operating system has what it needs.
async fn measure(
    store: &SqliteStore,
    caller: &Caller,
    mut query: StatusQuery,
) -> Result<Vec<Duration>, store::StoreError> {
    let mut times = Vec::new();
    while times.len() < PAGES {
        store.statuses(caller, query.clone()).await?;
        let started = Instant::now();
        let page = store.statuses(caller, query.clone()).await?;
        times.push(started.elapsed());
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    Ok(times)
}
