//! Where the service keeps what it keeps: a data folder with a database of its own, a PostgreSQL database that several servers share, or several such
//! with a tenant in each; and in that, or in the first of them, the secrets that they share. Whatever keeps a database from being opened is the asker's to change: exit code 2.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use store::placed::{ClusterOptions, PlacedStore};
use store::postgres::{PostgresOptions, PostgresStore};
use store::{Observer, Store};

use super::{Failure, data, usage};
use crate::admin::ContinuationKey;
use crate::auth::BuiltinIssuer;
use crate::config::{ClusterSection, Config, DatabaseUrl};
use crate::env::Env;
use crate::secrets::Vault;

/// Names of what servers share.
pub(super) const ISSUER_KEYS: &str = "issuer-keys";
pub(super) const CONTINUATION_KEY: &str = "continuation-key";

/// Where the service keeps what it keeps, as the command line and the file say it.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Place {
    /// The data folder [default: ./officeconfig-data]
    #[arg(long, value_name = "DIR", env = "OFFICECONFIG_DATA", hide_env_values = true)]
    data: Option<PathBuf>,
    /// A PostgreSQL database instead of the one in the data folder; several servers may share it
    #[arg(long, value_name = "URL", env = "OFFICECONFIG_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// What seals the keys that servers share in the database: a file of 32 bytes or more
    #[arg(long, value_name = "F", env = "OFFICECONFIG_SECRET_FILE", hide_env_values = true)]
    secret_file: Option<PathBuf>,
    /// The configuration file, TOML
    #[arg(long, value_name = "F", env = "OFFICECONFIG_CONFIG", hide_env_values = true)]
    config: Option<PathBuf>,
}

impl Place {
    /// What is given here wins over the file.
    pub(super) fn settle(self) -> Result<Config, Failure> {
        let mut config = match &self.config {
            Some(path) => Config::read(path).map_err(usage)?,
            None => Config::default(),
        };
        if let Some(data) = self.data {
            config.data = data;
        }
        if let Some(database) = self.database {
            if !config.clusters.is_empty() {
                let what = "--database (OFFICECONFIG_DATABASE) and the [[clusters]] of the configuration file exclude each other";
                return Err(usage(anyhow!(what)));
            }
            config.database = Some(DatabaseUrl::from(database));
        }
        if let Some(file) = self.secret_file {
            config.secret_file = Some(file);
        }
        Ok(config)
    }
}

/// The parts of the service that depend on the place.
pub(super) struct Opened {
    pub(super) store: Arc<dyn Store>,
    /// Where its tokens count.
    pub(super) builtin: Option<BuiltinIssuer>,
    pub(super) continuation: ContinuationKey,
}

/// Opens what the configuration names.
pub(super) async fn open(config: &Config, observer: Arc<dyn Observer>, env: &Env) -> Result<Opened, Failure> {
    match (&config.database, config.clusters.is_empty()) {
        (None, true) => of_folder(config, observer, env).await,
        (Some(url), _) => of_database(config, url, observer, env).await,
        (None, false) => of_clusters(config, observer, env).await,
    }
}

async fn of_folder(config: &Config, observer: Arc<dyn Observer>, env: &Env) -> Result<Opened, Failure> {
    data::make_folder(&config.data)?;
    let builtin = config.builtin_issuer.then(|| BuiltinIssuer::open(&config.data, env.clone())).transpose()?;
    let continuation = ContinuationKey::of_folder(&config.data, &*env.ids)?;
    let store = data::open(&config.data, config.change_log.into(), observer).await?;
    Ok(Opened { store, builtin, continuation })
}

async fn of_database(
    config: &Config,
    url: &DatabaseUrl,
    observer: Arc<dyn Observer>,
    env: &Env,
) -> Result<Opened, Failure> {
    let secrets = Secrets::of(config, env)?;
    let options = options(config, url, env).observer(observer);
    let store = Box::pin(PostgresStore::open(options)).await.map_err(usage)?;
    let keys = secrets.keys(&store, config.builtin_issuer).await;
    opened(Arc::new(store), keys).await
}

async fn of_clusters(config: &Config, observer: Arc<dyn Observer>, env: &Env) -> Result<Opened, Failure> {
    let secrets = Secrets::of(config, env)?;
    let store = clusters(config, Some(observer), env).await?;
    let keys = secrets.keys(store.first(), config.builtin_issuer).await;
    opened(Arc::new(store), keys).await
}

