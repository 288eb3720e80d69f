//! The engine from outside: requests in, operations and answers out, over the office model in both profiles.
#![expect(clippy::unwrap_used, reason = "tests")]

mod asynchronous;
mod batch;
mod bodies;
mod changes;
mod changing;
mod collections;
mod dynamic;
mod garden;
mod heads;
mod ordered;
mod pages;
mod places;
mod posted;
mod preferences;
mod references;
mod renders;
mod shop;
mod support;
mod writing;
