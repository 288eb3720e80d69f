//! Where the service keeps what it keeps: a data folder with a database of its own, or a PostgreSQL database that several servers share, and in it
//! the secrets that they share. Whatever keeps a database from being opened is the asker's to change: exit code 2.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use store::postgres::{PostgresOptions, PostgresStore};
use store::{Observer, Store};

use super::{DataFolder, Failure, data, usage};
use crate::admin::ContinuationKey;
use crate::auth::BuiltinIssuer;
use crate::config::{Config, DatabaseUrl};
use crate::env::Env;
use crate::secrets::Vault;

/// Names of what servers share.
const ISSUER_KEYS: &str = "issuer-keys";
const CONTINUATION_KEY: &str = "continuation-key";

/// The database that servers share.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct DatabaseArgs {
    /// A PostgreSQL database instead of the one in the data folder; several servers may share it
    #[arg(long, value_name = "URL", env = "OFFICECONFIG_DATABASE", hide_env_values = true)]
    database: Option<String>,
    /// What seals the keys that servers share in the database: a file of 32 bytes or more
    #[arg(long, value_name = "F", env = "OFFICECONFIG_SECRET_FILE", hide_env_values = true)]
    secret_file: Option<PathBuf>,
}

impl DatabaseArgs {
    /// What is given here wins over the file.
    pub(super) fn settle(self, config: &mut Config) {
        if let Some(database) = self.database {
            config.database = Some(DatabaseUrl::from(database));
        }
        if let Some(file) = self.secret_file {
            config.secret_file = Some(file);
        }
    }
}

/// A data folder or a database, where the configuration file has no say.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Place {
    #[command(flatten)]
    folder: DataFolder,
    #[command(flatten)]
    database: DatabaseArgs,
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
    match &config.database {
        None => of_folder(config, observer, env).await,
        Some(url) => of_database(config, url, observer, env).await,
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
    let watched = |options: PostgresOptions| options.retention(config.change_log.into()).observer(observer);
    let shared = Shared::connect(url, config.secret_file.as_deref(), watched, env).await?;
    let keys = async {
        let builtin = if config.builtin_issuer { Some(shared.issuer().await?) } else { None };
        Ok::<_, Failure>((builtin, shared.continuation().await?))
    };
    match keys.await {
        Ok((builtin, continuation)) => Ok(Opened { store: Arc::new(shared.store), builtin, continuation }),
        Err(failure) => {
            shared.store.close().await;
            Err(failure)
        }
    }
}

/// The built-in issuer of a place, for its tokens alone.
pub(super) async fn issuer(place: &Place, env: Env) -> Result<BuiltinIssuer, Failure> {
    let Some(url) = &place.database.database else {
        let folder = &place.folder.data;
        data::make_folder(folder)?;
        return Ok(BuiltinIssuer::open(folder, env).with_context(|| format!("--data {}", folder.display()))?);
    };
    let url = DatabaseUrl::from(url.clone());
    let file = place.database.secret_file.as_deref();
    let shared = Shared::connect(&url, file, |options| options, &env).await?;
    let issuer = shared.issuer().await;
    shared.store.close().await;
    issuer
}

/// A database and what opens its secrets.
struct Shared {
    store: PostgresStore,
    vault: Vault,
    env: Env,
}

impl Shared {
    async fn connect(
        url: &DatabaseUrl,
        secret_file: Option<&Path>,
        settle: impl FnOnce(PostgresOptions) -> PostgresOptions,
        env: &Env,
    ) -> Result<Self, Failure> {
        let file = secret_file.ok_or_else(|| {
            usage(anyhow!(
                "a database needs --secret-file, the same for all its servers: it seals the keys that they share there (`openssl rand -base64 32` makes one)"
            ))
        })?;
        let vault = Vault::of_file(file).map_err(usage)?;
        let ids = Arc::clone(&env.ids);
        let options = settle(PostgresOptions::new(url.expose(), move || ids.uuid()));
        let store = Box::pin(PostgresStore::open(options)).await.map_err(usage)?;
        Ok(Self { store, vault, env: env.clone() })
    }

    async fn issuer(&self) -> Result<BuiltinIssuer, Failure> {
        let keys = self.secret(ISSUER_KEYS, || BuiltinIssuer::fresh_keys(&self.env)).await?;
        Ok(BuiltinIssuer::of_shared(&keys, self.env.clone())?)
    }

    async fn continuation(&self) -> Result<ContinuationKey, Failure> {
        let key = self.secret(CONTINUATION_KEY, || ContinuationKey::fresh(&*self.env.ids)).await?;
        Ok(ContinuationKey::of_bytes(&key).context("the key of continuations in the database")?)
    }

    /// The secret with a name; a fresh one where there is none yet. Of servers that start together one's is taken by all.
    async fn secret(&self, name: &str, fresh: impl FnOnce() -> Vec<u8>) -> Result<Vec<u8>, Failure> {
        let sealed = if let Some(found) = self.store.find_secret(name).await? {
            found
        } else {
            let sealed = self.vault.seal(name, &fresh(), &*self.env.ids)?;
            self.store.shared_secret(name, &sealed).await?
        };
        self.vault.open(name, &sealed).map_err(usage)
    }
}
