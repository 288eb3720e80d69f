//! `/officeConfigurations` and `/officeConfiguration`: the set and the tenant's default one (R1, R2).

pub(crate) mod client_configurations;
mod create;
mod delete;
mod delta;
mod get;
mod list;
pub(crate) mod tenant_checkin_statuses;
mod update;

pub(crate) use create::{create, create_default};
pub(crate) use delete::delete;
pub(crate) use delta::delta;
pub(crate) use get::{get, record};
pub(crate) use list::{count, list};
pub(crate) use update::update;
