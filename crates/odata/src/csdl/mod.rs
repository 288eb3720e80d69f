//! CSDL: XML in, XML and JSON out. The only module that knows how a model is written down.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! use odata::csdl::{CsdlVersion, read, write_json, write_xml};
//!
//! let model = read(shop::CSDL)?;
//! assert!(write_xml(&model, CsdlVersion::V4_01).contains(r#"<Singleton Name="best" Type="s.product"/>"#));
//! assert!(write_json(&model, CsdlVersion::V4_01).starts_with("{\n  \"$Version\": \"4.01\""));
//! # Ok::<(), odata::csdl::CsdlError>(())
//! ```

mod error;
mod read;
pub(crate) mod vocabulary;
mod write;

pub use error::{CsdlError, CsdlFault};
pub use read::read;
pub use write::CsdlVersion;
pub use write::json::write_json;
pub use write::xml::write_xml;
