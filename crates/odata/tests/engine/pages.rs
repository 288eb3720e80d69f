//! Pages: counts, next links, tokens that fit only their request.

use odata::engine::{Outcome, Page};
use odata::{ErrorKind, RecordBuilder, Value};

use super::support::{self, MODEL, ROOT, World, both, graph, number, text, ty};

const CLIENTS: &str = "/officeConfiguration/clientConfigurations";

fn page(ids: std::ops::Range<u32>, next: Option<&str>) -> Outcome {
    let item = |id: u32| {
        Value::from(
            RecordBuilder::new(&MODEL, ty("windowsOfficeClientConfiguration"))
                .set_named("id", &*id.to_string())
                .build(),
        )
    };
    Outcome::Collection(Page {
        items: ids.map(item).collect(),
        count: None,
        next: next.map(|next| next.as_bytes().into()),
        ..Page::default()
    })
}

fn next_link(world: &World, url: &str, outcome: Outcome) -> Option<String> {
    let response = world.render(&world.get(url), outcome);
    let link = support::json(&response)["@odata.nextLink"].as_str()?.to_owned();
    Some(link.strip_prefix(ROOT).expect("it is absolute").to_owned())
}

#[test]
fn a_next_link_repeats_the_request_and_opens_where_the_page_ended() {
    for world in both() {
        let url = format!("{CLIENTS}?%24filter=displayName%20eq%20'a%26b'&$orderby=priority desc&x=y&$skip=3");
        let link = next_link(&world, &url, page(0..2, Some("here"))).expect("a link");
        assert!(link.starts_with(&format!(
            "{CLIENTS}?%24filter=displayName%20eq%20'a%26b'&$orderby=priority desc&x=y&$skiptoken="
        )));
        let head = world.get(&link);
        assert_eq!(head.query().after.as_deref(), Some(&b"here"[..]));
        assert_eq!(head.query().skip, 0, "what was skipped is not skipped again");
        assert!(head.query().filter.is_some());
        assert_eq!(next_link(&world, &link, page(2..4, None)), None, "the last page has none");
    }
}

#[test]
fn pages_add_up_to_top() {
    let world = graph();
    let mut url = format!("{CLIENTS}?$top=5");
    let mut seen = 0;
    for size in [2_u32, 2, 1] {
        let head = world.get(&url);
        assert_eq!(head.query().top, Some(u64::from(5 - seen)));
        seen += size;
        match next_link(&world, &url, page(0..size, Some("more"))) {
            Some(link) => url = link,
            None => assert_eq!(seen, 5),
        }
    }
    assert_eq!(seen, 5);
    assert_eq!(next_link(&world, &format!("{CLIENTS}?$top=0"), page(0..0, Some("more"))), None);
}

#[test]
fn the_page_size_goes_on_with_the_link() {
    let world = graph();
    let head = world.head("GET", CLIENTS, &[("prefer", "odata.maxpagesize=2")]).expect("a good request");
    let response = world.render(&head, page(0..2, Some("more")));
    assert_eq!(support::header(&response, "preference-applied"), "odata.maxpagesize=2");
    let link = support::json(&response)["@odata.nextLink"].as_str().expect("a link").to_owned();
    assert_eq!(world.get(&link[ROOT.len()..]).query().page_size, Some(2));
}

#[test]
fn a_token_fits_only_its_request_and_only_as_it_was_made() {
    for world in both() {
        let url = format!("{CLIENTS}?$filter=priority eq 1");
        let link = next_link(&world, &url, page(0..2, Some("more"))).expect("a link");
        let (_, token) = link.rsplit_once('=').expect("a token");
        let changed = format!("{}0", &token[..token.len() - 1]);
        for wrong in [
            format!("{CLIENTS}?$skiptoken={token}"),
            format!("{CLIENTS}?$filter=priority eq 2&$skiptoken={token}"),
            format!("/officeConfigurations?$filter=id eq 'a'&$skiptoken={token}"),
            format!("{url}&$skiptoken={changed}"),
            format!("{url}&$skiptoken=x"),
            format!("{url}&$skiptoken=00"),
        ] {
            let error = world.head("GET", &wrong, &[]).expect_err(&wrong);
            assert_eq!((error.kind, error.target.as_deref()), (ErrorKind::BadRequest, Some("$skiptoken")), "{wrong}");
        }
    }
}

#[test]
fn the_count_comes_before_the_value() {
    for world in both() {
        let head = world.get(&format!("{CLIENTS}?$count=true"));
        assert!(head.query().count);
        let Outcome::Collection(found) = page(0..1, Some("more")) else { unreachable!("made above") };
        let response = world.render(&head, Outcome::Collection(Page { count: Some(7), ..found }));
        let body = text(&response);
        let order = ["@odata.context", "\"@odata.count\":7", "\"value\":[", "@odata.nextLink"];
        assert!(order.map(|part| body.find(part).expect("written")).is_sorted(), "{body}");
    }
}

#[test]
fn r4_an_embedded_collection_that_has_more_says_where() {
    let world = graph();
    let member = number("officeConfiguration", "tenantCheckinStatuses");
    let record = RecordBuilder::new(&MODEL, ty("officeConfiguration"))
        .set_named("id", "c4")
        .more(member, "row 9".as_bytes())
        .whole();
    let one = world.render(&world.get("/officeConfiguration"), Outcome::Entity(record.clone().into()));
    let link = support::json(&one)["tenantCheckinStatuses@odata.nextLink"].as_str().expect("a link").to_owned();
    let path = link.strip_prefix(ROOT).expect("it is absolute");
    assert!(path.starts_with("/officeConfiguration/tenantCheckinStatuses?$skiptoken="));
    assert_eq!(world.get(path).query().after.as_deref(), Some(&b"row 9"[..]));
    let items = Page { items: vec![Value::from(record.clone())], ..Page::default() };
    let many = world.render(&world.get("/officeConfigurations"), Outcome::Collection(items));
    let link =
        support::json(&many)["value"][0]["tenantCheckinStatuses@odata.nextLink"].as_str().expect("a link").to_owned();
    assert!(link.starts_with("https://example.org/beta/officeConfigurations/c4/tenantCheckinStatuses?$skiptoken="));
    let created = world.head("POST", "/officeConfigurations", &[]).expect("a good request");
    let path = "officeConfigurations/c4".to_owned();
    let response = world.render(&created, Outcome::Created { record: record.into(), path });
    let link = support::json(&response)["tenantCheckinStatuses@odata.nextLink"].as_str().expect("a link").to_owned();
    assert!(link.starts_with("https://example.org/beta/officeConfigurations/c4/tenantCheckinStatuses?$skiptoken="));
}
