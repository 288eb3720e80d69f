//! Request bodies: limits, the connection afterwards, 100-continue, encodings.

use tokio::io::AsyncReadExt as _;

use crate::harness::{BODY_LIMIT, Running, short};

#[tokio::test]
async fn a_body_up_to_the_limit_is_read() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let head = format!("POST /read HTTP/1.1\r\nContent-Length: {BODY_LIMIT}");
    assert_eq!(client.ask(&head, &"x".repeat(BODY_LIMIT)).await.body, "read 1000");
    assert_eq!(client.ask("POST /read HTTP/1.1\r\nContent-Length: 0", "").await.body, "read 0");
    assert_eq!(client.ask("GET /read HTTP/1.1", "").await.body, "read 0");
    let chunks = "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    assert_eq!(client.ask("POST /read HTTP/1.1\r\nTransfer-Encoding: chunked", chunks).await.body, "read 11");
}

#[tokio::test]
async fn a_body_over_the_limit_is_413_and_the_connection_stays_usable() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    for length in [BODY_LIMIT + 1, 3_000_000] {
        let head = format!("POST /read HTTP/1.1\r\nContent-Length: {length}");
        let reply = client.ask(&head, &"x".repeat(length)).await;
        assert_eq!(reply.status(), 413);
        assert_eq!(client.ask("GET /vary HTTP/1.1", "").await.body, "vary");
    }
    let chunks = format!("{:x}\r\n{}\r\n0\r\n\r\n", 100_000, "x".repeat(100_000));
    let reply = client.ask("POST /read HTTP/1.1\r\nTransfer-Encoding: chunked", &chunks).await;
    assert_eq!(reply.status(), 413);
    assert_eq!(client.ask("GET /vary HTTP/1.1", "").await.body, "vary");
}

#[tokio::test]
async fn a_body_that_nobody_reads_does_not_get_into_the_next_request() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let reply = client.ask("POST /nowhere HTTP/1.1\r\nContent-Length: 500000", &"x".repeat(500_000)).await;
    assert_eq!(reply.status(), 404);
    assert_eq!(client.ask("GET /vary HTTP/1.1", "").await.body, "vary");
}

#[tokio::test]
async fn a_body_is_invited_only_when_it_is_wanted() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    client.send("POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n").await;
    let mut invitation = [0; 25];
    client.0.read_exact(&mut invitation).await.unwrap();
    assert_eq!(&invitation, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello").await;
    assert_eq!(client.reply(true).await.unwrap().body, "read 5");

    for (path, status) in [("/read", 413), ("/nowhere", 404)] {
        let mut client = server.connect().await;
        client
            .send(&format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n"))
            .await;
        assert_eq!(client.reply(true).await.unwrap().status(), status, "{path}");
    }
}

#[tokio::test]
async fn an_encoded_body_is_415() {
    let server = Running::start(short()).await;
    let mut client = server.connect().await;
    let reply = client.ask("POST /read HTTP/1.1\r\nContent-Encoding: gzip\r\nContent-Length: 3", "abc").await;
    assert_eq!((reply.status(), reply.header("accept-encoding")), (415, Some("identity")));
    let reply = client.ask("POST /read HTTP/1.1\r\nContent-Encoding: identity\r\nContent-Length: 3", "abc").await;
    assert_eq!(reply.body, "read 3");
}
