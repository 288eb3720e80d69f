//! What a client gets (DESIGN, section 4): the merged settings as JSON, and a hash of all that the answer depends on.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::platform::Platform;
use crate::resolution::{Resolution, Stream};

/// An answer to a client, rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The body, as JSON.
    pub body: String,
    /// `policiesHash`: SHA-256 in hexadecimal digits; other settings or another interval give another hash.
    pub hash: String,
    /// Whether there is any setting in it.
    pub has_settings: bool,
}

/// Renders what a resolution gives a client on a platform; `fetch_interval` are minutes, by whether there are settings.
///
/// ```
/// use policy::{Platform, answer, resolve};
///
/// let nothing = answer(&resolve(&[], Platform::Web), Platform::Web, |has_settings| if has_settings { 90 } else { 1440 });
/// let expected = format!(r#"{{"policiesHash":"{}","fetchInterval":1440,"value":[]}}"#, nothing.hash);
/// assert_eq!(nothing.body, expected);
/// ```
pub fn answer(resolution: &Resolution, platform: Platform, fetch_interval: impl Fn(bool) -> u32) -> Answer {
    let policies = payload(resolution, platform, Stream::Policy);
    let preferences = payload(resolution, platform, Stream::Preference);
    let has_settings = resolution.sent().next().is_some();
    let minutes = fetch_interval(has_settings);
    // Real clients read the first element only, so policies are it, even when there are none.
    let value = match (has_settings, preferences.is_empty()) {
        (false, _) => String::new(),
        (true, true) => element(1, &policies),
        (true, false) => format!("{},{}", element(1, &policies), element(2, &preferences)),
    };
    let mut hash = String::with_capacity(64);
    for byte in Sha256::digest(format!("{platform}\n{minutes}\n{value}")) {
        // Writing to a `String` cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    let body = format!(r#"{{"policiesHash":"{hash}","fetchInterval":{minutes},"value":[{value}]}}"#);
    Answer { body, hash, has_settings }
}

fn element(policy_type: u8, payload: &str) -> String {
    format!(r#"{{"policyType":{policy_type},"priority":0,"policiesPayload":[{payload}]}}"#)
}

fn payload(resolution: &Resolution, platform: Platform, of: Stream) -> String {
    let mut out = String::new();
    let sent = resolution.sent().filter(|(stream, _)| *stream == of);
    for setting in sent.flat_map(|(_, decision)| &decision.winner.settings) {
        if !out.is_empty() {
            out.push(',');
        }
        setting.write_for(platform, &mut out);
    }
    out
}
