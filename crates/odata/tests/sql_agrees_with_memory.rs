//! The two executors give the same rows: generated filters over generated rows, in memory and in SQLite.
//! `PROPTEST_CASES` sets the number of cases (10,000 by default).

#![expect(clippy::unwrap_used, reason = "tests")]

use std::cell::Cell;
use std::sync::Arc;

use odata::edm::DateTimeOffset;
use odata::exec::memory::{Context, matches};
use odata::exec::sql::{Column, ColumnKind, ColumnMap, Dialect, Sql, SqlParam, translate_filter, translate_order};
use odata::expr::Step;
use odata::model::{EdmType, Model, TypeId};
use odata::syntax::{Query, RawPath};
use odata::{Record, Value, bind, csdl};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, ToSql, params_from_iter};

const MODEL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns">
    <EnumType Name="Flag" IsFlags="true"><Member Name="A" Value="1"/><Member Name="B" Value="2"/><Member Name="C" Value="4"/>
    </EnumType>
    <EntityType Name="Row"><Key><PropertyRef Name="m"/></Key>
      <Property Name="m" Type="Edm.Int32" Nullable="false"/>
      <Property Name="n" Type="Edm.Int64"/>
      <Property Name="s" Type="Edm.String"/>
      <Property Name="t" Type="Edm.String" Nullable="false"/>
      <Property Name="b" Type="Edm.Boolean"/>
      <Property Name="ok" Type="Edm.Boolean" Nullable="false"/>
      <Property Name="d" Type="Edm.Double"/>
      <Property Name="at" Type="Edm.DateTimeOffset" Nullable="false"/>
      <Property Name="seen" Type="Edm.DateTimeOffset"/>
      <Property Name="tags" Type="Collection(Edm.String)" Nullable="false"/>
      <Property Name="flags" Type="ns.Flag"/>
    </EntityType>
    <EntityContainer Name="C"><EntitySet Name="Rows" EntityType="ns.Row"/></EntityContainer>
  </Schema></edmx:DataServices></edmx:Edmx>"#;

const COLUMNS: [(&str, ColumnKind, bool); 11] = [
    ("r.m", ColumnKind::Integer, false),
    ("r.n", ColumnKind::Integer, true),
    ("r.s", ColumnKind::Text, true),
    ("r.t", ColumnKind::Text, false),
    ("r.b", ColumnKind::Boolean, true),
    ("r.ok", ColumnKind::Boolean, false),
    ("r.d", ColumnKind::Double, true),
    ("r.at", ColumnKind::Ticks, false),
    ("r.seen", ColumnKind::Ticks, true),
    ("r.tags", ColumnKind::JsonTexts, false),
    ("r.flags", ColumnKind::Integer, true),
];

struct Rows;

impl ColumnMap for Rows {
    fn column(&self, steps: &[Step]) -> Option<Column> {
        let [Step::Member(number)] = steps else { return None };
        let (sql, kind, nullable) = COLUMNS[usize::from(*number)];
        Some(Column { sql, kind, nullable })
    }

    fn has_text_functions(&self) -> bool {
        true
    }
}

#[derive(Debug, Clone)]
struct Row {
    n: Option<i64>,
    s: Option<&'static str>,
    t: &'static str,
    b: Option<bool>,
    ok: bool,
    d: Option<f64>,
    at: i64,
    seen: Option<i64>,
    tags: Vec<&'static str>,
    flags: Option<i64>,
}

const TEXTS: [&str; 17] = [
    "",
    "a",
    "A",
    "ab",
    "abab",
    "b",
    "LAB-",
    "LAB-1",
    "LAB.",
    "é",
    "Éa",
    "%_",
    "q'q",
    " x ",
    "\u{2003}y\t",
    "\u{10ffff}",
    "zß🦀z",
];
const INTS: [i64; 9] = [0, 1, -1, 2, 3, 7, i64::MAX, i64::MIN, 9_007_199_254_740_993];
const DOUBLES: [f64; 8] = [0.0, -0.0, 1.0, 1.5, -2.25, 3.0, 9_007_199_254_740_992.0, f64::INFINITY];
const TICKS: [i64; 4] = [0, 638_000_000_000_000_000, 638_000_000_000_000_001, 3_155_378_975_999_999_999];

fn pick<T: Clone + std::fmt::Debug + 'static>(from: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(from)
}

