//! One of several clusters, which may be away when the service starts: then it is tried again until it is there. It must never be opened as another
//! cluster than it was named.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::time::sleep;

use super::name::ClusterName;
use crate::Store as _;
use crate::error::{OpenError, StoreError};
use crate::limits::REOPEN_INTERVAL;
use crate::postgres::{PostgresOptions, PostgresStore};

/// A cluster and how to open it.
#[derive(Clone)]
pub struct ClusterOptions {
    /// What it is called.
    pub name: ClusterName,
    /// Its database.
    pub database: PostgresOptions,
    /// Whether new tenants may be placed in it.
    pub new_tenants: bool,
}

/// One of several clusters.
pub(super) struct Cluster {
    pub(super) name: ClusterName,
    pub(super) new_tenants: bool,
    store: OnceLock<Arc<PostgresStore>>,
    /// Why it is not open, as long as it is not.
    why: Mutex<String>,
}

#[derive(Debug, thiserror::Error)]
#[error("the cluster {name} is not open yet: {why}")]
struct NotOpen {
    name: ClusterName,
    why: String,
}

impl Cluster {
    /// Which is open.
    pub(super) fn open(name: ClusterName, new_tenants: bool, store: Arc<PostgresStore>) -> Self {
        Self { name, new_tenants, store: OnceLock::from(store), why: Mutex::default() }
    }

    /// Which cannot be reached now.
    pub(super) fn away(name: ClusterName, new_tenants: bool, why: &OpenError) -> Self {
        tracing::error!(cluster = %name, %why, "a cluster is away; the others are served, and it is tried again");
        Self { name, new_tenants, store: OnceLock::new(), why: Mutex::new(why.to_string()) }
    }

    pub(super) fn opened(&self) -> Option<&Arc<PostgresStore>> {
        self.store.get()
    }

    pub(super) fn store(&self) -> Result<&PostgresStore, StoreError> {
        let not_open = || StoreError::Unavailable(Arc::new(NotOpen { name: self.name.clone(), why: self.why() }));
        self.opened().map(AsRef::as_ref).ok_or_else(not_open)
    }

    fn why(&self) -> String {
        self.why.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Why it takes no changes.
    pub(super) fn trouble(&self) -> Option<String> {
        match self.opened() {
            Some(store) => store.health().reason,
            None => Some(self.why()),
        }
    }

    /// Opens it as soon as that goes.
    pub(super) async fn come(self: Arc<Self>, database: PostgresOptions) {
        loop {
            sleep(REOPEN_INTERVAL).await;
            match Box::pin(PostgresStore::open(database.clone())).await {
                Ok(store) => {
                    tracing::info!(cluster = %self.name, "the cluster is there");
                    let _ = self.store.set(Arc::new(store));
                    return;
                }
                Err(error) => {
                    let mut why = self.why.lock().unwrap_or_else(PoisonError::into_inner);
                    let told = error.to_string();
                    if *why != told {
                        tracing::error!(cluster = %self.name, %error, "the cluster cannot be opened; it is tried again");
                        *why = told;
                    }
                }
            }
        }
    }
}
