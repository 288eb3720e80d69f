//! What must hold for any input of the OData engine. Each target is a function of bytes that panics when it does not hold; libFuzzer
//! calls it (`fuzz_targets/`), and so does a short deterministic run (`tests/short.rs`). Knows no fuzzer.

mod answer;
mod batch;
mod body;
mod csdl;
pub mod mutate;
mod options;
mod same;
pub mod seeds;
mod url;
mod world;

pub use batch::batch;
pub use body::body;
pub use csdl::csdl;
pub use options::options;
pub use url::url;

/// A target: its name, what must hold, and inputs to start from.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// As `cargo xtask fuzz` and cargo-fuzz call it.
    pub name: &'static str,
    /// Panics when something does not hold.
    pub check: fn(&[u8]),
    /// Inputs to start from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target { name: "url", check: url, seeds: seeds::urls },
    Target { name: "options", check: options, seeds: seeds::options },
    Target { name: "body", check: body, seeds: seeds::bodies },
    Target { name: "batch", check: batch, seeds: seeds::batches },
    Target { name: "csdl", check: csdl, seeds: seeds::documents },
];