fn row() -> impl Strategy<Value = Row> {
    let texts = (prop::option::of(pick(&TEXTS)), pick(&TEXTS), prop::collection::vec(pick(&TEXTS), 0..4));
    let truths = (prop::option::of(any::<bool>()), any::<bool>());
    let numbers = (prop::option::of(pick(&INTS)), prop::option::of(pick(&DOUBLES)));
    let times = (pick(&TICKS), prop::option::of(pick(&TICKS)));
    let flags = prop::option::of(0_i64..8);
    (texts, truths, numbers, times, flags).prop_map(|((s, t, tags), (b, ok), (n, d), (at, seen), flags)| Row {
        n,
        s,
        t,
        b,
        ok,
        d,
        at,
        seen,
        tags,
        flags,
    })
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn int_text(number: i64) -> String {
    number.to_string()
}

fn double_text(number: f64) -> String {
    if number.is_infinite() { "INF".to_owned() } else { format!("{number:e}") }
}

fn text_expr(variable: Option<&'static str>) -> BoxedStrategy<String> {
    // Inside `$filter(…)` plain names are those of the element, so the row is named.
    let row = if variable == Some("$this") { "$it/" } else { "" };
    let mut leaves =
        vec![Just(format!("{row}s")).boxed(), Just(format!("{row}t")).boxed(), pick(&TEXTS).prop_map(quoted).boxed()];
    if let Some(variable) = variable {
        leaves.push(Just(variable.to_owned()).boxed());
        leaves.push(Just(variable.to_owned()).boxed());
    }
    let place = -6_i64..6;
    prop::strategy::Union::new(leaves)
        .prop_recursive(2, 6, 2, move |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("concat({a},{b})")),
                inner.clone().prop_map(|a| format!("trim({a})")),
                inner.clone().prop_map(|a| format!("tolower({a})")),
                inner.clone().prop_map(|a| format!("toupper({a})")),
                (inner.clone(), place.clone()).prop_map(|(a, at)| format!("substring({a},{at})")),
                pick(&["cast($it/n,Edm.String)", "cast($it/m,Edm.String)", "cast(length($it/t),Edm.String)"])
                    .prop_map(str::to_owned),
                (pick(&["$it/b", "$it/ok", "$it/n gt 1", "$it/s eq null"]), inner.clone(), inner.clone())
                    .prop_map(|(when, a, b)| format!("case({when}:{a},true:{b})")),
                (pick(&["$it/b", "$it/ok"]), inner.clone())
                    .prop_map(|(when, a)| format!("case({when}:null,$it/ok:{a})")),
                (inner, place.clone(), 0_i64..4).prop_map(|(a, at, n)| format!("substring({a},{at},{n})")),
            ]
        })
        .boxed()
}

fn integer_expr() -> BoxedStrategy<String> {
    prop_oneof![
        Just("n".to_owned()),
        Just("m".to_owned()),
        pick(&INTS).prop_map(int_text),
        text_expr(None).prop_map(|text| format!("length({text})")),
        (text_expr(None), text_expr(None)).prop_map(|(a, b)| format!("indexof({a},{b})")),
        Just("tags/$count".to_owned()),
        Just("case(b:n,ok:m)".to_owned()),
        text_expr(Some("$this")).prop_map(|text| format!("tags/$count($filter=startswith($this,{text}))")),
        text_expr(Some("$this")).prop_map(|text| format!("tags/$filter($this eq {text})/$count")),
    ]
    .boxed()
}

fn comparison() -> impl Strategy<Value = &'static str> {
    pick(&["eq", "ne", "gt", "ge", "lt", "le"])
}

fn instant_expr() -> BoxedStrategy<String> {
    let literal = pick(&TICKS).prop_map(|ticks| DateTimeOffset::from_ticks(ticks).unwrap().to_string());
    prop_oneof![Just("at".to_owned()), Just("seen".to_owned()), literal].boxed()
}

