//! `officeconfig serve`: where it listens, what it prints, what it refuses.

use std::process::Command;

use e2e::{Api, Cli, Service, Setup, program, samples};
use serde_json::json;

#[test]
fn it_prints_exactly_one_line_on_stdout() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    api.post("/officeConfiguration", &samples::creation_request()).created();
    api.get("/colour").error(400);
    service.signal("TERM");
    assert!(service.wait().success());
    let lines = service.stdout();
    assert_eq!(lines, [format!("listening on {}", service.url())]);
}

#[test]
fn port_zero_picks_a_port() {
    let service = Service::start();
    let port: u16 = service.address().rsplit(':').next().unwrap().parse().unwrap();
    assert_ne!(port, 0);
}

#[test]
fn health_and_readiness_are_told() {
    let service = Service::start();
    let api = Api::new(&service, None);
    for path in ["//healthz", "//readyz"] {
        let answer = api.get(path).is(200);
        assert!(answer.expect_header("content-type").starts_with("text/plain"), "{path}");
    }
}

#[test]
fn another_address_without_tls_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cli = Cli::on(&folder.path().join("data"));
    for address in ["0.0.0.0:0", "[::]:0"] {
        let error = cli.refuse("serve", &["--listen", address]);
        assert!(error.contains("--behind-proxy"), "tells the way out: {error}");
    }
    assert!(!folder.path().join("data").exists(), "a refused start makes no data folder");
}

#[test]
fn another_address_behind_a_proxy_or_with_tls_is_served() {
    let service = Setup::default().listen("0.0.0.0:0").args(&["--behind-proxy"]).start();
    assert!(service.url().starts_with("http://0.0.0.0:"), "{}", service.url());
    let service = Setup::default().listen("0.0.0.0:0").tls().start();
    assert!(service.url().starts_with("https://0.0.0.0:"), "{}", service.url());
}

#[test]
fn a_self_signed_certificate_is_made_once_and_serves_tls() {
    let mut service = Setup::default().tls().start();
    assert!(service.url().starts_with("https://127.0.0.1:"), "{}", service.url());
    let api = service.admin("contoso");
    let created = api.post("/officeConfiguration", &json!({})).is(201);
    assert!(created.expect_header("location").starts_with(&service.url()));
    let certificate = std::fs::read(service.certificate_file()).unwrap();
    service.kill();
    service.start_again();
    assert_eq!(std::fs::read(service.certificate_file()).unwrap(), certificate, "clients keep trusting it");
    api.at(&service).get("/officeConfiguration").ok();
}

#[test]
fn given_certificate_files_are_used_and_missing_ones_refused() {
    let folder = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let setup = Setup { trust: Some(certificate.clone()), ..Setup::default() };
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let service = setup.args(&["--tls-cert", certificate, "--tls-key", key]).start();
    assert!(service.url().starts_with("https://"), "{}", service.url());
    let answer = service.admin("contoso").get("/officeConfiguration").is(200);
    assert!(answer.expect_header("strict-transport-security").starts_with("max-age="));
    let cli = Cli::on(&folder.path().join("data"));
    cli.refuse("serve", &["--listen", "127.0.0.1:0", "--tls-cert", certificate]);
    cli.refuse("serve", &["--listen", "127.0.0.1:0", "--tls-cert", "no-such-file", "--tls-key", key]);
}

#[test]
fn the_data_folder_is_locked_while_in_use() {
    let mut service = Service::start();
    let cli = Cli::on(service.data());
    let error = cli.refuse("serve", &["--listen", "127.0.0.1:0"]);
    assert!(error.contains("use") || error.contains("lock"), "{error}");
    cli.refuse("verify", &[]);
    service.admin("contoso").get("/officeConfiguration").ok();
    service.kill();
    cli.succeed("verify", &[]);
}

#[test]
fn a_configuration_file_with_an_unknown_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("officeconfig.toml");
    std::fs::write(&file, "lenient_type = true\n").unwrap();
    let cli = Cli::on(&folder.path().join("data"));
    let error = cli.refuse("serve", &["--listen", "127.0.0.1:0", "--config", file.to_str().unwrap()]);
    assert!(error.contains("lenient_type"), "{error}");
}

#[test]
fn only_the_owner_may_look_into_the_data_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let service = Service::start();
    let mode = std::fs::metadata(service.data()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "{mode:o}");
}

#[test]
fn help_has_examples_and_version_is_one_line() {
    let help = Command::new(program()).arg("--help").output().unwrap();
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("officeconfig serve"));
    let version = Command::new(program()).arg("--version").output().unwrap();
    let text = String::from_utf8_lossy(&version.stdout).into_owned();
    assert!(version.status.success() && text.lines().count() == 1 && text.starts_with("officeconfig "), "{text}");
    let wrong = Command::new(program()).arg("frobnicate").output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}
