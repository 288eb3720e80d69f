//! What the service takes from the outside: the clock and random numbers. Nothing else reads either.

use std::time::SystemTime;

use odata::edm::DateTimeOffset;
use uuid::Uuid;

/// The time now, in UTC with the six digits that the model's `Precision` allows.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn now() -> DateTimeOffset {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (seconds, micros) = (since.as_secs(), since.subsec_micros());
    let whole = DateTimeOffset::from_unix_nanos(i128::from(seconds) * 1_000_000_000 + i128::from(micros) * 1_000);
    // The text form of seven digits, without the last one, which is zero.
    let text = whole.to_string();
    DateTimeOffset::parse(&text.replace("0Z", "Z")).unwrap_or(whole)
}

/// A new random key.
#[expect(clippy::disallowed_methods, reason = "this is the one place that makes random ids")]
pub(crate) fn new_id() -> Uuid {
    Uuid::new_v4()
}
