//! Pages of rows in memory: order of meaning, and continuations under change.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use odata::edm::DateTimeOffset;
use odata::engine::Page;
use odata::exec::memory::page;
use odata::model::Model;
use odata::plan::CollectionQuery;
use odata::syntax::{Query, RawPath};
use odata::{Error, Record, Value, bind, csdl};
use proptest::prelude::*;

const MODEL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns">
    <EntityType Name="Row"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int64" Nullable="false"/>
      <Property Name="g" Type="Edm.Int32"/><Property Name="s" Type="Edm.String"/></EntityType>
    <EntityContainer Name="C"><EntitySet Name="Rows" EntityType="ns.Row"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"#;

fn model() -> Model {
    csdl::read(MODEL).unwrap()
}

fn query(model: &Model, text: &str) -> CollectionQuery {
    let target = bind::path(model, &RawPath::parse("Rows").unwrap(), &Query::default()).unwrap();
    bind::query(model, &target, &Query::parse(text).unwrap()).unwrap()
}

fn row(model: &Model, id: u64, g: Option<i64>) -> Value {
    let mut record = Record::new(model.type_by_name("ns.Row").unwrap(), 3);
    record.set(0, Value::Int(i64::try_from(id).unwrap()));
    record.set(1, g.map_or(Value::Null, Value::Int));
    record.set(2, Value::from(format!("Name {id}").as_str()));
    Value::Record(Arc::new(record))
}

fn run(model: &Model, rows: &BTreeMap<u64, Option<i64>>, query: &CollectionQuery) -> Result<Page, Error> {
    let rows = rows.iter().map(|(id, g)| (*id, row(model, *id, *g)));
    page(model, rows, query, DateTimeOffset::from_ticks(0).unwrap())
}

fn ids(page: &Page) -> Vec<i64> {
    let id = |item: &Value| if let Some(Value::Int(id)) = item.as_record().unwrap().get(0) { *id } else { -1 };
    page.items.iter().map(id).collect()
}

fn ten() -> BTreeMap<u64, Option<i64>> {
    (0..10).map(|id| (id, (id % 4 != 3).then(|| i64::try_from(id % 4).unwrap()))).collect()
}

#[test]
fn filter_search_count_order_skip_and_top_apply_in_this_order() {
    let model = model();
    for (text, wanted, count) in [
        ("", vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9], None),
        ("$filter=g eq 1", vec![1, 5, 9], None),
        ("$filter=g eq 1&$count=true&$top=1", vec![1], Some(3)),
        ("$orderby=g&$top=4", vec![3, 7, 0, 4], None),
        ("$orderby=g desc,id desc&$top=3&$skip=1", vec![2, 9, 5], None),
        ("$orderby=g desc&$count=true&$skip=8", vec![3, 7], Some(10)),
        ("$search=\"name 3\" OR 4", vec![3, 4], None),
        ("$search=name NOT 3&$filter=id lt 5", vec![0, 1, 2, 4], None),
        ("$top=0&$count=true", vec![], Some(10)),
        ("$skip=20", vec![], None),
    ] {
        let page = run(&model, &ten(), &query(&model, text)).unwrap();
        assert_eq!((ids(&page), page.count, page.next), (wanted, count, None), "{text}");
    }
}

#[test]
fn a_page_says_where_it_ends_only_when_more_is_wanted() {
    let model = model();
    let mut asked = query(&model, "$orderby=g");
    for (size, top, more) in
        [(4, None, true), (10, None, false), (4, Some(4), false), (4, Some(5), true), (20, None, false)]
    {
        (asked.page_size, asked.top) = (Some(size), top);
        assert_eq!(run(&model, &ten(), &asked).unwrap().next.is_some(), more, "{size} {top:?}");
    }
    asked.after = Some(Arc::from(b"foreign".as_slice()));
    assert!(run(&model, &ten(), &asked).is_err());
}

#[test]
fn an_overflow_in_an_order_is_an_error() {
    let model = model();
    let asked = query(&model, "$orderby=id add 9223372036854775807");
    assert!(run(&model, &ten(), &asked).is_err());
}

