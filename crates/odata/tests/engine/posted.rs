//! `POST …/$query`: options in the body.

use http::Method;
use odata::Error;
use odata::engine::{BodyKind, Head, Outcome, Page};

use super::shop::{item, shop};
use super::support::{ROOT, Seal, headers, json};

const PLAIN: &[(&str, &str)] = &[("content-type", "text/plain")];

fn posted(url: &str, pairs: &[(&str, &str)], body: &str) -> Result<Head, Error> {
    let world = shop();
    let head = world.engine.head(&Method::POST, url, &headers(pairs), ROOT, &Seal)?;
    assert!(head.awaits_query());
    assert!(matches!(head.body(), BodyKind::Stream { .. }));
    world.engine.with_query(head, body.as_bytes(), &Seal)
}

#[test]
fn options_in_the_body_are_merged_with_those_of_the_url() {
    let world = shop();
    let url = "/Items/$query?$top=2&$expand=group";
    let head = posted(url, PLAIN, "$filter=id%20gt%203&$select=id,name\n").expect("a good request");
    assert!(!head.awaits_query());
    assert_eq!(head.method(), Method::GET);
    assert_eq!(head.query().top, Some(2));
    assert!(head.query().filter.is_some());
    let page = Page { items: vec![item(4).build().into()], next: Some(b"p"[..].into()), ..Page::default() };
    let body = json(&world.render(&head, Outcome::Collection(page)));
    assert_eq!(body["@odata.context"], format!("{ROOT}/$metadata#Items(id,name,group())"));
    let next = body["@odata.nextLink"].as_str().expect("a link");
    assert!(next.starts_with(&format!("{ROOT}/Items?$expand=group&$filter=id%20gt%203&$select=id,name&")), "{next}");
    assert!(world.head("GET", next.strip_prefix(ROOT).expect("our root"), &[]).is_ok());
}

#[test]
fn any_readable_resource_takes_options_in_the_body() {
    for (url, body) in [
        ("/Items(1)/$query", "$select=name"),
        ("/Items/$count/$query", "$filter=id gt 3"),
        ("/Items(1)/tags/$query", "$top=1"),
        ("/Items/top()/$query", "$orderby=name"),
        ("/Main/$query", ""),
        ("/Items/$query/", "$format=application/json;odata.metadata=full"),
        ("/cheapest()/$query", "$select=id"),
    ] {
        assert!(posted(url, PLAIN, body).is_ok(), "{url}");
    }
    let plain = [("content-type", "text/plain;charset=utf-8"), ("accept", "application/json;odata.metadata=none")];
    let head = posted("/Items/$query", &plain, "").expect("a good request");
    let page = Page { items: vec![item(4).build().into()], ..Page::default() };
    assert_eq!(json(&shop().render(&head, Outcome::Collection(page))).get("@odata.context"), None);
}

#[test]
fn a_read_whose_options_are_not_known_yet_is_not_bound() {
    let world = shop();
    let head = world.head("POST", "/Items/$query", PLAIN).expect("a good request");
    let told = world.engine.bind(&head, bytes::Bytes::from_static(b"$top=1"), None);
    assert_eq!(world.told(told).0, 500, "the application forgot a step; nothing is answered as if it had not");
}

#[test]
fn a_bad_query_body_is_refused() {
    let world = shop();
    for (url, pairs, body, status) in [
        ("/Items/$query", &[("content-type", "application/json")][..], "{}", 415),
        ("/Items/$query", &[], "$top=1", 415),
        ("/Items/$query?$top=1", PLAIN, "$top=2", 400),
        ("/Items/$query", PLAIN, "$top=x", 400),
        ("/Items/$query", PLAIN, "$nothing=1", 400),
        ("/Items(1)/$query", PLAIN, "$filter=id eq 1", 400),
        ("/$metadata/$query", PLAIN, "", 400),
        ("/Nothing/$query", PLAIN, "", 404),
    ] {
        assert_eq!(world.told(posted(url, pairs, body)).0, status, "{url} {body}");
    }
    assert_eq!(world.told(posted("/Items/$query", PLAIN, &"x".repeat(20_000))).0, 413);
    assert_eq!(world.told(world.head("GET", "/Items/$query", PLAIN)).0, 405, "only POST");
}
