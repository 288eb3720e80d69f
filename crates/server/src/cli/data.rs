//! `officeconfig backup | restore | verify`, and opening a data folder.

use std::fs::DirBuilder;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use store::Store;
use store::sqlite::{SqliteOptions, SqliteStore};

use super::{DataFolder, Failure, OutputFormat};

/// Where to copy to.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The copy is whole and consistent whatever is written meanwhile. Keep it as safe as the data folder.

Example:
  officeconfig backup --data /var/lib/officeconfig --to /backup/officeconfig-2026-11-23")]
pub(super) struct BackupArgs {
    /// The folder to make; it must not hold a backup yet.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    #[command(flatten)]
    folder: DataFolder,
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// Where to copy from.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  officeconfig restore --from /backup/officeconfig-2026-11-23 --data /var/lib/officeconfig")]
pub(super) struct RestoreArgs {
    /// The backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    #[command(flatten)]
    folder: DataFolder,
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// What to check.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exits 0 when everything is as it should be, 1 when something is not.

Example:
  officeconfig verify --data /var/lib/officeconfig --output json")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    folder: DataFolder,
    /// How to tell the result.
    #[arg(long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// Makes the data folder when it is not there, for its owner only: it holds keys.
pub(super) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).with_context(|| format!("cannot make the data folder {}", folder.display()))
}

/// Opens the store of a data folder, which is then this process's alone.
pub(super) async fn open(folder: &Path) -> anyhow::Result<Arc<dyn Store>> {
    let options = SqliteOptions::new(folder);
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(options)).await;
    Ok(Arc::new(opened.context("opening the store did not end")??))
}

pub(super) fn backup(args: &BackupArgs) -> Result<(), Failure> {
    Err(anyhow::anyhow!("{}: this build has no store", args.to.display()).into())
}

pub(super) fn restore(args: &RestoreArgs) -> Result<(), Failure> {
    Err(anyhow::anyhow!("{}: this build has no store", args.from.display()).into())
}

pub(super) fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    Err(anyhow::anyhow!("{}: this build has no store", args.folder.data.display()).into())
}
