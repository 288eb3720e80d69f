//! The data folder: where its files are, and the lock that keeps a second process out.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::OpenError;

/// The database's name in the data folder.
const DATABASE: &str = "officeconfig.db";
/// The lock's name. The file stays when nobody holds the lock; only the lock counts.
const LOCK: &str = "officeconfig.lock";

/// A data folder that this process alone uses, for as long as this lives.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    database: Option<Arc<File>>,
    _lock: File,
}

impl Folder {
    /// Locks a folder, making it if it is not there.
    pub(super) fn lock(path: &Path) -> Result<Self, OpenError> {
        std::fs::create_dir_all(path).map_err(|source| file_error(path, source))?;
        let lock_path = path.join(LOCK);
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .map_err(|source| file_error(&lock_path, source))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), database: None, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: path.display().to_string() }),
            Err(TryLockError::Error(source)) => Err(file_error(&lock_path, source)),
        }
    }

    /// Where the database is.
    pub(super) fn database(&self) -> PathBuf {
        database(&self.path)
    }

    /// Opens the database's file beside SQLite, to sync it. It is held as long as the folder: closing it would let go of the locks that
    /// SQLite holds on the same file.
    pub(super) fn hold_database(&mut self) -> Result<(), OpenError> {
        let path = self.database();
        self.database = Some(Arc::new(File::open(&path).map_err(|source| file_error(&path, source))?));
        Ok(())
    }

    /// The database's file, if it is held.
    pub(super) fn file(&self) -> Option<Arc<File>> {
        self.database.clone()
    }
}

/// Where the database of a data folder is.
pub(super) fn database(folder: &Path) -> PathBuf {
    folder.join(DATABASE)
}

pub(super) fn file_error(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::File { path: path.display().to_string(), source }
}

/// Makes a created or renamed file's name durable.
pub(super) fn sync_folder(path: &Path) -> Result<(), OpenError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(|source| file_error(path, source))
}
