//! Somebody's identity provider, cheap enough to make a fleet's tokens: its keys are made at start, their document is served over HTTP on
//! this machine, and tokens are written from the number of a device. It must never know what is asked with a token.

mod document;
mod keys;
mod token;

use std::net::{SocketAddr, TcpListener};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;

pub use keys::{Algorithm, Checks, Signature};
pub use token::{Subject, Tokens};

/// The `aud` of the tokens.
const AUDIENCE: &str = "https://clients.config.office.net/";

/// An issuer with one key. Its thread lives as long as the process.
pub struct Issuer {
    address: SocketAddr,
    tokens: Tokens,
}

impl Issuer {
    /// Makes a key and serves its document.
    pub fn start(algorithm: Algorithm) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("listening as an issuer")?;
        let address = listener.local_addr()?;
        let key = keys::Key::generate(algorithm)?;
        document::serve(listener, key.document())?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
        Ok(Self { address, tokens: Tokens::new(key, format!("http://{address}"), AUDIENCE, now) })
    }

    /// The section of the service's configuration file that trusts it.
    pub fn section(&self, tenants: &[&str]) -> String {
        format!(
            "[[issuers]]\nissuer = \"http://{0}\"\njwks_uri = \"http://{0}/keys\"\nclient_audiences = [\"{AUDIENCE}\"]\ntenants = {tenants:?}\n",
            self.address
        )
    }

    /// What makes its tokens.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }
}
