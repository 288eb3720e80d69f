//! Keys in all their forms, filters and places in a path.

use serde_json::json;

use super::support::{body, each, get_url, status};

#[test]
fn a_composite_key_has_no_order_and_every_part_once() {
    assert_eq!(body("/Notes(BookID=1,Language='DE')")["Text"], "DE of 1");
    assert_eq!(body("/Notes(Language='DE',BookID=1)")["Text"], "DE of 1");
    assert_eq!(body("/Notes(BookID=@b,Language=@l)?@b=1&@l='DE'")["Text"], "DE of 1");
    assert_eq!(body("/Notes/1/DE")["Text"], "DE of 1");
    for bad in ["Notes(1)", "Notes(BookID=1)", "Notes(BookID=1,BookID=1)", "Notes(BookID=1,Lang='DE')", "Notes()"] {
        assert_eq!(status(&format!("/{bad}")), 400, "{bad}");
    }
}

#[test]
fn a_part_that_a_constraint_implies_is_left_out() {
    assert_eq!(body("/Books(1)/Notes('DE')")["Text"], "DE of 1");
    assert_eq!(body("/Books(1)/Notes(Language='DE')")["Text"], "DE of 1");
    assert_eq!(body("/Books(1)/Notes(BookID=1,Language='DE')")["Text"], "DE of 1");
    assert_eq!(body("/Books/1/Notes/DE")["Text"], "DE of 1");
    assert_eq!(body("/Books(2)/lib.Atlas/Notes('EN')/Text")["value"], "EN of 2");
    assert_eq!(status("/Books(2)/Notes('DE')"), 404);
    assert_eq!(status("/Books(1)/Notes(BookID=2,Language='EN')"), 404, "a note of another book");
    assert_eq!(status("/Newest/Notes('DE')"), 400, "the path does not tell the key of a singleton");
}

#[test]
fn an_alternate_key_is_named() {
    assert_eq!(body("/Books(isbn='978-2')")["Title"], "Beta");
    assert_eq!(body("/Books(isbn='978-2')/Author/Name")["value"], "Bob");
    assert_eq!(status("/Books(isbn='none')"), 404);
    assert_eq!(status("/Books(Isbn='978-2')"), 400, "the alias is the name");
    assert_eq!(status("/Books(isbn=7)"), 400);
}

#[test]
fn a_filter_in_the_path_narrows_what_follows() {
    assert_eq!(each("/Books/$filter(Pages ge 200)?$orderby=ID desc", "ID"), [3, 1]);
    assert_eq!(each("/Books/$filter(@f)?@f=Pages lt 200", "ID"), [2]);
    assert_eq!(get_url("/Books/$filter(Pages ge 200)/$count"), (200, json!(2)));
    assert_eq!(body("/Books/$filter(Pages ge 200)/3")["Title"], "Gamma");
    assert_eq!(status("/Books/$filter(Pages ge 200)/2"), 404);
    assert_eq!(each("/Books(1)/Notes/$filter(Language eq 'DE')", "Text"), ["DE of 1"]);
    assert_eq!(body("/Books(1)/Tags/$filter($it eq 'red')")["value"], json!(["red"]));
    assert_eq!(status("/Books(1)/$filter(Pages ge 200)"), 400);
    assert_eq!(status("/Books/$filter(Nothing eq 1)"), 400);
    assert_eq!(status("/Books/$filter(Pages)"), 400);
}

#[test]
fn an_ordered_collection_is_asked_by_place() {
    assert_eq!(body("/Books(1)/Copies/0")["City"], "Rome");
    assert_eq!(body("/Books(1)/Copies/-1")["Shelf"], 3);
    assert_eq!(body("/Books(1)/Copies/1/City")["value"], "Oslo");
    assert_eq!(status("/Books(1)/Copies/3"), 404);
    assert_eq!(status("/Books(1)/Copies/-4"), 404);
    assert_eq!(status("/Books(1)/Tags/0"), 404, "the model does not say that tags are ordered");
}
