//! The file in the data folder that holds the built-in issuer's keys.
//!
//! It is made once and whole: two processes that start together end up with the same one. It must never be printed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::env::IdSource;

/// The name of the file in the data folder.
pub const FILE_NAME: &str = "issuer-keys.json";

/// What is in the file: the issuer's name and its keys as private JWKs. The first key signs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyFile {
    pub(super) version: u32,
    pub(super) issuer: String,
    pub(super) keys: Vec<PrivateJwk>,
}

/// An Ed25519 key as RFC 8037 writes it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PrivateJwk {
    pub(super) kty: String,
    pub(super) crv: String,
    pub(super) alg: String,
    pub(super) kid: String,
    pub(super) x: String,
    /// The secret.
    pub(super) d: String,
}

/// Reads the file of `folder`.
pub(super) fn read(folder: &Path) -> io::Result<KeyFile> {
    let path = folder.join(FILE_NAME);
    let text = fs::read(&path)?;
    warn_when_others_can_read(&path);
    parse(&text).map_err(|cause| io::Error::new(ErrorKind::InvalidData, cause))
}

/// The text of a file.
pub(super) fn parse(text: &[u8]) -> serde_json::Result<KeyFile> {
    serde_json::from_slice(text)
}

/// What [`parse`] reads.
pub(super) fn text(file: &KeyFile) -> Vec<u8> {
    // Texts and a number have no form that JSON lacks.
    serde_json::to_vec_pretty(file).unwrap_or_default()
}

/// Puts `file` into `folder` unless one is there already, in which case that one stays.
pub(super) fn create(folder: &Path, file: &KeyFile, ids: &dyn IdSource) -> io::Result<()> {
    let text = text(file);
    let draft = Draft(folder.join(format!(".{FILE_NAME}.{}", ids.uuid().simple())));
    let mut out = private().write(true).create_new(true).open(&draft.0)?;
    out.write_all(&text)?;
    out.sync_all()?;
    // A link to a finished file is the one step that both is atomic and fails when the name is taken.
    match fs::hard_link(&draft.0, folder.join(FILE_NAME)) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        linked => linked.and_then(|()| sync_folder(folder)),
    }
}

/// The unfinished file; it goes whatever happens.
struct Draft(PathBuf);

impl Drop for Draft {
    fn drop(&mut self) {
        // Best effort: what stays behind is a file that only its owner can read and that nobody uses.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
fn private() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn private() -> OpenOptions {
    // Files inherit the folder's access list here; the data folder is the administrator's to protect.
    OpenOptions::new()
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn warn_when_others_can_read(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    if fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "others can read the keys of the built-in issuer; its mode should be 0600");
    }
}

#[cfg(not(unix))]
fn warn_when_others_can_read(_: &Path) {}
