//! The primitive types of EDM that the standard library lacks, each with its exact text form. Knows no JSON and no URL.

mod binary;
pub(crate) mod civil;
mod date;
mod date_time_offset;
mod decimal;
mod duration;
mod parse_error;
mod text;
mod time_of_day;

pub use binary::{decode_binary, encode_binary};
pub use date::Date;
pub use date_time_offset::{DateTimeOffset, Offset};
pub use decimal::{DECIMAL_DIGITS_MAX, Decimal};
pub use duration::Duration;
pub use parse_error::ParseError;
pub use text::{check_facets, parse_guid, parse_primitive, write_primitive};
pub use time_of_day::TimeOfDay;
