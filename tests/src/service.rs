//! The program under test: started on a free port with a data folder of its own, killed, restarted, asked for tokens.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use crate::database::Store;
use crate::{Api, READ_WRITE};

/// Longest wait for `listening on …`; a debug build on a busy machine with a long log to replay.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// Longest wait for a program to end after it was told to.
const GONE_WITHIN: Duration = Duration::from_mins(1);

/// The path of the `officeconfig` program: `OFFICECONFIG_BIN`, else the one beside the test program, built when absent.
pub fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("OFFICECONFIG_BIN") {
        return PathBuf::from(path);
    }
    let own = std::env::current_exe().unwrap();
    let beside = own.parent().unwrap();
    // Test programs lie one folder deeper than programs.
    let folder = if beside.ends_with("deps") { beside.parent().unwrap() } else { beside };
    let path = folder.join(format!("officeconfig{}", std::env::consts::EXE_SUFFIX));
    if !path.exists() {
        let status = Command::new("cargo")
            .args(["build", "--package", "officeconfig"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .unwrap();
        assert!(status.success(), "building officeconfig failed");
    }
    path
}

/// How a service is to be started.
#[derive(Clone, Default)]
pub struct Setup {
    /// With `--tls-self-signed`.
    pub tls: bool,
    /// A certificate that callers trust, when the service was given one.
    pub trust: Option<PathBuf>,
    /// Where to listen; a free port of the loopback address when `None`.
    pub listen: Option<String>,
    /// More arguments of `serve`.
    pub args: Vec<String>,
    /// A configuration file's text.
    pub config: Option<String>,
    /// The data folder; a temporary one when `None`.
    pub data: Option<PathBuf>,
    /// Where it keeps what it is told; as the tests are to run when `None`.
    pub store: Option<Store>,
}

impl Setup {
    /// Adds arguments of `serve`.
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// Listening there.
    pub fn listen(mut self, address: &str) -> Self {
        self.listen = Some(address.to_owned());
        self
    }

    /// With this configuration file.
    pub fn config(mut self, toml: &str) -> Self {
        self.config = Some(toml.to_owned());
        self
    }

    /// On this data folder.
    pub fn data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.to_owned());
        self
    }

    /// Keeping what it is told there.
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// Over TLS with a certificate that the service makes.
    pub fn tls(mut self) -> Self {
        self.tls = true;
        self
    }

    /// Starts it and waits until it listens.
    #[track_caller]
    pub fn start(self) -> Service {
        Service::with(self)
    }
}

/// A running service. Dropping it kills it.
pub struct Service {
    setup: Setup,
    folder: tempfile::TempDir,
    data: PathBuf,
    child: Child,
    url: String,
    stdout: Arc<Mutex<Vec<String>>>,
}

impl Service {
    /// A service with an empty temporary data folder.
    #[track_caller]
    pub fn start() -> Self {
        Setup::default().start()
    }

    #[track_caller]
    fn with(setup: Setup) -> Self {
        // The first call in a process decides; later ones find it decided.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let folder = tempfile::tempdir().unwrap();
        let data = setup.data.clone().unwrap_or_else(|| folder.path().join("data"));
        if let Some(store) = setup.store.clone() {
            store.settle(&data);
        }
        let (child, url, stdout) = spawn(&setup, folder.path(), &data);
        Self { setup, folder, data, child, url, stdout }
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// `127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// A folder for the test's own files, gone with the service.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Operating system's number of the process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Lines printed on standard output so far.
    pub fn stdout(&self) -> Vec<String> {
        self.stdout.lock().unwrap().clone()
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder.path().join("stderr.log")).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The path of the certificate that the service made.
    pub fn certificate_file(&self) -> PathBuf {
        self.data.join("tls/cert.pem")
    }

    pub(crate) fn certificate(&self) -> Option<reqwest::Certificate> {
        let made = self.setup.tls.then(|| self.certificate_file());
        made.or_else(|| self.setup.trust.clone())
            .map(|file| reqwest::Certificate::from_pem(&std::fs::read(file).unwrap()).unwrap())
    }

    /// An administrator of `tenant` who may write, with an app-only token.
    #[track_caller]
    pub fn admin(&self, tenant: &str) -> Api {
        let token = self.token(&["--tenant", tenant, "--role", READ_WRITE]);
        Api::new(self, Some(token))
    }

    /// A token of the built-in issuer.
    #[track_caller]
    pub fn token(&self, args: &[&str]) -> String {
        Cli::on(&self.data).token(args)
    }

    /// SIGKILL; returns when the process is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same data folder; the port is another one.
    #[track_caller]
    pub fn start_again(&mut self) {
        (self.child, self.url, self.stdout) = spawn(&self.setup, self.folder.path(), &self.data);
    }

    /// Sends a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status().unwrap();
        assert!(status.success(), "kill -{name} failed");
    }

