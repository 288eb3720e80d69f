//! The four steps of a request: `head` and `bind` in, `render` out; the application executes in between.
//! No status code or header is decided anywhere else.

mod operation;
mod outcome;
mod target;

pub use operation::Operation;
pub use outcome::{Outcome, Page, StreamBody};
pub use target::{Segment, Target, TargetKind};
