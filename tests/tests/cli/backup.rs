//! `officeconfig backup` and `restore`.

use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{Cli, Service, Setup, samples};
use serde_json::{Value, json};

const CLIENTS: &str = "/officeConfiguration/clientConfigurations";

fn name(n: usize) -> Value {
    let mut body = samples::client(&format!("c{n:05}"));
    body["assignments"] = json!([samples::group_assignment("a"), samples::group_assignment("b")]);
    body
}

#[test]
fn a_backup_while_writing_is_one_instant_of_the_database() {
    let service = Service::start();
    let api = service.admin("contoso");
    for n in 0..20 {
        api.post(CLIENTS, &name(n)).created();
    }
    let payload = vec![7_u8; 200_000];
    let first =
        api.get(&format!("{CLIENTS}?$top=1&$orderby=priority")).ok()["value"][0]["id"].as_str().unwrap().to_owned();
    api.put(&format!("{CLIENTS}/{first}/policyPayload"), "application/octet-stream", &payload).no_content();
    let target = service.folder().join("backup");
    let stop = AtomicBool::new(false);
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut n = 20;
            while !stop.load(Ordering::Relaxed) {
                api.post(CLIENTS, &name(n)).created();
                n += 1;
            }
            n
        });
        let backup = Cli::on(service.data()).run("backup", &["--to", target.to_str().unwrap()]);
        // Before anything that may panic: the writer must end.
        stop.store(true, Ordering::Relaxed);
        assert!(backup.status.success(), "{}", String::from_utf8_lossy(&backup.stderr));
        writer.join().unwrap()
    });

    let restored = service.folder().join("restored");
    Cli::on(&restored).succeed("restore", &["--from", target.to_str().unwrap()]);
    Cli::on(&restored).succeed("verify", &[]);
    let copy = Setup::default().data(&restored).start();
    let api = copy.admin("contoso");
    let mut names = Vec::new();
    let mut next = format!("{CLIENTS}?$orderby=displayName&$select=displayName,id");
    loop {
        let page = api.get(&next).ok();
        for item in page["value"].as_array().unwrap() {
            names.push(item["displayName"].as_str().unwrap().to_owned());
        }
        match page["@odata.nextLink"].as_str() {
            Some(link) => link.clone_into(&mut next),
            None => break,
        }
    }
    assert!((20..=written).contains(&names.len()), "{} of {written}", names.len());
    let whole: Vec<String> = (0..names.len()).map(|n| format!("c{n:05}")).collect();
    assert_eq!(names, whole, "a prefix of what was written: one instant");
    assert_eq!(api.get(&format!("{CLIENTS}/{first}/policyPayload")).is(200).body, payload);
}

#[test]
fn a_token_of_before_works_after_a_restore() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post("/officeConfiguration", &samples::creation_request()).created();
    let target = service.folder().join("backup");
    Cli::on(service.data()).succeed("backup", &["--to", target.to_str().unwrap()]);
    let restored = service.folder().join("restored");
    Cli::on(&restored).succeed("restore", &["--from", target.to_str().unwrap()]);
    let copy = Setup::default().data(&restored).start();
    api.at(&copy).get("/officeConfiguration").ok();
}

#[test]
fn a_restore_over_data_and_a_backup_over_a_backup_are_refused() {
    let service = Service::start();
    let api = service.admin("contoso");
    api.post("/officeConfiguration", &samples::creation_request()).created();
    let target = service.folder().join("backup");
    let to = target.to_str().unwrap();
    let cli = Cli::on(service.data());
    cli.succeed("backup", &["--to", to]);
    cli.refuse("backup", &["--to", to]);
    cli.refuse("restore", &["--from", to]);
    api.get("/officeConfiguration").ok();
    let other = Cli::on(&service.folder().join("other"));
    other.refuse("restore", &["--from", service.folder().join("no-such-backup").to_str().unwrap()]);
}

#[test]
fn json_output_is_one_object() {
    let service = Service::start();
    let target = service.folder().join("backup");
    let text = Cli::on(service.data()).succeed("backup", &["--to", target.to_str().unwrap(), "--output", "json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert!(report.is_object(), "{report}");
}
