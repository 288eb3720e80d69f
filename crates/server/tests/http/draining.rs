//! The end: running requests end well, idle connections go, newcomers are told.

use std::time::Duration;

use officeconfig::http::{Settings, Timeouts};

use crate::harness::{Running, short};

#[tokio::test]
async fn running_requests_end_idle_connections_go_and_newcomers_are_refused() {
    let settings = short();
    let timeouts = Timeouts { idle: Duration::from_mins(1), ..settings.timeouts };
    let server = Running::start(Settings { timeouts, ..settings }).await;
    let mut idle = server.connect().await;
    assert_eq!(idle.ask("GET /vary HTTP/1.1", "").await.status(), 200);
    let mut running = server.connect().await;
    running.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.probe.begun.notified().await;

    server.stop.cancel();
    assert_eq!(idle.closed().await, "");
    let refused = server.ask("GET /vary HTTP/1.1").await;
    assert_eq!((refused.status(), refused.header("connection")), (503, Some("close")));
    assert!(!server.task.is_finished());

    server.probe.release.notify_one();
    let reply = running.reply(true).await.unwrap();
    assert_eq!((reply.body.as_str(), reply.header("connection")), ("slow", Some("close")));
    tokio::time::timeout(Duration::from_secs(10), server.task).await.expect("ended").unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_does_not_keep_the_process() {
    let settings = short();
    let timeouts = Timeouts { shutdown: Duration::from_millis(300), ..settings.timeouts };
    let server = Running::start(Settings { timeouts, ..settings }).await;
    let mut running = server.connect().await;
    running.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server.probe.begun.notified().await;
    server.stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), server.task).await.expect("ended").unwrap();
}

#[tokio::test]
async fn without_running_requests_the_end_comes_at_once() {
    let server = Running::start(short()).await;
    let _idle = server.connect().await;
    server.stop.cancel();
    tokio::time::timeout(Duration::from_secs(4), server.task).await.expect("ended").unwrap();
}
