//! `officeconfig serve`: puts the parts together, says that it is ready, and takes them apart again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tokio_util::sync::CancellationToken;

use super::database::{self, Opened, Place};
use super::{Failure, log, output, signals, usage};
use crate::admin::AdminPlane;
use crate::app::App;
use crate::auth::Authenticator;
use crate::client::ClientPlane;
use crate::config::{Config, TlsSection};
use crate::demo as showcase;
use crate::documents::Documents;
use crate::env::Env;
use crate::http::{
    BindError, BodyTimeouts, CertificateFiles, Cors, Listener, Server, Settings, Timeouts, Tls, self_signed,
};
use crate::metrics::Metrics;

/// How the service shall run. What is given here wins over the configuration file.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
When it is ready it prints one line, `listening on http(s)://ADDR:PORT`. The log goes to stderr;
OFFICECONFIG_LOG=debug says more. SIGTERM lets running requests end and exits 0. With --tls-cert,
SIGHUP reads the certificate again; its files are also looked at every 30 seconds.

Examples:
  officeconfig serve
  officeconfig serve --tls-self-signed --listen 127.0.0.1:8443
  officeconfig serve --config /etc/officeconfig.toml
  officeconfig serve --listen 0.0.0.0:8080 --behind-proxy
  officeconfig serve --database postgres://officeconfig_app:…@db1,db2/officeconfig \
      --secret-file /etc/officeconfig.secret")]
pub(super) struct Args {
    #[command(flatten)]
    place: Place,
    /// Address and port to listen on; port 0 picks one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR", env = "OFFICECONFIG_LISTEN", hide_env_values = true)]
    listen: Option<String>,
    /// The certificate with its intermediates, PEM
    #[arg(long, value_name = "F", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, PEM
    #[arg(long, value_name = "F", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Make a certificate in DIR/tls for localhost and the listen address, and use it
    #[arg(long, conflicts_with_all = ["tls_cert", "tls_key"])]
    tls_self_signed: bool,
    /// A proxy in front does TLS: allow a plain port that other machines reach
    #[arg(long)]
    behind_proxy: bool,
    /// Fill an empty data folder with a tenant that is worth looking at
    #[arg(long)]
    demo: bool,
}

impl Args {
    fn settle(self) -> Result<Config, Failure> {
        let mut config = self.place.settle()?;
        if let Some(listen) = self.listen {
            config.listen = listen;
        }
        if let (Some(certificate), Some(key)) = (self.tls_cert, self.tls_key) {
            config.tls = Some(TlsSection::Files(CertificateFiles { certificate, key }));
        }
        if self.tls_self_signed {
            config.tls = Some(TlsSection::SelfSigned);
        }
        config.behind_proxy |= self.behind_proxy;
        Ok(config)
    }
}

pub(super) fn run(args: Args) -> Result<(), Failure> {
    let demo = args.demo;
    let config = args.settle()?;
    log::start().map_err(Failure::Usage)?;
    // As many workers as the machine lets us use: the default of the runtime.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(Box::pin(serve(config, demo)))
}

async fn serve(config: Config, with_demo: bool) -> Result<(), Failure> {
    let env = Env::real();
    let protected = config.behind_proxy || config.tls.is_some();
    let listener = Listener::bind(&config.listen, protected).await.map_err(|error| match error {
        BindError::Bind { .. } => Failure::from(error),
        BindError::Resolve { .. } | BindError::Open { .. } => usage(error),
    })?;
    if with_demo && (config.database.is_some() || !config.clusters.is_empty()) {
        return Err(usage(anyhow!("--demo fills a data folder; it is not for a database that others share")));
    }
    let fresh = !store::sqlite::exists(&config.data);
    let metrics = Metrics::new();
    let opened = Box::pin(database::open(&config, metrics.observer(), &env)).await?;
    let store = Arc::clone(&opened.store);
    let served = serve_store(&config, with_demo.then_some(fresh), listener, opened, metrics, env).await;
    // In any case what was accepted is finished and the folder let go.
    store.close().await;
    served
}

