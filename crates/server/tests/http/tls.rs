//! TLS: a certificate of our own, kept and trusted; certificates that change while the service runs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use officeconfig::env::WallClock;
use officeconfig::http::{CertificateFiles, Listener, Settings, Tls, self_signed};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::harness::{Client, Running, short};

/// A client that trusts exactly the certificate in this file.
async fn trusting(
    port: u16,
    certificate: &Path,
    host: &'static str,
    alpn: &[&[u8]],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(host).unwrap(), stream).await
}

#[tokio::test]
async fn our_own_certificate_serves_localhost_both_loopbacks_and_the_listen_host() {
    let folder = tempfile::tempdir().unwrap();
    let files = self_signed(folder.path(), "office.test", &WallClock).unwrap();
    let tls = Arc::new(Tls::new(files.clone()).unwrap());
    let server = Running::start_with(Settings { hsts: true, ..short() }, Some(tls)).await;
    for host in ["localhost", "127.0.0.1", "::1", "office.test"] {
        let stream = trusting(server.port, &files.certificate, host, &[b"http/1.1"]).await.unwrap();
        let reply = Client(stream).ask("GET /echo HTTP/1.1", "").await;
        assert!(reply.body.starts_with("https://office.example "), "{}", reply.body);
        assert_eq!(reply.header("strict-transport-security"), Some("max-age=31536000"));
    }
    let stream = trusting(server.port, &files.certificate, "localhost", &[b"h2", b"http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    assert!(trusting(server.port, &files.certificate, "else.test", &[]).await.is_err());
}

#[tokio::test]
async fn the_certificate_is_kept_until_the_host_changes_and_its_key_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let make = |host: &str| {
        let files = self_signed(folder.path(), host, &WallClock).unwrap();
        fs::read(files.certificate).unwrap()
    };
    let first = make("127.0.0.1");
    assert_eq!(first, make("127.0.0.1"));
    assert_eq!(first, make("0.0.0.0"));
    assert_ne!(first, make("192.0.2.7"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join("key.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_new_certificate_is_shown_after_a_reload_and_a_bad_one_never() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = self_signed(folder.path(), "", &WallClock).unwrap();
    let tls = Arc::new(Tls::new(files.clone()).unwrap());
    let server = Running::start_with(short(), Some(Arc::clone(&tls))).await;
    let before = tls.fingerprint();

    let new = self_signed(other.path(), "new.test", &WallClock).unwrap();
    fs::write(&files.certificate, "no certificate at all").unwrap();
    assert_ne!(tls.fingerprint(), before);
    let error = tls.reload().unwrap_err().to_string();
    assert!(error.starts_with(&files.certificate.display().to_string()), "{error}");

    fs::copy(&new.certificate, &files.certificate).unwrap();
    assert!(tls.reload().unwrap_err().to_string().contains("does not go with"));

    fs::copy(&new.key, &files.key).unwrap();
    tls.reload().unwrap();
    trusting(server.port, &new.certificate, "new.test", &[]).await.unwrap();
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_not_answered() {
    let folder = tempfile::tempdir().unwrap();
    let files = self_signed(folder.path(), "", &WallClock).unwrap();
    let server = Running::start_with(short(), Some(Arc::new(Tls::new(files).unwrap()))).await;
    let mut client = server.connect().await;
    client.send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(!client.closed().await.contains("HTTP/"));
}

#[test]
fn a_missing_file_is_named() {
    let files = CertificateFiles { certificate: "/nowhere/c.pem".into(), key: "/nowhere/k.pem".into() };
    assert_eq!(Tls::new(files).unwrap_err().to_string(), "/nowhere/c.pem: no usable certificate");
}

#[tokio::test]
async fn an_address_that_others_reach_needs_protection() {
    let error = Listener::bind("0.0.0.0:0", false).await.unwrap_err().to_string();
    assert!(error.contains("--tls-self-signed") && error.contains("--behind-proxy"), "{error}");
    Listener::bind("0.0.0.0:0", true).await.unwrap();
    Listener::bind("localhost:0", false).await.unwrap();
    assert!(Listener::bind("no-such-host.invalid:0", false).await.unwrap_err().to_string().contains("no-such-host"));
}
