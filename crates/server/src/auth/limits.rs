//! The bounds of identity: sizes, times, counts, each with its reason.

use std::time::Duration;

/// Longest token in bytes. Those with hundreds of groups reach 20 KiB.
pub(super) const TOKEN_BYTES_MAX: usize = 32 * 1024;

/// How far issuers' clocks and ours may differ, in seconds (the usual five minutes of Kerberos and Entra).
pub(super) const SKEW_SECONDS: i64 = 300;

/// What the cache of verified tokens may take, in bytes of estimated memory: some 60,000 ordinary tokens.
pub(super) const TOKEN_CACHE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Tokens the cache expects; sizes its shards and its memory of evicted ones, not its limit.
pub(super) const TOKEN_CACHE_EXPECTED: usize = 16 * 1024;

/// Shortest time between two fetches of a key set because of an unknown `kid`: a stranger's random `kid`s must not
/// make us hammer the issuer.
pub(super) const JWKS_REFRESH_FLOOR: Duration = Duration::from_mins(5);

/// Shortest time between two attempts while no key set was ever fetched: nothing works until then, so sooner.
pub(super) const JWKS_FIRST_RETRY: Duration = Duration::from_secs(10);

/// How often key sets are fetched without being asked, so that a withdrawn key goes even when no new one comes.
pub(super) const JWKS_PERIOD: Duration = Duration::from_hours(1);

/// Largest key set in bytes. Entra's common one is about 20 KiB with its certificates.
pub(super) const JWKS_BYTES_MAX: usize = 256 * 1024;

/// Largest discovery document in bytes. Real ones are 2 to 6 KiB.
pub(super) const DISCOVERY_BYTES_MAX: usize = 64 * 1024;

/// Most keys taken from a set. Real ones hold 2 to 20.
pub(super) const JWKS_KEYS_MAX: usize = 100;

/// Time to connect to an issuer.
pub(super) const FETCH_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Time for one whole fetch. Requests with an unknown `kid` wait for it.
pub(super) const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Redirects followed within an issuer's own origin.
pub(super) const FETCH_REDIRECTS_MAX: usize = 3;

/// RSA keys under this many bits are not used (NIST SP 800-131A); over `RSA_BITS_MAX` a check costs too much.
pub(super) const RSA_BITS_MIN: usize = 2048;

/// See [`RSA_BITS_MIN`].
pub(super) const RSA_BITS_MAX: usize = 8192;

/// Longest identifier (user, application, name) taken from a token, in bytes; they become columns.
pub(super) const IDENTIFIER_BYTES_MAX: usize = 512;

/// Longest life of a token of the built-in issuer: a forgotten one must end some day.
pub(super) const MINTED_TTL_MAX: Duration = Duration::from_hours(366 * 24);
