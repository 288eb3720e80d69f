//! `/officeConfigurations/delta()`.

use e2e::{Api, Cli, READ, Service, Setup, samples};
use serde_json::json;

use crate::following::Copy;
use crate::{column, items, text};

const SET: &str = "/officeConfigurations";
const DELTA: &str = "/officeConfigurations/delta()";

/// Makes configurations and returns their ids.
#[track_caller]
fn make(api: &Api, count: usize) -> Vec<String> {
    (0..count).map(|_| text(&api.post(SET, &json!({})).created(), "id").to_owned()).collect()
}

#[track_caller]
fn touch(api: &Api, id: &str) {
    api.patch(&format!("{SET}/{id}"), &json!({ "tenantUserCheckinSummary": { "failedUserCount": 1 } })).ok();
}

#[track_caller]
fn delete(api: &Api, id: &str) {
    api.delete(&format!("{SET}/{id}")).no_content();
}

/// The link at another address.
fn below_root(link: &str) -> String {
    link.split_once("/beta").unwrap().1.to_owned()
}

#[test]
fn a_first_round_tells_everything_and_a_later_one_what_changed() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post(SET, &samples::creation_request()).created();
    let ids = make(&api, 3);
    let mut copy = Copy::of(&api, DELTA);
    copy.is_as(&api, SET);
    assert_eq!(copy.told(&api), (vec![], vec![]));
    touch(&api, &ids[0]);
    touch(&api, &ids[0]);
    touch(&api, &ids[1]);
    delete(&api, &ids[1]);
    let made = make(&api, 1);
    assert_eq!(copy.told(&api), (vec![ids[0].clone(), made[0].clone()], vec![ids[1].clone()]));
    copy.is_as(&api, SET);
}

#[test]
fn the_function_has_every_spelling() {
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, 2);
    for url in [
        DELTA,
        "/officeConfigurations/delta",
        "/officeConfigurations/microsoft.graph.delta()",
        "/officeConfigurations/microsoft.graph.delta",
        "/officeConfigurations/microsoft.graph.officeConfiguration/delta()",
    ] {
        let page = api.get(url).ok();
        assert_eq!(items(&page).len(), 2, "{url}");
        let link = text(&page, "@odata.deltaLink");
        assert!(link.starts_with(&format!("{}?$deltatoken=", api.url(url))), "{link}");
        assert!(items(&api.get(link).ok()).is_empty(), "{url}");
    }
    api.post(DELTA, &json!({})).error(405);
}

#[test]
fn an_answer_looks_like_graphs() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids = make(&api, 2);
    let first = api.get(&format!("{DELTA}?$select=id,createdDateTime")).ok();
    let context = format!("{}/$metadata#officeConfigurations(id,createdDateTime)/$delta", api.url(""));
    assert_eq!(first["@odata.context"], context.as_str());
    delete(&api, &ids[0]);
    touch(&api, &ids[1]);
    let later = api.get(text(&first, "@odata.deltaLink")).ok();
    assert_eq!(items(&later)[0]["id"], ids[1].as_str());
    assert!(items(&later)[0]["createdDateTime"].is_string());
    assert!(items(&later)[0].get("tenantCheckinStatuses").is_none(), "as selected: {later}");
    assert_eq!(items(&later)[1], json!({ "id": ids[0], "@removed": { "reason": "deleted" } }));
    assert!(text(&later, "@odata.deltaLink").contains("$select=id,createdDateTime&$deltatoken="), "{later}");
}

#[test]
fn r2_the_default_configuration_is_told_when_it_is_written() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut copy = Copy::of(&api, DELTA);
    assert!(copy.entities.is_empty());
    let id = text(&api.post("/officeConfiguration", &json!({})).created(), "id").to_owned();
    assert_eq!(copy.told(&api), (vec![id.clone()], vec![]));
    delete(&api, &id);
    assert_eq!(copy.told(&api), (vec![], vec![id]));
}

#[test]
fn nothing_is_lost_that_changes_while_pages_are_read() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids = make(&api, 7);
    let mut copy = Copy::at(&format!("{DELTA}?$top=2"));
    assert!(copy.page(&api));
    assert_eq!(copy.entities.len(), 2, "$top is the size of a page");
    touch(&api, &ids[0]);
    delete(&api, &ids[1]);
    delete(&api, &ids[4]);
    make(&api, 1);
    while copy.page(&api) {
        make(&api, 1);
    }
    copy.catch_up(&api);
    copy.is_as(&api, SET);
    // The pages of a later round, with writers between them.
    for id in [&ids[0], &ids[2], &ids[3]] {
        touch(&api, id);
    }
    let small = |api: &Api, link: &str| api.call("GET", link).header("prefer", "odata.maxpagesize=1").send();
    let first = small(&api, &copy.link).is(200);
    assert!(first.expect_header("preference-applied").contains("maxpagesize=1"));
    let first = first.json();
    assert_eq!(column(&first, "id"), [ids[0].as_str()]);
    delete(&api, &ids[0]);
    touch(&api, &ids[3]);
    text(&first, "@odata.nextLink").clone_into(&mut copy.link);
    copy.catch_up(&api);
    copy.is_as(&api, SET);
}

#[test]
fn a_deleted_id_that_came_back_is_there() {
    let service = Service::start();
    let api = service.admin("contoso");
    let ids = make(&api, 1);
    let mut copy = Copy::of(&api, DELTA);
    delete(&api, &ids[0]);
    api.post(SET, &json!({ "id": ids[0] })).created();
    assert_eq!(copy.told(&api), (ids.clone(), vec![]));
    copy.is_as(&api, SET);
}

