//! `officeconfig copy`: a data folder grows into a PostgreSQL database, and nobody who uses the service notices but by what it can do then.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use e2e::{Api, Cli, Database, READ_WRITE, Service, Setup, program, samples};
use serde_json::Value;

const CLIENTS: &str = "/officeConfiguration/clientConfigurations";
const STATUSES: &str = "/officeConfiguration/tenantCheckinStatuses";

/// A database to copy into; `None` where there is none, or where no service of this run has a data folder.
fn database() -> Option<Arc<Database>> {
    if std::env::var_os("OFFICECONFIG_TEST_STORE").is_some() { None } else { Database::shared() }
}

fn copy(data: &Path, to: &Database, args: &[&str]) -> Output {
    let from = format!("sqlite://{}", data.display());
    let mut command = Command::new(program());
    command.args(["copy", "--from", &from, "--to", &to.url(), "--secret-file"]).arg(to.secret_file()).args(args);
    command.stdin(Stdio::null()).output().unwrap()
}

#[track_caller]
fn copied(data: &Path, to: &Database, args: &[&str]) -> (String, String) {
    let output = copy(data, to, args);
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(output.status.success(), "{out}{err}");
    (out, err)
}

/// Stopped with exit code and one line.
#[track_caller]
fn refused(data: &Path, to: &Database, args: &[&str], code: i32) -> String {
    let output = copy(data, to, args);
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{err}");
    assert!(output.stdout.is_empty(), "{err}");
    let told: Vec<&str> = err.lines().filter(|line| line.starts_with("officeconfig: ")).collect();
    assert_eq!(told.len(), 1, "{err}");
    told[0].to_owned()
}

fn on(to: &Database) -> Service {
    Setup::default().args(&["--database", &to.url(), "--secret-file", to.secret_file().to_str().unwrap()]).start()
}

/// The same answer at both, but for the addresses in it.
#[track_caller]
fn same(one: &(Api, String), other: &(Api, String), path: &str) -> Value {
    let answers = [one, other].map(|(api, url)| {
        let answer = api.get(path).is(200);
        (answer.header("etag").map(str::to_owned), answer.text().replace(url, "http://here"))
    });
    assert_eq!(answers[0], answers[1], "{path}");
    serde_json::from_str(&answers[0].1).unwrap_or_default()
}

#[track_caller]
fn link(page: &Value, name: &str) -> String {
    page[name].as_str().unwrap_or_else(|| panic!("no {name}: {page}")).to_owned()
}

