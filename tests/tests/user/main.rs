//! The client plane at the real binary. The files mirror the URL tree below `/user/v1.0/{platform}`.
#![expect(clippy::unwrap_used, reason = "tests")]

mod explained;
mod overload;
mod policies;
mod world;
