//! CSDL: XML in, XML and JSON out. The only module that knows how a model is written down.

mod error;
mod read;
pub(crate) mod vocabulary;

pub use error::{CsdlError, CsdlFault};
pub use read::read;
