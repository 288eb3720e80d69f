//! `…/clientConfigurations/delta()`.

use e2e::{Api, Service, samples};
use serde_json::json;

use super::{PATH, make};
use crate::following::Copy;
use crate::{column, items, text};

const DELTA: &str = "/officeConfiguration/clientConfigurations/delta()";

/// The id at the end of a path.
fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

#[track_caller]
fn rename(api: &Api, path: &str, name: &str) {
    api.patch(path, &json!({ "displayName": name })).ok();
}

#[test]
fn what_was_made_changed_and_deleted_is_told() {
    let service = Service::start();
    let api = service.admin("contoso");
    let mut early = Copy::of(&api, DELTA);
    assert!(early.entities.is_empty(), "of the unwritten default configuration");
    let (word, excel, visio) = (make(&api, "Word"), make(&api, "Excel"), make(&api, "Visio"));
    let mut copy = Copy::of(&api, DELTA);
    copy.is_as(&api, PATH);
    rename(&api, &excel, "Excel 2");
    api.delete(&word).no_content();
    let access = make(&api, "Access");
    assert_eq!(copy.told(&api), (vec![id(&excel), id(&access)], vec![id(&word)]));
    copy.is_as(&api, PATH);
    api.put(&format!("{visio}/policyPayload"), "application/json", b"[]").no_content();
    api.post(&format!("{visio}/assignments"), &samples::group_assignment("g")).created();
    assert_eq!(copy.told(&api), (vec![id(&visio)], vec![]));
    api.post(&format!("{visio}/assignments"), &samples::group_assignment("h")).created();
    assert_eq!(copy.told(&api), (vec![], vec![]), "assignments are entities of their own");
    early.catch_up(&api);
    early.is_as(&api, PATH);
}

#[test]
fn a_new_order_tells_those_that_moved() {
    let service = Service::start();
    let api = service.admin("contoso");
    let (one, two, three) = (make(&api, "1"), make(&api, "2"), make(&api, "3"));
    let mut copy = Copy::of(&api, DELTA);
    let body = json!({
        "officeConfigurationPolicyIds": [id(&two), id(&one), id(&three)],
        "officeConfigurationPriorities": [0, 1, 2]
    });
    api.post(&format!("{PATH}/updatePriorities"), &body).no_content();
    assert_eq!(copy.told(&api), (vec![id(&one), id(&two)], vec![]));
    copy.is_as(&api, PATH);
}

#[test]
fn a_cast_follows_its_type_alone() {
    let service = Service::start();
    let api = service.admin("contoso");
    let word = make(&api, "Word");
    let security = "microsoft.graph.windowsOfficeClientSecurityConfiguration";
    let baseline = json!({ "@odata.type": format!("#{security}"), "displayName": "Baseline" });
    let baseline = text(&api.post(PATH, &baseline).created(), "id").to_owned();
    let mut copy = Copy::of(&api, &format!("{PATH}/{security}/delta()"));
    assert_eq!(copy.entities.keys().collect::<Vec<_>>(), [&baseline]);
    rename(&api, &word, "Word 2");
    rename(&api, &format!("{PATH}/{baseline}"), "Baseline 2");
    assert_eq!(copy.told(&api), (vec![baseline.clone()], vec![]));
    api.delete(&format!("{PATH}/{baseline}")).no_content();
    assert_eq!(copy.told(&api), (vec![], vec![baseline]));
}

#[test]
fn each_officeconfiguration_is_followed_by_itself_and_no_longer_than_it_lives() {
    let service = Service::start();
    let api = service.admin("contoso");
    let pilot = text(&api.post("/officeConfigurations", &json!({})).created(), "id").to_owned();
    let path = format!("/officeConfigurations/{pilot}");
    let clients = format!("{path}/clientConfigurations");
    let word = text(&api.post(&clients, &samples::client("Word")).created(), "id").to_owned();
    let mut copy = Copy::of(&api, &format!("{clients}/delta()"));
    assert_eq!(copy.entities.keys().collect::<Vec<_>>(), [&word]);
    make(&api, "of the default one");
    assert_eq!(copy.told(&api), (vec![], vec![]));
    api.delete(&path).no_content();
    api.get(&copy.link).error_code(404, "ResourceNotFound");
    api.post("/officeConfigurations", &json!({ "id": pilot })).created();
    let gone = api.get(&copy.link);
    assert_eq!(gone.expect_header("location"), api.url(&format!("{clients}/delta()")));
    gone.error_code(410, "SyncStateNotFound");
}

#[test]
fn the_default_configurations_client_configurations_are_followed_until_it_is_deleted() {
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, "Word");
    let copy = Copy::of(&api, DELTA);
    let default = text(&api.get("/officeConfiguration").ok(), "id").to_owned();
    api.delete(&format!("/officeConfigurations/{default}")).no_content();
    api.get(&copy.link).error_code(410, "SyncStateNotFound");
    let mut anew = Copy::of(&api, DELTA);
    assert!(anew.entities.is_empty());
    let excel = make(&api, "Excel");
    assert_eq!(anew.told(&api), (vec![id(&excel)], vec![]));
}

#[test]
fn a_first_page_is_never_an_old_one() {
    // The engine's answers to plain URLs are kept; a link in one of these leads somewhere only for so long.
    let service = Service::start();
    let api = service.admin("contoso");
    make(&api, "Word");
    let first = api.get(DELTA).ok();
    api.post("/officeConfigurations", &json!({})).created();
    let second = api.get(DELTA).ok();
    assert_eq!(column(&first, "id"), column(&second, "id"));
    assert_ne!(first["@odata.deltaLink"], second["@odata.deltaLink"]);
    assert_eq!(items(&second).len(), 1);
}

#[test]
fn an_expansion_is_not_followed_and_the_refusal_names_it() {
    let service = Service::start();
    let api = service.admin("contoso");
    let set = "/officeConfiguration/clientConfigurations";
    make(&api, "Word");
    for path in ["delta()", "delta()?$deltatoken=latest"] {
        let sign = if path.contains('?') { '&' } else { '?' };
        let error = api.get(&format!("{set}/{path}{sign}$expand=assignments")).error_code(400, "BadRequest");
        assert_eq!(error["target"], "$expand");
        assert!(text(&error, "message").contains("$expand"), "{error}");
    }
}