#[test]
fn latest_tells_nothing_but_where_later_changes_begin() {
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, 3);
    let mut copy = Copy::of(&api, &format!("{DELTA}?$deltatoken=latest"));
    assert!(copy.entities.is_empty());
    let made = make(&api, 1);
    assert_eq!(copy.told(&api), (made, vec![]));
}

#[test]
fn what_is_not_offered_is_400_and_named() {
    let service = Service::start();
    let api = service.admin("contoso");
    for (option, name) in [
        ("$filter=id%20eq%20'x'", "$filter"),
        ("$orderby=id", "$orderby"),
        ("$search=x", "$search"),
        ("$skip=1", "$skip"),
        ("$count=true", "$count"),
        ("$expand=clientConfigurations", "$expand"),
    ] {
        let error = api.get(&format!("{DELTA}?{option}")).error_code(400, "BadRequest");
        assert_eq!(error["target"], name);
        assert!(text(&error, "message").contains(name), "{error}");
    }
    api.get(&format!("{SET}?$deltatoken=latest")).error(400);
    let untracked = api.call("GET", SET).header("prefer", "odata.track-changes").send().ok();
    assert!(untracked.get("@odata.deltaLink").is_none(), "changes are told by the function: {untracked}");
}

#[test]
fn a_token_is_good_only_where_it_was_given_and_only_as_it_was_made() {
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, 2);
    let page = api.get(&format!("{DELTA}?$top=1")).ok();
    let next = text(&page, "@odata.nextLink").to_owned();
    let mut copy = Copy::of(&api, DELTA);
    let later = std::mem::take(&mut copy.link);
    let theirs = service.admin("fabrikam");
    let clients = "/officeConfiguration/clientConfigurations/delta()";
    for link in [next, later] {
        let token = link.split_once("token=").unwrap().1;
        let option = if link.contains("$skiptoken") { "$skiptoken" } else { "$deltatoken" };
        api.get(&link).ok();
        assert_eq!(theirs.get(&link).error(400)["target"], option, "another tenant's");
        let flipped = if token.ends_with('A') { "B" } else { "A" };
        let tampered = format!("{}{flipped}", &link[..link.len() - 1]);
        for other in [
            tampered,
            format!("{link}AAAA"),
            format!("{clients}?{option}={token}"),
            format!("{DELTA}?$select=id&{option}={token}"),
            format!("{SET}?{option}={token}"),
            format!("{DELTA}?{}={token}", if option == "$skiptoken" { "$deltatoken" } else { "$skiptoken" }),
        ] {
            api.get(&other).error(400);
        }
    }
}

#[test]
fn a_token_outlives_the_process() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    let ids = make(&api, 2);
    let mut copy = Copy::of(&api, DELTA);
    delete(&api, &ids[0]);
    service.kill();
    service.start_again();
    copy.link = below_root(&copy.link);
    let api = api.at(&service);
    touch(&api, &ids[1]);
    assert_eq!(copy.told(&api), (vec![ids[1].clone()], vec![ids[0].clone()]));
}

#[test]
fn reading_suffices_and_is_needed() {
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, 1);
    let reader = api.with_token(&service.token(&["--tenant", "contoso", "--role", READ]));
    assert_eq!(Copy::of(&reader, DELTA).entities.len(), 1);
    api.anonymous().get(DELTA).error(401);
    let nobody = api.with_token(&service.token(&["--tenant", "contoso", "--role", "User.Read.All"]));
    nobody.get(DELTA).error(403);
}

#[test]
fn what_the_log_does_not_reach_any_more_is_410_with_where_to_begin_anew() {
    let service = Setup::default().config("change_log.commits = 3").start();
    let api = service.admin("contoso");
    make(&api, 1);
    let mut copy = Copy::of(&api, &format!("{DELTA}?$select=id"));
    make(&api, 2);
    copy.catch_up(&api);
    assert_eq!(copy.entities.len(), 3, "near enough");
    make(&api, 3);
    let gone = api.get(&copy.link);
    let location = gone.expect_header("location");
    gone.error_code(410, "SyncStateNotFound");
    assert_eq!(location, api.url(&format!("{DELTA}?$select=id")));
    let mut copy = Copy::of(&api, &location);
    assert_eq!(copy.entities.len(), 6);
    let made = make(&api, 1);
    assert_eq!(copy.told(&api), (made, vec![]));
}

#[test]
fn a_token_from_after_the_backup_that_was_restored_is_410_whatever_happens_then() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    let ids = make(&api, 2);
    let mut kept = Copy::of(&api, DELTA);
    let (backup, restored) = (service.folder().join("backup"), service.folder().join("restored"));
    Cli::on(service.data()).succeed("backup", &["--to", backup.to_str().unwrap()]);
    make(&api, 2);
    let mut lost = Copy::of(&api, DELTA);
    service.kill();
    Cli::on(&restored).succeed("restore", &["--from", backup.to_str().unwrap()]);
    let again = Setup::default().data(&restored).start();
    let api = again.admin("contoso");
    for copy in [&mut kept, &mut lost] {
        copy.link = below_root(&copy.link);
    }
    api.get(&lost.link).error_code(410, "SyncStateNotFound");
    for _ in 0..3 {
        touch(&api, &ids[0]);
    }
    api.get(&lost.link).error_code(410, "SyncStateNotFound");
    assert_eq!(kept.told(&api), (vec![ids[0].clone()], vec![]));
}
