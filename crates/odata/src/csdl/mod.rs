//! CSDL: XML in, XML and JSON out. The only module that knows how a model is written down.

mod error;
mod read;
pub(crate) mod vocabulary;
mod write;

pub use error::{CsdlError, CsdlFault};
pub use read::read;
pub use write::CsdlVersion;
pub use write::json::write_json;
pub use write::xml::write_xml;
