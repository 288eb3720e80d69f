//! `officeconfig backup`, `restore`, `verify`.

use std::fs;
use std::path::Path;

use crate::harness::{Service, fail, run};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn succeed(args: &[&str]) -> serde_json::Value {
    let (code, out, err) = run(&[args, &["--output", "json"]].concat());
    assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_backup_of_a_running_service_comes_back_whole_with_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy, again) = (folder.path().join("data"), folder.path().join("copy"), folder.path().join("again"));
    let mut service = Service::start(&data, &["--demo"]);
    let told = succeed(&["backup", "--data", text(&data), "--to", text(&copy)]);
    assert_eq!(told["issuerKeys"], true);
    let busy = fail(1, &["verify", "--data", text(&data)]);
    assert!(busy.contains("in use"), "{busy}");
    service.signal("TERM");
    assert_eq!(service.end().0, 0);

    let original = succeed(&["verify", "--data", text(&data)]);
    assert_eq!(
        (&original["sound"], &original["clientConfigurations"], &original["checkins"]),
        (&true.into(), &30.into(), &20_000.into())
    );
    succeed(&["restore", "--from", text(&copy), "--data", text(&again)]);
    assert_eq!(succeed(&["verify", "--data", text(&again)]), original);
    assert_eq!(fs::read(data.join("issuer-keys.json")).unwrap(), fs::read(again.join("issuer-keys.json")).unwrap());

    let twice = fail(1, &["backup", "--data", text(&data), "--to", text(&copy)]);
    assert!(twice.contains("copy"), "{twice}");
    let over = fail(1, &["restore", "--from", text(&copy), "--data", text(&data)]);
    assert!(over.contains("data"), "{over}");
}

#[test]
fn what_is_not_there_is_named_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (nowhere, target) = (folder.path().join("nowhere"), folder.path().join("target"));
    for args in [
        ["backup", "--data", text(&nowhere), "--to", text(&target)].as_slice(),
        &["restore", "--from", text(&nowhere), "--data", text(&target)],
        &["verify", "--data", text(&nowhere)],
    ] {
        let error = fail(1, args);
        assert!(error.contains("nowhere"), "{error}");
        assert!(!nowhere.exists());
        assert!(fs::read_dir(&target).map_or(true, |mut entries| entries.next().is_none()));
    }
}
