//! Functions: overloads, arguments in every form, what follows a call.

use serde_json::json;

use super::support::{body, each, get_url, status};

#[test]
fn overloads_are_told_apart_by_the_names_given() {
    assert_eq!(body("/Longest()")["ID"], 1);
    assert_eq!(body("/Longest")["ID"], 1);
    assert_eq!(each("/Longest(count=2)", "ID"), [1, 3]);
    assert_eq!(each("/Longest(count=@c)?@c=2", "ID"), [1, 3]);
    assert_eq!(each("/Longest()?count=1", "ID"), [1]);
    assert_eq!(each("/Longest?count=1", "ID"), [1]);
    for bad in
        ["Longest(count='x')", "Longest(size=2)", "Longest?size=2", "Longest(count=-1)", "Echo", "Echo(form='x')"]
    {
        assert_eq!(status(&format!("/{bad}")), 400, "{bad}");
    }
}

#[test]
fn a_result_takes_options_and_a_composable_one_goes_on() {
    assert_eq!(each("/Longest(count=3)?$filter=Pages lt 300&$orderby=ID&$top=1", "ID"), [2]);
    assert_eq!(body("/Longest(count=3)?$expand=Author&$top=1")["value"][0]["Author"]["Name"], "Ada");
    assert_eq!(get_url("/Longest(count=2)/$count"), (200, json!(2)));
    assert_eq!(status("/Longest(count=2)/1"), 404, "this overload is not composable");
    assert_eq!(body("/Longest()/Title")["value"], "Alpha");
    assert_eq!(body("/Longest()/Author/Name")["value"], "Ada");
    assert_eq!(body("/Longest()?$select=Title")["Title"], "Alpha");
}

#[test]
fn what_is_bound_to_a_collection_sees_what_the_path_left() {
    assert_eq!(each("/Books/lib.Of(form=lib.Form'Sound')", "ID"), [2]);
    assert_eq!(each("/Books/Of(form='Paper')", "ID"), [1, 2, 3]);
    assert_eq!(each("/Books/$filter(Pages ge 200)/Of(form='Paper')?$select=ID", "ID"), [1, 3]);
    assert_eq!(get_url("/Books/Of(form='Paper')/$count"), (200, json!(3)));
    assert_eq!(body("/Books/Of(form='Sound')(2)")["Title"], "Beta");
}

#[test]
fn arguments_may_be_written_as_json() {
    assert_eq!(body("/Echo(place=@p)?@p={\"City\":\"Rome\",\"Shelf\":3}")["Shelf"], 3);
    assert_eq!(body("/Echo(texts=@t)?@t=[\"a\",\"b\"]")["value"], json!(["a", "b"]));
    assert_eq!(body("/Echo(form=lib.Form'Paper,Sound')")["value"], "Paper,Sound");
    assert_eq!(body("/Echo(form='Sound')")["value"], "Sound");
    for bad in
        ["place=@p)?@p={\"Town\":\"Rome\"}", "place=@p)?@p={\"Shelf\":\"x\"}", "place=@p)?@p=[]", "texts=@t)?@t={}"]
    {
        assert_eq!(status(&format!("/Echo({bad}")), 400, "{bad}");
    }
}
