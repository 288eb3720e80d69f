//! OData 4.01 for servers: a model (CSDL) in, plans out.
//!
//! The crate is pure: it does no I/O, needs no async runtime and knows no entity of any application. A request goes
//! through four steps, and the application runs between them:
//!
//! ```text
//! method, URI, headers ── head ──▶ Head ── the application authorises ──▶ + body ── bind ──▶ Operation
//! Operation ── the application executes ──▶ Outcome ── render ──▶ status, headers, bytes
//! ```

pub mod bind;
pub mod csdl;
pub mod edm;
pub mod engine;
mod error;
pub mod exec;
pub mod expr;
pub mod json;
pub(crate) mod limits;
pub mod model;
pub mod openapi;
pub mod plan;
mod profile;
pub mod syntax;
mod value;

pub use error::{Detail, Error, ErrorKind};
pub use model::Model;
pub use profile::Profile;
pub use value::{DynamicProperty, NestedChanges, Record, RecordBuilder, StreamInfo, Value};

/// The README, so that its example is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
