//! `$expand` below complex properties: of entities, of complex values and of collections of them.

use odata::{Profile, Value};
use serde_json::{Value as Json, json};

use super::people::{address, ask, country, created, new};
use super::support::ROOT;

/// The body of a GET that has to succeed, in the strict profile and in 4.01.
fn get(url: &str) -> Json {
    let (status, body) = ask(Profile::Strict, url, "4.01");
    assert_eq!(status, 200, "{url}: {body}");
    body
}

/// As [`get`], without what is said of the values.
fn bare(url: &str) -> Json {
    let sign = if url.contains('?') { '&' } else { '?' };
    get(&format!("{url}{sign}$format=application/json;odata.metadata=none"))
}

fn refusal(url: &str) -> u16 {
    ask(Profile::Strict, url, "4.01").0
}

/// What the context says behind `$metadata#`.
fn context(profile: Profile, url: &str, version: &str) -> String {
    let (status, body) = ask(profile, url, version);
    assert_eq!(status, 200, "{url}: {body}");
    let context = body["@odata.context"].as_str().or(body["@context"].as_str()).expect("a context");
    context.strip_prefix(&format!("{ROOT}/$metadata#")).expect("a fragment").to_owned()
}

#[test]
fn what_a_complex_property_leads_to_stands_inside_it() {
    let ada = bare("/People(1)?$expand=Address/Country");
    let home = json!({"Street": "Gate 1", "CountryCode": "NO", "VisitedCodes": ["FR", "NO", "IT"],
        "Country": {"Code": "NO", "Name": "Norway", "Monarch": null}});
    assert_eq!((&ada["Name"], &ada["Address"]), (&json!("Ada"), &home));
    let people = bare("/People?$expand=Address/Country&$select=ID");
    let countries: Vec<_> = people["value"].as_array().expect("all").iter().map(|it| &it["Address"]).collect();
    assert_eq!(countries[1], &json!({"Country": {"Code": "FR", "Name": "France"}}));
    assert_eq!(countries[2], &json!(null), "no address");
    assert_eq!(bare("/People(1)?$expand=Trip/Stay/Country")["Trip"]["Stay"]["Country"]["Name"], "Norway");
}

#[test]
fn selection_and_expansion_inside_a_complex_value_are_independent() {
    let select = |options: &str| bare(&format!("/People(1)?{options}"));
    let norway = json!({"Name": "Norway"});
    for (options, expected) in [
        ("$select=Name&$expand=Address/Country($select=Name)", json!({"Name": "Ada", "Address": {"Country": norway}})),
        (
            "$select=Address/Street&$expand=Address/Country($select=Name)",
            json!({"Address": {"Street": "Gate 1", "Country": norway}}),
        ),
        (
            "$select=Address($select=Street;$expand=Country($select=Name))",
            json!({"Address": {"Street": "Gate 1", "Country": norway}}),
        ),
        (
            "$select=Address&$expand=Address/Country($select=Name)",
            json!({"Address": {"Street": "Gate 1", "CountryCode": "NO", "VisitedCodes": ["FR", "NO", "IT"],
                "Country": norway}}),
        ),
        (
            "$select=ID&$expand=Address/Country($select=Name),Address/Visited($top=1;$select=Code)",
            json!({"ID": 1, "Address": {"Country": norway, "Visited": [{"Code": "NO"}]}}),
        ),
    ] {
        assert_eq!(select(options), expected, "{options}");
    }
}

