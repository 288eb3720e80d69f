//! `officeconfig serve`: ready, healthy, told to stop.

use std::fs;
use std::io::{Read as _, Write as _};

use crate::harness::{Service, fail, run};

#[test]
fn it_says_one_line_answers_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(&folder.path().join("data"), &[]);
    assert!(service.line.starts_with("listening on http://127.0.0.1:"), "{}", service.line);
    let health = service.get("/healthz");
    assert!(health.starts_with("HTTP/1.1 200 OK\r\n") && health.ends_with("\r\n\r\nok\n"), "{health}");
    assert!(service.get("/readyz").ends_with("ready\n"));
    let nowhere = service.get("/favicon.ico");
    assert!(nowhere.starts_with("HTTP/1.1 404 ") && nowhere.contains("\"code\":\"ResourceNotFound\""), "{nowhere}");
    service.signal("TERM");
    let (code, out, _) = service.end();
    assert_eq!((code, out.as_str()), (0, ""));
}

#[test]
fn a_hangup_reads_the_certificate_again_and_without_one_it_is_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let (plain, own, tls) = (folder.path().join("plain"), folder.path().join("own"), folder.path().join("tls"));
    for (data, args) in [(&plain, &[][..]), (&own, &["--tls-self-signed"])] {
        let mut service = Service::start(data, args);
        service.signal("HUP");
        assert_eq!(service.end().0, 0);
    }
    let (cert, key) = (own.join("tls/cert.pem"), own.join("tls/key.pem"));
    let files = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let mut service = Service::start(&tls, &files);
    service.signal("HUP");
    service.log_until("the certificate was read again");
    service.signal("TERM");
    assert_eq!(service.end().0, 0);
}

#[test]
fn the_data_folder_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let _service = Service::start(&data, &[]);
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn readyz_is_503_while_it_drains_and_the_running_request_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(folder.path(), &[]);
    // A request whose body has not all come: it runs until the body is there.
    let mut running = service.connect();
    running.write_all(b"POST /nowhere-yet HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello").unwrap();
    // Answered on another connection after it: both are being served.
    service.get("/healthz");
    service.signal("TERM");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(4);
    while !service.get("/readyz").starts_with("HTTP/1.1 503 ") {
        assert!(std::time::Instant::now() < deadline, "never told that it drains");
    }
    let refused = service.get("/beta/officeConfiguration");
    let wait = refused.lines().find_map(|line| line.strip_prefix("retry-after: ")?.trim().parse::<u32>().ok());
    assert!(refused.starts_with("HTTP/1.1 503 ") && wait.is_some_and(|wait| (1..=5).contains(&wait)), "{refused}");
    running.write_all(b"world").unwrap();
    let mut answer = String::new();
    running.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert_eq!(service.end().0, 0);
}

#[test]
fn a_first_request_on_its_way_when_the_signal_comes_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::start(folder.path(), &[]);
    let mut early = service.connect();
    // Answered after it was accepted: the server holds the silent connection.
    service.get("/healthz");
    service.signal("TERM");
    while !service.get("/readyz").starts_with("HTTP/1.1 503 ") {}
    early.write_all(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    early.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert_eq!(service.end().0, 0);
}

#[test]
fn its_own_certificate_is_made_where_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &["--tls-self-signed"]);
    assert!(service.line.starts_with("listening on https://127.0.0.1:"), "{}", service.line);
    assert!(fs::read_to_string(folder.path().join("tls/cert.pem")).unwrap().starts_with("-----BEGIN CERTIFICATE"));
}

#[test]
fn a_folder_in_use_is_not_shared() {
    let folder = tempfile::tempdir().unwrap();
    let _service = Service::start(folder.path(), &[]);
    let path = folder.path().to_str().unwrap();
    let error = fail(1, &["serve", "--listen", "127.0.0.1:0", "--data", path]);
    assert!(error.contains(path) && error.contains("in use"), "{error}");
}

#[test]
fn what_is_asked_wrongly_is_2_and_names_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("o.toml");
    fs::write(&file, "[limits]\nconnections = \"many\"\n").unwrap();
    let file = file.to_str().unwrap();
    let error = fail(2, &["serve", "--config", file]);
    assert!(error.contains("o.toml:2:15: limits.connections: "), "{error}");

    let error = fail(2, &["serve", "--config", "/nowhere/o.toml"]);
    assert!(error.starts_with("officeconfig: /nowhere/o.toml: "), "{error}");

    let data = folder.path().join("data");
    let data = data.to_str().unwrap();
    let error = fail(2, &["serve", "--listen", "0.0.0.0:0", "--data", data]);
    assert!(error.contains("0.0.0.0:0 is reachable from other machines"), "{error}");

    let error = fail(
        2,
        &["serve", "--listen", "127.0.0.1:0", "--tls-cert", "/nowhere/c", "--tls-key", "/nowhere/k", "--data", data],
    );
    assert!(error.contains("/nowhere/c: no usable certificate"), "{error}");

    fs::write(folder.path().join("i.toml"), "[[issuers]]\nissuer = \"https://i.example\"\nadmin_audiences = [\"a\"]\n")
        .unwrap();
    let issuers = folder.path().join("i.toml");
    let error = fail(2, &["serve", "--listen", "127.0.0.1:0", "--config", issuers.to_str().unwrap(), "--data", data]);
    assert!(error.contains("[[issuers]] https://i.example: `tenants` is required"), "{error}");

    let (code, _, stderr) = run(&["serve", "--tls-cert", "c"]);
    assert!(code == 2 && stderr.contains("--tls-key"), "{stderr}");
    let (code, _, stderr) = run(&["serf"]);
    assert!(code == 2 && stderr.contains("serve"), "{stderr}");
}

#[test]
fn a_port_in_use_is_1_and_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let error = fail(1, &["serve", "--listen", &address, "--data", folder.path().to_str().unwrap()]);
    assert!(error.contains(&format!("cannot listen on {address}")), "{error}");
}

#[test]
fn the_demo_fills_an_empty_folder_uses_its_own_and_refuses_others() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    for _ in 0..2 {
        let mut service = Service::start(&demo, &["--demo"]);
        service.signal("TERM");
        let (code, out, err) = service.end();
        assert_eq!((code, out.as_str()), (0, ""));
        assert!(err.contains("officeconfig token --tenant contoso --data") && err.contains("curl"), "{err}");
    }
    let other = folder.path().join("other");
    let mut service = Service::start(&other, &[]);
    service.signal("TERM");
    assert_eq!(service.end().0, 0);
    let error = fail(1, &["serve", "--demo", "--listen", "127.0.0.1:0", "--data", other.to_str().unwrap()]);
    assert!(error.contains("--demo: the data folder is in use and not the demo's"), "{error}");
}

#[test]
fn the_version_is_told() {
    let (code, out, _) = run(&["--version"]);
    assert_eq!((code, out), (0, format!("officeconfig {}\n", env!("CARGO_PKG_VERSION"))));
}
