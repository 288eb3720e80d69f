//! `/officeConfigurations` and `/officeConfiguration`: the set and the tenant's default one (R1, R2).

pub(crate) mod client_configurations;
mod create;
mod delete;
mod delta;
mod effective_policies;
mod explain;
mod get;
mod late_devices;
mod list;
pub(crate) mod tenant_checkin_statuses;
mod update;
mod what_if;

pub(crate) use create::{create, create_default};
pub(crate) use delete::delete;
pub(crate) use delta::delta;
pub(crate) use effective_policies::effective_policies;
pub(crate) use explain::explain;
pub(crate) use get::{get, record};
pub(crate) use late_devices::late_devices;
pub(crate) use list::{count, list};
pub(crate) use update::update;
pub(crate) use what_if::what_if;
