//! A way to the server that can be cut: at a COMMIT, before or after the server has it, or altogether.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// A COMMIT as the driver sends it.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";
/// How the server says that the transaction is over, made or not, and that it waits for the next.
const OVER: [&[u8]; 2] = [b"COMMIT\0Z\0\0\0\x05I", b"ROLLBACK\0Z\0\0\0\x05I"];

/// What happens to the next COMMIT, or to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Cut {
    Nothing,
    /// The server gets it and answers; the answer does not come through, and the connection ends.
    Answer,
    /// The server does not get it; the connection ends.
    Question,
    /// The connection ends, and the server gets it all the same, but only when it is let go.
    Late,
    /// The server gets it, and the answer comes only when somebody else's connection has ended: never.
    Silence,
    /// Nothing comes through any more.
    Everything,
}

/// What the connections tell and are told.
#[derive(Default)]
struct State {
    /// How often a client spoke after the server had.
    turns: AtomicU64,
    let_go: Notify,
    /// How many COMMITs that came late are over.
    late: AtomicU64,
}

pub(crate) struct Proxy {
    port: u16,
    cut: Arc<AtomicU8>,
    state: Arc<State>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(Cut::Nothing as u8));
        let state = Arc::<State>::default();
        let (cuts, told) = (Arc::clone(&cut), Arc::clone(&state));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, port, Arc::clone(&cuts), Arc::clone(&told)));
            }
        });
        Self { port: own, cut, state, task }
    }

    /// A URL that leads here instead of to the server.
    pub(crate) fn url(&self, url: &str, server: u16) -> String {
        url.replace(&format!(":{server}/"), &format!(":{}/", self.port))
    }

    pub(crate) fn set(&self, cut: Cut) {
        self.cut.store(cut as u8, Ordering::SeqCst);
    }

    /// How often anybody has asked and waited for the answer.
    pub(crate) fn round_trips(&self) -> u64 {
        self.state.turns.load(Ordering::SeqCst)
    }

    /// Lets the server have what was held back, and waits until it is over there.
    pub(crate) async fn let_go(&self) {
        let before = self.state.late.load(Ordering::SeqCst);
        self.state.let_go.notify_one();
        while self.state.late.load(Ordering::SeqCst) == before {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
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

async fn carry(mut client: TcpStream, port: u16, cut: Arc<AtomicU8>, state: Arc<State>) {
    let is = |what: Cut| cut.load(Ordering::SeqCst) == what as u8;
    // Once: the next COMMIT comes through.
    let takes =
        |what: Cut| cut.compare_exchange(what as u8, Cut::Nothing as u8, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    if is(Cut::Everything) {
        return;
    }
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut has_answered = false;
    let mut looked = tokio::time::interval(std::time::Duration::from_millis(20));
    loop {
        tokio::select! {
            _ = looked.tick() => if is(Cut::Everything) { return },
            read = client.read(&mut up) => {
                let Ok(len @ 1..) = read else { return };
                if std::mem::take(&mut has_answered) {
                    state.turns.fetch_add(1, Ordering::SeqCst);
                }
                let has_commit = up[..len].windows(COMMIT.len()).any(|part| part == COMMIT);
                if has_commit && takes(Cut::Question) {
                    return;
                }
                if has_commit && takes(Cut::Late) {
                    drop(client);
                    state.let_go.notified().await;
                    if server.write_all(&up[..len]).await.is_ok() {
                        until_over(&mut server).await;
                        state.late.fetch_add(1, Ordering::SeqCst);
                    }
                    return;
                }
                if server.write_all(&up[..len]).await.is_err() {
                    return;
                }
                if has_commit && takes(Cut::Answer) {
                    until_over(&mut server).await;
                    return;
                }
                if has_commit && takes(Cut::Silence) {
                    std::future::pending::<()>().await;
                }
            }
            read = server.read(&mut down) => {
                let Ok(len @ 1..) = read else { return };
                has_answered = true;
                if client.write_all(&down[..len]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// Reads what the server says until it has come to the end of the transaction.
async fn until_over(server: &mut TcpStream) {
    let (mut said, mut down) = (Vec::new(), vec![0; 65_536]);
    while let Ok(len @ 1..) = server.read(&mut down).await {
        said.extend_from_slice(&down[..len]);
        if OVER.iter().any(|over| said.windows(over.len()).any(|part| part == *over)) {
            return;
        }
    }
}
