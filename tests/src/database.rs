//! The PostgreSQL database that a service has instead of the one in its data folder, where a test or `OFFICECONFIG_TEST_STORE=postgres` asks for it:
//! the same tests then say what the service does on both. A data folder has one database, whoever starts a service on it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::service::program;

#[path = "../../crates/store/tests/support/cluster.rs"]
mod cluster;

/// A migrated database with the file that seals its secrets.
pub struct Database {
    made: cluster::Database,
    secret: PathBuf,
    _folder: tempfile::TempDir,
}

/// Where a service keeps what it is told.
#[derive(Clone)]
pub enum Store {
    /// In its data folder.
    Folder,
    /// In a database.
    Database(Arc<Database>),
}

/// Of the data folders that were seen in this process.
static OF_FOLDERS: Mutex<Option<HashMap<PathBuf, Store>>> = Mutex::new(None);

impl Store {
    /// Whether tests are to run on PostgreSQL that do not say themselves where.
    pub fn is_postgres_asked() -> bool {
        std::env::var_os("OFFICECONFIG_TEST_STORE").is_some_and(|store| store == "postgres")
    }

    /// The one of a data folder: known, or as the tests are to run.
    pub(crate) fn of(data: &Path) -> Self {
        let mut all = OF_FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = || {
            if !Self::is_postgres_asked() {
                return Self::Folder;
            }
            Self::Database(Database::shared().expect("OFFICECONFIG_TEST_STORE=postgres needs a PostgreSQL"))
        };
        all.get_or_insert_default().entry(data.to_owned()).or_insert_with(asked).clone()
    }

    /// Makes it the one of a data folder.
    pub(crate) fn settle(self, data: &Path) {
        let mut all = OF_FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_or_insert_default().insert(data.to_owned(), self);
    }

    /// Forgets the one of a data folder that has gone.
    pub(crate) fn forget(data: &Path) {
        let mut all = OF_FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        drop(all.as_mut().and_then(|all| all.remove(data)));
    }

    /// Has a command of the program use it.
    pub(crate) fn put_on(&self, command: &mut Command) {
        if let Self::Database(database) = self {
            command
                .env("OFFICECONFIG_DATABASE", database.made.app_url())
                .env("OFFICECONFIG_SECRET_FILE", &database.secret);
        }
    }
}

impl Database {
    /// One in the cluster that all tests share; `None`, having said why, where there is no PostgreSQL.
    pub fn shared() -> Option<Arc<Self>> {
        cluster::shared().map(|cluster| Arc::new(Self::new(&cluster)))
    }

    /// One in a cluster that nobody else uses, which may be stopped.
    pub fn alone() -> Option<Arc<Self>> {
        cluster::own(&[]).map(|cluster| Arc::new(Self::new(&cluster)))
    }

    /// Ends its server as a fault would.
    pub fn stop_at_once(&self) {
        self.made.cluster().stop_at_once().expect("stopped");
    }

    /// Starts its server again.
    pub fn start_again(&self) {
        self.made.cluster().start_again().expect("started again");
    }

    fn new(cluster: &Arc<cluster::Cluster>) -> Self {
        let mut made = pin!(cluster.prepared("service", async |url| {
            let migrated = Command::new(program()).args(["migrate", "--database", &url]).status().unwrap();
            assert!(migrated.success(), "officeconfig migrate failed");
        }));
        // Nothing in it waits.
        let Poll::Ready(database) = made.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
            unreachable!("a program that was waited for has ended")
        };
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "a secret of these tests: thirty-two bytes or more").unwrap();
        Self { made: database, secret, _folder: folder }
    }

    /// Its URL, as the role of the service.
    pub fn url(&self) -> String {
        self.made.app_url()
    }

    /// The secret file.
    pub fn secret_file(&self) -> &Path {
        &self.secret
    }

    /// Runs SQL as a superuser and gives what `psql -At` says.
    pub fn sql(&self, sql: &str) -> String {
        self.made.sql(sql)
    }
}

/// Two databases that stand for clusters, with the file that seals the secrets in the first.
pub struct Clusters {
    first: Database,
    second: Database,
}

impl Clusters {
    /// New ones; `None` where there is no PostgreSQL.
    pub fn two() -> Option<Self> {
        let cluster = cluster::shared()?;
        Some(Self { first: Database::new(&cluster), second: Database::new(&cluster) })
    }

    /// A configuration with the first as `a` and the second as `b`.
    pub fn config(&self) -> String {
        self.named("a", "b")
    }

    /// A configuration with other names.
    pub fn named(&self, first: &str, second: &str) -> String {
        let cluster = |name: &str, database: &Database| {
            format!("[[clusters]]\nname = \"{name}\"\ndatabase = \"{}\"\n", database.made.app_url())
        };
        let secret = self.first.secret.display();
        format!("secret_file = \"{secret}\"\n{}{}", cluster(first, &self.first), cluster(second, &self.second))
    }

    /// A configuration with the first database as the only one.
    pub fn only_the_first(&self) -> String {
        let secret = self.first.secret.display();
        format!("secret_file = \"{secret}\"\ndatabase = \"{}\"\n", self.first.made.app_url())
    }
}
