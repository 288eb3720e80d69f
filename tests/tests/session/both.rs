//! The session on both stores, and what it has to have in it.

use std::collections::BTreeSet;

use e2e::{Database, Setup, Store, samples};
use serde_json::Value;

use crate::recorder::{Given, Session, Step};
use crate::{batch, clients, configurations, deltas, devices, documents, payloads, refused, rows};

/// Fewer requests are not this session.
const STEPS_MIN: usize = 1_000;

fn recorded(store: Store, given: &Given) -> (Vec<Step>, Value) {
    let service = Setup::default().store(store).start();
    let mut session = Session::new(&service, given);
    documents::run(&mut session);
    configurations::run(&mut session);
    clients::run(&mut session);
    payloads::run(&mut session);
    rows::run(&mut session);
    batch::run(&mut session);
    deltas::run(&mut session);
    devices::run(&mut session);
    refused::run(&mut session);
    let described = session.admin.get("//openapi.json").ok();
    (session.steps(), described)
}

/// The first difference of each step, as a person reads it.
fn differences(one: &[Step], other: &[Step]) -> Vec<String> {
    let mut all: Vec<String> = one
        .iter()
        .zip(other)
        .filter(|(one, other)| (&one.name, &one.answer) != (&other.name, &other.answer))
        .map(|(one, other)| {
            let (shown, told) = apart(&one.answer, &other.answer);
            format!("{}\n  {shown}\n{}\n  {told}", one.name, other.name)
        })
        .collect();
    if one.len() != other.len() {
        all.push(format!("{} requests and {}", one.len(), other.len()));
    }
    all
}

/// Where two texts part, with what stands around it.
fn apart<'t>(one: &'t str, other: &'t str) -> (&'t str, &'t str) {
    let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let around = |text: &'t str| {
        let start = text.floor_char_boundary(same.saturating_sub(80));
        &text[start..text.ceil_char_boundary((same + 200).min(text.len()))]
    };
    (around(one), around(other))
}

/// What the service says it offers and the session did not ask for.
fn not_asked(described: &Value, steps: &[Step]) -> BTreeSet<String> {
    let mut missing = BTreeSet::new();
    for (template, item) in described["paths"].as_object().unwrap() {
        for method in ["get", "put", "post", "patch", "delete"].map(|method| (method, &item[method])) {
            let (name, described) = (method.0.to_uppercase(), method.1.is_object());
            if described && !steps.iter().any(|step| step.method == name && is_of(&step.path, template)) {
                missing.insert(format!("{name} {template}"));
            }
        }
    }
    missing
}

/// Whether a path is one of those that a template stands for.
fn is_of(path: &str, template: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default().trim_start_matches("<service>/beta");
    let (given, wanted): (Vec<&str>, Vec<&str>) = (path.split('/').collect(), template.split('/').collect());
    let fits = |(given, wanted): (&&str, &&str)| match wanted.split_once('(') {
        Some((function, _)) => given.split('(').next() == Some(function),
        None if wanted.starts_with('{') => given.starts_with("<id "),
        None => given == wanted,
    };
    given.len() == wanted.len() && given.iter().zip(&wanted).all(fits)
}

#[test]
fn a_recorded_session_of_every_operation_is_answered_alike_on_sqlite_and_on_postgresql() {
    let Some(database) = Database::shared() else { return };
    let given =
        Given { days_ago: (0..120).map(samples::days_ago).collect(), minutes_ago: [80, 100].map(samples::minutes_ago) };
    let (sqlite, described) = recorded(Store::Folder, &given);
    let (postgres, _) = recorded(Store::Database(database), &given);
    let found = differences(&sqlite, &postgres);
    assert!(found.is_empty(), "{} of {} answers differ:\n\n{}", found.len(), sqlite.len(), found.join("\n\n"));
    assert!(sqlite.len() >= STEPS_MIN, "{} requests", sqlite.len());
    let missing = not_asked(&described, &sqlite);
    assert!(missing.is_empty(), "not in the session: {missing:#?}");
    eprintln!("{} requests, each answered alike on both stores", sqlite.len());
}

#[test]
fn an_answer_that_differs_is_told_with_its_request() {
    let step = |answer: &str| Step {
        name: "rows 1: GET /x".to_owned(),
        method: "GET".to_owned(),
        path: "/x".to_owned(),
        answer: answer.to_owned(),
    };
    assert_eq!(differences(&[step("200\n\n1")], &[step("200\n\n1")]), Vec::<String>::new());
    assert_eq!(differences(&[step("200\n\n1")], &[step("200\n\n2")]).len(), 1);
    assert_eq!(differences(&[step("200\n\n1"), step("")], &[step("200\n\n2")]).len(), 2);
    assert!(is_of("/a/<id 1>/explain(platform='mac')?@g=[]", "/a/{a-id}/explain(platform='{platform}')"));
    assert!(!is_of("/a/b", "/a/{a-id}") && !is_of("/a", "/a/$count"));
}
