//! The store that is held against another one: opened again whenever a test likes, on what it left. It must never know what is in it.

use std::sync::atomic::{AtomicU64, Ordering};

use store::Store;
use store::postgres::{PostgresOptions, PostgresStore};
use store::sqlite::{SqliteOptions, SqliteStore, verify};
use uuid::Uuid;

use super::cluster::{self, Database};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

pub(crate) struct Held {
    place: Place,
    store: Option<Box<dyn Store>>,
}

enum Place {
    Folder(tempfile::TempDir),
    Database(Database),
}

impl Held {
    /// An empty one; `None` where there is no PostgreSQL.
    pub(crate) async fn new(kind: Kind) -> Option<Self> {
        let place = match kind {
            Kind::Sqlite => Place::Folder(tempfile::tempdir().unwrap()),
            Kind::Postgres => {
                let prepare = async |url: String| {
                    store::postgres::migrate(&url, cluster::APP).await.unwrap();
                };
                Place::Database(cluster::shared()?.prepared("migrated", prepare).await)
            }
        };
        let mut held = Self { place, store: None };
        held.reopen().await;
        Some(held)
    }

    pub(crate) async fn reopen(&mut self) {
        self.store = None;
        self.store = Some(match &self.place {
            Place::Folder(folder) => Box::new(SqliteStore::open(SqliteOptions::new(folder.path())).unwrap()),
            Place::Database(database) => {
                let options = PostgresOptions::new(database.app_url(), fresh);
                Box::new(PostgresStore::open(options).await.unwrap())
            }
        });
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_deref().unwrap()
    }

    /// Whether check-ins of different users are recorded in the order in which they came. Where several lines record them side by side, it is as
    /// they meet.
    pub(crate) fn keeps_order(&self) -> bool {
        matches!(self.place, Place::Folder(_))
    }

    /// Looks through all that is stored, where a store can.
    pub(crate) fn verify(mut self) {
        self.store = None;
        if let Place::Folder(folder) = &self.place {
            let report = verify(folder.path()).unwrap();
            assert!(report.is_sound(), "{report:?}");
        }
    }
}

/// An id that no two tests of a database share.
fn fresh() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u64_pair(7, NEXT.fetch_add(1, Ordering::Relaxed))
}
