//! Nothing acknowledged is ever lost, and nothing is half applied.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests, and a run that says how much it proved")]

mod away;
mod kill;
mod ledger;
mod writers;
