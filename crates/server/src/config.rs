//! The configuration file: one struct, one format (TOML), unknown keys refused.
//!
//! It says what may be written and what holds when nothing is; what the values do is the business of those who read them.

use serde::Deserialize;

/// Everything the configuration file may hold. The command line wins over it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// R10: a POST without a concrete type makes a `windowsOfficeClientConfiguration`, and an abstract target is kept.
    pub lenient_types: bool,
}
