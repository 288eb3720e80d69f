//! What is PostgreSQL's own, beside the conformance suite: roles and row-level security, what is refused when it is opened, commits whose answer
//! is lost, several stores on one database. Each test has a database of its own in a throwaway cluster.
#![expect(clippy::unwrap_used, reason = "tests")]

mod checkins;
#[path = "../support/cluster.rs"]
mod cluster;
mod commits;
mod fixture;
mod moving;
mod opening;
mod placement;
mod plans;
mod proxy;
mod relocation;
mod replicas;
mod tenants;
mod tls;
mod transfer;
mod world;
