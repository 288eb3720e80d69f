//! Properties that an open type does not declare, from the body that gives them to whatever asks for them.

use serde_json::{Value as Json, json};

use super::garden::Garden;

const ROSE: &str = r##"{"Id":1,"Name":"Rose","Colour":"red","Thorns":true,"Metres":1.5,
    "Petals@odata.type":"#Int32","Petals":35,"Seen@type":"Date","Seen":"2024-05-01",
    "Cut@odata.type":"#Edm.DateTimeOffset","Cut":"2024-05-01T10:00:00Z","Tag@odata.type":"#Guid",
    "Tag":"01234567-89ab-cdef-0123-456789abcdef","Price@odata.type":"#Decimal","Price":1.10,
    "Span@odata.type":"#Duration","Span":"P1D","Place@odata.type":"#garden.Light","Place":"Sunny",
    "Words@odata.type":"#Collection(String)","Words":["sweet","old"],"Marks":[1,"a",null,[2]],"Free":{"a":[1]},
    "Box":{"@odata.type":"#garden.Size","Width":2},"Bed":{"@odata.type":"#garden.Soil","Kind":"clay","Wet":true},
    "Gone":null,"Soil":{"Kind":"loam","Stones":3}}"##;

fn garden(plants: &[&str]) -> Garden {
    let garden = Garden::new();
    for plant in plants {
        garden.post(plant);
    }
    garden
}

fn level(level: &str) -> String {
    format!("/Plants(1)?$format=application/json;odata.metadata={level}")
}

/// The members without the context and what full metadata tells of the entity itself.
fn without_links(mut body: Json) -> Json {
    let members = body.as_object_mut().expect("an object");
    members.retain(|name, _| !name.starts_with('@'));
    body
}

#[test]
fn what_is_posted_comes_back_with_the_types_that_json_does_not_tell() {
    let garden = garden(&[ROSE]);
    let minimal = without_links(garden.get("/Plants(1)"));
    let mut wanted: Json = serde_json::from_str(ROSE).expect("JSON");
    let members = wanted.as_object_mut().expect("an object");
    members.remove("Gone");
    members.insert("Size".to_owned(), Json::Null);
    let wanted: serde_json::Map<String, Json> = members
        .iter()
        .map(|(name, value)| match name.split_once('@') {
            Some((name, _)) => {
                let value = value.as_str().unwrap_or_default().trim_start_matches('#').trim_start_matches("Edm.");
                (format!("{name}@type"), format!("#{value}").into())
            }
            None => (name.clone(), value.clone()),
        })
        .collect();
    let mut wanted = Json::Object(wanted);
    wanted["Box"] = json!({"@type": "#garden.Size", "Width": 2, "Length": null});
    wanted["Bed"] = json!({"@type": "#garden.Soil", "Kind": "clay", "Wet": true});
    assert_eq!(minimal, wanted);
    let none = without_links(garden.get(&level("none")));
    assert_eq!((&none["Petals"], &none["Colour"], &none["Box"]["Width"]), (&json!(35), &json!("red"), &json!(2)));
    assert!(!none.as_object().expect("an object").keys().any(|name| name.contains('@')), "{none}");
    let full = garden.get(&level("full"));
    assert_eq!((&full["Petals@type"], &full["Words@type"]), (&json!("#Int32"), &json!("#Collection(String)")));
    assert_eq!((full.get("Colour@type"), &full["Box"]["@type"]), (None, &json!("#garden.Size")));
}

#[test]
fn what_comes_back_can_be_sent_again() {
    for metadata in ["minimal", "full"] {
        let garden = garden(&[ROSE]);
        let first = garden.get(&level(metadata));
        let mut copy = first.clone();
        copy["Id"] = json!(2);
        assert_eq!(garden.status("PUT", "/Plants(1)", &copy.to_string()), 204, "{copy}");
        assert_eq!(garden.get(&level(metadata)), first);
    }
}