#[test]
fn the_demo_folder_answers_the_same_from_a_database_and_old_tokens_and_links_count() {
    let Some(to) = database() else { return };
    let mut service = Setup::default().args(&["--demo"]).start();
    let token = service.token(&["--tenant", "contoso", "--role", READ_WRITE]);
    let api = Api::new(&service, Some(token.clone()));
    let big = vec![7_u8; 200_000];
    let first = api.get(&format!("{CLIENTS}?$top=1")).ok()["value"][0]["id"].as_str().unwrap().to_owned();
    api.put(&format!("{CLIENTS}/{first}/policyPayload"), "application/octet-stream", &big).no_content();
    // What is followed from before a change: it is told after the copy.
    let delta = link(&api.get(&format!("{CLIENTS}/delta?$deltatoken=latest")).ok(), "@odata.deltaLink");
    let made = api.post(CLIENTS, &samples::client("made after")).created()["id"].as_str().unwrap().to_owned();
    let gone = api.post(CLIENTS, &samples::client("gone again")).created()["id"].as_str().unwrap().to_owned();
    api.delete(&format!("{CLIENTS}/{gone}")).no_content();
    let next = link(&api.get(STATUSES).ok(), "@odata.nextLink");
    let old = service.url();
    let error = refused(service.data(), &to, &[], 2);
    assert!(error.contains("in use"), "{error}");
    service.signal("TERM");
    assert!(service.wait().success());
    let data = service.data().to_owned();

    let (out, err) = copied(&data, &to, &["--output", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&report["tenants"], &report["copied"], &report["checkins"]), (&1.into(), &1.into(), &20_000.into()));
    assert!(report["payloadBytes"].as_u64() > Some(200_000) && report["seconds"].is_number(), "{report}");
    assert!(err.contains("copying tenant ") && err.contains("comparing tenant "), "{err}");
    let (out, _) = copied(&data, &to, &["--verify-only"]);
    assert!(out.contains("both are equal") && out.contains("20000 check-ins"), "{out}");

    service.start_again();
    let new = on(&to);
    let here = (Api::new(&service, Some(token.clone())), service.url());
    let there = (Api::new(&new, Some(token)), new.url());
    for path in [
        "/officeConfiguration",
        "/officeConfigurations",
        &format!("{CLIENTS}?$expand=assignments&$orderby=priority"),
        &format!("{STATUSES}?$top=100"),
        &format!("{STATUSES}?$top=100&$orderby=checkinDateTime%20desc&$count=true"),
        &format!("{STATUSES}?$top=100&$filter=wasSuccessful%20eq%20false"),
        &format!("{STATUSES}/$count"),
        &format!("{CLIENTS}/{first}/userCheckinSummary"),
        "/officeConfiguration/tenantUserCheckinSummary",
    ] {
        same(&here, &there, path);
    }
    assert_eq!(there.0.get(&format!("{CLIENTS}/{first}/policyPayload")).is(200).body, big);
    let at = |link: &str, url: &str| link.replace(&old, url);
    let told = there.0.get(&at(&delta, &new.url())).ok();
    let ids: Vec<&str> = told["value"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(ids, [made.as_str(), gone.as_str()], "{told}");
    let pages = [(&here.0, service.url()), (&there.0, new.url())]
        .map(|(api, url)| api.get(&at(&next, &url)).ok()["value"].clone());
    assert_eq!(pages[0], pages[1]);
    there.0.post(CLIENTS, &samples::client("made there")).created();
    service.signal("TERM");
    assert!(service.wait().success());

    // What goes on there is another tenant by then: nothing of it is overwritten.
    let error = refused(&data, &to, &[], 1);
    assert!(error.contains("nothing was copied") && error.contains("tenant "), "{error}");
    there.0.get(CLIENTS).ok();
}

#[test]
fn a_row_that_was_changed_afterwards_is_named() {
    let Some(to) = database() else { return };
    let mut service = Service::start();
    let api = service.admin("contoso");
    let mut body = samples::creation_request();
    body["tenantCheckinStatuses"] = serde_json::json!([
        samples::status("ann", "pc-1", true, &samples::days_ago(1)),
        samples::status("bert", "pc-2", true, &samples::days_ago(1)),
    ]);
    api.post("/officeConfiguration", &body).created();
    service.signal("TERM");
    assert!(service.wait().success());
    copied(service.data(), &to, &[]);
    to.sql("UPDATE officeconfig.written_checkins SET ok = false WHERE ordinal = 2");
    let error = refused(service.data(), &to, &["--verify-only"], 1);
    assert!(error.contains("check-in row 2 ") && error.contains("wasSuccessful"), "{error}");
}

#[test]
fn other_keys_in_the_database_are_refused_before_anything_is_copied() {
    let Some(to) = database() else { return };
    let mut service = Service::start();
    service.admin("contoso").post("/officeConfiguration", &samples::creation_request()).created();
    service.signal("TERM");
    assert!(service.wait().success());
    // Somebody has tried it.
    let tried = on(&to);
    drop(tried);
    let error = refused(service.data(), &to, &[], 1);
    assert!(error.contains("issuer-keys") || error.contains("continuation-key"), "{error}");
    assert!(error.contains("DELETE FROM officeconfig.secrets"), "says what to do: {error}");
    assert_eq!(to.sql("SELECT count(*) FROM officeconfig.tenants"), "0");
    to.sql("DELETE FROM officeconfig.secrets");
    copied(service.data(), &to, &[]);
}

#[test]
fn nonsense_is_refused_with_one_line() {
    let Some(to) = database() else { return };
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = refused(&missing, &to, &[], 2);
    assert!(error.contains("there is no database in"), "{error}");
    assert!(!missing.exists());
    let run = |args: &[&str]| Command::new(program()).arg("copy").args(args).output().unwrap();
    for (args, says) in [
        (["--from", "./data", "--to", "postgres://h/d"], "sqlite://"),
        (["--from", "mysql://h/d", "--to", "postgres://h/d"], "sqlite://"),
        (["--from", "sqlite://", "--to", "postgres://h/d"], "sqlite://"),
        (["--from", "sqlite://data", "--to", "sqlite://other"], "postgres://"),
    ] {
        let output = run(&args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), error.lines().count()), (Some(2), 1), "{error}");
        assert!(error.contains(says), "{error}");
    }
    // An empty folder of a service that was never used has nothing to copy, but has its database.
    let data = folder.path().join("data");
    let mut service = Setup::default().data(&data).start();
    service.kill();
    copied(&data, &to, &[]);
    let output = run(&["--from", &format!("sqlite://{}", data.display()), "--to", &to.url()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--secret-file"));
    assert!(Cli::on(&data).run("verify", &[]).status.success());
}
