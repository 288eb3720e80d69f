//! `officeconfig migrate`: the schema of a PostgreSQL database, made or brought up to date as its owner. Whatever keeps it from that is the asker's
//! to change: exit code 2.

use anyhow::Context as _;
use serde_json::json;
use store::postgres::{self, Migrated};

use super::{Failure, OutputFormat, usage};

/// Which database, and who uses it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Makes the schema where there is none. The URL names the role that owns it; the service connects with
another one, which is neither a superuser nor BYPASSRLS, so that row-level security keeps tenants
apart. Make both before:

  CREATE ROLE officeconfig_owner LOGIN PASSWORD '…';
  CREATE ROLE officeconfig_app LOGIN PASSWORD '…';
  CREATE DATABASE officeconfig OWNER officeconfig_owner;

Servers of the version before go on working meanwhile and afterwards: update them one by one. When none
of them runs any more, do the same with --finish. Either may be ended and started again at any time.

Example:
  officeconfig migrate --database postgres://officeconfig_owner:…@db1/officeconfig")]
pub(super) struct Args {
    /// The database, as the role that owns the schema
    #[arg(long, value_name = "URL", env = "OFFICECONFIG_DATABASE", hide_env_values = true)]
    database: String,
    /// The role that the service connects with
    #[arg(long, value_name = "ROLE", default_value = "officeconfig_app")]
    app_role: String,
    /// Also remove what only servers of older versions need; refused while one of them is connected
    #[arg(long)]
    finish: bool,
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let brought = async {
        if args.finish {
            postgres::finish(&args.database, &args.app_role).await
        } else {
            postgres::migrate(&args.database, &args.app_role).await
        }
    };
    let Migrated { from, to, finished } = runtime.block_on(Box::pin(brought)).map_err(usage)?;
    let mut text = if from == to {
        format!("the schema is of version {to} already")
    } else {
        format!("the schema was of version {from} and is of version {to} now")
    };
    if !finished {
        text.push_str("; once no server of an older version runs any more, run it again with --finish");
    }
    args.output.print(&text, &json!({ "from": from, "to": to, "finished": finished }))?;
    Ok(())
}
