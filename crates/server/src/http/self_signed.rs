//! A certificate of our own, for a first hour and for tests: made once in the data folder, used again afterwards.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;

use super::{CertificateFiles, TlsError};
use crate::env::Clock;
use crate::limits::SELF_SIGNED_DAYS;

const DAY: Duration = Duration::from_hours(24);

/// The certificate in `folder` (`cert.pem`, and `key.pem` for the owner only), made when there is none or when the one
/// there does not name this machine and `host`.
pub fn self_signed(folder: &Path, host: &str, clock: &dyn Clock) -> Result<CertificateFiles, TlsError> {
    let files = CertificateFiles { certificate: folder.join("cert.pem"), key: folder.join("key.pem") };
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let unspecified = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_unspecified());
    if !host.is_empty() && !unspecified && !names.iter().any(|name| name == host) {
        names.push(host.to_owned());
    }
    if files.key.exists() && holds(&files.certificate, &names) {
        return Ok(files);
    }
    make(folder, &files, names, clock).map_err(|source| TlsError::SelfSigned { folder: folder.to_owned(), source })?;
    Ok(files)
}

fn holds(certificate: &Path, names: &[String]) -> bool {
    let Ok(der) = CertificateDer::from_pem_file(certificate) else { return false };
    let Ok(parsed) = ParsedCertificate::try_from(&der) else { return false };
    names
        .iter()
        .all(|name| ServerName::try_from(name.as_str()).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok()))
}

fn make(
    folder: &Path,
    files: &CertificateFiles,
    names: Vec<String>,
    clock: &dyn Clock,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut params = CertificateParams::new(names)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, "officeconfig (self-signed)");
    params.distinguished_name = name;
    // Clients that pin it trust it as a leaf: some refuse a CA in that place.
    params.is_ca = IsCa::ExplicitNoCa;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A day back: the clocks of a laboratory differ.
    let from = (std::time::UNIX_EPOCH + clock.since_epoch()).checked_sub(DAY).unwrap_or(std::time::UNIX_EPOCH);
    params.not_before = from.into();
    params.not_after = (from + DAY * SELF_SIGNED_DAYS).into();
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    fs::create_dir_all(folder)?;
    write_private(&files.key, key.serialize_pem().as_bytes())?;
    fs::write(&files.certificate, certificate.pem())?;
    Ok(())
}

/// Writes a file that only its owner can read, from its first byte on.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
