//! Who a request is from: browsers' origins, and proxies.

use http::HeaderValue;
use officeconfig::http::{Cors, Settings};

use crate::harness::{Running, short};

#[tokio::test]
async fn a_preflight_needs_no_token_and_echoes_what_is_asked() {
    let server = Running::start(short()).await;
    let reply = server
        .ask("OPTIONS /echo HTTP/1.1\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: PATCH\r\nAccess-Control-Request-Headers: authorization,if-match")
        .await;
    assert_eq!(reply.status(), 204);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("access-control-allow-headers"), Some("authorization,if-match"));
    assert!(reply.header("access-control-allow-methods").unwrap().contains("PATCH"));
    assert!(reply.header("request-id").is_some());
}

#[tokio::test]
async fn an_answer_to_a_page_says_what_it_may_read_and_others_say_nothing() {
    let server = Running::start(short()).await;
    let reply = server.ask("GET /echo HTTP/1.1\r\nOrigin: https://app.example").await;
    assert!(reply.header("access-control-expose-headers").unwrap().contains("client-request-id"));
    assert_eq!(reply.lines("access-control-allow-origin"), 1);
    let reply = server.ask("GET /echo HTTP/1.1").await;
    assert_eq!(reply.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn only_listed_origins_are_named() {
    let cors = Cors::new(&[HeaderValue::from_static("https://app.example")]);
    let server = Running::start(Settings { cors, ..short() }).await;
    let known = server.ask("GET /vary HTTP/1.1\r\nOrigin: https://app.example").await;
    assert_eq!(known.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!((known.header("vary"), known.lines("vary")), (Some("Accept, Origin"), 1));
    let stranger = server.ask("GET /vary HTTP/1.1\r\nOrigin: https://evil.example").await;
    assert_eq!(stranger.header("access-control-allow-origin"), None);
}

const FORWARDED: &str = "GET /echo HTTP/1.1\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: front.example";

#[tokio::test]
async fn forwarded_headers_count_from_a_listed_proxy() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let server = Running::start(Settings { trusted_proxies, ..short() }).await;
    let reply = server.ask(FORWARDED).await;
    assert!(reply.body.starts_with("https://front.example 198.51.100.7 "), "{}", reply.body);
    // On the same server without the headers, the connection speaks for itself.
    let reply = server.ask("GET /echo HTTP/1.1").await;
    assert!(reply.body.starts_with("http://office.example 127.0.0.1 "), "{}", reply.body);
}

#[tokio::test]
async fn forwarded_headers_of_anybody_else_are_ignored() {
    let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    for settings in [short(), Settings { trusted_proxies, ..short() }] {
        let server = Running::start(settings).await;
        let reply = server.ask(FORWARDED).await;
        assert!(reply.body.starts_with("http://office.example 127.0.0.1 "), "{}", reply.body);
    }
}
