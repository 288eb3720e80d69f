//! A throwaway PostgreSQL for tests, started by themselves; never a server that happens to run. Tests include it with `#[path]`. All tests of a run
//! share one cluster, whatever number of processes they run in, and each has a database of its own. It must never know what is in a database:
//! who asks for one says how its template is made.
//!
//! Nothing stays behind: a small shell runs the server and reads a FIFO that each process of the tests holds open for writing. When nobody has
//! held it for some seconds, the shell stops the server and removes its files; the kernel closes it for a process that was killed.
#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of it")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// Names the folder with PostgreSQL's programs. Where it is set, a test that needs them fails without them, and is not skipped.
const BIN: &str = "OFFICECONFIG_POSTGRES_BIN";
/// The oldest version that is supported.
const OLDEST: u32 = 15;
/// Longer than a server takes to start on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(90);

/// The role that owns what a migration makes.
pub(crate) const OWNER: &str = "officeconfig_owner";
/// The role that the service has: neither a superuser, nor an owner, and row-level security counts for it.
pub(crate) const APP: &str = "officeconfig_app";
/// Of both, over TCP. There is nothing to protect; it shows that a password is asked for.
pub(crate) const PASSWORD: &str = "throwaway";

/// What the shell does. `$1` the folder, `$2` the programs, `$3` the port, `$4` the file to remove first, `$5`… settings.
const SUPERVISOR: &str = r#"
folder=$1 bin=$2 port=$3 current=$4
shift 4
cd "$folder" || exit 1
exec 3<users
# A test may have stopped the one that was started here, and started another.
server() { head -n 1 data/postmaster.pid 2>/dev/null || echo "$first"; }
trap 'kill -INT "$(server)"' TERM HUP INT
"$bin/postgres" -D data -k "$folder" -p "$port" -c listen_addresses=127.0.0.1 "$@" >server.log 2>&1 3<&- &
first=$!
idle=0
while [ "$idle" -lt 4 ] && kill -0 "$(server)" 2>/dev/null; do
    if [ "$(cat <&3 | wc -c)" -gt 0 ]; then idle=0; else idle=$((idle + 1)); fi
    sleep 1
done
[ "$(cat "$current" 2>/dev/null)" = "$folder" ] && rm -f "$current"
cat <&3 >/dev/null
last=$(server)
kill -INT "$last" 2>/dev/null
wait "$first"
while kill -0 "$last" 2>/dev/null; do sleep 0.1; done
cd / && rm -rf "$folder"
"#;

/// A running server.
pub(crate) struct Cluster {
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    user: Option<(u32, u32)>,
    /// Tells the shell that somebody is there.
    _held: File,
}

/// A database of one test, gone with it.
pub(crate) struct Database {
    cluster: Arc<Cluster>,
    pub(crate) name: String,
}

/// The cluster that all tests share, without fsync; `None`, having said why, where there is no PostgreSQL.
pub(crate) fn shared() -> Option<Arc<Cluster>> {
    static SHARED: OnceLock<Option<Arc<Cluster>>> = OnceLock::new();
    SHARED.get_or_init(|| found().map(|bin| Arc::new(Cluster::joined(&bin).expect("the shared PostgreSQL")))).clone()
}

/// A cluster that nobody else uses, with these settings (`name=value`) beside the defaults: fsync is on.
pub(crate) fn own(settings: &[&str]) -> Option<Arc<Cluster>> {
    let bin = found()?;
    let base = base().expect("a folder");
    Some(Arc::new(Cluster::start(&base, &bin, settings).expect("a PostgreSQL of one's own")))
}

/// The folder with the programs.
fn found() -> Option<PathBuf> {
    let found = programs();
    if found.is_none() {
        skip("no PostgreSQL of version 15 or later was found (set OFFICECONFIG_POSTGRES_BIN to its bin folder)");
    }
    found
}

/// Tells the person at the terminal, and `cargo xtask test`, that this process's tests of PostgreSQL did not run.
#[expect(clippy::print_stderr, reason = "who runs the tests has to know what was not tested")]
fn skip(why: &str) {
    // Each test has a process of its own, where they are many; its name is among the arguments then.
    let test = std::env::args().find(|argument| argument.contains("::")).unwrap_or_else(|| "PostgreSQL".to_owned());
    eprintln!("skipped: {test}: {why}");
    if let Some(file) = std::env::var_os("OFFICECONFIG_SKIPS") {
        let told = OpenOptions::new().create(true).append(true).open(file);
        let _ = told.and_then(|mut file| writeln!(file, "{test}\t{why}"));
    }
}

