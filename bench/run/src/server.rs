//! A server under test: its process, folder, address and token. It must never know what is measured.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use load::Client;
use serde::Deserialize;

use crate::{bodies, cpu};

/// The permission that the measured calls need.
pub(crate) const ROLE: &str = "DeviceManagementConfiguration.ReadWrite.All";

/// Which program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Bound,
    Service,
    Afternoon,
}

impl Kind {
    /// The name in the results.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Service => "officeconfig",
            Self::Afternoon => "afternoon",
        }
    }
}

/// Where the programs are, and the folder that their data go below.
pub(crate) struct Programs {
    baselines: PathBuf,
    service: Option<PathBuf>,
    scratch: PathBuf,
}

impl Programs {
    /// Empties the scratch folder.
    pub(crate) fn new(baselines: &Path, service: Option<PathBuf>, scratch: PathBuf) -> anyhow::Result<Self> {
        if scratch.exists() {
            fs::remove_dir_all(&scratch).context("emptying the folder of the last run")?;
        }
        fs::create_dir_all(&scratch).context("making the folder for data")?;
        Ok(Self { baselines: baselines.to_owned(), service, scratch })
    }

    /// The programs there are, in the order of a round.
    pub(crate) fn kinds(&self) -> Vec<Kind> {
        [Kind::Bound, Kind::Service, Kind::Afternoon]
            .into_iter()
            .filter(|kind| *kind != Kind::Service || self.service.is_some())
            .collect()
    }

    /// The program's file.
    pub(crate) fn binary(&self, kind: Kind) -> anyhow::Result<PathBuf> {
        match kind {
            Kind::Service => self.service.clone().context("this measurement needs the service"),
            Kind::Bound | Kind::Afternoon => Ok(self.baselines.join(kind.name())),
        }
    }

    /// What fills a store with millions of devices.
    pub(crate) fn fill(&self) -> PathBuf {
        self.baselines.join("../fill/release/fill")
    }

    /// Fills a store, which `add` names, on whatever core is free.
    pub(crate) fn run_fill(
        &self,
        devices: u64,
        applied: &str,
        add: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Filled> {
        let mut fill = Command::new(self.fill());
        fill.args(["--devices", &devices.to_string(), "--applied", applied]);
        add(&mut fill);
        let output = cpu::everywhere(|| fill.stderr(Stdio::inherit()).output())
            .context("starting `fill`, which `cargo xtask bench` builds where it is needed")?;
        ensure!(output.status.success(), "filling the store failed");
        serde_json::from_slice(&output.stdout).context("`fill` tells how it went")
    }

    /// An empty folder for a server's data.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<PathBuf> {
        let folder = self.scratch.join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        Ok(folder)
    }

    /// Starts the program on an empty folder and gets a token where it wants one.
    pub(crate) fn start(&self, kind: Kind) -> anyhow::Result<Server> {
        self.start_named(kind, kind.name())
    }

    /// The same on the folder of that name, so that two of a kind can run.
    pub(crate) fn start_named(&self, kind: Kind, name: &str) -> anyhow::Result<Server> {
        let folder = self.folder(name)?;
        let mut server = self.start_in(kind, &folder)?;
        if kind == Kind::Service {
            server.token = Some(self.admin_token(&folder, "bench")?);
        }
        Ok(server)
    }

    /// A token of the built-in issuer for the administrator of a tenant.
    pub(crate) fn admin_token(&self, folder: &Path, tenant: &str) -> anyhow::Result<String> {
        let output = Command::new(self.binary(Kind::Service)?)
            .args(["token", "--tenant", tenant, "--role", ROLE, "--ttl", "4h"])
            .arg("--data")
            .arg(folder)
            .output()
            .context("asking for a token")?;
        ensure!(output.status.success(), "no token: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// Starts the program on a folder as it is, without a token.
    pub(crate) fn start_in(&self, kind: Kind, folder: &Path) -> anyhow::Result<Server> {
        self.start_with(kind, folder, |_| {})
    }

    /// The same with what `add` adds to the command line and the environment.
    pub(crate) fn start_with(
        &self,
        kind: Kind,
        folder: &Path,
        add: impl FnOnce(&mut Command),
    ) -> anyhow::Result<Server> {
        let mut command = Command::new(self.binary(kind)?);
        if kind == Kind::Service {
            command.arg("serve");
        }
        add(&mut command);
        let log = File::create(folder.with_extension("log"))?;
        command
            .arg("--data")
            .arg(folder)
            .args(["--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        let spawned_at = Instant::now();
        let child = cpu::on_server_core(|| command.spawn()).with_context(|| format!("starting {}", kind.name()))?;
        let mut server = Server {
            kind,
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: None,
            folder: folder.to_owned(),
            spawned_at,
        };
        server.address = server.read_address()?;
        Ok(server)
    }
}

/// How filling went.
#[derive(Deserialize)]
pub(crate) struct Filled {
    pub(crate) seconds: f64,
    /// Of the data folder.
    pub(crate) bytes: Option<u64>,
}

/// A running program; dropping it kills it.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) token: Option<String>,
    pub(crate) folder: PathBuf,
    pub(crate) spawned_at: Instant,
    child: Child,
}

/// CPU time that a process used, in all its threads.
#[derive(Clone, Copy)]
pub(crate) struct CpuTime {
    pub(crate) user: Duration,
    pub(crate) system: Duration,
}

impl Server {
    /// Sends one request and gives the body of the answer, which must have the status.
    pub(crate) fn call(
        &self,
        client: &mut Client,
        method: &str,
        path: &str,
        body: &[u8],
        expect: u16,
    ) -> anyhow::Result<Vec<u8>> {
        let request = bodies::request(method, path, self.token.as_deref(), body);
        let (status, answer) = client.send(&request).with_context(|| format!("{}: {method}", self.kind.name()))?;
        ensure!(
            status == expect,
            "{}: {method} answers {status}: {}",
            self.kind.name(),
            String::from_utf8_lossy(&answer[..answer.len().min(500)])
        );
        Ok(answer)
    }

    /// Creates a configuration and gives its id.
    pub(crate) fn create(&self, client: &mut Client, body: &[u8]) -> anyhow::Result<String> {
        let answer = self.call(client, "POST", "/beta/officeConfigurations", body, 201)?;
        let entity: serde_json::Value = serde_json::from_slice(&answer)?;
        let id = entity["id"].as_str().context("a created entity has an id")?;
        Ok(id.to_owned())
    }

    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kib: u64 = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|value| value.trim().strip_suffix(" kB")?.parse().ok())
            .context("/proc tells the resident memory")?;
        Ok(kib * 1024)
    }

    /// CPU time used so far.
    pub(crate) fn cpu_time(&self) -> anyhow::Result<CpuTime> {
        /// What the kernel counts in for user space, on every architecture.
        const TICK: Duration = Duration::from_millis(10);
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = stat.rsplit_once(") ").context("reading /proc/…/stat")?;
        let ticks = |index: usize| -> anyhow::Result<Duration> {
            let field = fields.split(' ').nth(index).context("reading /proc/…/stat")?;
            Ok(TICK * field.parse::<u32>()?)
        };
        Ok(CpuTime { user: ticks(11)?, system: ticks(12)? })
    }

    fn read_address(&mut self) -> anyhow::Result<SocketAddr> {
        let stdout = self.child.stdout.take().context("stdout is piped")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        line.trim().strip_prefix("listening on http://").and_then(|address| address.parse().ok()).with_context(|| {
            let log = fs::read_to_string(self.folder.with_extension("log")).unwrap_or_default();
            format!("{} did not say where it listens; it said {line:?} and {log}", self.kind.name())
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
