//! Change tracking: delta links, delta responses, what is gone.

use std::sync::Arc;

use odata::engine::{Operation, Outcome, Page, Removed};
use odata::plan::CollectionQuery;
use odata::{Error, Profile, Value};

use super::shop::{item, shop, shop_as};
use super::support::{ROOT, World, header, json, text};

const TRACK: &[(&str, &str)] = &[("prefer", "track-changes")];

fn page(ids: &[i32], next: Option<&str>, delta: Option<&str>) -> Page {
    Page {
        items: ids.iter().map(|id| Value::from(item(*id).build())).collect(),
        next: next.map(|text| text.as_bytes().into()),
        delta: delta.map(|text| text.as_bytes().into()),
        ..Page::default()
    }
}

fn gone(id: i32, deleted: bool) -> Removed {
    Removed { record: Arc::new(item(id).build()), deleted }
}

fn query(world: &World, url: &str, pairs: &[(&str, &str)]) -> Result<CollectionQuery, Error> {
    let head = world.head("GET", url.strip_prefix(ROOT).unwrap_or(url), pairs)?;
    match world.engine.bind(&head, bytes::Bytes::new(), None)? {
        Operation::ReadCollection(query) | Operation::Invoke { query, .. } => Ok(query),
        other => panic!("no read of a collection: {other:?}"),
    }
}

fn link(body: &serde_json::Value, name: &str) -> Option<String> {
    body.get(name).map(|link| link.as_str().expect("a link").to_owned())
}

#[test]
fn a_tracked_collection_ends_in_a_delta_link_that_opens_to_its_state() {
    let world = shop();
    let url = "/Items?$filter=id gt 3&$select=id&$top=9";
    let head = world.head("GET", url, TRACK).expect("a good request");
    assert!(head.query().track_changes);
    let response = world.render(&head, Outcome::Collection(page(&[1], Some("p"), Some("s"))));
    assert_eq!(header(&response, "preference-applied"), "track-changes");
    let first = json(&response);
    assert_eq!(link(&first, "@odata.deltaLink"), None, "never both links");
    let next = link(&first, "@odata.nextLink").expect("a next link");
    let second = query(&world, &next, &[]).expect("the link is good");
    assert!(second.track_changes, "the preference goes on with the link");
    let head = world.get(next.strip_prefix(ROOT).expect("our root"));
    let last = json(&world.render(&head, Outcome::Collection(page(&[2], None, Some("s")))));
    assert_eq!(link(&last, "@odata.nextLink"), None);
    let delta = link(&last, "@odata.deltaLink").expect("a delta link");
    assert!(delta.starts_with(&format!("{ROOT}/Items?$filter=id gt 3&$select=id&$deltatoken=")), "{delta}");
    assert!(!delta.contains("$top") && !delta.contains("skiptoken"), "{delta}");
    let asked = query(&world, &delta, &[]).expect("the link is good");
    assert_eq!(asked.since.as_deref(), Some(&b"s"[..]));
    assert_eq!((asked.after, asked.top), (None, None));
}

#[test]
fn a_delta_response_may_have_pages_of_its_own() {
    let world = shop();
    let head = world.head("GET", "/Items", TRACK).expect("a good request");
    let first = json(&world.render(&head, Outcome::Collection(page(&[1], None, Some("one")))));
    let delta = link(&first, "@odata.deltaLink").expect("a delta link");
    let head = world.get(delta.strip_prefix(ROOT).expect("our root"));
    let changes = json(&world.render(&head, Outcome::Collection(page(&[1], Some("p"), None))));
    let next = link(&changes, "@odata.nextLink").expect("a next link");
    let asked = query(&world, &next, &[]).expect("the link is good");
    assert_eq!(asked.since.as_deref(), Some(&b"one"[..]));
    assert_eq!(asked.after.as_deref(), Some(&b"p"[..]));
}

#[test]
fn a_delta_token_fits_only_its_request_and_only_as_it_was_made() {
    let world = shop();
    let head = world.head("GET", "/Items?$select=id", TRACK).expect("a good request");
    let body = json(&world.render(&head, Outcome::Collection(page(&[], None, Some("s")))));
    let delta = link(&body, "@odata.deltaLink").expect("a delta link");
    let token = delta.split("$deltatoken=").nth(1).expect("a token");
    for url in [
        format!("/Items?$deltatoken={token}"),
        format!("/Items?$select=name&$deltatoken={token}"),
        format!("/Items?$select=id&$deltatoken={token}0"),
        format!("/Items?$select=id&$skiptoken={token}"),
        "/Items?$select=id&$deltatoken=latest".to_owned(),
    ] {
        let told = world.told(query(&world, &url, &[]));
        assert_eq!(told.0, 400, "{url}");
        assert!(told.2 == "$deltatoken" || told.2 == "$skiptoken", "{url}");
    }
    assert_eq!(world.told(query(&world, "/Groups?$deltatoken=x", &[])).0, 501, "not tracked");
    assert_eq!(world.told(query(&world, "/Items(1)?$deltatoken=x", &[])).0, 501);
}

