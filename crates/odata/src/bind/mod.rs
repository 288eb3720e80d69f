//! Binding: syntax trees against the model. Names resolved, types checked, coercions made explicit. Runs nothing.

use crate::engine::Target;
use crate::error::{Error, ErrorKind};
use crate::model::{EdmType, Model, TypeId};
use crate::plan::{CollectionQuery, Filter, Projection};
use crate::syntax::{Query, RawPath};

/// Binds a resource path. `query` gives parameter aliases and the arguments that a function call takes by name.
pub fn path(_model: &Model, _path: &RawPath, _query: &Query) -> Result<Target, Error> {
    Err(Error::new(ErrorKind::NotImplemented, "Paths are not bound yet."))
}

/// Binds the options of a read of `target`. What does not apply to it is 400 and named. `$format`, `$skiptoken`,
/// `$deltatoken`, `$schemaversion` and `$id` are the engine's and not judged here.
pub fn query(_model: &Model, _target: &Target, _query: &Query) -> Result<CollectionQuery, Error> {
    Err(Error::new(ErrorKind::NotImplemented, "Queries are not bound yet."))
}

/// Binds the options of a write that answers with entities of `ty`: only `$select` and `$expand` apply.
pub fn projection(_model: &Model, _ty: TypeId, _query: &Query) -> Result<Projection, Error> {
    Err(Error::new(ErrorKind::NotImplemented, "Queries are not bound yet."))
}

/// Binds the text of a `$filter` over rows or values of type `root`.
pub fn filter(_model: &Model, _root: EdmType, _text: &str) -> Result<Filter, Error> {
    Err(Error::new(ErrorKind::NotImplemented, "Filters are not bound yet."))
}
