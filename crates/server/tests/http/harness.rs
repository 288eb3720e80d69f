//! A server on a free port, and a client that speaks bytes.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use officeconfig::env::Env;
use officeconfig::http::body::{self, BodyError};
use officeconfig::http::{
    Answer, BodyTimeouts, Handler, Listener, RequestBody, RequestContext, Server, Settings, Timeouts, Tls, fault,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) const BODY_LIMIT: usize = 1_000;

/// Tells what it got.
#[derive(Default)]
pub(crate) struct Probe {
    /// `/slow` has begun.
    pub(crate) begun: Notify,
    /// `/slow` may end.
    pub(crate) release: Notify,
}

impl Handler for Probe {
    async fn answer<'a>(&'a self, cx: RequestContext, parts: Parts, body: &'a mut RequestBody) -> Answer {
        match parts.uri.path() {
            "/echo" => text(StatusCode::OK, &format!("{} {} {}", cx.base, cx.peer, cx.request_id)),
            "/read" => match body::read(body, BODY_LIMIT, Duration::from_millis(400)).await {
                Ok(bytes) => text(StatusCode::OK, &format!("read {}", bytes.len())),
                Err(error) => {
                    let status = match error {
                        BodyError::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
                        BodyError::TimedOut => StatusCode::REQUEST_TIMEOUT,
                        BodyError::Broken(_) => StatusCode::BAD_REQUEST,
                    };
                    fault(&cx, jiff::Timestamp::UNIX_EPOCH, status, "Body", &error.to_string())
                }
            },
            "/slow" => {
                self.begun.notify_one();
                self.release.notified().await;
                text(StatusCode::OK, "slow")
            }
            "/panic" => panic!("as asked"),
            "/vary" => {
                let mut answer = text(StatusCode::OK, "vary");
                answer.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
                answer
            }
            _ => text(StatusCode::NOT_FOUND, "no"),
        }
    }

    fn refuse(&self, _cx: &RequestContext, _parts: &Parts) -> Answer {
        text(StatusCode::SERVICE_UNAVAILABLE, "stopping")
    }
}

fn text(status: StatusCode, body: &str) -> Answer {
    let mut answer = Answer::new(Full::new(Bytes::copy_from_slice(body.as_bytes())));
    *answer.status_mut() = status;
    answer
}

pub(crate) fn short() -> Settings {
    Settings {
        timeouts: Timeouts {
            header: Duration::from_millis(300),
            idle: Duration::from_millis(900),
            body: BodyTimeouts { piece: Duration::from_millis(200), drain: Duration::from_millis(200) },
            shutdown: Duration::from_secs(5),
        },
        ..Settings::default()
    }
}

pub(crate) struct Running {
    pub(crate) port: u16,
    pub(crate) probe: Arc<Probe>,
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(settings: Settings) -> Self {
        Self::start_with(settings, None).await
    }

    pub(crate) async fn start_with(settings: Settings, tls: Option<Arc<Tls>>) -> Self {
        let listener = Listener::bind("127.0.0.1:0", false).await.unwrap();
        let port = listener.address().port();
        let probe = Arc::new(Probe::default());
        let stop = CancellationToken::new();
        let server = Server::new(listener, tls, Arc::clone(&probe), Env::real(), settings);
        let task = tokio::spawn(server.run(stop.clone()));
        Self { port, probe, stop, task }
    }

    pub(crate) async fn connect(&self) -> Client<TcpStream> {
        Client(TcpStream::connect(("127.0.0.1", self.port)).await.unwrap())
    }

    /// One request on a connection of its own. `head` without the `Host` and the empty line.
    pub(crate) async fn ask(&self, head: &str) -> Reply {
        self.connect().await.ask(head, "").await
    }
}

pub(crate) struct Client<S>(pub(crate) S);

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) async fn send(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).await.unwrap();
    }

    pub(crate) async fn ask(&mut self, head: &str, body: &str) -> Reply {
        self.send(&format!("{head}\r\nHost: office.example\r\n\r\n{body}")).await;
        let body = !head.starts_with("HEAD");
        self.reply(body).await.expect("an answer")
    }

    /// The next answer; `None` when the connection is closed instead.
    pub(crate) async fn reply(&mut self, with_body: bool) -> Option<Reply> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match self.0.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return None,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let length = header_of(&head, "content-length").map_or(0, |value| value.parse().unwrap());
        let mut body = vec![0; if with_body { length } else { 0 }];
        self.0.read_exact(&mut body).await.unwrap();
        Some(Reply { head, body: String::from_utf8(body).unwrap() })
    }

    /// Waits until the server closes; answers what came before.
    pub(crate) async fn closed(&mut self) -> String {
        let mut rest = Vec::new();
        let _ =
            tokio::time::timeout(Duration::from_secs(10), self.0.read_to_end(&mut rest)).await.expect("closed in time");
        String::from_utf8_lossy(&rest).into_owned()
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header_of(&self.head, name)
    }

    pub(crate) fn lines(&self, name: &str) -> usize {
        self.head.lines().filter(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:"))).count()
    }
}

fn header_of<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
