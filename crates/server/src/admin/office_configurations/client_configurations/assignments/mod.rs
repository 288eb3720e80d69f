//! `…/clientConfigurations/{id}/assignments`: whom a client configuration is for.

mod assign;
mod create;
mod delete;
mod delta;
mod get;
mod list;
mod update;

pub(crate) use assign::assign;
pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use delta::delta;
pub(crate) use get::{get, record};
pub(crate) use list::{count, expanded, list, value};
pub(crate) use update::update;
