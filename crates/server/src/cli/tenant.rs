//! `officeconfig tenant`: which tenant lives in which of several clusters, and how one is moved. What a move does is `store::placed`'s.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde_json::json;
use store::placed::{ClusterName, MoveError, Moved};
use store::postgres::State;
use store::{Store as _, TenantId};

use super::telling::{Telling, today};
use super::{Failure, OutputFormat, database, usage};
use crate::auth::tenant_id;
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
    /// Move a tenant with all it has to another cluster, compare both, and have it live there.
    Move(MoveArgs),
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

/// Whom to move where.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Services go on. Meanwhile the tenant takes no changes (503 with Retry-After) and is read, and devices get
their policies. What broke off is run again; moving a tenant to where it lives undoes it. All services have
to be of this version.

Example:
  officeconfig tenant move --config /etc/officeconfig.toml --tenant contoso --to second")]
struct MoveArgs {
    /// The configuration file with the [[clusters]]
    #[arg(long, value_name = "F", env = "OFFICECONFIG_CONFIG", hide_env_values = true)]
    config: PathBuf,
    /// The tenant: a GUID, or a name that always gives the same GUID.
    #[arg(long, value_name = "T")]
    tenant: String,
    /// The name of the cluster where it shall live
    #[arg(long, value_name = "NAME")]
    to: String,
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.action {
        Action::List(args) => run_list(args),
        Action::Move(args) => run_move(args),
    }
}

fn clusters_of(path: &Path) -> Result<Config, Failure> {
    let config = Config::read(path).map_err(usage)?;
    if config.clusters.is_empty() {
        return Err(usage(anyhow!("{}: it names no [[clusters]]", path.display())));
    }
    Ok(config)
}

fn run_move(args: &MoveArgs) -> Result<(), Failure> {
    let config = clusters_of(&args.config)?;
    let tenant = tenant_id(&args.tenant).ok_or_else(|| usage(anyhow!("--tenant: it is empty")))?;
    let to = ClusterName::try_from(args.to.clone()).map_err(|error| usage(anyhow!(error).context("--to")))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    let Moved { from, report } = runtime.block_on(Box::pin(moved(&config, TenantId(tenant), &to)))?;
    let text = match &from {
        Some(from) => format!(
            "tenant {tenant} lives in {to} now, not in {from}: {} officeConfigurations, {} check-ins, {} commits, equal in both",
            report.configurations, report.rows, report.commits
        ),
        None => format!("tenant {tenant} lives in {to} already, and takes changes"),
    };
    let json = json!({
        "tenant": tenant.to_string(),
        "from": from.as_ref().map(ToString::to_string),
        "to": to.to_string(),
        "officeConfigurations": report.configurations,
        "checkins": report.rows,
        "payloadBytes": report.payload_bytes,
        "commits": report.commits,
    });
    Ok(args.output.print(&text, &json)?)
}

async fn moved(config: &Config, tenant: TenantId, to: &ClusterName) -> Result<Moved, Failure> {
    let env = Env::real();
    let store = database::clusters(config, None, &env).await?;
    let telling = Telling::default();
    let tell = |progress| telling.tell(progress);
    let done = Box::pin(store.move_tenant(tenant, to, today(&env), &tell)).await;
    store.close().await;
    done.map_err(|error| match error {
        error @ (MoveError::NoCluster(_) | MoveError::NoTenant(_)) => usage(error),
        error => Failure::from(error),
    })
}

fn run_list(args: &ListArgs) -> Result<(), Failure> {
    let config = clusters_of(&args.config)?;
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
