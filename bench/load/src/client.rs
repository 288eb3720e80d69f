//! A blocking client for what happens around a round: filling a server, asking whether it is there. It must never be measured with.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::head;

/// Longer than anything a server does around a round.
const TIMEOUT: Duration = Duration::from_mins(2);

/// One kept-alive connection.
pub struct Client {
    stream: TcpStream,
}

impl Client {
    /// Connects.
    pub fn connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream })
    }

    /// Sends the bytes of a request and reads the answer: its status and body.
    pub fn send(&mut self, request: &[u8]) -> io::Result<(u16, Vec<u8>)> {
        let (status, _, body) = self.send_for_head(request)?;
        Ok((status, body))
    }

    /// The same with the text of the answer's head.
    pub fn send_for_head(&mut self, request: &[u8]) -> io::Result<(u16, String, Vec<u8>)> {
        self.stream.write_all(request)?;
        let mut answer = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let read = self.stream.read(&mut buffer)?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            answer.extend_from_slice(&buffer[..read]);
            if let Some(head) = head::parse(&answer)?
                && answer.len() >= head.total
            {
                let body = answer.split_off(head.length);
                return Ok((head.reply.status, String::from_utf8_lossy(&answer).into_owned(), body));
            }
        }
    }
}
