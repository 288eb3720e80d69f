//! A way to the server that can be cut: at a COMMIT, before or after the server has it, or altogether.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A COMMIT as the driver sends it.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// What happens to the next COMMIT, or to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cut {
    Nothing,
    /// The server gets it and answers; the answer does not come through, and the connection ends.
    Answer,
    /// The server does not get it; the connection ends.
    Question,
    /// The server gets it, and the answer comes only when somebody else's connection has ended: never.
    Silence,
    /// Nothing comes through any more.
    Everything,
}

pub(crate) struct Proxy {
    port: u16,
    cut: Arc<AtomicU8>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(Cut::Nothing as u8));
        let state = Arc::clone(&cut);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, port, Arc::clone(&state)));
            }
        });
        Self { port: own, cut, task }
    }

    /// A URL that leads here instead of to the server.
    pub(crate) fn url(&self, url: &str, server: u16) -> String {
        url.replace(&format!(":{server}/"), &format!(":{}/", self.port))
    }

    pub(crate) fn set(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// Whether a COMMIT was cut since it was set.
    pub(crate) fn has_cut(&self) -> bool {
        self.cut.load(Ordering::SeqCst) == Cut::Nothing as u8
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut client: TcpStream, port: u16, cut: Arc<AtomicU8>) {
    let is = |what: Cut| cut.load(Ordering::SeqCst) == what as u8;
    // Once: the next COMMIT comes through.
    let takes =
        |what: Cut| cut.compare_exchange(what as u8, Cut::Nothing as u8, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    if is(Cut::Everything) {
        return;
    }
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut looked = tokio::time::interval(std::time::Duration::from_millis(20));
    loop {
        tokio::select! {
            _ = looked.tick() => if is(Cut::Everything) { return },
            read = client.read(&mut up) => {
                let Ok(len @ 1..) = read else { return };
                let has_commit = up[..len].windows(COMMIT.len()).any(|part| part == COMMIT);
                if has_commit && takes(Cut::Question) {
                    return;
                }
                if server.write_all(&up[..len]).await.is_err() {
                    return;
                }
                if has_commit && takes(Cut::Answer) {
                    // It has done it when it says so.
                    let _ = server.read(&mut down).await;
                    return;
                }
                if has_commit && takes(Cut::Silence) {
                    std::future::pending::<()>().await;
                }
            }
            read = server.read(&mut down) => {
                let Ok(len @ 1..) = read else { return };
                if client.write_all(&down[..len]).await.is_err() {
                    return;
                }
            }
        }
    }
}