#[test]
fn options_references_counts_and_casts_work_as_on_an_entity() {
    let visited = |rest: &str| get(&format!("/People(1)?$select=ID&$expand=Address/Visited{rest}"))["Address"].clone();
    let filtered = visited("($filter=Code ne 'NO';$orderby=Name desc;$count=true;$top=1;$select=Name)");
    assert_eq!((&filtered["Visited@odata.count"], &filtered["Visited"][0]["Name"]), (&json!(2), &json!("Italy")));
    assert_eq!(visited("/$count"), json!({"Visited@odata.count": 3}));
    assert_eq!(visited("/$count($filter=Name eq 'France')"), json!({"Visited@odata.count": 1}));
    assert_eq!(visited("/$ref")["Visited"][1], json!({"@odata.id": format!("{ROOT}/Countries('FR')")}));
    let outer = visited("($filter=Code eq $it/Address/CountryCode)");
    assert_eq!(outer["Visited"][0]["Name"], "Norway", "$it is the person");
    let kingdoms = visited("/p.Kingdom");
    assert_eq!((&kingdoms["Visited"][0]["Code"], kingdoms["Visited"].get(1)), (&json!("NO"), None));
    let office = bare("/People?$select=ID&$expand=Address/p.PostBox/Office($select=Name)");
    assert_eq!(office["value"][0], json!({"ID": 1, "Address": {}}), "no post box");
    assert_eq!(office["value"][1], json!({"ID": 2, "Address": {"Office": {"Name": "Italy"}}}));
    let villa = bare("/People?$select=ID&$expand=p.Vip/Villa/Country($select=Name)");
    assert_eq!(villa["value"][0], json!({"ID": 1}));
    assert_eq!(villa["value"][1], json!({"ID": 2, "Villa": {"Country": {"Name": "France"}}}));
    let all = bare("/People(1)?$select=ID&$expand=Address/*,Address/Country($select=Name)")["Address"].clone();
    assert_eq!((&all["Country"], all["Visited"].as_array().map(Vec::len)), (&json!({"Name": "Norway"}), Some(3)));
}

#[test]
fn each_element_of_a_collection_is_expanded() {
    let ada = bare("/People(1)?$expand=Addresses/Country($select=Name)&$select=Addresses/Street");
    let addresses = json!([{"Street": "Via 2", "Country": {"Name": "Italy"}},
        {"Street": "Box 3", "Country": {"Name": "Norway"}}, {"Street": "Nowhere", "Country": null}]);
    assert_eq!(ada["Addresses"], addresses);
    let first = "$select=Addresses($orderby=Street;$top=1;$select=Street)&$expand=Addresses/Country($select=Code)";
    let first = bare(&format!("/People(1)?{first}"))["Addresses"].clone();
    assert_eq!(first, json!([{"Street": "Box 3", "Country": {"Code": "NO"}}]), "of what is left");
    assert_eq!(bare("/People(3)?$expand=Addresses/Country")["Addresses"], json!([]));
}

#[test]
fn complex_values_are_expanded_where_they_are_read_themselves() {
    assert_eq!(bare("/People(1)/Address?$expand=Country")["Country"]["Name"], "Norway");
    let page =
        "/People(1)/Addresses?$filter=CountryCode ne null&$expand=Country($select=Name)&$select=Street&$count=true";
    let page = bare(page);
    assert_eq!(page["value"][1], json!({"Street": "Box 3", "Country": {"Name": "Norway"}}));
    assert_eq!(page["value"].as_array().map(Vec::len), Some(2));
    let boxes = bare("/People(1)/Addresses/p.PostBox?$expand=Office($select=Name)&$select=Number");
    assert_eq!(boxes["value"], json!([{"Number": 3, "Office": {"Name": "Italy"}}]));
    assert_eq!(bare("/People(1)/Trip?$expand=Stay/Country&$select=Title")["Stay"]["Country"]["Code"], "NO");
    assert_eq!(bare("/People(1)/Address/Country"), json!({"Code": "NO", "Name": "Norway", "Monarch": null}));
}

#[test]
fn context_urls_name_the_path() {
    use Profile::{Graph, Strict};
    for (url, expected) in [
        ("/People?$expand=Address/Country", "People(Address/Country())"),
        ("/People(3)?$expand=Address/Country", "People(Address/Country())/$entity"),
        ("/People?$expand=Addresses/Country,Address/Visited", "People(Addresses/Country(),Address/Visited())"),
        ("/People?$select=Name&$expand=Address/Country", "People(Name,Address/Country())"),
        ("/People?$select=Address&$expand=Address/Country($select=Name)", "People(Address,Address/Country(Name))"),
        ("/People?$select=Address($expand=Country($select=Code,Name))", "People(Address,Address/Country(Code,Name))"),
        ("/People?$expand=Address/p.PostBox/Office", "People(Address/p.PostBox/Office())"),
        ("/People?$expand=p.Vip/Villa/Country", "People(p.Vip/Villa/Country())"),
        ("/People?$expand=Address/Country/$ref", "People"),
        ("/People(1)/Address?$expand=Country", "People(1)/Address(Country())"),
        ("/People(1)/Addresses?$expand=Country", "People(1)/Addresses(Country())"),
    ] {
        assert_eq!(context(Strict, url, "4.01"), expected, "{url}");
        assert_eq!(context(Graph, url, "4.0"), expected, "{url} in Graph's profile");
    }
    assert_eq!(context(Strict, "/People?$expand=Address/Country", "4.0"), "People", "4.0 names what is restricted");
    assert_eq!(
        context(Strict, "/People?$expand=Address/Country($select=Name)", "4.0"),
        "People(Address/Country(Name))"
    );
}

