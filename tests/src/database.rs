//! The PostgreSQL database that a service has instead of the one in its data folder, where `OFFICECONFIG_TEST_STORE=postgres` asks for it: the same
//! tests then say what the service does on both. A data folder has one database, whoever starts a service on it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::service::program;

#[path = "../../crates/store/tests/support/cluster.rs"]
mod cluster;

/// A database with the file that seals its secrets.
pub(crate) struct Database {
    made: cluster::Database,
    secret: PathBuf,
    _folder: tempfile::TempDir,
}

/// Of the data folders that were seen in this process.
static OF_FOLDERS: Mutex<Option<HashMap<PathBuf, Arc<Database>>>> = Mutex::new(None);

impl Database {
    /// The one of a data folder, made when the tests are to run on PostgreSQL.
    pub(crate) fn of(data: &Path) -> Option<Arc<Self>> {
        let mut all = OF_FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        if let Some(known) = all.get(data) {
            return Some(Arc::clone(known));
        }
        if std::env::var_os("OFFICECONFIG_TEST_STORE").is_none_or(|store| store != "postgres") {
            return None;
        }
        let made = Arc::new(Self::new());
        all.insert(data.to_owned(), Arc::clone(&made));
        Some(made)
    }

    /// Forgets the one of a data folder that has gone.
    pub(crate) fn forget(data: &Path) {
        let mut all = OF_FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        drop(all.as_mut().and_then(|all| all.remove(data)));
    }

    fn new() -> Self {
        let cluster = cluster::shared().expect("OFFICECONFIG_TEST_STORE=postgres needs a PostgreSQL");
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

    /// Has a command of the program use it.
    pub(crate) fn put_on(&self, command: &mut Command) {
        command.env("OFFICECONFIG_DATABASE", self.made.app_url()).env("OFFICECONFIG_SECRET_FILE", &self.secret);
    }
}
