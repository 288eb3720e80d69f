//! What every request can reach, and which plane answers it.
//!
//! It knows the planes by their first path segment and nothing of what they do; connections and header rules are `http`'s.

use std::sync::Arc;

use crate::config::Config;

/// The running service: everything a plane may use. Made once at start, shared by reference.
#[derive(Debug)]
pub struct App {
    /// The configuration the process was started with.
    pub config: Arc<Config>,
}
