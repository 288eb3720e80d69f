//! Expressions whose parts are not known before they run: patterns, lists, values out of collections.

use serde_json::json;

use super::support::{body, each, get_url, status};

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

#[test]
fn a_filtered_collection_is_a_collection() {
    assert_eq!(each("/Authors?$filter=Books/$filter(Pages gt 200)/aggregate(Pages with sum) gt 0", "ID"), [1]);
    assert_eq!(each("/Books?$filter='old' in Tags/$filter($this ne 'red')&$orderby=ID", "ID"), [1, 2, 3]);
    assert_eq!(each("/Books?$filter='red' in Tags/$filter($this ne 'red')", "ID"), [] as [i64; 0]);
    assert_eq!(
        each("/Books?$filter=hassubset(Tags/$filter(length($this) eq 3),['old','red'])&$orderby=ID", "ID"),
        [1, 2]
    );
    assert_eq!(each("/Authors?$filter=Books/$filter(Pages gt 50)(2)/Title eq 'Beta'", "ID"), [2]);
    assert_eq!(each("/Authors?$filter=Books/$filter(Pages gt 50)/lib.Atlas/any(a:a/ID eq 2)", "ID"), [2]);
    assert_eq!(each("/Books?$filter=Copies/$filter(City eq 'Rome')/$filter(Shelf gt 1)/$count eq 2", "ID"), [2, 3]);
    assert_eq!(each("/Books?$filter=Copies/$filter(City eq 'Rome')/$filter(Shelf gt 4)/any()", "ID"), [3]);
    assert_eq!(
        body("/Books?$compute=Tags/$filter($this gt 'o') as Late&$select=Late&$top=1")["value"][0]["Late"],
        json!(["old", "red"])
    );
    assert_eq!(status("/Authors?$filter=Books/$filter(Pages gt 50)/Title eq 'Beta'"), 400);
}

#[test]
fn lists_hold_what_is_computed_and_collections_are_cast() {
    assert_eq!(each("/Books?$filter=Title in [Author/Name,concat('Al','pha')]", "ID"), [1]);
    assert_eq!(each("/Books?$filter=hassubset(Tags,[concat('o','ld'),substring('xbig',1)])", "ID"), [1]);
    assert_eq!(
        body("/Books?$compute=[Title,Isbn] as Names&$select=Names&$top=1")["value"][0]["Names"],
        json!(["Alpha", "978-1"])
    );
    assert_eq!(each("/Books?$filter=Where in [{\"City\":\"Rome\",\"Shelf\":7}]", "ID"), [1]);
    assert_eq!(each("/Books?$filter=hassubset(cast(['1','2'],Collection(Edm.Int32)),[ID])&$orderby=ID", "ID"), [1, 2]);
    assert_eq!(each("/Books?$filter=not cast(Tags,Collection(Edm.Int32))/any()", "ID").len(), 3);
    assert_eq!(each("/Books?$filter=isof(Tags,Collection(Edm.String))", "ID").len(), 3);
    assert_eq!(each("/Books?$filter=isof(Tags,Collection(Edm.Int32))", "ID").len(), 0);
    for bad in ["cast(Tags,Edm.String) eq 'x'", "isof(Title,Collection(Edm.String))", "[[1],2]/any()", "Title in [[1]]"]
    {
        assert_eq!(status(&format!("/Books?$filter={bad}")), 400, "{bad}");
    }
}