fn leaf(variable: Option<&'static str>) -> BoxedStrategy<String> {
    let text = move || text_expr(variable);
    let double = || {
        prop_oneof![
            Just("d".to_owned()),
            Just("n".to_owned()),
            Just("m".to_owned()),
            pick(&DOUBLES).prop_map(double_text)
        ]
    };
    let two = |name: &'static str| (text(), text()).prop_map(move |(a, b)| format!("{name}({a},{b})"));
    let null_side = prop_oneof![text(), integer_expr(), instant_expr(), Just("b".to_owned()), Just("d".to_owned())];
    prop_oneof![
        3 => (text(), comparison(), text()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (integer_expr(), comparison(), integer_expr()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (Just("d".to_owned()), comparison(), double()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        1 => (double(), comparison(), Just("d".to_owned())).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (instant_expr(), comparison(), instant_expr()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => (null_side, comparison(), any::<bool>()).prop_map(|(a, op, left)| {
            if left { format!("null {op} {a}") } else { format!("{a} {op} null") }
        }),
        1 => pick(&["b", "ok", "true", "false", "null"]).prop_map(str::to_owned),
        2 => (pick(&["b", "ok"]), comparison(), pick(&["b", "ok", "true", "false"]))
            .prop_map(|(a, op, b)| format!("{a} {op} {b}")),
        2 => two("startswith"),
        1 => (pick(&["s", "t"]), pick(&TEXTS)).prop_map(|(a, b)| format!("startswith({a},{})", quoted(b))),
        1 => two("endswith"),
        1 => two("contains"),
        1 => text().prop_map(|a| format!("matchesPattern({a},'^.b')")),
        1 => (text(), prop::collection::vec(pick(&TEXTS), 0..3), any::<bool>()).prop_map(|(a, list, null)| {
            let mut list: Vec<String> = list.into_iter().map(quoted).collect();
            if null {
                list.push("null".to_owned());
            }
            format!("{a} in ({})", list.join(","))
        }),
        1 => (pick(&["m", "n"]), prop::collection::vec(pick(&INTS), 0..3)).prop_map(|(a, list)| {
            format!("{a} in ({})", list.into_iter().map(int_text).collect::<Vec<_>>().join(","))
        }),
        1 => (text(), text(), text()).prop_map(|(a, b, c)| format!("{a} in [{b},null,{c}]")),
        1 => (integer_expr(), integer_expr()).prop_map(|(a, b)| format!("{a} in [{b},n]")),
        1 => text().prop_map(|a| format!("{a} in tags")),
        1 => (pick(&["n", "m", "length(t)"]), comparison(), pick(&["0.5", "-0.5", "1.5", "2.0", "-1.0", "6.99"]), any::<bool>())
            .prop_map(|(a, op, c, left)| if left { format!("{c} {op} {a}") } else { format!("{a} {op} {c}") }),
        1 => pick(&["'A'", "'B,C'", "'A,B,C'", "ns.Flag'C'"]).prop_map(|wanted| format!("flags has {wanted}")),
        1 => (comparison(), pick(&["'A'", "'B'", "'A,C'", "3", "null"])).prop_map(|(op, flag)| format!("flags {op} {flag}")),
        1 => pick(&["case(b:ok,ok:true)", "case(n gt 1:b)", "flags in ('A','B')"]).prop_map(str::to_owned),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<String> {
    let outer = leaf(None).prop_recursive(4, 24, 2, |inner| combine(inner).boxed());
    let body = || leaf(Some("x")).prop_recursive(2, 6, 2, |inner| combine(inner).boxed());
    let leaf = prop_oneof![
        6 => outer,
        1 => body().prop_map(|body| format!("tags/any(x:{body})")),
        1 => body().prop_map(|body| format!("tags/all(x:{body})")),
        1 => Just("tags/any()".to_owned()),
    ];
    leaf.prop_recursive(3, 16, 2, |inner| combine(inner).boxed()).boxed()
}

fn combine(inner: BoxedStrategy<String>) -> impl Strategy<Value = String> {
    prop_oneof![
        2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} and {b})")),
        2 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} or {b})")),
        2 => inner.clone().prop_map(|a| format!("not ({a})")),
        1 => (inner.clone(), pick(&["eq", "ne", "ge", "lt"]), inner.clone())
            .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
        1 => (inner, pick(&["eq null", "ne null", "eq true", "ne false"])).prop_map(|(a, tail)| format!("({a}) {tail}")),
    ]
}

fn value(row: &Row, id: usize, ty: TypeId) -> Value {
    let text = |text: &str| Value::from(text);
    let instant = |ticks: i64| Value::DateTimeOffset(DateTimeOffset::from_ticks(ticks).unwrap());
    let mut record = Record::new(ty, 11);
    record.set(0, Value::Int(i64::try_from(id).unwrap()));
    record.set(1, row.n.map_or(Value::Null, Value::Int));
    record.set(2, row.s.map_or(Value::Null, text));
    record.set(3, text(row.t));
    record.set(4, row.b.map_or(Value::Null, Value::Boolean));
    record.set(5, Value::Boolean(row.ok));
    record.set(6, row.d.map_or(Value::Null, Value::Double));
    record.set(7, instant(row.at));
    record.set(8, row.seen.map_or(Value::Null, instant));
    record.set(9, Value::Collection(row.tags.iter().map(|tag| text(tag)).collect::<Vec<_>>().into()));
    record.set(10, row.flags.map_or(Value::Null, Value::Enum));
    Value::Record(Arc::new(record))
}

fn database() -> Connection {
    let db = Connection::open_in_memory().unwrap();
    db.execute_batch("CREATE TABLE r (m INTEGER PRIMARY KEY, n INTEGER, s TEXT, t TEXT NOT NULL, b INTEGER, ok INTEGER NOT NULL, d REAL, at INTEGER NOT NULL, seen INTEGER, tags TEXT NOT NULL, flags INTEGER)").unwrap();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("odata_lower", 1, flags, |cx| Ok(cx.get::<Option<String>>(0)?.map(|s| s.to_lowercase())))
        .unwrap();
    db.create_scalar_function("odata_upper", 1, flags, |cx| Ok(cx.get::<Option<String>>(0)?.map(|s| s.to_uppercase())))
        .unwrap();
    db.create_scalar_function("odata_matches", 2, flags, |cx| {
        let pattern = odata::expr::Pattern::new(&cx.get::<String>(1)?).unwrap();
        Ok(cx.get::<Option<String>>(0)?.map(|text| pattern.is_match(&text)))
    })
    .unwrap();
    db
}

fn fill(db: &Connection, rows: &[Row]) {
    db.execute("DELETE FROM r", ()).unwrap();
    let mut insert = db.prepare_cached("INSERT INTO r VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)").unwrap();
    for (id, row) in rows.iter().enumerate() {
        let tags = serde_json::to_string(&row.tags).unwrap();
        let id = i64::try_from(id).unwrap();
        let values: [&dyn ToSql; 11] =
            [&id, &row.n, &row.s, &row.t, &row.b, &row.ok, &row.d, &row.at, &row.seen, &tags, &row.flags];
        insert.execute(values.as_slice()).unwrap();
    }
}

fn params(sql: &Sql) -> impl rusqlite::Params + '_ {
    params_from_iter(sql.params.iter().map(|param| match param {
        SqlParam::Text(text) => rusqlite::types::Value::Text(text.to_string()),
        SqlParam::Integer(number) => rusqlite::types::Value::Integer(*number),
        SqlParam::Double(number) => rusqlite::types::Value::Real(*number),
        SqlParam::Null => rusqlite::types::Value::Null,
    }))
}

fn model() -> (Model, TypeId) {
    let model = csdl::read(MODEL).unwrap();
    let ty = model.type_by_name("ns.Row").unwrap();
    (model, ty)
}

fn config() -> Config {
    let cases = Config::default().cases;
    Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { cases } else { 10_000 },
        failure_persistence: None,
        ..Config::default()
    }
}

