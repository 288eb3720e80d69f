//! SIGTERM: running requests end, `/readyz` says so, the program exits 0.

use std::time::{Duration, Instant};

use e2e::{Raw, Service};

const ANSWER_WITHIN: Duration = Duration::from_secs(20);

#[test]
fn a_request_that_is_under_way_is_answered_and_kept() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    let mut raw = Raw::connect(&service);
    let head = format!(
        "POST /beta/officeConfiguration HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{",
        api.token()
    );
    assert!(raw.send(head.as_bytes()));
    // Until the head is read there is nothing to drain.
    std::thread::sleep(Duration::from_millis(500));
    service.signal("TERM");
    std::thread::sleep(Duration::from_millis(500));
    assert!(raw.send(b"}"));
    let answer = raw.answer(ANSWER_WITHIN).expect("an answer while draining");
    assert_eq!(answer.status, 201, "{}", answer.head);
    assert_eq!(service.wait().code(), Some(0));
    service.start_again();
    api.at(&service).post("/officeConfiguration", &serde_json::json!({})).error_code(409, "Conflict");
}

#[test]
fn readiness_is_503_while_draining() {
    let mut service = Service::start();
    let api = service.admin("contoso");
    let mut waiting = Raw::connect(&service);
    let head = format!(
        "POST /beta/officeConfiguration HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{",
        api.token()
    );
    assert!(waiting.send(head.as_bytes()));
    let mut probe = Raw::connect(&service);
    assert!(probe.request("GET /readyz", &[], b""));
    assert_eq!(probe.answer(ANSWER_WITHIN).expect("ready").status, 200);
    std::thread::sleep(Duration::from_millis(300));
    service.signal("TERM");
    std::thread::sleep(Duration::from_millis(500));
    // A load balancer probes on a connection it has, or on a new one.
    for mut raw in [Some(probe), Raw::connect_if_open(&service)].into_iter().flatten() {
        if raw.request("GET /readyz", &[], b"")
            && let Some(answer) = raw.answer(Duration::from_secs(3))
        {
            assert_eq!(answer.status, 503, "{}", answer.head);
        }
    }
    assert!(waiting.send(b"}"));
    assert_eq!(waiting.answer(ANSWER_WITHIN).expect("an answer").status, 201);
    assert_eq!(service.wait().code(), Some(0));
}

#[test]
fn an_idle_service_ends_at_once_even_with_open_connections() {
    let mut service = Service::start();
    service.admin("contoso").get("/officeConfiguration").ok();
    let mut idle = Raw::connect(&service);
    assert!(idle.request("GET /healthz", &[], b""));
    assert_eq!(idle.answer(ANSWER_WITHIN).expect("an answer").status, 200);
    let start = Instant::now();
    service.signal("TERM");
    assert_eq!(service.wait().code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn interrupt_ends_it_as_well() {
    let mut service = Service::start();
    service.signal("INT");
    assert_eq!(service.wait().code(), Some(0));
}
