//! The domain of officeconfig as pure functions: what a settings document is, which settings apply to a user and why, and what would
//! change if the configurations were others. It must never know HTTP, OData or a store, and it does no I/O.
//!
//! ```
//! use policy::{Candidate, Document, Platform, Reason, resolve};
//! use uuid::Uuid;
//!
//! let document = |value: &str| {
//!     let text = format!(r#"[{{"settingId":"office16;L_A","type":"REG_DWORD","value":"{value}"}}]"#);
//!     Document::parse(text.as_bytes()).map(Into::into)
//! };
//! let candidate = |id, priority, value| -> Result<Candidate, policy::DocumentError> {
//!     let id = Uuid::from_u128(id);
//!     Ok(Candidate { id, priority, reasons: vec![Reason::AllUsers], policies: Some(document(value)?), preferences: None })
//! };
//! let resolution = resolve(&[candidate(1, 7, "0")?, candidate(2, 3, "1")?], Platform::Windows);
//! let decided = &resolution.policies[0];
//! assert_eq!((decided.winner.configuration, decided.losers.len()), (Uuid::from_u128(2), 1));
//! # Ok::<(), policy::DocumentError>(())
//! ```

mod answer;
mod difference;
mod document;
pub mod limits;
mod platform;
mod resolution;

pub use answer::{Answer, answer};
pub use difference::{Difference, Sent, differences};
pub use document::{Data, Document, DocumentError, Fault, Member, RegistryType, Setting, Settings};
pub use platform::Platform;
pub use resolution::{Candidate, Claim, Decision, Reason, Resolution, Stream, resolve};