fn programs() -> Option<PathBuf> {
    if let Some(given) = std::env::var_os(BIN) {
        let given = PathBuf::from(given);
        assert!(version(&given).is_some_and(|v| v >= OLDEST), "{BIN} names no PostgreSQL {OLDEST} or later");
        return Some(given);
    }
    let mut candidates: Vec<PathBuf> =
        std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect()).unwrap_or_default();
    for (folder, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/opt/homebrew/opt", "postgresql"),
        ("/usr/local/opt", "postgresql"),
    ] {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
        candidates.extend(named.map(|entry| entry.path().join("bin")));
    }
    let known = candidates.into_iter().filter_map(|bin| Some((version(&bin)?, bin)));
    known.filter(|(version, _)| *version >= OLDEST).max_by_key(|(version, _)| *version).map(|(_, bin)| bin)
}

/// The major version of the server in a folder that has all that is needed.
fn version(bin: &Path) -> Option<u32> {
    if !["initdb", "pg_ctl", "psql", "pg_isready"].iter().all(|program| bin.join(program).is_file()) {
        return None;
    }
    let told = Command::new(bin.join("postgres")).arg("--version").output().ok()?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let (_, number) = told.split_once("(PostgreSQL) ")?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Where clusters of this user and this build live. Short, because a socket's path may have about 100 bytes.
fn base() -> io::Result<PathBuf> {
    let build = option_env!("CARGO_TARGET_TMPDIR").unwrap_or(env!("CARGO_MANIFEST_DIR"));
    let hash = build.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let base = std::env::temp_dir().join(format!("ocpg-{hash:08x}"));
    fs::create_dir_all(&base)?;
    if let Some((user, group)) = server_user(&base)? {
        chown(&base, Some(user), Some(group))?;
    }
    Ok(base)
}

/// As whom the server runs, if not as ourselves: it refuses to be root.
fn server_user(base: &Path) -> io::Result<Option<(u32, u32)>> {
    let probe = base.join(format!("whoami-{}", std::process::id()));
    let ours = File::create(&probe)?.metadata()?.uid();
    fs::remove_file(&probe)?;
    if ours != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).map(Some).ok_or_else(|| io::Error::other("no user to run PostgreSQL as"))
}

impl Cluster {
    /// The running one, or a new one.
    fn joined(bin: &Path) -> io::Result<Self> {
        let base = base()?;
        // Whoever comes meanwhile waits until it runs.
        let lock = File::create(base.join("lock"))?;
        lock.lock()?;
        let current = base.join("current");
        if let Ok(folder) = fs::read_to_string(&current)
            && let Some(cluster) = Self::running(&base, Path::new(folder.trim()), bin)
            // Else the shell has just decided to stop it.
            && current.exists()
        {
            return Ok(cluster);
        }
        let cluster = Self::start(&base, bin, &["fsync=off", "synchronous_commit=off", "full_page_writes=off"])?;
        let next = base.join("next");
        fs::write(&next, cluster.folder.as_os_str().as_encoded_bytes())?;
        fs::rename(next, current)?;
        Ok(cluster)
    }

    fn running(base: &Path, folder: &Path, bin: &Path) -> Option<Self> {
        let port = fs::read_to_string(folder.join("port")).ok()?.trim().parse().ok()?;
        let held = hold(folder).ok()?;
        let user = server_user(base).ok()?;
        let cluster = Self { folder: folder.to_owned(), bin: bin.to_owned(), port, user, _held: held };
        cluster.is_ready().then_some(cluster)
    }

