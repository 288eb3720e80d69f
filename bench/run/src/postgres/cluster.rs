//! A PostgreSQL of the benchmark's own, with the server's own durability: every commit is synced. It must never know what is measured.

use std::fs::{self, File};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::cpu;
use crate::server::Programs;

/// Names the folder with PostgreSQL's programs.
const BIN: &str = "OFFICECONFIG_POSTGRES_BIN";

/// What one gives a server of some size; all the rest is as it comes.
const SETTINGS: [&str; 4] =
    ["shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=15min", "checkpoint_completion_target=0.9"];

const PATIENCE: Duration = Duration::from_mins(1);

/// Of both roles. There is nothing to protect.
const PASSWORD: &str = "throwaway";

/// A running server with the service's schema in one database and pgbench's table in another.
pub(crate) struct Cluster {
    server: Child,
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
}

/// The database of the service.
const SERVICE: &str = "officeconfig";

impl Cluster {
    /// Starts one and makes the roles, the databases and the schema.
    pub(crate) fn start(programs: &Programs) -> anyhow::Result<Self> {
        let bin = programs_of_postgres()
            .with_context(|| format!("no PostgreSQL with pgbench was found (set {BIN} to its bin folder)"))?;
        let folder = std::env::temp_dir().join(format!("officeconfig-bench-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("making {}", folder.display()))?;
        // The account that runs the server has to get to its own folder.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
        let user = server_user()?;
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let server = cpu::everywhere(|| serve(&bin, &folder, port, user))?;
        let cluster = Self { server, folder, bin, port, user };
        cluster.wait_until_ready()?;
        cluster.fill(programs)?;
        Ok(cluster)
    }

    fn wait_until_ready(&self) -> anyhow::Result<()> {
        let started = Instant::now();
        while self.sql("postgres", "SELECT 1").is_err() {
            if started.elapsed() > PATIENCE {
                bail!("PostgreSQL does not start: {}", fs::read_to_string(self.folder.join("log")).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn fill(&self, programs: &Programs) -> anyhow::Result<()> {
        for role in ["owner", "app"] {
            self.sql("postgres", &format!("CREATE ROLE officeconfig_{role} LOGIN PASSWORD '{PASSWORD}'"))?;
        }
        self.sql("postgres", &format!("CREATE DATABASE {SERVICE} OWNER officeconfig_owner"))?;
        self.sql("postgres", "CREATE DATABASE pgbench")?;
        fs::write(self.secret(), "a secret of this benchmark: thirty-two bytes or more")?;
        let owner = self.url("officeconfig_owner");
        let migrated = Command::new(programs.binary(crate::server::Kind::Service)?)
            .args(["migrate", "--database", &owner])
            .output()
            .context("running officeconfig migrate")?;
        ensure!(migrated.status.success(), "migrate failed: {}", String::from_utf8_lossy(&migrated.stderr));
        Ok(())
    }

    /// What seals the secrets of the servers.
    fn secret(&self) -> PathBuf {
        self.folder.join("secret")
    }

    fn url(&self, role: &str) -> String {
        format!("postgres://{role}:{PASSWORD}@127.0.0.1:{}/{SERVICE}", self.port)
    }

    /// The service's database, for its role.
    pub(crate) fn app_url(&self) -> String {
        self.url("officeconfig_app")
    }

    /// Has a command of the service use it.
    pub(crate) fn put_on(&self, command: &mut Command) {
        command.env("OFFICECONFIG_DATABASE", self.app_url()).env("OFFICECONFIG_SECRET_FILE", self.secret());
    }

    /// Runs SQL as a superuser and gives what `psql -At` says.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> anyhow::Result<String> {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql]);
        self.connect(&mut psql, database);
        let output = cpu::everywhere(|| psql.stdin(Stdio::null()).output()).context("running psql")?;
        ensure!(output.status.success(), "psql: {}", String::from_utf8_lossy(&output.stderr).trim());
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    /// The same in the service's database, for one number.
    pub(crate) fn number(&self, sql: &str) -> anyhow::Result<f64> {
        let told = self.sql(SERVICE, sql)?;
        told.parse().with_context(|| format!("a number, not {told:?}"))
    }

    /// Writes out what is in memory, so that nobody pays for another one's writes.
    pub(crate) fn settle(&self) -> anyhow::Result<()> {
        self.sql("postgres", "CHECKPOINT").map(drop)
    }

    /// Sets a parameter of the server, for all connections.
    pub(crate) fn set(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.sql("postgres", &format!("ALTER SYSTEM SET {name} = '{value}'"))?;
        self.sql("postgres", "SELECT pg_reload_conf()").map(drop)
    }

    /// pgbench on its database.
    pub(crate) fn pgbench(&self) -> Command {
        let mut command = Command::new(self.bin.join("pgbench"));
        self.connect(&mut command, "pgbench");
        command.current_dir(&self.folder);
        command
    }

    /// A file beside the data.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What the server calls itself.
    pub(crate) fn version(&self) -> anyhow::Result<String> {
        self.sql("postgres", "SHOW server_version")
    }

    fn connect(&self, command: &mut Command, database: &str) {
        command.arg("-h").arg(&self.folder).args(["-p", &self.port.to_string(), "-U", "postgres", database]);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = as_user(&self.bin.join("pg_ctl"), self.user, &self.folder);
        let _ = stop.arg("-D").arg(self.folder.join("data")).args(["stop", "-m", "immediate"]).status();
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn serve(bin: &Path, folder: &Path, port: u16, user: Option<(u32, u32)>) -> anyhow::Result<Child> {
    let made = as_user(&bin.join("initdb"), user, folder)
        .arg("-D")
        .arg(folder.join("data"))
        .args(["--username=postgres", "--auth-local=trust", "--auth-host=scram-sha-256"])
        .args(["--encoding=UTF8", "--locale=C"])
        .output()
        .context("running initdb")?;
    ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    let log = File::create(folder.join("log"))?;
    let mut server = as_user(&bin.join("postgres"), user, folder);
    server.arg("-D").arg(folder.join("data")).arg("-k").arg(folder).args(["-p", &port.to_string()]);
    for setting in SETTINGS {
        server.args(["-c", setting]);
    }
    server.stdout(log.try_clone()?).stderr(log).spawn().context("starting PostgreSQL")
}

fn as_user(program: &Path, user: Option<(u32, u32)>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command.current_dir(folder).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// As whom the server runs, if not as ourselves: it refuses to be root.
fn server_user() -> anyhow::Result<Option<(u32, u32)>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users.lines().find(|line| line.starts_with("postgres:")).context("there is no account postgres")?;
    let mut fields = line.split(':').skip(2);
    let mut id = || fields.next()?.parse().ok();
    Ok(Some(id().zip(id()).context("reading /etc/passwd")?))
}

/// The folder of the newest server's programs.
fn programs_of_postgres() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os(BIN) {
        return Some(PathBuf::from(given));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let of_debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let folders = of_debian.map(|entry| entry.path().join("bin")).chain(std::env::split_paths(&path));
    let whole =
        |folder: &PathBuf| ["postgres", "initdb", "psql", "pgbench"].iter().all(|name| folder.join(name).is_file());
    folders.filter(whole).max()
}
