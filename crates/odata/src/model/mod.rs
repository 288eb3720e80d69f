//! The model: what CSDL declares, resolved and immutable. Everything the engine knows of an application is here;
//! the module itself knows no XML, no JSON and no HTTP.
//!
//! ```
//! # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
//! # let model = shop::model();
//! let product = model.type_by_name("shop.product").and_then(|id| model.structured(id)).expect("declared");
//! let (number, name) = product.member("name").expect("declared");
//! assert_eq!((number, name.is_required(), name.ty.display(&model).to_string().as_str()), (1, true, "Edm.String"));
//! assert_eq!(model.concrete_types_of(model.type_by_name("shop.product").expect("declared")).len(), 2, "books are products");
//! ```

mod container;
mod enums;
mod lookup;
mod name;
mod operations;
mod primitive;
mod schema;
mod types;

pub use container::*;
pub(crate) use name::is_identifier;
pub use primitive::TypeText;
pub use schema::*;
pub use types::*;
