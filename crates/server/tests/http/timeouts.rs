//! Clients that are slow, silent, or do not listen.

use std::time::Duration;

use officeconfig::http::{Settings, Timeouts};

use crate::harness::{Running, short};

#[tokio::test]
async fn a_client_that_says_nothing_is_cut() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    assert_eq!(client.closed().await, "");
}

#[tokio::test]
async fn headers_that_come_drop_by_drop_are_cut() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let drip = async {
        client.send("GET /echo HTTP/1.1\r\n").await;
        loop {
            tokio::time::sleep(Duration::from_millis(30)).await;
            if tokio::io::AsyncWriteExt::write_all(&mut client.0, b"a: b\r\n").await.is_err() {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), drip).await.expect("cut in time");
}

#[tokio::test]
async fn a_second_header_that_never_ends_is_cut_sooner_than_an_idle_connection() {
    let settings = short();
    let timeouts = Timeouts { idle: Duration::from_mins(1), ..settings.timeouts };
    let server = Running::start(Settings { timeouts, ..settings }).await;
    let mut client = server.connect().await;
    assert_eq!(client.ask("GET /vary HTTP/1.1", "").await.status(), 200);
    client.send("GET /vary HT").await;
    assert_eq!(client.closed().await, "");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_header_timeout_and_not_the_idle_timeout() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    assert_eq!(client.ask("GET /vary HTTP/1.1", "").await.status(), 200);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(client.ask("GET /vary HTTP/1.1", "").await.status(), 200);
    assert_eq!(client.closed().await, "");
}

#[tokio::test]
async fn a_body_that_stops_coming_is_408_and_ends_the_connection() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let reply = client.ask("POST /read HTTP/1.1\r\nContent-Length: 10", "abc").await;
    assert_eq!((reply.status(), reply.header("connection")), (408, Some("close")));
    assert_eq!(client.closed().await, "");
}

#[tokio::test]
async fn a_body_that_comes_drop_by_drop_is_cut_too() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    client.send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n").await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(30)).await;
        let _ = tokio::io::AsyncWriteExt::write_all(&mut client.0, b"x").await;
    }
    assert_eq!(client.reply(true).await.unwrap().status(), 408);
}

#[tokio::test]
async fn a_request_that_takes_long_is_not_a_slow_client() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    server.probe.release.notify_one();
    assert_eq!(client.reply(true).await.unwrap().body, "slow");
}

#[tokio::test]
async fn connections_over_the_bound_wait_for_their_turn() {
    let server = Running::start(Settings { connections_max: 1, ..short() }).await;
    let mut first = server.connect().await;
    assert_eq!(first.ask("GET /vary HTTP/1.1", "").await.status(), 200);
    let mut second = server.connect().await;
    second.send("GET /vary HTTP/1.1\r\nHost: a\r\n\r\n").await;
    let early = tokio::time::timeout(Duration::from_millis(100), second.reply(true)).await;
    assert!(early.is_err(), "answered while the first is open");
    drop(first);
    assert_eq!(second.reply(true).await.unwrap().status(), 200);
}
