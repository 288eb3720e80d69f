//! Continuation tokens: what a `$skiptoken` and a `$deltatoken` hold. The application seals and opens; what is inside is decided here.
//! A token fits only the request that it was made for: path and options are part of it.

use std::sync::Arc;

use crate::error::Error;

/// Makes continuation tokens opaque and unforgeable. The application owns the key and binds it to the tenant.
///
/// ```
/// use odata::engine::{TokenSeal, Unsealed};
///
/// /// Keeps tenants apart. A service that is reached from outside encrypts as well.
/// struct Tenant(&'static str);
/// impl TokenSeal for Tenant {
///     fn seal(&self, position: &[u8]) -> String {
///         format!("{}.{}", self.0, Unsealed.seal(position))
///     }
///     fn open(&self, token: &str) -> Option<Vec<u8>> {
///         Unsealed.open(token.strip_prefix(self.0)?.strip_prefix('.')?)
///     }
/// }
/// let token = Tenant("a").seal(b"behind 2");
/// assert_eq!(Tenant("a").open(&token).as_deref(), Some(b"behind 2".as_slice()));
/// assert_eq!(Tenant("b").open(&token), None);
/// ```
pub trait TokenSeal {
    /// Seals bytes into text that needs no escaping in a URL.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::{Outcome, Page, TokenSeal, Unsealed};
    ///
    /// let page = Page { next: Some(b"behind 2".as_slice().into()), ..Page::default() };
    /// let text = shop::text(&engine, "GET /products", Outcome::Collection(page))?;
    /// let (_, link) = text.split_once("$skiptoken=").expect("a next link");
    /// let sealed = Unsealed.open(link.split('"').next().unwrap_or(link)).expect("a token of ours");
    /// assert!(sealed.ends_with(b"behind 2"), "the engine adds which request the token goes on with");
    /// # Ok::<(), odata::Error>(())
    /// ```
    fn seal(&self, position: &[u8]) -> String;
    /// Opens what [`Self::seal`] made, `None` when it was not made here, for this tenant, or was changed.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::{TokenSeal, Unsealed};
    ///
    /// assert_eq!(Unsealed.open("forged"), None);
    /// let error = shop::head(&engine, "GET /products?$skiptoken=forged").unwrap_err();
    /// assert_eq!(error.message, "The $skiptoken is not valid for this request.");
    /// ```
    fn open(&self, token: &str) -> Option<Vec<u8>>;
}

/// Tokens as plain hexadecimal digits, for tests and examples: a client can read and forge them.
///
/// ```
/// use odata::engine::{TokenSeal, Unsealed};
///
/// assert_eq!(Unsealed.seal(b"at 20"), "6174203230");
/// assert_eq!(Unsealed.open("6174203230").as_deref(), Some(b"at 20".as_slice()));
/// assert_eq!(Unsealed.open("617"), None);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Unsealed;

impl TokenSeal for Unsealed {
    fn seal(&self, position: &[u8]) -> String {
        position.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    fn open(&self, token: &str) -> Option<Vec<u8>> {
        if !token.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        (0..token.len()).step_by(2).map(|at| u8::from_str_radix(token.get(at..at + 2)?, 16).ok()).collect()
    }
}

/// What stands in a `$skiptoken`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Continuation {
    /// Fingerprint of the path and the options that go on.
    pub(crate) fingerprint: u64,
    /// What is left of `$top`.
    pub(crate) top: Option<u64>,
    /// The page size that the first request asked for.
    pub(crate) page_size: Option<u32>,
    /// The first request asked for changes to be tracked.
    pub(crate) track_changes: bool,
    /// The application's position.
    pub(crate) position: Arc<[u8]>,
}

/// The first byte of a token: one kind is never taken for another.
const SKIP: u8 = 2;
const DELTA: u8 = 3;
const SKIP_HEADER_BYTES: usize = 1 + 8 + 8 + 4 + 1;
const DELTA_HEADER_BYTES: usize = 1 + 8;

impl Continuation {
    pub(crate) fn seal(&self, tokens: &dyn TokenSeal) -> String {
        let mut bytes = Vec::with_capacity(SKIP_HEADER_BYTES + self.position.len());
        bytes.push(SKIP);
        bytes.extend_from_slice(&self.fingerprint.to_le_bytes());
        bytes.extend_from_slice(&self.top.unwrap_or(u64::MAX).to_le_bytes());
        bytes.extend_from_slice(&self.page_size.unwrap_or(u32::MAX).to_le_bytes());
        bytes.push(u8::from(self.track_changes));
        bytes.extend_from_slice(&self.position);
        tokens.seal(&bytes)
    }

    pub(crate) fn open(token: &str, fingerprint: u64, tokens: &dyn TokenSeal) -> Result<Self, Error> {
        let refused = || refused("$skiptoken");
        let bytes = tokens.open(token).ok_or_else(refused)?;
        let (header, position) = bytes.split_at_checked(SKIP_HEADER_BYTES).ok_or_else(refused)?;
        let found = Self {
            fingerprint: u64::from_le_bytes(header[1..9].try_into().map_err(|_| refused())?),
            top: Some(u64::from_le_bytes(header[9..17].try_into().map_err(|_| refused())?)).filter(|n| *n != u64::MAX),
            page_size: Some(u32::from_le_bytes(header[17..21].try_into().map_err(|_| refused())?))
                .filter(|n| *n != u32::MAX),
            track_changes: header[21] != 0,
            position: position.into(),
        };
        if header[0] == SKIP && found.fingerprint == fingerprint { Ok(found) } else { Err(refused()) }
    }
}

/// Makes a `$deltatoken` of a state.
pub(crate) fn seal_state(state: &[u8], fingerprint: u64, tokens: &dyn TokenSeal) -> String {
    let mut bytes = Vec::with_capacity(DELTA_HEADER_BYTES + state.len());
    bytes.push(DELTA);
    bytes.extend_from_slice(&fingerprint.to_le_bytes());
    bytes.extend_from_slice(state);
    tokens.seal(&bytes)
}

/// The state in a `$deltatoken`.
pub(crate) fn open_state(token: &str, fingerprint: u64, tokens: &dyn TokenSeal) -> Result<Arc<[u8]>, Error> {
    let refused = || refused("$deltatoken");
    let bytes = tokens.open(token).ok_or_else(refused)?;
    let (header, state) = bytes.split_at_checked(DELTA_HEADER_BYTES).ok_or_else(refused)?;
    let is_ours = header[0] == DELTA && header[1..] == fingerprint.to_le_bytes();
    if is_ours { Ok(state.into()) } else { Err(refused()) }
}

fn refused(option: &'static str) -> Error {
    Error::bad_request(format!("The {option} is not valid for this request.")).at(option)
}

/// FNV-1a, 64 bit: tells requests apart; the seal, not this, keeps forgers out.
pub(crate) fn fingerprint<'a>(parts: impl IntoIterator<Item = &'a str>) -> u64 {
    parts.into_iter().fold(SEED, |hash, part| mix(mix(hash, part.as_bytes()), &[0xff]))
}

/// The same of one run of bytes, for entity tags of documents.
pub(crate) fn fingerprint_bytes(bytes: &[u8]) -> u64 {
    mix(SEED, bytes)
}

const SEED: u64 = 0xcbf2_9ce4_8422_2325;

fn mix(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
