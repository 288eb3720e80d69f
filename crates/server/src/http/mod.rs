//! HTTP as a process meets it: connections, time-outs, TLS, and the headers that every answer carries.
//!
//! It never knows what a path means (that is `app`) nor who is asking (that is `auth`).

pub mod body;
mod context;

pub use body::RequestBody;
pub use context::RequestContext;
