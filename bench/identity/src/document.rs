//! The key document over HTTP: one answer to whatever is asked. It must never know what is in it.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// The service asks over the loopback; it answers at once or never.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Longest request that is read: the service's has some hundred bytes.
const REQUEST_BYTES_MAX: usize = 16 << 10;

/// Serves `document` in a thread of its own.
pub(crate) fn serve(listener: TcpListener, document: String) -> io::Result<()> {
    std::thread::Builder::new().name("issuer".into()).spawn(move || {
        for stream in listener.incoming().flatten() {
            // Whoever hangs up asks again.
            let _ = answer(stream, &document);
        }
    })?;
    Ok(())
}

fn answer(mut stream: TcpStream, document: &str) -> io::Result<()> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut buffer)?;
        if read == 0 || request.len() > REQUEST_BYTES_MAX {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{document}",
        document.len()
    )
}
