//! The harness of the end-to-end tests: starts the real program, talks to it over real sockets, and reads like the promise a test keeps
//! (`api.post("/officeConfigurations", body).created()`). It knows the wire and the command line; it links no crate of the service.
#![expect(clippy::return_self_not_must_use, reason = "an assertion may be a test's last word")]
#![expect(clippy::print_stderr, clippy::unwrap_used, reason = "a harness stops the test with what went wrong")]

mod answer;
mod api;
mod database;
mod issuer;
mod raw;
mod reference;
pub mod samples;
mod service;

pub use answer::Answer;
pub use api::{Api, Call};
pub use database::{Clusters, Database, Store};
pub use issuer::Issuer;
pub use raw::{Raw, RawAnswer};
pub use reference::{reference, skip};
pub use service::{Cli, Service, Setup, program};

/// The scope that may write.
pub const READ_WRITE: &str = "DeviceManagementConfiguration.ReadWrite.All";
/// The scope that may only read.
pub const READ: &str = "DeviceManagementConfiguration.Read.All";

/// A random lower-case GUID: an id that never was.
#[expect(clippy::disallowed_methods, reason = "tests own their randomness; nothing replays them")]
pub fn random_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
