//! Connections that misbehave: slow, oversized, ambiguous.

use std::time::{Duration, Instant};

use e2e::{Raw, Service, Setup};

use crate::world::{CLIENTS, World};

/// Time-outs short enough to wait for.
const IMPATIENT: &str = "[limits]\nheader_timeout_s = 3\nbody_timeout_s = 3\nidle_timeout_s = 3\n";
/// Longer than any of those time-outs, on a busy machine.
const CUT_WITHIN: Duration = Duration::from_secs(20);
/// Time for an answer to a whole request.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Larger than any body that is taken.
const TOO_LARGE: usize = 12 * 1024 * 1024;

fn authorization(world: &World) -> String {
    format!("Bearer {}", world.api.token())
}

fn impatient() -> World {
    let service = Setup::default().config(IMPATIENT).start();
    let api = service.admin("contoso");
    World::of(service, api)
}

#[test]
fn slow_headers_are_cut() {
    let service = Setup::default().config(IMPATIENT).start();
    let mut raw = Raw::connect(&service);
    assert!(raw.send(b"GET /beta/officeConfiguration HTTP/1.1\r\nhost: localhost\r\n"));
    let start = Instant::now();
    // One header line a second keeps the connection busy and must not keep it alive.
    while start.elapsed() < CUT_WITHIN {
        if raw.closed_within(Duration::from_secs(1)).is_some() || !raw.send(b"x-slow: 1\r\n") {
            assert!(start.elapsed() > Duration::from_secs(1), "cut at once");
            return;
        }
    }
    panic!("still open after {CUT_WITHIN:?}");
}

#[test]
fn a_connection_that_says_nothing_is_cut() {
    let service = Setup::default().config(IMPATIENT).start();
    let mut raw = Raw::connect(&service);
    assert!(raw.closed_within(CUT_WITHIN).is_some(), "still open after {CUT_WITHIN:?}");
}

#[test]
fn a_slow_body_is_cut_and_changes_nothing() {
    let world = impatient();
    world.unchanged(|world| {
        let mut raw = Raw::connect(&world.service);
        let head = format!(
            "POST /beta/officeConfigurations HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{",
            authorization(world)
        );
        assert!(raw.send(head.as_bytes()));
        match raw.answer(CUT_WITHIN) {
            Some(answer) => assert!((400..500).contains(&answer.status), "{}", answer.head),
            None => assert!(raw.closed_within(Duration::from_secs(1)).is_some(), "neither cut nor answered"),
        }
    });
}

#[test]
fn a_body_over_the_limit_is_413_and_the_connection_is_still_usable() {
    let world = World::new();
    world.unchanged(|world| {
        let authorization = authorization(world);
        let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
        let mut raw = Raw::connect(&world.service);
        for _ in 0..2 {
            assert!(raw.request("POST /beta/officeConfigurations", &headers, &vec![b' '; TOO_LARGE]));
            let answer = raw.answer(ANSWER_WITHIN).expect("an answer");
            assert_eq!(answer.status, 413, "{}", answer.head);
            let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert!(body["error"]["code"].is_string(), "{body}");
        }
        assert!(raw.request("GET /beta/officeConfiguration", &headers, b""));
        assert_eq!(raw.answer(ANSWER_WITHIN).expect("the connection is usable").status, 200);
    });
}

#[test]
fn a_chunked_body_over_the_limit_is_413() {
    let world = World::new();
    world.unchanged(|world| {
        let mut raw = Raw::connect(&world.service);
        let head = format!(
            "POST /beta/officeConfigurations HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            authorization(world)
        );
        assert!(raw.send(head.as_bytes()));
        let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
        for _ in 0..TOO_LARGE / (64 * 1024) {
            if !raw.send(chunk.as_bytes()) {
                break;
            }
        }
        raw.send(b"0\r\n\r\n");
        assert_eq!(raw.answer(ANSWER_WITHIN).expect("an answer").status, 413);
    });
}