    /// Waits for the process to end by itself.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(start.elapsed() < GONE_WITHIN, "still running: {}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
        if self.setup.data.is_none() {
            Store::forget(&self.data);
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(20).collect();
            eprintln!("the service's last log lines, newest first:");
            for line in tail {
                eprintln!("  {line}");
            }
        }
    }
}

#[track_caller]
fn spawn(setup: &Setup, folder: &Path, data: &Path) -> (Child, String, Arc<Mutex<Vec<String>>>) {
    let log = File::options().create(true).append(true).open(folder.join("stderr.log")).unwrap();
    let mut command = Command::new(program());
    command
        .args(["serve", "--listen", setup.listen.as_deref().unwrap_or("127.0.0.1:0"), "--data"])
        .arg(data)
        .args(&setup.args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log);
    if setup.tls {
        command.arg("--tls-self-signed");
    }
    let names_its_own = setup.config.as_ref().is_some_and(|text| text.contains("database = "));
    if !names_its_own {
        Store::of(data).put_on(&mut command);
    }
    if let Some(text) = &setup.config {
        let file = folder.join("officeconfig.toml");
        std::fs::write(&file, text).unwrap();
        command.arg("--config").arg(file);
    }
    let mut child = command.spawn().unwrap();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let url = match wait_until_ready(&mut child, &lines) {
        Ok(url) => url,
        Err(why) => {
            let _ = child.kill();
            let _ = child.wait();
            let log = std::fs::read_to_string(folder.join("stderr.log")).unwrap_or_default();
            panic!("officeconfig serve {why}; its log: {log}")
        }
    };
    (child, url, lines)
}

fn wait_until_ready(child: &mut Child, lines: &Arc<Mutex<Vec<String>>>) -> Result<String, String> {
    let stdout = child.stdout.take().unwrap();
    let (sender, ready) = mpsc::sync_channel(1);
    let sink = Arc::clone(lines);
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines() {
            let Ok(line) = line else { break };
            let url = line.strip_prefix("listening on ").map(|url| url.trim().to_owned());
            sink.lock().unwrap().push(line);
            if let Some(url) = url {
                let _ = sender.try_send(url);
            }
        }
    });
    ready.recv_timeout(READY_WITHIN).map_err(|fault| match fault {
        mpsc::RecvTimeoutError::Timeout => "did not listen in time".to_owned(),
        mpsc::RecvTimeoutError::Disconnected => "ended before it listened".to_owned(),
    })
}

/// The command line on one data folder.
pub struct Cli {
    data: PathBuf,
}

impl Cli {
    /// On this data folder.
    pub fn on(data: &Path) -> Self {
        Self { data: data.to_owned() }
    }

    /// Runs `officeconfig SUBCOMMAND --data DIR ARGS…` to its end.
    pub fn run(&self, subcommand: &str, args: &[&str]) -> Output {
        let mut command = Command::new(program());
        Store::of(&self.data).put_on(&mut command);
        command.arg(subcommand).arg("--data").arg(&self.data).args(args).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs it, stops the test unless it exits 0, and returns its standard output.
    #[track_caller]
    pub fn succeed(&self, subcommand: &str, args: &[&str]) -> String {
        let output = self.run(subcommand, args);
        assert!(
            output.status.success(),
            "officeconfig {subcommand} {args:?} ended with {}: {}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs it, stops the test unless it fails with a message and without a panic, and returns its standard error.
    #[track_caller]
    pub fn refuse(&self, subcommand: &str, args: &[&str]) -> String {
        let output = self.run(subcommand, args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success(),
            "officeconfig {subcommand} {args:?} succeeded: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        assert!(!error.trim().is_empty(), "refused without a word");
        assert!(!error.contains("panicked"), "{error}");
        error
    }

    /// A token of the built-in issuer.
    #[track_caller]
    pub fn token(&self, args: &[&str]) -> String {
        let token = self.succeed("token", args).trim().to_owned();
        assert_eq!(token.split('.').count(), 3, "no JWT: {token}");
        token
    }
}
