//! One connection of a round: sends a request, reads the answer, without ever blocking. It must never decide what to send next.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::head::{self, Reply};

/// How long a loopback connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What a wake-up brought.
pub(crate) enum Progress {
    /// Nothing complete yet.
    Waits,
    /// An answer, wholly read.
    Answered(Reply),
}

pub(crate) struct Connection {
    stream: TcpStream,
    /// The head while it is incomplete; empty in the common case, where one read brings the whole answer.
    partial: Vec<u8>,
    /// The status and the bytes still to come of an answer whose head is complete.
    body: Option<(Reply, usize)>,
    /// The place of the current request in its list.
    pub(crate) index: usize,
    /// From where the current request is not sent yet.
    pub(crate) unsent: Option<usize>,
    pub(crate) sent_at: Instant,
    pub(crate) in_flight: bool,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr, registry: &Registry, token: Token) -> io::Result<Self> {
        let stream = std::net::TcpStream::connect_timeout(&address, CONNECT_TIMEOUT)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        registry.register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
        Ok(Self {
            stream,
            partial: Vec::new(),
            body: None,
            index: 0,
            unsent: None,
            sent_at: Instant::now(),
            in_flight: false,
        })
    }

    /// Sends what the socket takes of `request` from `offset`; the rest waits for the next wake-up.
    pub(crate) fn send(&mut self, offset: usize, request: &[u8]) -> io::Result<()> {
        self.in_flight = true;
        self.unsent = None;
        let mut sent = offset;
        while sent < request.len() {
            match self.stream.write(&request[sent..]) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.unsent = Some(sent);
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once or until the answer is complete. A read that does not fill `scratch` has emptied the socket: what comes later wakes us again.
    pub(crate) fn receive(&mut self, scratch: &mut [u8]) -> io::Result<Progress> {
        loop {
            let read = match self.stream.read(scratch) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Ok(Progress::Waits);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if let Some(answered) = self.take(&scratch[..read])? {
                return Ok(answered);
            }
            if read < scratch.len() {
                return Ok(Progress::Waits);
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> io::Result<Option<Progress>> {
        if let Some((reply, missing)) = self.body.take() {
            return self.count(reply, missing, bytes.len());
        }
        if !self.partial.is_empty() {
            self.partial.extend_from_slice(bytes);
            let joined = std::mem::take(&mut self.partial);
            return self.take_head(&joined);
        }
        self.take_head(bytes)
    }

    fn take_head(&mut self, seen: &[u8]) -> io::Result<Option<Progress>> {
        if let Some(head) = head::parse(seen)? {
            return self.count(head.reply, head.total, seen.len());
        }
        self.partial = seen.to_vec();
        Ok(None)
    }

    /// Of `expected` bytes `came` are here.
    fn count(&mut self, reply: Reply, expected: usize, came: usize) -> io::Result<Option<Progress>> {
        match expected.checked_sub(came) {
            Some(0) => {
                self.in_flight = false;
                Ok(Some(Progress::Answered(reply)))
            }
            Some(missing) => {
                self.body = Some((reply, missing));
                Ok(None)
            }
            None => Err(io::Error::new(io::ErrorKind::InvalidData, "more bytes than the answer's length")),
        }
    }
}
