//! `officeconfig tenant`: which tenant lives in which of several clusters.

use std::path::PathBuf;

use anyhow::{Context as _, anyhow};
use serde_json::json;
use store::Store as _;
use store::postgres::State;

use super::{Failure, OutputFormat, database, usage};
use crate::config::Config;
use crate::env::Env;

/// What to do with tenants.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the tenants of all clusters: where each lives, whether it takes changes, and its version.
    List(ListArgs),
}

/// Whose tenants to list.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A tenant that is `paused` is being moved: it is read, and takes no changes.

Example:
  officeconfig tenant list --config /etc/officeconfig.toml")]
struct ListArgs {
    /// The configuration file with the [[clusters]]
    #[arg(long, value_name = "F", env = "OFFICECONFIG_CONFIG", hide_env_values = true)]
    config: PathBuf,
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let Action::List(args) = &args.action;
    let config = Config::read(&args.config).map_err(usage)?;
    if config.clusters.is_empty() {
        return Err(usage(anyhow!("{}: it names no [[clusters]]", args.config.display())));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let tenants = runtime.block_on(Box::pin(list(&config)))?;
    let width = tenants.iter().map(|tenant| tenant.cluster.len()).max().unwrap_or_default();
    let line = |Listed { tenant, cluster, state, version }: &Listed| {
        format!("{tenant}  {cluster:width$}  {state:6}  {version}")
    };
    let text = if tenants.is_empty() {
        "no tenant wrote anything yet".to_owned()
    } else {
        tenants.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let member = |Listed { tenant, cluster, state, version }: &Listed| json!({ "tenant": tenant, "cluster": cluster, "state": state, "version": version });
    let json = json!({ "tenants": tenants.iter().map(member).collect::<Vec<_>>() });
    Ok(args.output.print(&text, &json)?)
}

struct Listed {
    tenant: String,
    cluster: String,
    state: &'static str,
    version: u64,
}

/// The tenants in the order of their ids. One that is being moved may be in two clusters.
async fn list(config: &Config) -> Result<Vec<Listed>, Failure> {
    let store = database::clusters(config, None, &Env::real()).await?;
    let mut tenants = Vec::new();
    for (name, cluster) in store.clusters() {
        let all = cluster.map_err(anyhow::Error::from)?.tenants().await;
        for (tenant, standing) in all.with_context(|| format!("the cluster {name}"))? {
            let state = match standing.state {
                State::Here => "here",
                State::Paused => "paused",
                // What is left of it only says that it went.
                State::Gone => continue,
            };
            let (tenant, cluster) = (tenant.to_string(), name.to_string());
            tenants.push(Listed { tenant, cluster, state, version: standing.version });
        }
    }
    store.close().await;
    tenants.sort_by(|one, other| one.tenant.cmp(&other.tenant));
    Ok(tenants)
}