proptest! {
    /// Rows that stay are given exactly once, whatever is inserted or deleted between the pages.
    #[test]
    fn pages_neither_lose_nor_double_rows_under_change(
        start in prop::collection::btree_map(0_u64..60, prop::option::of(0_i64..4), 0..30),
        changes in prop::collection::vec((0_u64..60, prop::option::of(0_i64..4)), 0..30),
        order in prop::sample::select(vec!["", "$orderby=g", "$orderby=g desc", "$orderby=g desc,id desc", "$filter=g ne 1&$orderby=g"]),
        size in 1_u32..7,
    ) {
        let model = model();
        let mut asked = query(&model, order);
        let whole = run(&model, &start, &asked).unwrap();
        asked.page_size = Some(size);
        let (mut rows, mut changes, mut given) = (start.clone(), changes.into_iter(), Vec::new());
        let mut known: BTreeSet<u64> = start.keys().copied().collect();
        loop {
            let page = run(&model, &rows, &asked).unwrap();
            given.extend(ids(&page));
            let Some(next) = page.next else { break };
            asked.after = Some(next);
            // A change is a deletion, or an insertion of a row that never was.
            for (id, g) in changes.by_ref().take(3) {
                if rows.remove(&id).is_none() && known.insert(id) {
                    rows.insert(id, g);
                }
            }
        }
        let stayed: Vec<i64> = ids(&whole).into_iter().filter(|id| rows.contains_key(&u64::try_from(*id).unwrap())).collect();
        let seen: Vec<i64> = given.iter().copied().filter(|id| stayed.contains(id)).collect();
        prop_assert_eq!(seen, stayed, "each row that stayed, once, in order");
        let mut once = given.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), given.len(), "no row twice");
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,60}", noise in "[$@()/;,'\" a-z0-9=&%+.:*-]{0,60}") {
        let model = model();
        let ty = odata::model::EdmType::Named(model.type_by_name("ns.Row").unwrap());
        let target = bind::path(&model, &RawPath::parse("Rows").unwrap(), &Query::default()).unwrap();
        for text in [&text, &noise] {
            let _ = bind::filter(&model, ty, text);
            for raw in [text.clone(), format!("$filter={text}"), format!("$expand={text}"), format!("$select={text}"), format!("$search={text}"), format!("$orderby={text}")] {
                let Ok(query) = Query::parse(&raw) else { continue };
                let _ = bind::query(&model, &target, &query);
                let Ok(path) = RawPath::parse(text) else { continue };
                let _ = bind::path(&model, &path, &query);
            }
            let below = format!("Rows/{text}");
            if let Ok(path) = RawPath::parse(&below) {
                let _ = bind::path(&model, &path, &Query::default());
            }
        }
    }
}

#[test]
fn computed_properties_are_seen_by_filter_order_and_select_and_by_later_ones() {
    let model = model();
    let computing = query(
        &model,
        "$compute=id mul 2 as double,double add 1 as odd&$filter=double gt 14&$orderby=odd desc&$select=id,odd",
    );
    let page = run(&model, &ten(), &computing).unwrap();
    assert_eq!(ids(&page), [9, 8]);
    let computed = |row: &Value| row.as_record().unwrap().dynamic.clone();
    let first = computed(&page.items[0]);
    let [property] = &first[..] else { panic!("only what is selected shows: {first:?}") };
    assert_eq!((&*property.name, &property.value), ("odd", &Value::Int(19)));

    let all = query(&model, "$compute=length(s) as chars&$top=1");
    let page = run(&model, &ten(), &all).unwrap();
    assert_eq!(computed(&page.items[0])[0].value, Value::Int(6));
    let none = query(&model, "$compute=length(s) as chars&$top=1&$select=id");
    assert_eq!(computed(&run(&model, &ten(), &none).unwrap().items[0]), []);
}

#[test]
fn a_computed_name_that_is_taken_or_unknown_is_refused_with_its_place() {
    let model = model();
    let target = bind::path(&model, &RawPath::parse("Rows").unwrap(), &Query::default()).unwrap();
    for (text, option, position) in [
        ("$compute=id add 1 as id", "$compute", 0),
        ("$compute=id add 1 as x,id add 2 as x", "$compute", 14),
        ("$compute=y add 1 as x,id add 2 as y", "$compute", 0),
        ("$compute=id as x&$filter=y eq 1", "$filter", 0),
        ("$compute=id as x&$filter=x eq 'a'", "$filter", 0),
        ("$filter=x eq 1", "$filter", 0),
    ] {
        let error = bind::query(&model, &target, &Query::parse(text).unwrap()).unwrap_err();
        assert_eq!((error.kind, error.target.as_deref()), (odata::ErrorKind::BadRequest, Some(option)), "{text}");
        assert_eq!(error.position, Some(position), "{text}: {error}");
    }
}

#[test]
fn an_expression_without_a_value_names_its_option() {
    let model = model();
    for (text, option) in [
        ("$filter=id div 0 eq 1", "$filter"),
        ("$orderby=9223372036854775807 add id", "$orderby"),
        ("$compute=1 div id as x", "$compute"),
    ] {
        let error = run(&model, &ten(), &query(&model, text)).unwrap_err();
        assert_eq!((error.kind, error.target.as_deref()), (odata::ErrorKind::BadRequest, Some(option)), "{text}");
    }
}

/// Without the limits the last text would be longer than any memory.
#[test]
fn texts_that_double_each_other_end() {
    let model = model();
    let doubling = |count: usize| {
        let items = (1..=count).map(|n| format!("concat(x{},x{}) as x{n}", n - 1, n - 1)).collect::<Vec<_>>();
        format!("$compute=concat(s,s) as x0,{}", items.join(","))
    };
    assert!(run(&model, &ten(), &query(&model, &doubling(8))).is_ok());
    let error = run(&model, &ten(), &query(&model, &doubling(60))).unwrap_err();
    assert_eq!((error.kind, error.target.as_deref()), (odata::ErrorKind::BadRequest, Some("$compute")));
    let wide = (0..60).map(|n| format!("concat(x9,'{n}') as y{n}")).collect::<Vec<_>>().join(",");
    assert!(run(&model, &ten(), &query(&model, &format!("{},{wide}", doubling(9)))).is_err());
}
