//! OData 4.01 for servers: a model (CSDL) in, plans out.
//!
//! The crate is pure: it does no I/O, needs no async runtime and knows no entity of any application. A request goes
//! through four steps, and the application runs between them:
//!
//! ```text
//! method, URI, headers ── head ──▶ Head ── the application authorises ──▶ + body ── bind ──▶ Operation
//! Operation ── the application executes ──▶ Outcome ── render ──▶ status, headers, bytes
//! ```
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let (model, now) = (shop::model(), odata::edm::DateTimeOffset::from_unix_nanos(0));
//! # let shelves = shop::shelves(&model);
//! use bytes::Bytes;
//! use http::{HeaderMap, Method};
//! use odata::engine::{Engine, Settings, Unsealed};
//! use odata::exec::memory::Reader;
//!
//! let engine = Engine::new(model.into(), Settings::new(odata::Profile::Strict));
//! let url = "/products?$filter=price gt 4&$orderby=price desc&$select=id,name";
//! let head = engine.head(&Method::GET, url, &HeaderMap::new(), "https://example.org", &Unsealed)?;
//! let operation = engine.bind(&head, Bytes::new(), None)?;
//! // What stands between: here the executor in memory, elsewhere a store.
//! let outcome = Reader { model: engine.model(), source: &shelves, now }.read(head.target(), &operation)?;
//! let response = engine.render(&head, outcome, &Unsealed)?;
//! assert!(response.body().ends_with(br#""value":[{"id":3,"name":"pot"},{"id":1,"name":"tea"}]}"#));
//! # Ok::<(), odata::Error>(())
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