#[test]
fn numbers_keep_their_value_or_need_a_type() {
    let garden = garden(&[r#"{"Id":1,"Whole":9007199254740992,"Large":1e300,"Small":-0.25}"#]);
    let body = garden.get("/Plants(1)");
    assert_eq!((body["Whole"].as_f64(), body.get("Whole@type")), (Some(9_007_199_254_740_992.0), None));
    assert_eq!((body["Large"].as_f64(), body["Small"].as_f64()), (Some(1e300), Some(-0.25)));
    assert_eq!(garden.refused("POST", "/Plants", r#"{"Id":2,"W":9007199254740993}"#), (400, "W".to_owned()));
    assert_eq!(garden.refused("POST", "/Plants", r#"{"Id":2,"W":1e400}"#), (400, "W".to_owned()));
    let typed = r##"{"Id":2,"W@odata.type":"#Int64","W":9007199254740993,"X@odata.type":"#Double","X":"INF"}"##;
    garden.post(typed);
    let body = garden.get("/Plants(2)");
    assert_eq!(
        (&body["W"], &body["X"], &body["X@type"]),
        (&json!(9_007_199_254_740_993_i64), &json!("INF"), &json!("#Double"))
    );
}

#[test]
fn what_cannot_be_a_dynamic_property_is_400_and_named() {
    let garden = garden(&[]);
    let refused = |body: &str| garden.refused("POST", "/Plants", body);
    for (body, place) in [
        (r#"{"Id":1,"a b":1}"#, "a b"),
        (r#"{"Id":1,"1a":1}"#, "1a"),
        (r#"{"Id":1,"":1}"#, ""),
        (r#"{"Id":1,"a.b":1}"#, "a.b"),
        (r#"{"Id":1,"Soil":{"Kind":"x","no-":1}}"#, "Soil/no-"),
        (r#"{"Id":1,"Size":{"Width":1,"Depth":2}}"#, "Size/Depth"),
        (r#"{"Id":1,"Colour":1,"Colour":2}"#, "Colour"),
        (r##"{"Id":1,"A@odata.type":"#Int32","A":"x"}"##, "A"),
        (r##"{"Id":1,"A@odata.type":"#Byte","A":256}"##, "A"),
        (r##"{"Id":1,"A@odata.type":"#Nothing","A":1}"##, "A@odata.type"),
        (r#"{"Id":1,"A@odata.type":5,"A":1}"#, "A@odata.type"),
        (r##"{"Id":1,"A@odata.type":"#garden.Tool","A":{"Id":1}}"##, "A@odata.type"),
        (r##"{"Id":1,"A@odata.type":"#Stream","A":"AA"}"##, "A@odata.type"),
        (r##"{"Id":1,"A@odata.type":"#Collection(Int32)","A":[1,"x"]}"##, "A/1"),
        (r##"{"Id":1,"A":{"@odata.type":"#Int32"}}"##, "A"),
        (r##"{"Id":1,"A":{"@odata.type":"#garden.Size"}}"##, "A/Width"),
        (r##"{"Id":1,"A":[{"@odata.type":"#garden.Size","Width":1,"x":1}]}"##, "A/0/x"),
    ] {
        assert_eq!(refused(body), (400, place.to_owned()), "{body}");
    }
    assert_eq!(garden.refused("POST", "/Tools", r#"{"Id":1,"Colour":"red"}"#), (400, "Colour".to_owned()));
    let many = |count: usize| {
        let members = (0..count).fold(String::new(), |text, number| format!("{text},\"p{number}\":{number}"));
        format!("{{\"Id\":1{members}}}")
    };
    assert_eq!(refused(&many(501)), (400, "p500".to_owned()));
    garden.post(&many(500));
    assert_eq!(garden.refused("PATCH", "/Plants(1)", r#"{"more":1}"#), (400, "more".to_owned()));
}

#[test]
fn a_change_sets_what_it_gives_takes_off_what_is_null_and_leaves_the_rest() {
    let garden = garden(&[ROSE]);
    let change = r##"{"Colour":"white","Thorns":null,"Nothing":null,"New":"n","Box":{"@type":"#garden.Size","Length":9},
        "Soil":{"Stones":null,"Wet":true},"Bed":{"@type":"#garden.Soil","Wet":null}}"##;
    assert_eq!(garden.status("PATCH", "/Plants(1)", change), 204);
    let body = garden.get("/Plants(1)");
    assert_eq!((&body["Colour"], &body["New"], &body["Petals"]), (&json!("white"), &json!("n"), &json!(35)));
    assert_eq!((body.get("Thorns"), body.get("Nothing")), (None, None));
    assert_eq!(body["Soil"], json!({"Kind": "loam", "Wet": true}));
    assert_eq!(body["Box"], json!({"@type": "#garden.Size", "Width": 2, "Length": 9}), "merged");
    assert_eq!(body["Bed"], json!({"@type": "#garden.Soil", "Kind": "clay"}));
    let incomplete = r##"{"Case":{"@type":"#garden.Size","Length":9}}"##;
    assert_eq!(garden.refused("PATCH", "/Plants(1)", incomplete), (400, "Case/Width".to_owned()));
}

#[test]
fn a_replacement_drops_what_it_does_not_give() {
    let garden = garden(&[ROSE]);
    assert_eq!(garden.status("PUT", "/Plants(1)", r#"{"Name":"Rose","Colour":"pink","Thorns":null}"#), 204);
    let body = without_links(garden.get("/Plants(1)"));
    assert_eq!(body, json!({"Id": 1, "Name": "Rose", "Soil": null, "Size": null, "Colour": "pink"}));
}

#[test]
fn a_dynamic_property_has_a_url() {
    let garden = garden(&[ROSE]);
    let context = |path: &str| format!("https://example.org/beta/$metadata#Plants(1)/{path}");
    let get = |path: &str| garden.get(&format!("/Plants(1)/{path}"));
    assert_eq!(get("Colour"), json!({"@context": context("Colour"), "value": "red"}));
    assert_eq!(get("Petals"), json!({"@context": context("Petals"), "@type": "#Int32", "value": 35}));
    assert_eq!(get("Place"), json!({"@context": context("Place"), "@type": "#garden.Light", "value": "Sunny"}));
    let words = json!({"@context": context("Words"), "@type": "#Collection(String)", "value": ["sweet", "old"]});
    assert_eq!(get("Words"), words);
    assert_eq!(get("Box"), json!({"@context": context("Box"), "@type": "#garden.Size", "Width": 2, "Length": null}));
    assert_eq!(get("Soil/Stones"), json!({"@context": context("Soil/Stones"), "value": 3}));
    let raw = |path: &str| garden.send("GET", &format!("/Plants(1)/{path}/$value"), "").expect("a raw value");
    for (path, text) in [("Colour", "red"), ("Petals", "35"), ("Place", "Sunny"), ("Seen", "2024-05-01")] {
        assert_eq!(raw(path).body(), text, "{path}");
    }
    assert_eq!(garden.status("GET", "/Plants(1)/Nothing", ""), 204);
    assert_eq!(garden.status("GET", "/Plants(1)/Nothing/$value", ""), 204);
    assert_eq!(garden.status("GET", "/Plants(9)/Nothing", ""), 404);
    assert_eq!(garden.status("GET", "/Plants(1)/no-name", ""), 404);
    assert_eq!(garden.status("GET", "/Tools(1)/Colour", ""), 404);
    assert_eq!(garden.status("GET", "/Plants(1)/Size/Depth", ""), 404);
    assert_eq!(garden.status("GET", "/Plants(1)/Box/$value", ""), 400);
}

#[test]
fn what_is_inside_a_dynamic_property_has_a_url_too() {
    let garden = garden(&[ROSE]);
    let context = |path: &str| format!("https://example.org/beta/$metadata#Plants(1)/{path}");
    let get = |path: &str| garden.get(&format!("/Plants(1)/{path}"));
    assert_eq!(get("Box/Width"), json!({"@context": context("Box/Width"), "@type": "#Int32", "value": 2}));
    assert_eq!(get("Bed/Kind"), json!({"@context": context("Bed/Kind"), "value": "clay"}));
    assert_eq!(get("Bed/Wet"), json!({"@context": context("Bed/Wet"), "value": true}), "not declared there either");
    let typed = json!({"@context": context("Box/garden.Size"), "Width": 2, "Length": null});
    assert_eq!(get("Box/garden.Size"), typed);
    assert_eq!(
        get("Box/garden.Size?$select=Width"),
        json!({"@context": context("Box/garden.Size(Width)"), "Width": 2})
    );
    assert_eq!(get("Box/garden.Size/Width"), json!({"@context": context("Box/Width"), "value": 2}));
    let raw = |path: &str| garden.send("GET", &format!("/Plants(1)/{path}/$value"), "").expect("a raw value");
    assert_eq!((raw("Box/Width").body().as_ref(), raw("Bed/Kind").body().as_ref()), (&b"2"[..], &b"clay"[..]));
    assert_eq!(raw("Box/garden.Size/Width").body(), "2");
    for (path, status) in [
        ("Box/Length", 204),
        ("Bed/Nothing", 204),
        ("Bed/Nothing/More", 204),
        ("Nothing/Width", 204),
        ("Nothing/garden.Size/Width", 204),
        ("Box/Depth", 404),
        ("Box/garden.Soil", 404),
        ("Box/garden.Size/Depth", 404),
        ("Box/garden.Plant", 404),
        ("Colour/Depth", 404),
        ("Colour/garden.Size", 404),
        ("Words/First", 404),
        ("Free/a", 501),
        ("Words/0", 501),
        ("Box/Width/$count", 400),
    ] {
        assert_eq!(garden.status("GET", &format!("/Plants(1)/{path}"), ""), status, "{path}");
    }
}

#[test]
fn what_is_inside_a_dynamic_property_is_written_by_its_url() {
    let garden = garden(&[ROSE]);
    let write = |method: &str, path: &str, body: &str| garden.status(method, &format!("/Plants(1)/{path}"), body);
    for (method, path, body) in [
        ("PUT", "Box/Length", r#"{"value":5}"#),
        ("PATCH", "Box/garden.Size/Width", r#"{"value":3}"#),
        ("PUT", "Bed/Depth", r##"{"@odata.type":"#Int16","value":4}"##),
        ("PUT", "Bed/Kind", r#"{"value":"sand"}"#),
        ("DELETE", "Bed/Wet", ""),
        ("PUT", "Crate", r##"{"@odata.type":"#garden.Size","Width":1,"Length":1}"##),
        ("PATCH", "Crate/garden.Size", r#"{"Width":8}"#),
        ("DELETE", "Crate/Length", ""),
        ("PUT", "Case/garden.Size", r#"{"Width":6}"#),
    ] {
        assert_eq!(write(method, path, body), 204, "{method} {path}");
    }
    let body = garden.get("/Plants(1)");
    assert_eq!(body["Box"], json!({"@type": "#garden.Size", "Width": 3, "Length": 5}));
    assert_eq!(body["Bed"], json!({"@type": "#garden.Soil", "Kind": "sand", "Depth@type": "#Int16", "Depth": 4}));
    assert_eq!(body["Crate"], json!({"@type": "#garden.Size", "Width": 8, "Length": null}));
    assert_eq!(body["Case"], json!({"@type": "#garden.Size", "Width": 6, "Length": null}));
    assert_eq!(write("DELETE", "Case/garden.Size", ""), 204);
    assert_eq!(garden.get("/Plants(1)").get("Case"), None);
    for (method, path, body, status) in [
        ("PUT", "Box/Width", r#"{"value":"5"}"#, 400),
        ("PUT", "Box/Width", r#"{"value":5.5}"#, 400),
        ("PUT", "Box/Width", r#"{"value":[1]}"#, 400),
        ("PUT", "Box/Width", r#"{"value":null}"#, 400),
        ("DELETE", "Box/Width", "", 400),
        ("PUT", "Bed/Kind", r#"{"value":5}"#, 400),
        ("PUT", "Box/Depth", r#"{"value":5}"#, 404),
        ("PUT", "Nothing/Depth", r#"{"value":5}"#, 404),
        ("PUT", "Colour/Depth", r#"{"value":5}"#, 404),
        ("PUT", "Box/garden.Soil/Kind", r#"{"value":"x"}"#, 404),
        ("PUT", "Box/Width/$value", "5", 405),
    ] {
        assert_eq!(write(method, path, body), status, "{method} {path} {body}");
    }
    assert_eq!(garden.get("/Plants(1)")["Box"], json!({"@type": "#garden.Size", "Width": 3, "Length": 5}));
}

#[test]
fn select_takes_what_is_inside_a_dynamic_property() {
    let garden = garden(&[ROSE]);
    garden.post(r##"{"Id":2,"Box":{"@odata.type":"#garden.Soil","Width":7,"Kind":"k"},"Boxes":[{"@odata.type":"#garden.Size","Width":1}]}"##);
    let page = garden.get("/Plants?$select=Id,Box/Width,Boxes/Width,Colour/Depth");
    assert_eq!(page["@context"], "https://example.org/beta/$metadata#Plants(Id,Box/Width,Boxes/Width,Colour/Depth)");
    assert_eq!(page["value"][0], json!({"Id": 1, "Box": {"@type": "#garden.Size", "Width": 2}}));
    let second = json!({"Id": 2, "Box": {"@type": "#garden.Soil", "Width@type": "#Double", "Width": 7},
        "Boxes@type": "#Collection(Untyped)", "Boxes": [{"@type": "#garden.Size", "Width": 1}]});
    assert_eq!(page["value"][1]["Box"]["Width"], second["Box"]["Width"]);
    assert_eq!(page["value"][1]["Boxes"], second["Boxes"]);
    let cast = garden.get("/Plants?$select=Id,Box/garden.Size/Width")["value"].clone();
    assert_eq!(cast[0]["Box"], json!({"@type": "#garden.Size", "Width": 2}));
    assert_eq!(cast[1]["Box"], json!({"@type": "#garden.Soil"}), "another type");
    let whole = garden.get("/Plants(1)?$select=Box/Width,Box")["Box"].clone();
    assert_eq!(whole, json!({"@type": "#garden.Size", "Width": 2, "Length": null}));
    let deep = format!("/Plants?$select=Box{}", "/A".repeat(13));
    assert_eq!(garden.status("GET", &deep, ""), 400);
    assert_eq!(garden.status("GET", "/Plants?$select=Box($select=Width)", ""), 501);
}

#[test]
fn a_dynamic_property_is_written_by_its_url() {
    let garden = garden(&[ROSE]);
    let write = |method: &str, path: &str, body: &str| garden.status(method, &format!("/Plants(1)/{path}"), body);
    assert_eq!(write("PUT", "Colour", r#"{"value":"blue"}"#), 204);
    assert_eq!(write("PUT", "Petals", r##"{"@odata.type":"#Int16","value":7}"##), 204);
    assert_eq!(write("PUT", "Born", r##"{"value@odata.type":"#Date","value":"2020-01-01"}"##), 204);
    assert_eq!(write("PATCH", "Box", r##"{"@odata.type":"#garden.Size","Length":3}"##), 204);
    assert_eq!(write("PUT", "Soil/Wet", r#"{"value":false}"#), 204);
    assert_eq!(write("DELETE", "Thorns", ""), 204);
    assert_eq!(write("PUT", "Metres", r#"{"value":null}"#), 204);
    let body = garden.get("/Plants(1)");
    assert_eq!((&body["Colour"], &body["Petals@type"], &body["Petals"]), (&json!("blue"), &json!("#Int16"), &json!(7)));
    assert_eq!((&body["Born@type"], &body["Soil"]["Wet"]), (&json!("#Date"), &json!(false)));
    assert_eq!(body["Box"], json!({"@type": "#garden.Size", "Width": 2, "Length": 3}));
    assert_eq!((body.get("Thorns"), body.get("Metres")), (None, None));
    assert_eq!(write("PUT", "Box", r##"{"@odata.type":"#garden.Size","Length":3}"##), 400, "not whole");
    assert_eq!(write("PUT", "Colour", r#"{"a":1}"#), 400);
    assert_eq!(write("PUT", "Colour", "[]"), 400);
    assert_eq!(write("PUT", "Colour/$value", "x"), 405);
    assert_eq!(write("POST", "Words", r#"{"value":"x"}"#), 405);
    assert_eq!(
        garden.refused("PUT", "/Plants(1)/Colour", r##"{"@odata.type":"#Int32","value":"x"}"##),
        (400, "value".to_owned())
    );
    garden.post(r##"{"@odata.type":"#garden.Tree","Id":2}"##);
    assert_eq!(garden.refused("PUT", "/Plants(2)/Height", r#"{"value":"x"}"#), (400, "Height".to_owned()), "declared");
}

const MIXED: [&str; 7] = [
    r##"{"Id":1,"X":"red","Words":["a","b"],"Soil":{"Stones":3},"Box":{"@odata.type":"#garden.Size","Width":2}}"##,
    r##"{"Id":2,"X@odata.type":"#Int32","X":5,"Soil":{"Stones":4}}"##,
    r#"{"Id":3,"X":5.5,"Words":"a"}"#,
    r#"{"Id":4,"X":true}"#,
    r#"{"Id":5}"#,
    r##"{"Id":6,"X@odata.type":"#Date","X":"2024-05-01"}"##,
    r##"{"Id":7,"X":{"@odata.type":"#garden.Size","Width":2},"@odata.type":"#garden.Tree","Height":4}"##,
];

#[test]
fn a_filter_compares_what_the_values_are_and_never_fails_on_what_they_are_not() {
    let garden = garden(&MIXED);
    for (filter, ids) in [
        ("X eq 'red'", &[1][..]),
        ("X eq 5", &[2]),
        ("X gt 4", &[2, 3]),
        ("X ge 5.5", &[3]),
        ("X eq true", &[4]),
        ("X", &[4]),
        ("X eq null", &[5]),
        ("X ne null", &[1, 2, 3, 4, 6, 7]),
        ("X ne 5", &[1, 3, 4, 5, 6, 7]),
        ("not (X gt 4)", &[1, 4, 5, 6, 7]),
        ("X eq 2024-05-01", &[6]),
        ("X in ('red',5)", &[1, 2]),
        ("Absent eq null and Soil/Absent eq null", &[1, 2, 3, 4, 5, 6, 7]),
        ("Soil/Stones gt 3", &[2]),
        ("Box/Width eq 2 or X/Width eq 2", &[1, 7]),
        ("Words/any(w:w eq 'b')", &[1]),
        ("Words/$count gt 1", &[1]),
        ("'a' in Words", &[1, 3]),
        ("contains(X,'e')", &[1]),
        ("length(X) eq 3", &[1]),
        ("length(Words) eq 2", &[1]),
        ("indexof(X,X) eq 0", &[1]),
        ("year(X) eq 2024", &[6]),
        ("X add 1 eq 6", &[2]),
        ("X mul 2 gt 10", &[3]),
        ("X divby 2 eq 2.5", &[2]),
        ("-X lt -5", &[3]),
        ("X add duration'P1D' eq 2024-05-02", &[6]),
        ("tolower(X) eq 'red' or round(X) eq 6", &[1, 3]),
        ("isof(X,Edm.String) or isof(X,Edm.Int32)", &[1, 2]),
        ("cast(X,Edm.String) eq '5'", &[2]),
        ("case(X eq 5:X,true:'none') eq 5", &[2]),
        ("garden.Tree/Height eq 4 and $it/X ne null", &[7]),
        ("garden.Tree/Other eq null and X ne 'red'", &[2, 3, 4, 5, 6, 7]),
    ] {
        assert_eq!(garden.ids(&format!("$filter={filter}")), ids, "{filter}");
    }
    assert_eq!(garden.get("/Plants/$filter(X eq 5)/$count"), json!(1));
}

#[test]
fn complex_values_are_equal_when_what_is_not_declared_is_too() {
    let soil = |id: u8, soil: &str| format!(r#"{{"Id":{id},"Soil":{soil}}}"#);
    let plants = [
        soil(1, r#"{"Kind":"loam","Stones":3,"Wet":true}"#),
        soil(2, r#"{"Kind":"loam","Wet":true,"Stones":3}"#),
        soil(3, r#"{"Kind":"loam","Stones":4,"Wet":true}"#),
        soil(4, r#"{"Kind":"loam"}"#),
    ];
    let garden = garden(&plants.each_ref().map(|plant| &**plant));
    assert_eq!(garden.ids("$filter=Soil eq $root/Plants(1)/Soil"), [1, 2]);
    let counted = garden.get("/Plants?$apply=aggregate(Soil with countdistinct as Soils)");
    assert_eq!(counted["value"][0]["Soils"], 3);
}

#[test]
fn a_name_that_is_not_declared_stays_an_error_where_the_type_is_not_open() {
    let garden = garden(&MIXED);
    for url in [
        "/Tools?$filter=X eq 1",
        "/Tools?$orderby=X",
        "/Tools?$select=X",
        "/Plants?$filter=Size/X eq 1",
        "/Plants?$select=Size/X",
        "/Plants?$expand=X",
        "/Plants?$filter=garden.X eq 1",
        "/Plants?$filter=Name/X eq 1",
        "/Plants?$apply=groupby((Name))&$filter=X eq 1",
        "/Plants?$apply=groupby((Name))&$select=X",
        "/Plants?$apply=aggregate($count as N)/filter(X eq 1)",
    ] {
        assert_eq!(garden.status("GET", url, ""), 400, "{url}");
    }
    assert_eq!(garden.status("GET", "/Plants?$select=garden.Tree/X", ""), 501);
}

#[test]
fn an_order_is_total_whatever_the_values_are_and_pages_go_on_from_it() {
    let garden = garden(&MIXED);
    let ascending = [5, 7, 4, 2, 3, 1, 6];
    assert_eq!(garden.ids("$orderby=X"), ascending);
    assert_eq!(garden.ids("$orderby=X desc,Id desc"), [6, 1, 3, 2, 4, 7, 5]);
    assert_eq!(garden.ids("$orderby=Soil/Stones desc,Id&$top=3"), [2, 1, 3]);
    assert_eq!(garden.paged("/Plants?$orderby=X&$select=Id", 1), ascending);
}

#[test]
fn select_takes_dynamic_properties_and_compute_uses_them() {
    let garden = garden(&MIXED);
    let select = |options: &str| garden.get(&format!("/Plants?$filter=Id le 2&{options}"));
    let page = select("$select=Id,X");
    assert_eq!(page["@context"], "https://example.org/beta/$metadata#Plants(Id,X)");
    assert_eq!(page["value"], json!([{"Id": 1, "X": "red"}, {"Id": 2, "X@type": "#Int32", "X": 5}]));
    assert_eq!(select("$select=Soil/Stones")["value"][0]["Soil"], json!({"Stones": 3}));
    assert_eq!(without_links(garden.get("/Plants(5)?$select=X")), json!({}));
    assert_eq!(without_links(garden.get("/Plants(1)?$select=X")), json!({"X": "red"}));
    let computed = select("$compute=X add 1 as Y,Box as Z&$select=Y,Z")["value"].clone();
    let first = json!({"@id": "https://example.org/beta/Plants(1)", "Z": {"@type": "#garden.Size", "Width": 2, "Length": null}, "Y": null});
    assert_eq!(computed[0], first);
    assert_eq!((&computed[1]["Y"], &computed[1]["Y@type"]), (&json!(6), &json!("#Int64")));
    let applied =
        garden.get("/Plants?$apply=filter(Id le 2)/compute(Id add 1 as Next)&$filter=Next gt 2")["value"].clone();
    assert_eq!((&applied[0]["X"], &applied[0]["Next"], applied.get(1)), (&json!(5), &json!(3), None));
    let hidden = select("$compute='new' as X&$orderby=X")["value"].clone();
    assert_eq!((&hidden[0]["X"], &hidden[1]["X"]), (&json!("new"), &json!("new")), "not twice");
}

#[test]
fn transformations_take_dynamic_properties_as_others() {
    let garden = garden(&[
        r#"{"Id":1,"Bed":"a","X":4}"#,
        r#"{"Id":2,"Bed":"b","X":1}"#,
        r#"{"Id":3,"Bed":"a","X":2,"Soil":{"Stones":3}}"#,
        r#"{"Id":4,"X":"many"}"#,
    ]);
    let rows = |apply: &str| {
        let mut found = garden.get(&format!("/Plants?$apply={apply}"));
        let mut rows = found["value"].take();
        for row in rows.as_array_mut().expect("rows") {
            row.as_object_mut().expect("a row").retain(|name, _| !name.contains('@'));
        }
        rows
    };
    assert_eq!(rows("filter(X gt 1)/groupby((Id))"), json!([{"Id": 1}, {"Id": 3}]));
    assert_eq!(rows("filter(Id le 3)/aggregate(X with sum as S,X with max as M)"), json!([{"S": 7, "M": 4}]));
    assert_eq!(rows("aggregate(X with sum as S,Bed with countdistinct as B)"), json!([{"S": null, "B": 2}]));
    assert_eq!(
        rows("groupby((Bed),aggregate($count as N,X with min as X0))"),
        json!([{"Bed": "a", "N": 2, "X0": 2}, {"Bed": "b", "N": 1, "X0": 1}, {"Bed": null, "N": 1, "X0": "many"}])
    );
    assert_eq!(
        rows("groupby((Bed),topcount(1,X))/groupby((Bed,Id))"),
        json!([{"Bed": "a", "Id": 1}, {"Bed": "b", "Id": 2}, {"Bed": null, "Id": 4}])
    );
    assert_eq!(
        rows("groupby((rollup($all,Bed)),aggregate($count as N))/filter(not isdefined(Bed))"),
        json!([{"N": 4}])
    );
    assert_eq!(
        rows("compute(X mul 2 as Y,1 as Bed)/filter(Y gt 4)&$select=Id,Y,Bed,X"),
        json!([{"Id": 1, "Y": 8, "Bed": 1, "X": 4}])
    );
    assert_eq!(
        rows("concat(compute(X as Z)/top(1),skip(3))&$select=Id,X,Z"),
        json!([{"Id": 1, "X": 4, "Z": 4}, {"Id": 4, "X": "many"}])
    );
    assert_eq!(
        rows("filter(Soil/Stones gt 2 and isdefined(X) and not isdefined(Depth))/groupby((Id))"),
        json!([{"Id": 3}])
    );
    assert_eq!(rows("identity&$filter=Bed eq 'b'&$select=X"), json!([{"X": 1}]));
    assert_eq!(rows("nest(filter(X lt 3)/groupby((Bed)) as Few)")[0]["Few"], json!([{"Bed": "b"}, {"Bed": "a"}]));
    let context = garden.get("/Plants?$apply=groupby((Bed))")["@context"].take();
    assert_eq!(context, "https://example.org/beta/$metadata#Plants(Bed)");
    assert_eq!(garden.status("GET", "/Plants?$apply=groupby((Soil/Stones))", ""), 501);
}

#[test]
fn sql_does_not_know_dynamic_properties() {
    use odata::exec::sql::{Column, ColumnMap, Dialect, translate_filter};
    struct None_;
    impl ColumnMap for None_ {
        fn column(&self, _: &[odata::expr::Step]) -> Option<Column> {
            None
        }
    }
    let plant = super::garden::GARDEN.type_by_name("garden.Plant").expect("declared");
    for filter in ["X eq 1", "X", "X eq null", "contains(X,'a')", "X in (1,2)"] {
        let bound =
            odata::bind::filter(&super::garden::GARDEN, odata::model::EdmType::Named(plant), filter).expect("bound");
        let error = translate_filter(&bound, &None_, Dialect::Sqlite, 1).expect_err(filter);
        assert!(error.to_string().contains("a dynamic property"), "{filter}: {error}");
    }
}