#[test]
fn generated_filters_take_the_same_rows_in_memory_and_in_sqlite() {
    let (model, ty) = model();
    let db = database();
    let now = DateTimeOffset::from_ticks(0).unwrap();
    let (compared, left_out) = (Cell::new(0_u32), Cell::new(0_u32));
    let strategy = (condition(), prop::collection::vec(row(), 6..12));
    TestRunner::new(config())
        .run(&strategy, |(text, rows)| {
            let filter = bind::filter(&model, EdmType::Named(ty), &text);
            let filter = filter.map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            let sql = match translate_filter(&filter, &Rows, Dialect::Sqlite, 1) {
                Ok(sql) => sql,
                Err(refused) => {
                    left_out.set(left_out.get() + 1);
                    prop_assert!(refused.what.contains("kept differently"), "{text}: {refused}");
                    return Ok(());
                }
            };
            fill(&db, &rows);
            let mut in_memory = Vec::new();
            for (id, row) in rows.iter().enumerate() {
                if matches(&filter, &value(row, id, ty), Context::new(&model, now)).unwrap() {
                    in_memory.push(id);
                }
            }
            let query = format!("SELECT m FROM r WHERE {} ORDER BY m", sql.text);
            let mut statement = db.prepare(&query).map_err(|error| TestCaseError::fail(format!("{query}: {error}")))?;
            let in_sqlite: Vec<usize> = statement
                .query_map(params(&sql), |row| row.get::<_, i64>(0))
                .unwrap()
                .map(|id| usize::try_from(id.unwrap()).unwrap())
                .collect();
            prop_assert_eq!(&in_memory, &in_sqlite, "{}\n{}\n{:?}", text, sql.text, sql.params);
            compared.set(compared.get() + 1);
            Ok(())
        })
        .unwrap();
    assert!(compared.get() > left_out.get() * 20, "{} compared, {} not translatable", compared.get(), left_out.get());
}

