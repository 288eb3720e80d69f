//! The model: what CSDL declares, resolved and immutable. Everything the engine knows of an application is here;
//! the module itself knows no XML, no JSON and no HTTP.

mod enums;
mod lookup;
mod operations;
mod primitive;
mod types;

pub use primitive::TypeText;
pub use types::*;
