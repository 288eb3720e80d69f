//! Keys over https: trusted is whom the machine trusts, and nobody else.

use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;

use super::support::{ADMIN, Signer, authenticator, bearer, claims};
use crate::auth::{AuthError, Plane};

/// An authority, and a server on localhost with a certificate of it.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Serves one document to everybody; gives the port.
    async fn serve(&self, document: String) -> u16 {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let head =
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", document.len());
                let _ = stream.write_all((head + &document).as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        port
    }
}

async fn ask(port: u16, signer: &Signer) -> Result<(), AuthError> {
    let (auth, _) = authenticator(&format!(
        "issuer = \"https://issuer.example\"\njwks_uri = \"https://localhost:{port}/keys\"\n\
         admin_audiences = [\"{ADMIN}\"]\ntenants = [\"*\"]"
    ));
    let token = signer.token(&json!({"alg": "EdDSA", "kid": "k1"}), &claims(&json!({})));
    auth.authenticate(Plane::Admin, &bearer(&token)).await.map(drop)
}

/// Which authorities the machine trusts is read from the environment, so the asking happens in a process of its own.
const PORT: &str = "OFFICECONFIG_TEST_TLS_PORT";

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_a_server_whose_authority_the_machine_trusts_and_from_no_other() {
    // Both processes sign with the key of the same seed.
    let signer = Signer::Ed(aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap());
    if let Ok(port) = std::env::var(PORT) {
        ask(port.parse().unwrap(), &signer).await.unwrap();
        return;
    }
    let authority = Authority::new();
    let port = authority.serve(json!({"keys": [signer.jwk("k1")]}).to_string()).await;
    let refused = ask(port, &signer).await.unwrap_err();
    assert!(matches!(refused, AuthError::Unavailable { .. }), "{refused:?}");

    let folder = tempfile::tempdir().unwrap();
    let trusted = folder.path().join("authority.pem");
    std::fs::write(&trusted, authority.0.pem()).unwrap();
    let child = tokio::task::spawn_blocking(move || {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("auth::tests::tls::keys_come_from_a_server_whose_authority_the_machine_trusts_and_from_no_other")
            .env(PORT, port.to_string())
            .env("SSL_CERT_FILE", &trusted)
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap()
    });
    let output = child.await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}
