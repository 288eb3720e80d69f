//! HTTP/2 on the same port, without TLS (prior knowledge).

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::harness::{Running, short};

#[tokio::test]
async fn http_2_is_spoken_when_the_client_starts_with_it() {
    let server = Running::start(short()).await;
    let stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::get("http://office.example/echo").body(Full::<Bytes>::default()).unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.headers()["request-id"], response.headers()["client-request-id"]);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"http://office.example 127.0.0.1 "));

    let big = Request::post("http://office.example/read").body(Full::new(Bytes::from(vec![b'x'; 100_000]))).unwrap();
    assert_eq!(sender.send_request(big).await.unwrap().status(), 413);
    let head = Request::head("http://office.example/vary").body(Full::default()).unwrap();
    let response = sender.send_request(head).await.unwrap();
    assert_eq!(response.headers()["content-length"], "4");
    assert!(response.into_body().collect().await.unwrap().to_bytes().is_empty());
}

#[tokio::test]
async fn a_panic_on_one_stream_leaves_the_others() {
    let server = Running::start(short()).await;
    let stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let get = |path: &str| Request::get(format!("http://a{path}")).body(Empty::<Bytes>::new()).unwrap();
    let slow = sender.send_request(get("/slow"));
    server.probe.begun.notified().await;
    assert_eq!(sender.send_request(get("/panic")).await.unwrap().status(), 500);
    server.probe.release.notify_one();
    assert_eq!(slow.await.unwrap().status(), 200);
}
