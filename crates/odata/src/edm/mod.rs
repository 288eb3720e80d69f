//! The primitive types of EDM that the standard library lacks, each with its exact text form. Knows no JSON and no URL.

mod date;
mod date_time_offset;
mod decimal;
mod duration;
mod time_of_day;

pub use date::Date;
pub use date_time_offset::{DateTimeOffset, Offset, ParseError};
pub use decimal::Decimal;
pub use duration::Duration;
pub use time_of_day::TimeOfDay;