    fn start(base: &Path, bin: &Path, settings: &[&str]) -> io::Result<Self> {
        static NTH: AtomicU32 = AtomicU32::new(0);
        let user = server_user(base)?;
        for _ in 0..5 {
            let n = NTH.fetch_add(1, Ordering::Relaxed);
            let folder = base.join(format!("{}-{n}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir(&folder)?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))?;
            // Free now; where somebody takes it meanwhile, another one is tried.
            let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
            fs::write(folder.join("port"), port.to_string())?;
            if let Some((uid, gid)) = user {
                chown(&folder, Some(uid), Some(gid))?;
            }
            let program = |name: &str| as_server(bin, &folder, user, name);
            let data = folder.join("data");
            succeed(program("initdb").arg("-D").arg(&data).args([
                "--no-sync",
                "--username=postgres",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
            ]))?;
            let users = folder.join("users");
            succeed(Command::new("mkfifo").arg("-m").arg("666").arg(&users))?;
            let log = File::create(folder.join("supervisor.log"))?;
            let mut shell = program("/bin/sh");
            shell.args(["-c", SUPERVISOR, "officeconfig-test-postgres"]);
            shell.args([
                folder.as_os_str(),
                bin.as_os_str(),
                port.to_string().as_ref(),
                base.join("current").as_os_str(),
            ]);
            for setting in
                ["max_connections=300", "shared_buffers=64MB", "autovacuum_naptime=5s"].iter().chain(settings)
            {
                shell.args(["-c", setting]);
            }
            // Of its own group, with no handle of ours: who stops a test does not stop it, and nobody waits for it.
            let mut shell = shell.process_group(0).stdout(log.try_clone()?).stderr(log).spawn()?;
            let started = Instant::now();
            let held = loop {
                match hold(&folder) {
                    Ok(held) => break held,
                    Err(_) if started.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(10)),
                    Err(error) => return Err(error),
                }
            };
            let cluster = Self { folder: folder.clone(), bin: bin.to_owned(), port, user, _held: held };
            while !cluster.is_ready() {
                if shell.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            if cluster.is_ready() {
                cluster.make_roles()?;
                return Ok(cluster);
            }
        }
        Err(io::Error::other("PostgreSQL does not start"))
    }

    fn is_ready(&self) -> bool {
        let mut asked = Command::new(self.bin.join("pg_isready"));
        asked.arg("-h").arg(&self.folder).arg("-p").arg(self.port.to_string()).arg("-q");
        asked.status().is_ok_and(|status| status.success())
    }

    fn make_roles(&self) -> io::Result<()> {
        self.sql(
            "postgres",
            &format!("CREATE ROLE {OWNER} LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"),
        )?;
        self.sql(
            "postgres",
            &format!("CREATE ROLE {APP} LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"),
        )?;
        Ok(())
    }

    /// Runs SQL as a superuser and gives what `psql -At` says.
    pub(crate) fn sql(&self, database: &str, sql: &str) -> io::Result<String> {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-c", sql]);
        psql.arg("-h").arg(&self.folder).arg("-p").arg(self.port.to_string());
        succeed(psql.stdin(Stdio::null()))
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends the server as a fault would: nobody's transaction is waited for, and what was not synced is lost with the process. Only in a cluster of
    /// one's own.
    pub(crate) fn stop_at_once(&self) -> io::Result<()> {
        let mut stop = as_server(&self.bin, &self.folder, self.user, "pg_ctl");
        succeed(stop.args(["stop", "-m", "immediate", "-w", "-D", "data"])).map(drop)
    }

    /// Starts it again as it was started, and waits until it is there.
    pub(crate) fn start_again(&self) -> io::Result<()> {
        // Of all its words only this one takes the options of the last start.
        let mut start = as_server(&self.bin, &self.folder, self.user, "pg_ctl");
        let patience = PATIENCE.as_secs().to_string();
        succeed(start.args(["restart", "-w", "-D", "data", "-l", "server.log", "-t", &patience])).map(drop)
    }

    /// The server's process.
    pub(crate) fn postmaster(&self) -> io::Result<u32> {
        let file = fs::read_to_string(self.folder.join("data/postmaster.pid"))?;
        file.lines().next().and_then(|line| line.trim().parse().ok()).ok_or_else(|| io::Error::other("no process"))
    }

    /// The URL of a database for a role, over TCP.
    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        format!("postgres://{role}:{PASSWORD}@127.0.0.1:{}/{database}", self.port)
    }

    /// An empty database of the owner.
    pub(crate) fn empty(self: &Arc<Self>) -> Database {
        let name = fresh_name();
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER {OWNER}")).expect("a database");
        Database { cluster: Arc::clone(self), name }
    }

    /// A database as `prepare` makes it of an empty one, given the owner's URL. It is run once for each `kind` in a run of the tests: the others
    /// get copies.
    pub(crate) async fn prepared(self: &Arc<Self>, kind: &str, prepare: impl AsyncFnOnce(String)) -> Database {
        // In this process first: a file's lock is the process's.
        static PREPARING: Mutex<()> = Mutex::new(());
        let template = format!("template_{kind}");
        let is_made =
            || self.sql("postgres", &format!("SELECT 1 FROM pg_database WHERE datname = '{template}'")).expect("asked");
        if is_made().is_empty() {
            let building = format!("building_{}", fresh_name());
            self.sql("postgres", &format!("CREATE DATABASE {building} OWNER {OWNER}")).expect("a database");
            prepare(self.url(OWNER, &building)).await;
            let _here = PREPARING.lock().unwrap_or_else(PoisonError::into_inner);
            // Of two that made one, the first one's counts.
            if is_made().is_empty()
                && self.sql("postgres", &format!("ALTER DATABASE {building} ALLOW_CONNECTIONS false")).is_ok()
            {
                self.end_connections(&building);
                let _ = self.sql("postgres", &format!("ALTER DATABASE {building} RENAME TO {template}"));
            }
            let _ = self.sql("postgres", &format!("DROP DATABASE IF EXISTS {building} WITH (FORCE)"));
        }
        let name = fresh_name();
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {OWNER}")).expect("a copy");
        Database { cluster: Arc::clone(self), name }
    }

    fn end_connections(&self, database: &str) {
        let ended =
            format!("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{database}'");
        self.sql("postgres", &ended).expect("ended");
    }

    /// Puts a file into the server's folder, where it is the server's alone.
    pub(crate) fn put(&self, name: &str, content: &str) -> io::Result<()> {
        let path = self.folder.join("data").join(name);
        fs::write(&path, content)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        match self.user {
            Some((uid, gid)) => chown(path, Some(uid), Some(gid)),
            None => Ok(()),
        }
    }

    /// The URL of a database for a role, over the server's socket, which asks for no password.
    pub(crate) fn socket_url(&self, role: &str, database: &str) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://{role}@{folder}:{}/{database}", self.port)
    }

    /// What the server said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.join("server.log")).unwrap_or_default()
    }
}

