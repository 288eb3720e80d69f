//! The engine from outside: requests in, operations and answers out, over the office model in both profiles.
#![expect(clippy::unwrap_used, reason = "tests")]

mod bodies;
mod heads;
mod pages;
mod references;
mod renders;
mod shop;
mod support;
mod writing;
