//! What waits for a writer, whichever store it is of: bounded, fair to tenants, and honest about time. It must never know what waits.

mod lanes;
mod window;

pub(crate) use lanes::{Lanes, Refused, Turn, Waiting};
pub(crate) use window::Window;