#[test]
fn generated_orders_sort_alike_in_memory_and_in_sqlite() {
    let (model, _) = model();
    let db = database();
    let now = DateTimeOffset::from_ticks(0).unwrap();
    let target = bind::path(&model, &RawPath::parse("Rows").unwrap(), &Query::default()).unwrap();
    let ty = model.type_by_name("ns.Row").unwrap();
    let key =
        prop_oneof![text_expr(None), integer_expr(), instant_expr(), pick(&["b", "ok", "d"]).prop_map(str::to_owned)];
    let item = (key, pick(&["", " asc", " desc"])).prop_map(|(key, direction)| key + direction);
    let strategy = (prop::collection::vec(item, 1..4), prop::collection::vec(row(), 6..12));
    TestRunner::new(Config { cases: config().cases / 3, ..config() })
        .run(&strategy, |(items, rows)| {
            let text =
                format!("$orderby={}", items.join(",")).replace('%', "%25").replace('+', "%2B").replace('#', "%23");
            let query = Query::parse(&text).unwrap();
            let bound = bind::query(&model, &target, &query)
                .map_err(|error| TestCaseError::fail(format!("{text}: {error}")))?;
            let sql = translate_order(&bound.order, &Rows, Dialect::Sqlite, 1).unwrap();
            fill(&db, &rows);
            let values = rows.iter().enumerate().map(|(id, row)| (id as u64, value(row, id, ty)));
            let page = odata::exec::memory::page(&model, values, &bound, now).unwrap();
            let in_memory: Vec<i64> = page
                .items
                .iter()
                .map(|item| if let Some(Value::Int(id)) = item.as_record().unwrap().get(0) { *id } else { -1 })
                .collect();
            let query = format!("SELECT m FROM r ORDER BY {}, m", sql.text);
            let mut statement = db.prepare(&query).map_err(|error| TestCaseError::fail(format!("{query}: {error}")))?;
            let in_sqlite: Vec<i64> =
                statement.query_map(params(&sql), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(in_memory, in_sqlite, "{}\n{}", text, sql.text);
            Ok(())
        })
        .unwrap();
}

/// The shapes of ruling R4 stay bare, so that an index answers them.
#[test]
fn r4_shapes_are_bare_comparisons() {
    let (model, ty) = model();
    for (text, expected) in [
        ("t eq 'x'", "r.t = ?1"),
        ("s eq 'x'", "r.s = ?1"),
        ("startswith(s,'LAB-')", "(r.s >= ?1 AND r.s < ?2)"),
        ("ok eq false", "r.ok = ?1"),
        ("at ge 2024-01-01T00:00:00Z", "r.at >= ?1"),
        ("seen lt 2024-01-01T00:00:00Z and ok eq true", "(r.seen < ?1 AND r.ok = ?2)"),
        ("ok eq false and startswith(t,'LAB-')", "(r.ok = ?1 AND (r.t >= ?2 AND r.t < ?3))"),
        ("s ne 'x'", "r.s IS DISTINCT FROM ?1"),
        ("not (s gt 'x')", "(NOT (r.s > ?1 AND r.s IS NOT NULL))"),
        ("s in ('x','y')", "r.s IN (?1, ?2)"),
    ] {
        let filter = bind::filter(&model, EdmType::Named(ty), text).unwrap();
        assert_eq!(translate_filter(&filter, &Rows, Dialect::Sqlite, 1).unwrap().text, expected, "{text}");
    }
}

#[test]
fn what_sql_would_answer_differently_is_not_translated() {
    let (model, ty) = model();
    for text in [
        "n add 1 gt 2",
        "d eq NaN",
        "at lt now()",
        "year(at) eq 2024",
        "cast(d,Edm.String) eq '1'",
        "cast(flags,Edm.String) eq 'A'",
        "n add d gt 2",
        "matchesPattern(s,t)",
        "n gt $these/$count",
        "-n eq 1",
    ] {
        let filter = bind::filter(&model, EdmType::Named(ty), text).unwrap();
        assert!(translate_filter(&filter, &Rows, Dialect::Sqlite, 1).is_err(), "{text}");
    }
}

#[test]
fn postgres_says_the_collation_and_where_null_sorts() {
    let (model, ty) = model();
    let filter = bind::filter(&model, EdmType::Named(ty), "startswith(s,'a') and contains(t,'b')").unwrap();
    let sql = translate_filter(&filter, &Rows, Dialect::Postgres, 3).unwrap();
    assert_eq!(sql.text, r#"((r.s COLLATE "C" >= $3 AND r.s COLLATE "C" < $4) AND strpos(r.t, $5) > 0)"#);
}
