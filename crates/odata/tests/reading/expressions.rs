//! Expressions whose parts are not known before they run: patterns, lists, values out of collections.

use serde_json::json;

use super::support::{body, each, get_url};

#[test]
fn a_pattern_may_be_computed_for_each_row() {
    assert_eq!(
        each("/Books?$filter=matchesPattern(Title,concat('^',substring(Title,0,1)))&$orderby=ID", "ID"),
        [1, 2, 3]
    );
    assert_eq!(each("/Books?$filter=matchesPattern(Title,concat('^','A'))", "ID"), [1]);
    assert_eq!(each("/Books?$filter=matchesPattern('978-2',Isbn)", "ID"), [2]);
    assert_eq!(
        each("/Books?$filter=matchesPattern(Title,Author/Name)", "ID"),
        [] as [i64; 0],
        "of no author it is null"
    );
    assert_eq!(each("/Books?$filter=Tags/any(t:matchesPattern('big',t))&$orderby=ID", "ID"), [1]);
    assert_eq!(each("/Books/$filter(matchesPattern(Title,concat('a','$')))", "ID"), [1, 2, 3]);
    assert_eq!(
        body("/Books?$apply=filter(matchesPattern(Title,concat('^','A')))/aggregate($count as N)")["value"],
        json!([{"N@odata.type": "#Decimal", "N": 1}])
    );
    let expanded = body("/Authors(1)?$expand=Books($select=ID;$filter=matchesPattern(Title,concat('^','A')))");
    assert_eq!(expanded["Books"][0]["ID"], 1);
}

#[test]
fn a_computed_pattern_that_is_none_is_400_and_named() {
    let (status, answer) = get_url("/Books?$filter=matchesPattern(Title,concat('(',Title))");
    assert_eq!((status, answer["error"]["target"].as_str()), (400, Some("$filter")), "{answer}");
    let message = answer["error"]["message"].as_str().unwrap_or_default();
    assert_eq!(message, "The pattern '(Alpha' is not valid: unclosed group.");
    let large = get_url("/Books?$filter=matchesPattern(Title,concat('(?:','a{1000}){1000}'))");
    assert_eq!(large.0, 400, "{}", large.1);
}
