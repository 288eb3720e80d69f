//! `…/assignments/delta()`.

use e2e::{Service, samples};
use serde_json::json;

use super::super::make;
use crate::following::Copy;
use crate::{column, text};

#[test]
fn assignments_are_told_one_by_one() {
    let service = Service::start();
    let api = service.admin("contoso");
    let (word, excel) = (make(&api, "Word"), make(&api, "Excel"));
    let assignments = format!("{word}/assignments");
    let add = |group| text(&api.post(&assignments, &samples::group_assignment(group)).created(), "id").to_owned();
    let (one, two) = (add("a"), add("b"));
    let mut copy = Copy::of(&api, &format!("{assignments}/delta"));
    copy.is_as(&api, &assignments);
    api.patch(&format!("{assignments}/{two}"), &samples::group_assignment("c")).ok();
    assert_eq!(copy.told(&api), (vec![two.clone()], vec![]));
    api.delete(&format!("{assignments}/{one}")).no_content();
    let three = add("d");
    assert_eq!(copy.told(&api), (vec![three.clone()], vec![one]));
    let all =
        json!({ "officeConfigurationAssignments": [samples::group_assignment("e"), samples::group_assignment("f")] });
    let assigned = api.post(&format!("{word}/assign"), &all).ok();
    api.post(&format!("{excel}/assignments"), &samples::group_assignment("x")).created();
    let (there, mut gone) = copy.told(&api);
    gone.sort();
    let mut replaced = vec![two, three];
    replaced.sort();
    assert_eq!((there, gone), (column(&assigned, "id").into_iter().map(str::to_owned).collect(), replaced));
    copy.is_as(&api, &assignments);
    api.delete(&word).no_content();
    api.get(&copy.link).error_code(404, "ResourceNotFound");
}
