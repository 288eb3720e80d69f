//! What every answer carries, and what makes a request unanswerable.

use crate::harness::{Running, short};

#[tokio::test]
async fn every_answer_has_an_id_of_its_own_and_the_clients() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let first = client.ask("GET /echo HTTP/1.1\r\nclient-request-id: my-id-1", "").await;
    let second = client.ask("GET /echo HTTP/1.1", "").await;
    assert_eq!(first.header("client-request-id"), Some("my-id-1"));
    assert_ne!(first.header("request-id"), second.header("request-id"));
    assert_eq!(second.header("client-request-id"), second.header("request-id"));
    assert!(second.body.ends_with(second.header("request-id").unwrap()));
    for name in ["request-id", "client-request-id", "date", "content-length"] {
        assert_eq!(first.lines(name), 1, "{name} in {}", first.head);
    }
}

#[tokio::test]
async fn more_ids_than_are_made_ahead_stay_different() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..40 {
        let reply = client.ask("GET /echo HTTP/1.1", "").await;
        assert!(seen.insert(reply.header("request-id").unwrap().to_owned()));
    }
}

#[tokio::test]
async fn an_id_that_could_break_a_log_is_not_echoed() {
    let server = Running::start(short()).await;
    for id in ["two words", "a\tb", &"x".repeat(129), "caf\u{e9}"] {
        let reply = server.ask(&format!("GET /echo HTTP/1.1\r\nclient-request-id: {id}")).await;
        assert_eq!(reply.header("client-request-id"), reply.header("request-id"), "{id}");
    }
}

#[tokio::test]
async fn head_has_the_headers_and_the_length_of_get_and_no_body() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let get = client.ask("GET /vary HTTP/1.1", "").await;
    let head = client.ask("HEAD /vary HTTP/1.1", "").await;
    assert_eq!((head.status(), head.header("content-length")), (200, Some("4")));
    assert_eq!(head.header("vary"), get.header("vary"));
    // The connection is still in step.
    assert_eq!(client.ask("GET /vary HTTP/1.1", "").await.body, "vary");
}

#[tokio::test]
async fn the_base_is_the_host_that_the_client_used() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    assert!(client.ask("GET /echo HTTP/1.1", "").await.body.starts_with("http://office.example 127.0.0.1 "));
    client.send("GET /echo HTTP/1.1\r\nHost: other.example:8080\r\n\r\n").await;
    assert!(client.reply(true).await.unwrap().body.starts_with("http://other.example:8080 "));
    // The absolute form wins over the header (RFC 9112, 3.2.2).
    client.send("GET http://third.example/echo HTTP/1.1\r\nHost: other.example\r\n\r\n").await;
    assert!(client.reply(true).await.unwrap().body.starts_with("http://third.example "));
}

#[tokio::test]
async fn a_host_that_is_none_is_a_bad_request_in_graphs_form() {
    let server = Running::start(short()).await;
    for host in ["", "Host: a/b\r\n", "Host: user@a\r\n", "Host: a\r\nHost: b\r\n", "Host:\r\n"] {
        let mut client = server.connect().await;
        client.send(&format!("GET /echo HTTP/1.1\r\n{host}\r\n")).await;
        let reply = client.reply(true).await.unwrap();
        assert_eq!(reply.status(), 400, "{host}");
        let error: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
        assert_eq!(error["error"]["code"], "BadRequest");
        assert_eq!(error["error"]["innerError"]["request-id"], reply.header("request-id").unwrap());
        assert_eq!(error["error"]["innerError"]["date"].as_str().unwrap().len(), "2025-02-13T10:17:05".len());
    }
}

#[tokio::test]
async fn http_1_0_needs_no_host() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    client.send("GET /echo HTTP/1.0\r\n\r\n").await;
    let reply = client.reply(true).await.unwrap();
    assert!(reply.body.starts_with(&format!("http://127.0.0.1:{} ", server.port)), "{}", reply.body);
}

#[tokio::test]
async fn a_panic_costs_one_request() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let reply = client.ask("GET /panic HTTP/1.1", "").await;
    assert_eq!(reply.status(), 500);
    assert!(reply.body.contains("InternalServerError") && !reply.body.contains("as asked"), "{}", reply.body);
    assert_eq!(client.ask("GET /vary HTTP/1.1", "").await.status(), 200);
}

#[tokio::test]
async fn headers_over_the_limit_are_431_and_too_many_too() {
    let server = Running::start(short()).await;
    let reply = server.ask(&format!("GET /echo HTTP/1.1\r\nx: {}", "x".repeat(70_000))).await;
    assert_eq!(reply.status(), 431);
    let many = "\r\nx: 1".repeat(120);
    assert_eq!(server.ask(&format!("GET /echo HTTP/1.1{many}")).await.status(), 431);
}

#[tokio::test]
async fn plain_answers_promise_no_transport_security() {
    let server = Running::start(short()).await;
    assert_eq!(server.ask("GET /echo HTTP/1.1").await.header("strict-transport-security"), None);
}