#[test]
fn links_lead_where_there_is_a_url_and_are_left_out_where_there_is_none() {
    let full = |url: &str| get(&format!("{url}&$format=application/json;odata.metadata=full"));
    let ada = full("/People(1)?$expand=Address/Country,Address/Notes,Addresses/Country,Addresses/Notes");
    let home = &ada["Address"];
    assert_eq!(home["Country@odata.navigationLink"], format!("{ROOT}/People(1)/Address/Country"));
    assert_eq!(home["Country"]["@odata.id"], format!("{ROOT}/Countries('NO')"));
    assert_eq!(home["Visited@odata.navigationLink"], format!("{ROOT}/People(1)/Address/Visited"), "not expanded");
    assert_eq!(home["Notes"][1]["@odata.id"], format!("{ROOT}/People(1)/Address/Notes(2)"));
    let other = &ada["Addresses"][0];
    assert_eq!(other["Country"]["@odata.id"], format!("{ROOT}/Countries('IT')"), "of a set");
    assert_eq!((&other["Notes"][0]["ID"], other["Notes"][0].get("@odata.id")), (&json!(3), None), "contained");
    assert!(other.as_object().expect("a value").keys().all(|name| !name.ends_with("Link")), "{other}");
    let office = full("/People(2)?$expand=Address/p.PostBox/Office");
    let office = &office["Address"]["Office"];
    assert_eq!(office["@odata.id"], format!("{ROOT}/People(2)/Address/Office"), "of no set that is known");
    let minimal = get("/People(1)?$expand=Address/Country($select=Name),Addresses/Notes($select=ID)");
    let expected = json!({"@odata.type": "#p.Kingdom", "@odata.id": format!("{ROOT}/Countries('NO')"),
        "@odata.etag": "W/\"NO\"", "Name": "Norway"});
    assert_eq!(minimal["Address"]["Country"], expected);
    let (_, graph) = ask(Profile::Graph, "/People/1?$expand=Address/Country", "4.0");
    assert_eq!(graph["Address"]["Country"]["@odata.type"], "#p.Kingdom");
    assert_eq!(graph["Address"]["Country"]["Name"], "Norway");
}

#[test]
fn what_does_not_lead_to_an_entity_is_refused() {
    for url in [
        "/People?$expand=Address",
        "/People?$expand=Address/Street",
        "/People?$expand=Address/Nowhere",
        "/People?$expand=Address/p.Trip/Stay",
        "/People?$expand=Address/Country,Address/Country",
        "/People?$expand=Address/Country/$count",
        "/People?$expand=Address/Country($levels=2)&$levels=2",
        "/People?$expand=Address($expand=Country)",
        "/People?$apply=groupby((Address/Street))&$expand=Address/Country",
        &format!("/People?$expand=Trip{}/Stay/Country", "/Next".repeat(12)),
    ] {
        assert_eq!(refusal(url), 400, "{url}");
    }
    assert_eq!(refusal(&format!("/People?$expand=Trip{}/Stay/Country", "/Next".repeat(9))), 200);
}

#[test]
fn a_creation_tells_what_was_made_inside_a_complex_value() {
    let body = r#"{"ID":7,"Address":{"Street":"New","Country":{"Code":"SE","Name":"Sweden"}}}"#;
    let home = address("Address", "New", Some("SE"), &[]);
    let home = home.set_named("Country", country("Country", "SE", "Sweden")).build();
    let person = new("Person").set_named("ID", 7).set_named("Address", Value::from(home)).whole();
    let answer = created(body, person).expect("created");
    assert_eq!(answer["Address"]["Country"]["Name"], "Sweden");
    assert_eq!(answer["@odata.context"], format!("{ROOT}/$metadata#People(Address/Country())/$entity"));
}
