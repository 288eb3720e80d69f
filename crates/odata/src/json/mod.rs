//! JSON: bodies read against a type, values written. Knows no HTTP.
//!
//! ```
//! use odata::json::{JsonKind, parse};
//!
//! let body = parse(br#"{"price":4.50}"#)?;
//! let JsonKind::Object(members) = body.kind else { panic!("an object") };
//! assert_eq!(members[0].value.kind, JsonKind::Number("4.50"), "as written");
//! # Ok::<(), odata::json::JsonError>(())
//! ```

mod changes;
mod dynamic;
mod escape;
mod format;
mod parse;
mod read;
mod related;
mod scalar;
mod shape;
mod stream;
mod timestamp;
mod view;
mod write;

pub(crate) use changes::Changing;
pub(crate) use escape::string as push_string;
pub(crate) use format::{Context, Format, Level, Omit, Place, Told};
pub use parse::{Json, JsonError, JsonKind, JsonMember, check, parse};
pub(crate) use read::{Purpose, Reader, Rules, is_json, is_shape_of, malformed};
pub(crate) use related::Parent;
pub(crate) use shape::{Shapes, Types, full_type};
pub(crate) use write::{Writer, enum_text};
