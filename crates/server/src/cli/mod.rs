//! The command line: what can be asked of the program, and how it says that it could not.
//!
//! Exit codes: 0 done, 1 failed, 2 asked wrongly (usage or configuration). Every error is one line on stderr.

mod copy;
mod data;
mod database;
mod log;
mod migrate;
mod output;
mod serve;
mod signals;
mod telling;
mod tenant;
mod token;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use output::OutputFormat;

/// What the program can be asked.
#[derive(Debug, Parser)]
#[command(name = "officeconfig", version, about = "A self-hosted Office configuration service.", max_term_width = 100)]
#[command(arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  officeconfig serve
  officeconfig serve --demo --data ./demo
  officeconfig serve --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem
  officeconfig migrate --database postgres://owner:…@db/officeconfig
  officeconfig copy --from sqlite://./data --to postgres://app:…@db/officeconfig --secret-file F
  officeconfig token --tenant contoso --user admin@contoso.example
  officeconfig backup --data ./officeconfig-data --to ./backup-2026-11-23
  officeconfig restore --from ./backup-2026-11-23 --data ./officeconfig-data

Exit codes: 0 done, 1 failed, 2 asked wrongly.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service.
    Serve(serve::Args),
    /// Bring the schema of a PostgreSQL database up to date, as its owner.
    Migrate(migrate::Args),
    /// Copy everything of a data folder into a PostgreSQL database, and compare both.
    Copy(copy::Args),
    /// See which tenant lives in which of several clusters, and move one.
    Tenant(tenant::Args),
    /// Print a token of the built-in issuer.
    Token(token::Args),
    /// Copy the database of a data folder, also while the service runs.
    Backup(data::BackupArgs),
    /// Put a backup into an empty data folder.
    Restore(data::RestoreArgs),
    /// Check the database of a data folder that no service uses.
    Verify(data::VerifyArgs),
}

/// The data folder, where the configuration file has no say.
#[derive(Debug, Clone, clap::Args)]
struct DataFolder {
    /// The data folder.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "./officeconfig-data",
        env = "OFFICECONFIG_DATA",
        hide_env_values = true
    )]
    data: PathBuf,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
enum Failure {
    /// It was asked wrongly: 2.
    Usage(anyhow::Error),
    /// It was asked well and failed: 1.
    Failed(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn usage(error: impl Into<anyhow::Error>) -> Failure {
    Failure::Usage(error.into())
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Migrate(args) => migrate::run(&args),
        Command::Copy(args) => copy::run(&args),
        Command::Tenant(args) => tenant::run(&args),
        Command::Token(args) => token::run(args),
        Command::Backup(args) => data::backup(&args),
        Command::Restore(args) => data::restore(&args),
        Command::Verify(args) => data::verify(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let (code, error) = match &failure {
                Failure::Usage(error) => (2, error),
                Failure::Failed(error) => (1, error),
            };
            output::error(error);
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::Cli;

    #[test]
    fn the_help_is_as_documented() {
        let mut command = Cli::command().term_width(100);
        command.build();
        let mut pages = vec![command.render_help().to_string()];
        for name in ["serve", "migrate", "copy", "tenant", "token", "backup", "restore", "verify"] {
            let sub = command.find_subcommand_mut(name).expect("a subcommand");
            pages.push(format!("===== {name}\n{}", sub.render_long_help()));
        }
        let tenant = command.find_subcommand_mut("tenant").expect("a subcommand");
        for name in ["list", "move"] {
            let sub = tenant.find_subcommand_mut(name).expect("a subcommand");
            pages.push(format!("===== tenant {name}\n{}", sub.render_long_help()));
        }
        insta::assert_snapshot!("help", pages.join("\n\n"));
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
