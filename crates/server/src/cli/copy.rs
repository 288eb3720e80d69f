//! `officeconfig copy`: everything of a data folder into a PostgreSQL database, and whether both tell the same then. What is copied and compared is
//! `store::transfer`'s; here are the two places, the keys that go with the data, and what is told meanwhile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow};
use serde_json::json;
use store::Store as _;
use store::postgres::{PostgresOptions, PostgresStore};
use store::sqlite::SqliteStore;
use store::transfer::{self, Report, Transfer};

use super::database::{CONTINUATION_KEY, ISSUER_KEYS, Secrets};
use super::telling::{Telling, today};
use super::{Failure, OutputFormat, usage};
use crate::admin::ContinuationKey;
use crate::auth::{BuiltinIssuer, KEYS_FILE};
use crate::env::Env;

/// From where to where.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Stop the service on the folder first; nothing in its database is changed. The destination is a
database after `officeconfig migrate`, as the role that the service connects with; tenants that
are in it already stay as they are. Tokens and links that were given out go on to count. A copy
that was interrupted is run again. At the end both are compared; --verify-only does that alone.
Exits 1 at the first difference.

Examples:
  officeconfig copy --from sqlite://./officeconfig-data \\
      --to postgres://officeconfig_app:…@db1/officeconfig --secret-file /etc/officeconfig.secret
  officeconfig copy --verify-only --from sqlite:///var/lib/officeconfig \\
      --to postgres://officeconfig_app:…@db1/officeconfig --secret-file /etc/officeconfig.secret")]
