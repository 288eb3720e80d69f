//! Why a text is not a value of a primitive type. The messages are for the caller; the place is added by whoever knows it.

/// Why a text (or a value already read) does not fit a primitive type and its facets.
///
/// ```
/// use odata::edm::{Date, ParseError};
///
/// assert_eq!(Date::parse("2024-02-30"), Err(ParseError::Range));
/// assert_eq!(Date::parse("today").unwrap_err().to_string(), "it is not of the form YYYY-MM-DD");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// Not of the form that the type has (month 13 and hour 24 included).
    #[error("it is not of the form {expected}")]
    Form {
        /// The form, for the caller.
        expected: &'static str,
        /// Byte offset of the first byte that does not fit; the length of the text when more of it was expected.
        position: usize,
    },
    /// Of the form, but no value that the type holds (30 February, 300 for a byte, the leap second 23:59:60).
    #[error("a field or the number is out of range")]
    Range,
    /// More fractional digits than the model declares.
    #[error("it has more than {max} fractional digits")]
    Precision {
        /// How many are taken.
        max: u8,
    },
    /// More significant digits than the model declares.
    #[error("it has more than {max} significant digits")]
    Digits {
        /// How many are taken.
        max: u8,
    },
    /// More digits before the point than `Precision` leaves beside `Scale`.
    #[error("it has more than {max} digits before the point")]
    Whole {
        /// How many are taken.
        max: u8,
    },
    /// Longer than `MaxLength`.
    #[error("it is longer than {max}")]
    Length {
        /// Characters of a string, bytes of a binary.
        max: u32,
    },
    /// U+0000 in a string (ruling R13 of this project: stores and clients cut such strings).
    #[error("it holds the character U+0000")]
    Nul,
    /// A character outside ASCII where the model says `Unicode="false"`.
    #[error("it holds a character outside ASCII")]
    NotAscii,
}