/// `demo`: fill the folder, which was fresh or was not, with the demo.
async fn serve_store(
    config: &Config,
    demo: Option<bool>,
    listener: Listener,
    opened: Opened,
    metrics: Metrics,
    env: Env,
) -> Result<(), Failure> {
    let Opened { store, builtin, continuation } = opened;
    let auth = Authenticator::new(&config.auth(), builtin.as_ref(), env.clone())
        .map_err(|error| Failure::Usage(anyhow::Error::from(error).context("the configuration file")))?;
    let auth = Arc::new(auth);
    let tls = certificate(config, &env)?.map(Tls::new).transpose().map_err(usage)?.map(Arc::new);
    let address = listener.address();
    if let Some(fresh) = demo {
        showcase::fill(&*store, fresh, &env).await.context("--demo")?;
    }
    let stop = CancellationToken::new();
    // Our own certificate does not change while it is in use.
    let reloading = tls.as_ref().filter(|_| matches!(config.tls, Some(TlsSection::Files(_))));
    signals::stop_on_signal(stop.clone(), reloading.is_none())?;
    if let Some(tls) = reloading {
        signals::reload_certificate(Arc::clone(tls))?;
    }
    tokio::spawn(Arc::clone(&auth).keep_keys_fresh(stop.clone()));
    let settings = settings(config);
    let app = App {
        store,
        auth,
        env: env.clone(),
        config: Arc::new(config.clone()),
        documents: Documents::new(),
        metrics,
        client: ClientPlane::new(config.check_in.into()),
        admin: AdminPlane::new(continuation, config)?,
        stop: stop.clone(),
    };
    let server = Server::new(listener, tls.clone(), Arc::new(app), env, settings);
    let url = url(address, tls.is_some());
    if demo.is_some() {
        output::note(&showcase::how_to_look(&url, config));
    }
    output::line(&format!("listening on {url}"))?;
    server.run(stop).await;
    Ok(())
}

/// The certificate to show, made if it has to be.
fn certificate(config: &Config, env: &Env) -> Result<Option<CertificateFiles>, Failure> {
    match &config.tls {
        None => Ok(None),
        Some(TlsSection::Files(files)) => Ok(Some(files.clone())),
        Some(TlsSection::SelfSigned) => {
            let host = config.listen.rsplit_once(':').map_or(config.listen.as_str(), |(host, _)| host);
            let host = host.trim_start_matches('[').trim_end_matches(']');
            Ok(Some(self_signed(&config.data.join("tls"), host, &*env.clock)?))
        }
    }
}

fn settings(config: &Config) -> Settings {
    Settings {
        connections_max: config.limits.connections,
        timeouts: Timeouts {
            header: config.limits.header_timeout_s,
            idle: config.limits.idle_timeout_s,
            body: BodyTimeouts::default(),
            shutdown: config.limits.shutdown_timeout_s,
        },
        trusted_proxies: config.trusted_proxies.clone(),
        cors: Cors::new(&config.cors.origins),
        // A browser that learned it from our own certificate would refuse every other service on localhost.
        hsts: matches!(config.tls, Some(TlsSection::Files(_))),
        ..Settings::default()
    }
}

fn url(address: SocketAddr, secure: bool) -> String {
    format!("{}://{address}", if secure { "https" } else { "http" })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn settle(line: &[&str]) -> Result<Config, Failure> {
        let all = std::iter::once("officeconfig").chain(line.iter().copied());
        Line::try_parse_from(all).expect("a good line").args.settle()
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("o.toml");
        std::fs::write(&file, "listen = \"127.0.0.1:1\"\nlenient_types = true\ntls.self_signed = true")
            .expect("written");
        let path = file.to_str().expect("UTF-8");
        let config = settle(&["--config", path, "--listen", "127.0.0.1:2", "--tls-cert", "c", "--tls-key", "k"]);
        let config = config.expect("settled");
        assert_eq!(config.listen, "127.0.0.1:2");
        assert!(config.lenient_types);
        assert!(matches!(config.tls, Some(TlsSection::Files(_))));
    }

    #[test]
    fn a_bad_file_is_a_fault_of_usage() {
        match settle(&["--config", "/nowhere/o.toml"]) {
            Err(Failure::Usage(error)) => assert!(format!("{error:#}").starts_with("/nowhere/o.toml: ")),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn half_a_certificate_and_two_kinds_of_it_are_refused() {
        for line in
            [&["--tls-cert", "c"][..], &["--tls-key", "k"], &["--tls-self-signed", "--tls-cert", "c", "--tls-key", "k"]]
        {
            let all = std::iter::once("officeconfig").chain(line.iter().copied());
            assert!(Line::try_parse_from(all).is_err(), "{line:?}");
        }
    }

    #[test]
    fn the_ready_line_is_a_url() {
        assert_eq!(url("[::1]:8443".parse().expect("an address"), true), "https://[::1]:8443");
    }
}