impl Database {
    pub(crate) fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// For the role that owns everything.
    pub(crate) fn owner_url(&self) -> String {
        self.cluster.url(OWNER, &self.name)
    }

    /// For the role of the service.
    pub(crate) fn app_url(&self) -> String {
        self.cluster.url(APP, &self.name)
    }

    /// Runs SQL as a superuser and gives what `psql -At` says.
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.cluster.sql(&self.name, sql).expect("SQL")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that fails says why itself.
        let _ = self.cluster.sql("postgres", &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// A program of PostgreSQL, or `/a/path`, run in the server's folder as the server's user.
fn as_server(bin: &Path, folder: &Path, user: Option<(u32, u32)>, name: &str) -> Command {
    let mut command = Command::new(if name.starts_with('/') { name.into() } else { bin.join(name) });
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command.current_dir(folder).env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// A name that no other database of the cluster has.
fn fresh_name() -> String {
    static NTH: AtomicU32 = AtomicU32::new(0);
    format!("t{}_{}", std::process::id(), NTH.fetch_add(1, Ordering::Relaxed))
}

/// Opens the FIFO, which is refused while no shell reads it, and says so.
fn hold(folder: &Path) -> io::Result<File> {
    // Beside the shell nobody reads; without waiting it fails where the shell is gone. The number is the same on Linux for all targets of ours.
    const O_NONBLOCK: i32 = if cfg!(target_os = "linux") { 0o4000 } else { 0x4 };
    let mut held = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(folder.join("users"))?;
    held.write_all(b"x")?;
    Ok(held)
}

/// Runs a program and gives what it printed.
fn succeed(command: &mut Command) -> io::Result<String> {
    let output = command.output()?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(io::Error::other(format!("{}: {told}", command.get_program().display())));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
