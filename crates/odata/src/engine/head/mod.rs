//! The first step: method, URL and headers to a [`Head`]. Reads no body and no store.

mod preconditions;
mod prefer;

use std::sync::Arc;

use http::Method;

pub use preconditions::{Current, EntityTags, Preconditions};
pub use prefer::{Prefer, Return};

use super::target::Target;

/// A request whose URL and headers are understood.
#[derive(Debug, Clone)]
pub struct Head {
    pub(crate) method: Method,
    pub(crate) target: Target,
    pub(crate) access: Access,
    pub(crate) body: BodyKind,
    pub(crate) preconditions: Preconditions,
    pub(crate) prefer: Prefer,
    pub(crate) root: Arc<str>,
}

/// What a request needs to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nothing: a public document.
    Document,
    /// Reading.
    Read,
    /// Changing.
    Write,
}

/// What body the application has to read before `bind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BodyKind {
    /// None; one that was sent is ignored.
    None,
    /// JSON.
    Json {
        /// Largest size in bytes; more is 413.
        bytes_max: usize,
    },
    /// Any bytes.
    Stream {
        /// Largest size in bytes; more is 413.
        bytes_max: usize,
    },
}

impl Head {
    /// What the URL addresses.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// What it takes to be allowed.
    pub fn access(&self) -> Access {
        self.access
    }

    /// What body to read.
    pub fn body(&self) -> BodyKind {
        self.body
    }

    /// `If-Match` and `If-None-Match`. Changes check them inside the commit; reads are answered by `render`.
    pub fn preconditions(&self) -> &Preconditions {
        &self.preconditions
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The preferences.
    pub fn prefer(&self) -> &Prefer {
        &self.prefer
    }

    /// The absolute service root, without a trailing slash.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Whether the answer is the plain one: no projection, minimal metadata, nothing left out, nothing as strings. Only
    /// then may bytes rendered before stand in ([`super::Outcome::RenderedEntity`], [`crate::Value::Rendered`]).
    pub fn is_plain(&self) -> bool {
        false
    }
}