pub(super) struct Args {
    /// The data folder, as sqlite://DIR
    #[arg(long, value_name = "URL")]
    from: String,
    /// The PostgreSQL database
    #[arg(long, value_name = "URL", env = "OFFICECONFIG_DATABASE", hide_env_values = true)]
    to: String,
    /// What seals the keys in the database: the file that its servers have
    #[arg(long, value_name = "F", env = "OFFICECONFIG_SECRET_FILE", hide_env_values = true)]
    secret_file: Option<PathBuf>,
    /// Only compare both
    #[arg(long)]
    verify_only: bool,
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let folder = folder_of(&args.from)?;
    if !["postgres://", "postgresql://"].iter().any(|scheme| args.to.starts_with(scheme)) {
        return Err(usage(anyhow!("--to: a copy goes into a PostgreSQL database: postgres://USER@HOST/DATABASE")));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    let started = Instant::now();
    let report = runtime.block_on(Box::pin(between(&folder, args, &Env::real())))?;
    tell(&report, started.elapsed(), args)
}

/// The folder that a URL names, as it stands there.
fn folder_of(url: &str) -> Result<PathBuf, Failure> {
    match url.strip_prefix("sqlite://") {
        Some(folder) if !folder.is_empty() => Ok(PathBuf::from(folder)),
        _ => Err(usage(anyhow!(
            "--from: a copy comes from a data folder: sqlite://./officeconfig-data or sqlite:///PATH"
        ))),
    }
}

async fn between(folder: &Path, args: &Args, env: &Env) -> Result<Report, Failure> {
    let keys = Keys::of_folder(folder, env)?;
    let from = SqliteStore::open_to_read(folder).map_err(usage)?;
    let secrets = Secrets::of_file(args.secret_file.as_deref(), env)?;
    let ids = Arc::clone(&env.ids);
    let store = PostgresStore::open(PostgresOptions::new(args.to.clone(), move || ids.uuid()));
    let to = To { store: Box::pin(store).await.map_err(usage)?, secrets };
    let done = Box::pin(done(&from, &to, &keys, args, env)).await;
    to.store.close().await;
    from.close().await;
    done
}

/// The database, and what opens its secrets.
struct To {
    store: PostgresStore,
    secrets: Secrets,
}

async fn done(from: &SqliteStore, to: &To, keys: &Keys, args: &Args, env: &Env) -> Result<Report, Failure> {
    let today = today(env);
    let telling = Telling::default();
    let tell = |progress| telling.tell(progress);
    if args.verify_only {
        keys.compare(to).await?;
        return Ok(transfer::compare(from, &to.store, today, &tell).await?);
    }
    keys.check(to).await?;
    let transfer = Transfer::begin(from, &to.store, today, &tell).await?;
    // Before the data: a server that is started on it must not make others.
    keys.carry(to).await?;
    Ok(transfer.run().await?)
}

/// The keys of a data folder, by the names that they have in a database: without them tokens and links that were given out would not count.
struct Keys(BTreeMap<&'static str, (PathBuf, Vec<u8>)>);

impl Keys {
    fn of_folder(folder: &Path, env: &Env) -> Result<Self, Failure> {
        let mut keys = BTreeMap::new();
        for (name, file) in [(ISSUER_KEYS, KEYS_FILE), (CONTINUATION_KEY, ContinuationKey::FILE)] {
            let path = folder.join(file);
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                // A service that never had its own issuer has no keys of it.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(anyhow!(error).context(path.display().to_string()).into()),
            };
            let usable = match name {
                ISSUER_KEYS => BuiltinIssuer::of_shared(&bytes, env.clone()).map(drop).map_err(anyhow::Error::from),
                _ => ContinuationKey::of_bytes(&bytes).map(drop),
            };
            usable.with_context(|| path.display().to_string())?;
            keys.insert(name, (path, bytes));
        }
        Ok(Self(keys))
    }

    /// Refuses a database that has others.
    async fn check(&self, to: &To) -> Result<(), Failure> {
        for (name, (path, bytes)) in &self.0 {
            if to.secrets.find(&to.store, name).await?.is_some_and(|found| found != *bytes) {
                return Err(others(name, path).into());
            }
        }
        Ok(())
    }

    /// Puts them into the database, sealed.
    async fn carry(&self, to: &To) -> Result<(), Failure> {
        for (name, (path, bytes)) in &self.0 {
            if to.secrets.secret(&to.store, name, || bytes.clone()).await? != *bytes {
                return Err(others(name, path).into());
            }
        }
        Ok(())
    }

    /// Whether the database has the same.
    async fn compare(&self, to: &To) -> Result<(), Failure> {
        for (name, (path, bytes)) in &self.0 {
            if to.secrets.find(&to.store, name).await?.is_none_or(|found| found != *bytes) {
                return Err(anyhow!("the secret `{name}` in the database is not that of {}", path.display()).into());
            }
        }
        Ok(())
    }
}

fn others(name: &str, path: &Path) -> anyhow::Error {
    let path = path.display();
    anyhow!(
        "the database has another secret `{name}` than {path}, and nothing was copied: one of both would not count any more. \
         Where nobody needs the database's, stop its servers and delete it there (DELETE FROM officeconfig.secrets WHERE name = '{name}'); \
         where nobody needs the folder's, move {path} away; then copy again"
    )
}

fn tell(report: &Report, took: Duration, args: &Args) -> Result<(), Failure> {
    let counted = format!(
        "{} tenants, {} officeConfigurations, {} client configurations, {} check-ins, {} bytes of payloads, {} commits",
        report.tenants, report.configurations, report.clients, report.rows, report.payload_bytes, report.commits,
    );
    let seconds = took.as_secs_f64();
    let done = match report.copied {
        _ if args.verify_only => format!("both are equal after {seconds:.1} s"),
        copied => format!("copied {copied} tenants in {seconds:.1} s, and both are equal"),
    };
    let json = json!({
        "equal": true,
        "tenants": report.tenants,
        "copied": report.copied,
        "officeConfigurations": report.configurations,
        "clientConfigurations": report.clients,
        "checkins": report.rows,
        "payloadBytes": report.payload_bytes,
        "commits": report.commits,
        "seconds": (seconds * 1_000.0).round() / 1_000.0,
    });
    Ok(args.output.print(&format!("{done}: {counted}"), &json)?)
}