#[test]
fn an_expansion_is_tracked_where_the_set_says_so_and_else_no_link_is_promised() {
    let world = shop();
    for (options, is_tracked) in [
        ("$expand=group", true),
        ("$expand=group($expand=items)", true),
        ("$expand=group/$ref", true),
        ("$expand=owner", false),
        ("$expand=group,owner", false),
        ("$expand=group($expand=items($expand=group))", false),
        ("$expand=texts/$count", false),
        ("$expand=*", false),
        ("$select=id", true),
    ] {
        let head = world.head("GET", &format!("/Items?{options}"), TRACK).expect("a good request");
        assert_eq!(head.query().track_changes, is_tracked, "{options}");
        let state = is_tracked.then_some("s");
        let response = world.render(&head, Outcome::Collection(page(&[1], None, state)));
        assert_eq!(response.headers().contains_key("preference-applied"), is_tracked, "{options}");
    }
}

#[test]
fn a_set_that_does_not_say_so_is_not_tracked() {
    let world = shop();
    for url in ["/Groups", "/Items(1)/related", "/Items/$count", "/Items(1)"] {
        let head = world.head("GET", url, TRACK).expect("a good request");
        assert!(!head.query().track_changes, "{url}");
    }
}

#[test]
fn what_is_gone_is_told_as_the_version_has_it() {
    let world = shop();
    let answer = |pairs: &[(&str, &str)]| {
        let head = world.head("GET", "/Items", TRACK).expect("a good request");
        let body = json(&world.render(&head, Outcome::Collection(page(&[], None, Some("s")))));
        let delta = link(&body, "@odata.deltaLink").expect("a delta link");
        let head = world.head("GET", delta.strip_prefix(ROOT).expect("our root"), pairs).expect("a good link");
        let changes = Page { removed: vec![gone(2, true), gone(3, false)], ..page(&[1], None, Some("t")) };
        text(&world.render(&head, Outcome::Collection(changes))).to_owned()
    };
    let told = answer(&[]);
    let head = "{\"@odata.context\":\"https://example.org/beta/$metadata#Items/$delta\",\"value\":[{\"id\":1,\"name\":\"item 1\",";
    assert!(told.starts_with(head), "{told}");
    assert!(
        told.contains(
            "},{\"@removed\":{\"reason\":\"deleted\"},\"@id\":\"https://example.org/beta/Items(2)\",\"id\":2,\"name\":\"item 2\"},\
             {\"@removed\":{\"reason\":\"changed\"},"
        ),
        "{told}"
    );
    let told = answer(&[("odata-maxversion", "4.0")]);
    assert!(
        told.contains(
            "{\"@odata.context\":\"https://example.org/beta/$metadata#Items/$deletedEntity\",\
             \"id\":\"https://example.org/beta/Items(2)\",\"reason\":\"deleted\"}"
        ),
        "{told}"
    );
}

#[test]
fn graph_tracks_by_the_function_delta() {
    let world = shop_as(Profile::Graph);
    let head = world.get("/Items/delta()?$select=id");
    let changes = Page { removed: vec![gone(2, true)], ..page(&[1], None, Some("s")) };
    let body = json(&world.render(&head, Outcome::Collection(changes)));
    assert_eq!(body["@odata.context"], format!("{ROOT}/$metadata#Items(id)/$delta"));
    assert_eq!(body["value"][1]["@removed"]["reason"], "deleted");
    assert_eq!(body["value"][1]["id"], 2);
    let delta = link(&body, "@odata.deltaLink").expect("a delta link");
    assert!(delta.starts_with(&format!("{ROOT}/Items/delta()?$select=id&$deltatoken=")), "{delta}");
    assert_eq!(query(&world, &delta, &[]).expect("the link is good").since.as_deref(), Some(&b"s"[..]));
    let latest = query(&world, "/Items/delta?$deltatoken=latest", &[]).expect("the newest state");
    assert_eq!(latest.since.as_deref(), Some(&b""[..]));
}

#[test]
fn graphs_top_is_the_size_of_a_page_of_changes() {
    let world = shop_as(Profile::Graph);
    let head = world.get("/Items/delta()?$top=2");
    assert_eq!((head.query().page_size, head.query().top), (Some(2), None));
    let body = json(&world.render(&head, Outcome::Collection(page(&[1, 2], Some("p"), None))));
    let next = link(&body, "@odata.nextLink").expect("a next link, although two were asked for and are told");
    let asked = query(&world, &next, &[]).expect("the link is good");
    assert_eq!((asked.page_size, asked.top), (Some(2), None));
    assert_eq!(world.told(query(&world, "/Items/delta()?$top=0", &[])).0, 400, "a page of nothing leads nowhere");
    let head = world.head("GET", "/Items/delta()?$top=5", &[("prefer", "maxpagesize=3")]).expect("a good request");
    assert_eq!(head.query().page_size, Some(3), "the smaller of both");
}

#[test]
fn graph_tracks_by_nothing_but_the_function() {
    let world = shop_as(Profile::Graph);
    assert!(!world.head("GET", "/Items", TRACK).expect("a good request").query().track_changes);
    assert_eq!(world.told(query(&world, "/Items?$deltatoken=latest", &[])).0, 400);
}
