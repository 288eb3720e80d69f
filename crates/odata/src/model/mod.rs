//! The model: what CSDL declares, resolved and immutable. Everything the engine knows of an application is here;
//! the module itself knows no XML, no JSON and no HTTP.

mod container;
mod enums;
mod lookup;
mod operations;
mod primitive;
mod schema;
mod types;

pub use container::*;
pub use primitive::TypeText;
pub use schema::*;
pub use types::*;
