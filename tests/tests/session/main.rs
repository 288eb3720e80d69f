//! One recorded session of the whole API, sent to a service on SQLite and to one on PostgreSQL: all that they answer is the same, but for ids and
//! times. It says nothing of whether an answer is right; the other suites do.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "tests, and a run that says how much it proved")]

mod batch;
mod both;
mod clients;
mod configurations;
mod deltas;
mod devices;
mod documents;
mod normal;
mod payloads;
mod recorder;
mod refused;
mod rows;
