//! A collection kept apart from its rows: asking for it apart gives the pages that the whole rows give.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use odata::exec::apart::{Question, take_apart};
use odata::exec::memory::{Context, matches, page};
use odata::model::Model;
use odata::plan::{CollectionQuery, Filter};
use odata::syntax::{Query, RawPath};
use odata::{ErrorKind, Record, Value, bind, csdl};

const MODEL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns">
    <ComplexType Name="Part"><Property Name="n" Type="Edm.Int32"/><Property Name="tags" Type="Collection(Edm.String)"/></ComplexType>
    <EntityType Name="Row"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>
      <Property Name="parts" Type="Collection(ns.Part)"/><Property Name="words" Type="Collection(Edm.String)"/></EntityType>
    <EntityContainer Name="C"><EntitySet Name="Rows" EntityType="ns.Row"/></EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"#;
const PARTS: u16 = 1;
const FIRST: u16 = 3;

fn now() -> DateTimeOffset {
    DateTimeOffset::from_ticks(0).unwrap()
}

fn query(model: &Model, text: &str) -> CollectionQuery {
    let target = bind::path(model, &RawPath::parse("Rows").unwrap(), &Query::default()).unwrap();
    bind::query(model, &target, &Query::parse(text).unwrap()).unwrap()
}

fn part(model: &Model, n: Option<i64>, tag: &str) -> Value {
    let mut part = Record::new(model.type_by_name("ns.Part").unwrap(), 2);
    part.set(0, n.map_or(Value::Null, Value::Int));
    part.set(1, Value::from(vec![Value::from(tag)]));
    part.into()
}

/// Rows with none, some, null and many parts.
fn rows(model: &Model) -> Vec<(Record, Vec<Value>)> {
    let parts = [
        vec![],
        vec![part(model, Some(1), "a")],
        vec![part(model, None, "b"), part(model, Some(5), "a")],
        vec![part(model, Some(1), "b"), part(model, Some(2), "b"), part(model, Some(3), "c")],
    ];
    let row = |(id, parts): (i64, Vec<Value>)| {
        let mut row = Record::new(model.type_by_name("ns.Row").unwrap(), usize::from(FIRST));
        row.set(0, Value::Int(id));
        row.set(2, Value::from(vec![Value::from("a")]));
        (row, parts)
    };
    (0..).zip(parts).map(row).collect()
}

fn answer(model: &Model, question: &Question, parts: &[Value]) -> Value {
    let passes = |filter: &Filter| {
        let context = Context::new(model, now());
        parts.iter().filter(|part| matches(filter, part, context).unwrap()).count()
    };
    match question {
        Question::Any(None) => Value::Boolean(!parts.is_empty()),
        Question::Any(Some(filter)) => Value::Boolean(passes(filter) > 0),
        Question::All(filter) => Value::Boolean(passes(filter) == parts.len()),
        Question::Count(None) => Value::from(i64::try_from(parts.len()).unwrap()),
        Question::Count(Some(filter)) => Value::from(i64::try_from(passes(filter)).unwrap()),
    }
}

fn ids(model: &Model, rows: Vec<Record>, query: &CollectionQuery) -> Vec<i64> {
    let page = page(model, (0..).zip(rows.into_iter().map(Value::from)), query, now()).unwrap();
    let id = |row: &Value| if let Some(Value::Int(id)) = row.as_record().unwrap().get(0) { *id } else { -1 };
    page.items.iter().map(id).collect()
}

#[test]
fn a_page_is_the_same_whether_the_collection_is_at_hand_or_asked_for() {
    let model = csdl::read(MODEL).unwrap();
    for (text, questions) in [
        ("$filter=parts/any()", 1),
        ("$filter=not parts/any(p:p/n eq 5)", 1),
        ("$filter=parts/all(p:p/n gt 0)", 1),
        ("$filter=parts/$count gt 1 and id gt 0", 1),
        ("$filter=parts/$count($filter=n eq 1) eq parts/$count", 2),
        ("$filter=parts/any(p:p/tags/any(t:t eq 'b') and p/n ne null)", 1),
        ("$filter=words/any(w:parts/any(p:p/n eq 2))", 1),
        ("$filter=id gt 0&$orderby=parts/$count desc,id", 1),
        ("$filter=parts/any(p:p/n lt year(now()))", 1),
        ("$compute=parts/$count as size&$filter=size gt 0&$orderby=size desc,id", 1),
        ("$filter=id ge 2", 0),
    ] {
        let asked = query(&model, text);
        let (left, found) = take_apart(&asked, PARTS, FIRST, now()).unwrap();
        assert_eq!(found.len(), questions, "{text}");
        let (mut whole, mut apart) = (Vec::new(), Vec::new());
        for (row, parts) in rows(&model) {
            let mut with_answers = row.clone();
            let answers = found.iter().map(|question| Some(answer(&model, question, &parts)));
            with_answers.members = row.members.iter().cloned().chain(answers).collect();
            apart.push(with_answers);
            let mut with_parts = row;
            with_parts.set(PARTS, Value::Collection(Arc::new(parts)));
            whole.push(with_parts);
        }
        assert_eq!(ids(&model, apart, &left), ids(&model, whole, &asked), "{text}");
    }
}

#[test]
fn what_is_no_question_of_the_collection_alone_is_not_offered() {
    let model = csdl::read(MODEL).unwrap();
    for text in ["parts/any(p:p/n eq id)", "words/any(w:parts/any(p:p/tags/any(t:t eq w)))"] {
        let refused = take_apart(&query(&model, &format!("$filter={text}")), PARTS, FIRST, now());
        assert_eq!(refused.unwrap_err().kind, ErrorKind::NotImplemented, "{text}");
    }
    let transformed = query(&model, "$apply=filter(parts/any())");
    assert_eq!(take_apart(&transformed, PARTS, FIRST, now()).unwrap_err().kind, ErrorKind::NotImplemented);
}
