//! Nothing acknowledged is ever lost, and nothing is half applied.
#![expect(clippy::unwrap_used, reason = "tests")]

mod kill;
mod ledger;
