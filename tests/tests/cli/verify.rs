//! `officeconfig verify`: checks a database that nobody uses.

use e2e::{Cli, Service, samples};
use serde_json::Value;

fn written() -> Service {
    let mut service = Service::start();
    let api = service.admin("contoso");
    api.post("/officeConfiguration", &samples::creation_request()).created();
    for n in 0..20 {
        api.post("/officeConfiguration/clientConfigurations", &samples::client(&format!("c{n}"))).created();
    }
    service.signal("TERM");
    assert!(service.wait().success());
    service
}

#[test]
fn a_good_database_is_verified() {
    let service = written();
    let cli = Cli::on(service.data());
    assert!(!cli.succeed("verify", &[]).trim().is_empty());
    let report: Value = serde_json::from_str(&cli.succeed("verify", &["--output", "json"])).unwrap();
    assert!(report.is_object(), "{report}");
}

#[test]
fn a_damaged_database_is_not() {
    let service = written();
    let database = std::fs::read_dir(service.data())
        .unwrap()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_file())
        .max_by_key(|entry| entry.metadata().unwrap().len())
        .unwrap()
        .path();
    let mut bytes = std::fs::read(&database).unwrap();
    let middle = bytes.len() / 2;
    // Two pages: a part of one may be unused.
    for byte in &mut bytes[middle..middle + 2 * 4096] {
        *byte ^= 0x5a;
    }
    std::fs::write(&database, bytes).unwrap();
    let output = Cli::on(service.data()).run("verify", &[]);
    assert!(!output.status.success(), "{} is damaged", database.display());
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"));
}

#[test]
fn a_folder_without_a_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cli = Cli::on(&folder.path().join("nothing"));
    cli.refuse("verify", &[]);
    assert!(!folder.path().join("nothing").exists());
}
