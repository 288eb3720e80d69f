//! Fetching an issuer's documents: over https (or from this machine), small, soon, and from where we meant to.
//!
//! It must never know what is in them.

use std::sync::{Arc, OnceLock};

use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, StatusCode, Url};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::limits::{FETCH_CONNECT_TIMEOUT, FETCH_REDIRECTS_MAX, FETCH_TIMEOUT};

/// Why a document could not be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    #[error("cannot make an HTTP client")]
    Client(#[source] reqwest::Error),
    #[error("cannot fetch {url}")]
    Transport {
        url: Url,
        #[source]
        cause: reqwest::Error,
    },
    #[error("{url} answered {status}")]
    Status { url: Url, status: StatusCode },
    #[error("{url} is larger than {limit} bytes")]
    TooLarge { url: Url, limit: usize },
}

/// Fetches small documents. Its clients are made when first needed: reading the machine's certificates takes time
/// and memory that a server without OIDC issuers does not have to spend.
#[derive(Debug, Default)]
pub(super) struct Fetcher {
    /// TLS only; through the proxy that the environment names.
    https: OnceLock<Client>,
    /// For this machine only, so never through a proxy.
    plain: OnceLock<Client>,
}

impl Fetcher {
    /// The document at `url`, which must be one that `safe_url` let through, if it has at most `limit` bytes.
    pub(super) async fn get(&self, url: &Url, limit: usize) -> Result<Vec<u8>, FetchError> {
        let transport = |cause| FetchError::Transport { url: url.clone(), cause };
        let mut response = self.client(url)?.get(url.clone()).send().await.map_err(transport)?;
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status { url: url.clone(), status: response.status() });
        }
        let mut document = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if document.len() + chunk.len() > limit {
                return Err(FetchError::TooLarge { url: url.clone(), limit });
            }
            document.extend_from_slice(&chunk);
        }
        Ok(document)
    }

    fn client(&self, url: &Url) -> Result<&Client, FetchError> {
        let https = url.scheme() == "https";
        let slot = if https { &self.https } else { &self.plain };
        if let Some(client) = slot.get() {
            return Ok(client);
        }
        let client = if https {
            builder(trusting_the_machine()?).https_only(true).build()
        } else {
            builder(trusting_nobody()?).no_proxy().build()
        };
        let client = client.map_err(FetchError::Client)?;
        Ok(slot.get_or_init(|| client))
    }
}

fn builder(tls: ClientConfig) -> reqwest::ClientBuilder {
    Client::builder()
        .tls_backend_preconfigured(tls)
        .connect_timeout(FETCH_CONNECT_TIMEOUT)
        .timeout(FETCH_TIMEOUT)
        .redirect(Policy::custom(within_origin))
        .user_agent(concat!("officeconfig/", env!("CARGO_PKG_VERSION")))
}

/// The machine's own trust: issuers inside an organisation are signed by its own authority, which administrators
/// install in the system; a list built into the program would not know it, and would age.
fn trusting_the_machine() -> Result<ClientConfig, FetchError> {
    let config = tls().and_then(rustls::ConfigBuilder::with_platform_verifier).map_err(FetchError::Tls)?;
    Ok(config.with_no_client_auth())
}

/// The HTTP client wants a TLS configuration even where it never speaks TLS; this one accepts no certificate.
fn trusting_nobody() -> Result<ClientConfig, FetchError> {
    let config = tls().map_err(FetchError::Tls)?;
    Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// With the provider passed along, so that nothing depends on one installed for the whole process.
fn tls() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, rustls::Error> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
}

/// An issuer may move a document about on its own host; it may not send us elsewhere.
fn within_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let same = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
    if same && attempt.previous().len() <= FETCH_REDIRECTS_MAX { attempt.follow() } else { attempt.stop() }
}
