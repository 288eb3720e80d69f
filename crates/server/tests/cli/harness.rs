//! The binary: run to its end, or kept running.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;

pub(crate) fn officeconfig() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_officeconfig"));
    for name in ["OFFICECONFIG_DATA", "OFFICECONFIG_LISTEN", "OFFICECONFIG_CONFIG", "OFFICECONFIG_LOG"] {
        command.env_remove(name);
    }
    command
}

/// Runs it to its end: exit code, stdout, stderr.
pub(crate) fn run(args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = officeconfig().args(args).output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// Fails with one line on stderr, which is answered.
pub(crate) fn fail(code: i32, args: &[&str]) -> String {
    let (got, stdout, stderr) = run(args);
    assert_eq!((got, stdout.as_str()), (code, ""), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    stderr
}

pub(crate) struct Service {
    pub(crate) child: Child,
    stdout: BufReader<ChildStdout>,
    /// The line it printed.
    pub(crate) line: String,
}

impl Service {
    /// Starts `serve` on a free port and waits until it is ready.
    pub(crate) fn start(data: &Path, args: &[&str]) -> Self {
        let mut child = officeconfig()
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self { child, stdout, line: line.trim_end().to_owned() }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let address = self.line.rsplit('/').next().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// One GET on a connection of its own: the whole answer.
    pub(crate) fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success());
    }

    /// Reads its log until a line has this text.
    pub(crate) fn log_until(&mut self, text: &str) {
        let log = self.child.stderr.as_mut().unwrap();
        // Byte by byte, so that nothing that comes after is taken away.
        let mut line = Vec::new();
        loop {
            let mut byte = [0];
            log.read_exact(&mut byte).unwrap();
            match byte[0] {
                b'\n' if String::from_utf8_lossy(&line).contains(text) => return,
                b'\n' => line.clear(),
                other => line.push(other),
            }
        }
    }

    /// Waits for its end: exit code, the rest of stdout, stderr.
    pub(crate) fn end(&mut self) -> (i32, String, String) {
        let (mut out, mut err) = (String::new(), String::new());
        self.stdout.read_to_string(&mut out).unwrap();
        self.child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        (self.child.wait().unwrap().code().unwrap(), out, err)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
