//! The primitive types of EDM that the standard library lacks, each with its exact text form. Knows no JSON and no URL.
//!
//! ```
//! use odata::edm::{DateTimeOffset, Decimal, Duration};
//!
//! // What was written is what is read, digits and offset included; comparison is by value.
//! assert_eq!(Decimal::parse("4.50")?.to_string(), "4.50");
//! assert_eq!(DateTimeOffset::parse("2024-05-01T12:00:00+02:00")?, "2024-05-01T10:00Z".parse()?);
//! assert_eq!(Duration::parse("PT36H")?.to_string(), "P1DT12H");
//! # Ok::<(), odata::edm::ParseError>(())
//! ```

mod binary;
pub(crate) mod civil;
mod date;
mod date_time_offset;
mod decimal;
mod duration;
mod number;
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
pub(crate) use text::{guid_len, parse_in_url};
pub use time_of_day::TimeOfDay;
