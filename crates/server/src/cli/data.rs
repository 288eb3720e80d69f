//! `officeconfig backup | restore | verify`, and opening a data folder.

use std::fs::{self, DirBuilder};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use serde_json::json;
use store::sqlite::{self, CopyReport, SqliteOptions, SqliteStore};
use store::{Observer, Retention, Store};

use super::{DataFolder, Failure, OutputFormat};
use crate::admin::ContinuationKey;
use crate::auth::KEYS_FILE;

/// What a copy holds beside the database: without the second, links that clients keep would be refused as forged.
const KEY_FILES: [&str; 2] = [KEYS_FILE, ContinuationKey::FILE];

/// Where to copy to.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The copy is the state at one moment, whatever is written meanwhile. It holds the keys of the
built-in issuer too: keep it as safe as the data folder.

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
pub(super) async fn open(
    folder: &Path,
    retention: Retention,
    observer: Arc<dyn Observer>,
) -> anyhow::Result<Arc<dyn Store>> {
    let options = SqliteOptions::new(folder).retention(retention).observer(observer);
    let opened = tokio::task::spawn_blocking(move || SqliteStore::open(options)).await;
    Ok(Arc::new(opened.context("opening the store did not end")??))
}

pub(super) fn backup(args: &BackupArgs) -> Result<(), Failure> {
    let from = &args.folder.data;
    if let Some(keys) = KEY_FILES.map(|file| args.to.join(file)).into_iter().find(|keys| keys.exists()) {
        return Err(anyhow!("{} is there already: a backup goes into a folder of its own", keys.display()).into());
    }
    make_folder(&args.to)?;
    let copied = sqlite::backup(from, &args.to)?;
    let with_keys = copy_keys(from, &args.to)?;
    tell(&copied, with_keys, args.output)
}

pub(super) fn restore(args: &RestoreArgs) -> Result<(), Failure> {
    let to = &args.folder.data;
    let in_both = |file: &&&str| to.join(file).exists() && args.from.join(file).exists();
    if let Some(keys) = KEY_FILES.iter().find(in_both).map(|file| to.join(file)) {
        // Whose tokens count afterwards is not for us to guess.
        return Err(
            anyhow!("{} is there already: restore into an empty folder, or move it away", keys.display()).into()
        );
    }
    make_folder(to)?;
    let copied = sqlite::restore(&args.from, to)?;
    let with_keys = copy_keys(&args.from, to)?;
    tell(&copied, with_keys, args.output)
}

pub(super) fn verify(args: &VerifyArgs) -> Result<(), Failure> {
    let folder = &args.folder.data;
    let report = sqlite::verify(folder)?;
    let findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let counted = format!(
        "schema {}: {} tenants, {} officeConfigurations, {} client configurations, {} check-ins, {} commits",
        report.schema, report.tenants, report.configurations, report.clients, report.statuses, report.commits,
    );
    let text =
        if report.is_sound() { format!("sound\n{counted}") } else { format!("{counted}\n{}", findings.join("\n")) };
    let json = json!({
        "sound": report.is_sound(),
        "schema": report.schema,
        "tenants": report.tenants,
        "officeConfigurations": report.configurations,
        "clientConfigurations": report.clients,
        "checkins": report.statuses,
        "commits": report.commits,
        "findings": findings,
    });
    args.output.print(&text, &json)?;
    if report.is_sound() {
        Ok(())
    } else {
        Err(anyhow!("{}: the database is not sound ({} findings)", folder.display(), findings.len()).into())
    }
}

/// Copies the keys, so that tokens and links that were given still count after a restore. True when the built-in issuer's are there.
fn copy_keys(from: &Path, to: &Path) -> anyhow::Result<bool> {
    for file in KEY_FILES {
        let (source, target) = (from.join(file), to.join(file));
        // The copy has the permissions of the original: its owner's only.
        match fs::copy(&source, &target).and_then(|_| fs::File::open(&target)?.sync_all()) {
            Ok(()) => {}
            Err(_) if !source.exists() => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot copy {} to {}", source.display(), target.display()));
            }
        }
    }
    Ok(from.join(KEYS_FILE).exists())
}

fn tell(copied: &CopyReport, with_keys: bool, output: OutputFormat) -> Result<(), Failure> {
    let database = copied.database.display();
    let keys = if with_keys { ", and the keys of the built-in issuer" } else { "" };
    let json = json!({ "database": database.to_string(), "bytes": copied.bytes, "issuerKeys": with_keys });
    Ok(output.print(&format!("{database}: {} bytes{keys}", copied.bytes), &json)?)
}
