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

Example:
  officeconfig migrate --database postgres://officeconfig_owner:…@db1/officeconfig")]
pub(super) struct Args {
    /// The database, as the role that owns the schema
    #[arg(long, value_name = "URL", env = "OFFICECONFIG_DATABASE", hide_env_values = true)]
    database: String,
    /// The role that the service connects with
    #[arg(long, value_name = "ROLE", default_value = "officeconfig_app")]
    app_role: String,
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("no runtime")?;
    let Migrated { from, to } =
        runtime.block_on(Box::pin(postgres::migrate(&args.database, &args.app_role))).map_err(usage)?;
    let text = if from == to {
        format!("the schema is of version {to} already")
    } else {
        format!("the schema was of version {from} and is of version {to} now")
    };
    args.output.print(&text, &json!({ "from": from, "to": to }))?;
    Ok(())
}