async fn opened(
    store: Arc<dyn Store>,
    keys: Result<(Option<BuiltinIssuer>, ContinuationKey), Failure>,
) -> Result<Opened, Failure> {
    match keys {
        Ok((builtin, continuation)) => Ok(Opened { store, builtin, continuation }),
        Err(failure) => {
            store.close().await;
            Err(failure)
        }
    }
}

/// The clusters that the configuration names, which is at least one.
pub(super) async fn clusters(
    config: &Config,
    observer: Option<Arc<dyn Observer>>,
    env: &Env,
) -> Result<PlacedStore, Failure> {
    let cluster = |section: &ClusterSection| {
        let database = options(config, &section.database, env);
        let database = match &observer {
            Some(observer) => database.observer(Arc::clone(observer)),
            None => database,
        };
        ClusterOptions { name: section.name.clone(), database, new_tenants: section.new_tenants }
    };
    let Some((first, others)) = config.clusters.split_first() else {
        return Err(usage(anyhow!("the configuration names no [[clusters]]")));
    };
    let opened = Box::pin(PlacedStore::open(cluster(first), others.iter().map(cluster).collect())).await;
    opened.map_err(usage)
}

fn options(config: &Config, url: &DatabaseUrl, env: &Env) -> PostgresOptions {
    let ids = Arc::clone(&env.ids);
    PostgresOptions::new(url.expose(), move || ids.uuid()).retention(config.change_log.into())
}

/// The built-in issuer of a place, for its tokens alone.
pub(super) async fn issuer(config: &Config, env: Env) -> Result<BuiltinIssuer, Failure> {
    let options = match (&config.database, config.clusters.first()) {
        (None, None) => {
            let folder = &config.data;
            data::make_folder(folder)?;
            return Ok(BuiltinIssuer::open(folder, env).with_context(|| format!("--data {}", folder.display()))?);
        }
        (Some(url), _) => options(config, url, &env),
        (None, Some(first)) => options(config, &first.database, &env).first_cluster(&first.name),
    };
    let secrets = Secrets::of(config, &env)?;
    let store = Box::pin(PostgresStore::open(options)).await.map_err(usage)?;
    let issuer = secrets.issuer(&store).await;
    store.close().await;
    issuer
}

/// What opens the secrets that servers share.
pub(super) struct Secrets {
    vault: Vault,
    env: Env,
}

impl Secrets {
    fn of(config: &Config, env: &Env) -> Result<Self, Failure> {
        Self::of_file(config.secret_file.as_deref(), env)
    }

    pub(super) fn of_file(file: Option<&Path>, env: &Env) -> Result<Self, Failure> {
        let file = file.ok_or_else(|| {
            usage(anyhow!(
                "a database needs --secret-file, the same for all its servers: it seals the keys that they share there (`openssl rand -base64 32` makes one)"
            ))
        })?;
        Ok(Self { vault: Vault::of_file(file).map_err(usage)?, env: env.clone() })
    }

    async fn keys(
        &self,
        store: &PostgresStore,
        with_issuer: bool,
    ) -> Result<(Option<BuiltinIssuer>, ContinuationKey), Failure> {
        let builtin = if with_issuer { Some(self.issuer(store).await?) } else { None };
        let key = self.secret(store, CONTINUATION_KEY, || ContinuationKey::fresh(&*self.env.ids)).await?;
        Ok((builtin, ContinuationKey::of_bytes(&key).context("the key of continuations in the database")?))
    }

    async fn issuer(&self, store: &PostgresStore) -> Result<BuiltinIssuer, Failure> {
        let keys = self.secret(store, ISSUER_KEYS, || BuiltinIssuer::fresh_keys(&self.env)).await?;
        Ok(BuiltinIssuer::of_shared(&keys, self.env.clone())?)
    }

    /// The secret with a name; a fresh one where there is none yet. Of servers that start together one's is taken by all.
    pub(super) async fn secret(
        &self,
        store: &PostgresStore,
        name: &str,
        fresh: impl FnOnce() -> Vec<u8>,
    ) -> Result<Vec<u8>, Failure> {
        if let Some(found) = self.find(store, name).await? {
            return Ok(found);
        }
        let sealed = self.vault.seal(name, &fresh(), &*self.env.ids)?;
        let kept = store.shared_secret(name, &sealed).await?;
        self.vault.open(name, &kept).map_err(usage)
    }

    /// The secret with a name, if there is one.
    pub(super) async fn find(&self, store: &PostgresStore, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let found = store.find_secret(name).await?;
        found.map(|sealed| self.vault.open(name, &sealed).map_err(usage)).transpose()
    }
}
