//! `…/clientConfigurations`: the sets of policy settings of an officeConfiguration.

pub(crate) mod assignments;
mod create;
mod delete;
mod delta;
mod get;
mod list;
pub(crate) mod payload;
mod update;
mod update_priorities;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use delta::delta;
pub(crate) use get::{get, record};
pub(crate) use list::{all_records, count, expanded, light_records, list};
pub(crate) use update::update;
pub(crate) use update_priorities::update_priorities;
