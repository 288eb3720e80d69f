//! Copies of a database: `backup` while it is in use, `restore` into a folder that has none. Both end with a name that appears only when the
//! whole copy is durable.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::connect::Connector;
use super::folder::{self, Folder, file_error};
use super::{Durability, failure, schema, verify};
use crate::error::OpenError;

/// How long to wait when the database is locked for a moment, and how often.
const PAUSE: Duration = Duration::from_millis(20);
const ATTEMPTS: u32 = 250;

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyReport {
    /// The database that was made.
    pub database: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Copies the database of the data folder `from` into the folder `to`, which is made if it is not there. The copy is the state at one
/// moment; the store may be in use meanwhile, by this process or another.
///
/// # Errors
/// When there is no database, `to` has one already, or copying fails; then `to` has none.
pub fn backup(from: &Path, to: &Path) -> Result<CopyReport, OpenError> {
    copy(&existing(from)?, to)
}

/// Brings a backup in the folder `from` into the data folder `to`, which must not have a database. The backup is checked first.
///
/// # Errors
/// When the backup is missing, damaged or not ours, or `to` has a database or is in use; then `to` is as it was.
pub fn restore(from: &Path, to: &Path) -> Result<CopyReport, OpenError> {
    let source = existing(from)?;
    let lock = Folder::lock(to)?;
    let report = verify::database(&source)?;
    if let Some(finding) = report.findings.first() {
        return Err(OpenError::Damaged { what: finding.to_string() });
    }
    let copied = copy(&source, to);
    drop(lock);
    copied
}

fn existing(folder: &Path) -> Result<PathBuf, OpenError> {
    let database = folder::database(folder);
    if database.is_file() { Ok(database) } else { Err(OpenError::Missing { path: folder.display().to_string() }) }
}

fn copy(source: &Path, to: &Path) -> Result<CopyReport, OpenError> {
    let target = folder::database(to);
    let leftovers = ["", "-wal", "-journal"].map(|suffix| with_suffix(&target, suffix));
    if leftovers.iter().any(|path| path.exists()) {
        return Err(OpenError::NotEmpty { path: to.display().to_string() });
    }
    fs::create_dir_all(to).map_err(|source| file_error(to, source))?;
    let partial = with_suffix(&target, ".partial");
    remove(&partial)?;
    let finished = copy_pages(source, &partial).and_then(|()| publish(&partial, &target, to));
    if finished.is_err() {
        // What failed is worth more than what could not be tidied.
        let _ = remove(&partial);
    }
    finished?;
    let bytes = fs::metadata(&target).map_err(|source| file_error(&target, source))?.len();
    Ok(CopyReport { database: target, bytes })
}

/// All pages in one step, that is in one read transaction: the writer goes on, and the copy never starts again.
fn copy_pages(source: &Path, target: &Path) -> Result<(), OpenError> {
    let shown = source.display().to_string();
    let failed = |error| failure::open(error, &shown);
    let connector = Connector { vfs: None, durability: Durability::Synced };
    let from = connector.reader(source).map_err(failed)?;
    schema::check(&from, &shown)?;
    let mut into = Connection::open(target).map_err(failed)?;
    let backup = Backup::new(&from, &mut into).map_err(failed)?;
    for _ in 0..ATTEMPTS {
        match backup.step(-1).map_err(failed)? {
            StepResult::Done => {
                drop(backup);
                // One plain file: it gets a log again when a store opens it.
                into.pragma_update(None, "journal_mode", "DELETE").map_err(failed)?;
                return into.close().map_err(|(_, error)| failed(error));
            }
            _ => std::thread::sleep(PAUSE),
        }
    }
    Err(OpenError::InUse { path: shown })
}

fn publish(partial: &Path, target: &Path, folder: &Path) -> Result<(), OpenError> {
    let synced = File::options().write(true).open(partial).and_then(|file| file.sync_all());
    synced.map_err(|source| file_error(partial, source))?;
    fs::rename(partial, target).map_err(|source| file_error(target, source))?;
    folder::sync_folder(folder)
}

fn remove(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file_error(path, error)),
        _ => Ok(()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
