//! `Prefer`: what is read, what it changes, what is said to be applied.

use std::sync::Arc;

use odata::engine::{Outcome, Page};
use odata::{Profile, Value};

use super::shop::{item, shop, shop_as};
use super::support::{header, json};

#[test]
fn preferences_are_read_with_and_without_prefix() {
    let world = shop();
    let prefer =
        |text: &str| world.head("GET", "/Items", &[("prefer", text)]).expect("never an error").prefer().clone();
    assert_eq!(prefer("maxpagesize=3").max_page_size, Some(3));
    assert_eq!(prefer("odata.maxpagesize=3").max_page_size, Some(3));
    assert_eq!(prefer("maxpagesize=0").max_page_size, None);
    assert_eq!(prefer("maxpagesize=x").max_page_size, None);
    let annotations = prefer("odata.include-annotations=\"display.*,-*\", return=minimal");
    assert_eq!(annotations.include_annotations.as_deref(), Some("display.*,-*"));
    assert!(annotations.returns.is_some());
    assert!(prefer("handling=lenient").handling_lenient);
    assert!(prefer("handling=strict, handling=lenient").handling_strict);
    assert!(!prefer("handling=strict, handling=lenient").handling_lenient, "the first counts");
    assert!(prefer("odata.continue-on-error").continue_on_error);
    assert!(!prefer("continue-on-error=false").continue_on_error);
    assert!(prefer("odata.allow-entityreferences").allow_entity_references);
    assert_eq!(prefer("odata.callback; url=\"https://c.example/x\"").callback.as_deref(), Some("https://c.example/x"));
    assert!(prefer("odata.track-changes").track_changes);
}

#[test]
fn the_preferences_that_were_kept_are_named() {
    let world = shop();
    let applied = |method: &str, url: &str, prefer: &str, outcome: Outcome| {
        let head = world.head(method, url, &[("prefer", prefer)]).expect("a good request");
        header(&world.render(&head, outcome), "preference-applied").to_owned()
    };
    let page = || Outcome::Collection(Page { items: vec![Value::from(item(1).build())], ..Page::default() });
    let record = || Arc::new(item(1).whole());
    let created = || Outcome::Created { record: record(), path: "Items(1)".into() };
    for (prefer, wanted) in [
        ("odata.maxpagesize=2", "odata.maxpagesize=2"),
        ("maxpagesize=100000", "maxpagesize=1000"),
        ("omit-values=nulls", "omit-values=nulls"),
        ("omit-values=defaults", "omit-values=defaults"),
        ("odata.track-changes", "odata.track-changes"),
        ("include-annotations=\"*\"", "include-annotations=\"*\""),
        ("track-changes, maxpagesize=5", "track-changes, maxpagesize=5"),
        ("unknown=1", ""),
    ] {
        let kept = applied("GET", "/Items", prefer, page());
        let mut kept: Vec<&str> = kept.split(", ").collect();
        let mut wanted: Vec<&str> = wanted.split(", ").collect();
        kept.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(kept, wanted, "{prefer}");
    }
    assert_eq!(applied("POST", "/Items", "return=minimal", created()), "return=minimal");
    assert_eq!(applied("POST", "/Items", "return=representation", created()), "return=representation");
    assert_eq!(
        applied("PATCH", "/Items(1)", "return=representation", Outcome::Updated(record())),
        "return=representation"
    );
    assert_eq!(applied("PATCH", "/Items(1)", "", Outcome::Updated(record())), "");
}

#[test]
fn nulls_and_defaults_are_left_out_where_asked() {
    for world in [shop(), shop_as(Profile::Graph)] {
        let read = |prefer: &str| {
            let head = world.head("GET", "/Items(1)", &[("prefer", prefer)]).expect("a good request");
            let record = item(1).set_named("stock", 5_i64).set_named("color", Value::Enum(2)).whole();
            json(&world.render(&head, Outcome::Entity(Arc::new(record))))
        };
        let all = read("");
        assert!(all["note"].is_null() && all.get("note").is_some());
        let without_nulls = read("omit-values=nulls");
        assert_eq!(without_nulls.get("note"), None);
        assert_eq!(without_nulls["stock"], 5);
        assert_eq!(without_nulls["tags"], serde_json::json!([]), "an empty collection is no null");
        let without_defaults = read("omit-values=defaults");
        assert_eq!(without_defaults.get("note"), None);
        assert_eq!(without_defaults.get("stock"), None);
        assert_eq!(without_defaults["color"], "Blue");
    }
}