#[test]
fn a_body_announced_as_endless_is_refused_without_waiting_for_it() {
    let world = World::new();
    world.unchanged(|world| {
        let mut raw = Raw::connect(&world.service);
        let head = format!(
            "POST /beta/officeConfigurations HTTP/1.1\r\nhost: localhost\r\nauthorization: {}\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\nexpect: 100-continue\r\n\r\n",
            authorization(world)
        );
        assert!(raw.send(head.as_bytes()));
        assert_eq!(raw.answer(ANSWER_WITHIN).expect("an answer").status, 413);
    });
}

#[test]
fn ambiguous_framing_is_refused_and_nothing_is_smuggled() {
    let world = World::new();
    let token = authorization(&world);
    let smuggled =
        format!("DELETE /beta{} HTTP/1.1\r\nhost: localhost\r\nauthorization: {token}\r\n\r\n", world.client);
    world.unchanged(|world| {
        for framing in [
            "content-length: 5\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\r\ncontent-length: 5",
            "content-length: 5\r\ncontent-length: 6",
            "content-length: 5, 6",
            "content-length: +5",
            "content-length: -1",
            "content-length: 0x5",
            "transfer-encoding: identity, chunked, identity",
            "transfer-encoding: xchunked",
            "transfer-encoding : chunked",
            "transfer-encoding: chunked\r\ntransfer-encoding: identity",
            "x: 1\r\n content-length: 5",
        ] {
            let mut raw = Raw::connect(&world.service);
            let request = format!(
                "POST /beta/officeConfigurations HTTP/1.1\r\nhost: localhost\r\nauthorization: {token}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n0\r\n\r\n{smuggled}"
            );
            raw.send(request.as_bytes());
            let mut statuses = Vec::new();
            while let Some(answer) = raw.answer(Duration::from_secs(3)) {
                statuses.push(answer.status);
            }
            assert!(statuses.len() <= 1, "{framing}: {statuses:?}");
            assert!(statuses.iter().all(|status| (400..600).contains(status)), "{framing}: {statuses:?}");
        }
    });
}

#[test]
fn headers_without_end_are_refused() {
    let service = Service::start();
    let line = format!("x-long: {}\r\n", "a".repeat(8_000));
    for (count, line) in [(100, line.as_str()), (5_000, "x: y\r\n")] {
        let mut raw = Raw::connect(&service);
        raw.send(b"GET /beta/officeConfiguration HTTP/1.1\r\nhost: localhost\r\n");
        for _ in 0..count {
            if !raw.send(line.as_bytes()) {
                break;
            }
        }
        raw.send(b"\r\n");
        if let Some(answer) = raw.answer(ANSWER_WITHIN) {
            assert!([400, 431].contains(&answer.status), "{}", answer.head);
        }
    }
    assert_eq!(e2e::Api::new(&service, None).get("//healthz").status, 200);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let world = World::new();
    let token = authorization(&world);
    let mut raw = Raw::connect(&world.service);
    for path in [world.client.as_str(), "/colour", CLIENTS] {
        raw.request(&format!("GET /beta{path}"), &[("authorization", &token)], b"");
    }
    let statuses: Vec<u16> = (0..3).map(|_| raw.answer(ANSWER_WITHIN).expect("an answer").status).collect();
    assert_eq!(statuses, [200, 400, 200]);
}

#[test]
fn a_request_without_a_host_or_with_a_bad_one_is_refused() {
    let service = Service::start();
    for head in [
        "GET /beta/$metadata HTTP/1.1\r\n\r\n",
        "GET /beta/$metadata HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "GET /beta/$metadata HTTP/1.1\r\nhost: a b\r\n\r\n",
    ] {
        let mut raw = Raw::connect(&service);
        raw.send(head.as_bytes());
        let answer = raw.answer(ANSWER_WITHIN).expect("an answer");
        assert_eq!(answer.status, 400, "{head:?}");
    }
}
