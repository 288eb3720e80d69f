//! `$apply` through the generic reader: rows inside rows, and combinations of entity sets.

use serde_json::{Value as Json, json};

use super::support::{ROOT, body, get_url, status};

/// The members of each row that are no control information.
fn plain(url: &str) -> Vec<Json> {
    fn strip(value: &mut Json) {
        match value {
            Json::Object(members) => {
                members.retain(|name, _| !name.contains('@'));
                members.values_mut().for_each(strip);
            }
            Json::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut rows = body(url)["value"].take();
    strip(&mut rows);
    rows.as_array().cloned().expect("a collection")
}

#[test]
fn nested_rows_are_navigation_properties_with_a_context_of_their_own() {
    let found = body("/Authors?$apply=addnested(Books,filter(Pages gt 200) as Long)");
    assert_eq!(found["@odata.context"], format!("{ROOT}/$metadata#Authors(Long())"));
    let (ada, bob) = (&found["value"][0], &found["value"][1]);
    assert_eq!((&ada["Name"], &ada["Long@odata.context"]), (&json!("Ada"), &json!(format!("{ROOT}/$metadata#Books"))));
    assert_eq!((ada["Long"].as_array().map(Vec::len), &ada["Long"][0]["Title"]), (Some(1), &json!("Alpha")));
    assert_eq!((&ada["Long"][0]["@odata.type"], &ada["Long"][0]["@odata.etag"]), (&Json::Null, &json!("W/\"1\"")));
    assert_eq!((&bob["Long"], &bob["Long@odata.context"]), (&json!([]), &json!(format!("{ROOT}/$metadata#Books"))));
    let url =
        "/Authors?$apply=addnested(Books,groupby((Form),aggregate(Pages with max as Most)) as Forms,identity as All)";
    let found = body(&format!("{url}&$select=Name,Forms&$top=1"));
    assert_eq!(found["@odata.context"], format!("{ROOT}/$metadata#Authors(Name,Forms())"));
    let row = &found["value"][0];
    assert_eq!(row["Forms@odata.context"], format!("{ROOT}/$metadata#Books(Form,Most)"));
    assert_eq!(
        (&row["Forms"], row.get("All")),
        (&json!([{"Form": "Paper", "Most@odata.type": "#Int32", "Most": 300}]), None)
    );
    let all = body(&format!("{url}&$filter=All/any(b:b/Pages lt 200)"));
    assert_eq!((all["value"].as_array().map(Vec::len), &all["value"][0]["ID"]), (Some(1), &json!(2)));
    let full =
        body("/Authors?$apply=addnested(Books,top(1) as One)&$format=application/json;odata.metadata=full&$top=1");
    assert_eq!(full["value"][0]["One"][0]["@odata.id"], format!("{ROOT}/Books(1)"));
}

#[test]
fn of_a_single_value_there_is_one_row_or_none() {
    let url = "/Books?$apply=addnested(Author,compute(length(Name) as Letters) as Writer)";
    let found = body(url);
    assert_eq!(found["@odata.context"], format!("{ROOT}/$metadata#Books(Writer())"));
    let writer = &found["value"][0]["Writer"];
    assert_eq!((&writer["Name"], &writer["Letters"]), (&json!("Ada"), &json!(3)));
    assert_eq!(writer["@odata.context"], format!("{ROOT}/$metadata#Authors/$entity"));
    assert_eq!(found["value"][2].get("Writer"), None, "nobody wrote it");
    assert_eq!(
        plain(&format!("{url}/filter(isdefined(Writer))/groupby((Writer/Name))")),
        [json!({"Writer": {"Name": "Ada"}}), json!({"Writer": {"Name": "Bob"}})]
    );
    let places =
        "/Books?$apply=addnested(Copies,filter(City eq 'Rome') as InRome,aggregate($count as N) as Sums)&$top=1";
    let found = body(places);
    assert_eq!(found["value"][0]["InRome@odata.context"], format!("{ROOT}/$metadata#Collection(lib.Place)"));
    assert_eq!(found["value"][0]["InRome"], json!([{"City": "Rome", "Shelf": 1}, {"City": "Rome", "Shelf": 3}]));
    assert_eq!(found["value"][0]["Sums"][0]["N"], 3);
    let deep =
        body("/Authors?$apply=addnested(Books,addnested(Notes,filter(Language eq 'EN') as English) as Own)&$top=1");
    let own = &deep["value"][0]["Own"][0];
    assert_eq!(own["English@odata.context"], format!("{ROOT}/$metadata#Notes"));
    assert_eq!((&own["English"][0]["Text"], own["English"].as_array().map(Vec::len)), (&json!("EN of 1"), Some(1)));
    for (bad, expected) in [
        ("/Books?$apply=addnested(Author,filter(ID eq 1) as A)", 400),
        ("/Books?$apply=addnested(Title,identity as A)", 400),
        ("/Books?$apply=addnested(Author,identity as Title)", 400),
        ("/Books?$apply=addnested(Author,identity as A,identity as A)", 400),
        ("/Books?$apply=addnested(Author/Books,identity as A)", 501),
    ] {
        assert_eq!(status(bad), expected, "{bad}");
    }
}

#[test]
fn nests_and_joins_show_what_their_rows_have_left() {
    let found = body("/Books?$apply=nest(groupby((Author/Name)) as Names,topcount(1,Pages) as Most)");
    assert_eq!(found["@odata.context"], format!("{ROOT}/$metadata#Books(Names(),Most())"));
    let row = &found["value"][0];
    assert_eq!(row["Names@odata.context"], format!("{ROOT}/$metadata#Books(Author(Name))"));
    assert_eq!(row["Names"][0], json!({"Author": {"Name": "Ada"}}));
    assert_eq!(
        (&row["Most@odata.context"], &row["Most"][0]["ID"]),
        (&json!(format!("{ROOT}/$metadata#Books")), &json!(1))
    );
    let found = body("/Books?$apply=join(Notes as Note)/groupby((Title,Note/Language))&$orderby=Note/Language,Title");
    assert_eq!(found["@odata.context"], format!("{ROOT}/$metadata#Books(Title,Note())"));
    let note = |language: &str| json!({"@odata.context": format!("{ROOT}/$metadata#Notes(Language)/$entity"), "Language": language});
    assert_eq!(
        found["value"],
        json!([
            {"Title": "Alpha", "Note": note("DE")},
            {"Title": "Alpha", "Note": note("EN")},
            {"Title": "Beta", "Note": note("EN")},
        ])
    );
    assert_eq!(status("/Books?$apply=join(Notes as Note)/groupby((Note/Language))&$filter=Note/Text eq 'x'"), 400);
    assert_eq!(
        plain("/Books?$apply=join(Notes as N)/concat(groupby((N/Language)),groupby((N/BookID)))"),
        [
            json!({"N": {"Language": "EN"}}),
            json!({"N": {"Language": "DE"}}),
            json!({"N": {"BookID": 1}}),
            json!({"N": {"BookID": 2}})
        ]
    );
}

/// Example of the extension's section 4.
#[test]
fn combinations_are_filtered_grouped_and_aggregated() {
    let join = "/$crossjoin(Authors,Books)?$apply=filter(Authors/ID eq Books/AuthorID)";
    let grouped = body(&format!("{join}/groupby((Authors/Name),aggregate(Books/Pages with sum as Pages,$count as N))"));
    assert_eq!(grouped["@odata.context"], format!("{ROOT}/$metadata#Collection(Edm.ComplexType)"));
    let counted = |name: &str, pages: i64| json!({"Authors": {"Name": name}, "Pages@odata.type": "#Decimal", "Pages": pages, "N@odata.type": "#Decimal", "N": 1});
    assert_eq!(grouped["value"], json!([counted("Ada", 300), counted("Bob", 100)]));
    assert_eq!(
        plain("/$crossjoin(Authors,Books)?$apply=aggregate($count as N,Books/ID with countdistinct as B)"),
        [json!({"N": 6, "B": 3})]
    );
    assert_eq!(
        plain(
            "/$crossjoin(Authors,Books)?$apply=groupby((Books/Title,Books/Form,Authors/ID))/top(1)&$filter=Books/Title ne 'x'"
        ),
        [json!({"Books": {"Title": "Alpha", "Form": "Paper"}, "Authors": {"ID": 1}})]
    );
    let kept =
        body(&format!("{join}/compute(Books/Pages div 100 as Hundreds)/orderby(Hundreds)&$expand=Books($select=ID)"));
    let row = &kept["value"][0];
    assert_eq!((&row["Books"]["ID"], &row["Hundreds"]), (&json!(2), &json!(1)));
    assert_eq!(row["Authors@odata.navigationLink"], format!("{ROOT}/Authors(2)"));
    assert_eq!(get_url("/$crossjoin(Authors,Books)/$count?$apply=filter(Books/Pages gt 100)"), (200, json!(4)));
    assert_eq!(
        plain(&format!("{join}/topcount(1,Books/Pages)/join(Books/Notes as Note)/groupby((Note/Language))")),
        [json!({"Note": {"Language": "EN"}}), json!({"Note": {"Language": "DE"}})]
    );
    assert_eq!(
        plain(
            "/$crossjoin(Authors,Books)?$apply=concat(groupby((Authors/ID)),aggregate($count as N))/filter(isdefined(N))"
        ),
        [json!({"N": 6})]
    );
    assert_eq!(
        plain("/$crossjoin(Authors,Books)?$apply=groupby((rollup($all,Authors/ID)),aggregate($count as N))"),
        [json!({"Authors": {"ID": 1}, "N": 3}), json!({"Authors": {"ID": 2}, "N": 3}), json!({"N": 6})]
    );
    for (bad, expected) in [
        ("groupby((Authors/Name))&$filter=Authors/ID eq 1", 400),
        ("groupby((Authors/Name))&$expand=Authors", 400),
        ("groupby((Notes/Text))", 400),
        ("aggregate(Pages with sum as P)", 400),
        ("search(x)", 501),
    ] {
        assert_eq!(status(&format!("/$crossjoin(Authors,Books)?$apply={bad}")), expected, "{bad}");
    }
}
