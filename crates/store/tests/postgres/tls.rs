//! TLS to the server: `sslmode` as libpq means it. The server has a certificate for `localhost` by an authority of the test's own.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use store::OpenError;
use store::postgres::{PostgresStore, migrate};

use super::cluster::{self, Cluster, OWNER};
use super::fixture::{options, until};

/// A key pair, and a certificate for a name by an authority, whose own certificate comes last; all as PEM.
fn certified(name: &str) -> [String; 3] {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    [key.serialize_pem(), certificate.pem(), authority.pem()]
}

async fn secured(cluster: &Cluster, key: &str, certificate: &str) {
    cluster.put("server.key", key).unwrap();
    cluster.put("server.crt", certificate).unwrap();
    cluster.sql("postgres", "ALTER SYSTEM SET ssl = on").unwrap();
    cluster.sql("postgres", "SELECT pg_reload_conf()").unwrap();
    until("TLS is on", || cluster.sql("postgres", "SHOW ssl").unwrap() == "on").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sslmode_means_what_libpq_means() {
    let Some(cluster) = cluster::own(&["fsync=off"]) else { return };
    let database = cluster.empty();
    let url = database.owner_url().replace("127.0.0.1", "localhost");
    migrate(&format!("{url}?sslmode=disable"), OWNER).await.unwrap();
    let opened = async |url: String| PostgresStore::open(options(&url)).await.map(drop);
    assert!(
        matches!(opened(format!("{url}?sslmode=require")).await, Err(OpenError::Unreachable { .. })),
        "it has none"
    );

    let [key, certificate, authority] = certified("localhost");
    let [.., stranger] = certified("localhost");
    secured(&cluster, &key, &certificate).await;
    let folder = tempfile::tempdir().unwrap();
    let pem = |name: &str, content: &str| {
        std::fs::write(folder.path().join(name), content).unwrap();
        folder.path().join(name).display().to_string()
    };
    let (ours, theirs) = (pem("ours.pem", &authority), pem("theirs.pem", &stranger));
    for mode in ["disable", "prefer", "require"] {
        opened(format!("{url}?sslmode={mode}")).await.unwrap();
    }
    let is_encrypted = "SELECT bool_or(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name LIKE 'officeconfig (schema %'";
    let store = PostgresStore::open(options(&format!("{url}?sslmode=verify-full&sslrootcert={ours}"))).await.unwrap();
    until("it is encrypted", || cluster.sql("postgres", is_encrypted).unwrap() == "t").await;
    drop(store);
    let by_number = url.replace("localhost", "127.0.0.1");
    opened(format!("{by_number}?sslmode=verify-ca&sslrootcert={ours}")).await.unwrap();
    for (url, why) in [
        (format!("{by_number}?sslmode=verify-full&sslrootcert={ours}"), "the certificate is for another name"),
        (format!("{url}?sslmode=verify-full&sslrootcert={theirs}"), "another authority gave it"),
        (format!("{url}?sslmode=verify-ca&sslrootcert={theirs}"), "another authority gave it"),
        (format!("{url}?sslmode=require&sslrootcert={theirs}"), "who names authorities wants them to be asked"),
        (format!("{url}?sslmode=verify-full"), "nobody on this machine knows the authority"),
    ] {
        let refused = opened(url).await.expect_err(why);
        assert!(matches!(refused, OpenError::Unreachable { .. }), "{why}: {refused}");
    }
    let missing = opened(format!("{url}?sslmode=verify-full&sslrootcert=/nowhere")).await.expect_err("no file");
    assert!(matches!(missing, OpenError::Address { .. }), "{missing}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_needs_no_name() {
    let Some(cluster) = cluster::shared() else { return };
    let database = cluster.empty();
    let url = cluster.socket_url(OWNER, &database.name);
    migrate(&url, OWNER).await.unwrap();
    PostgresStore::open(options(&url)).await.unwrap();
}
