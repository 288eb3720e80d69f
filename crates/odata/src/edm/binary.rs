//! The text of `Edm.Binary`: base64url out, both alphabets in (JSON of real clients uses either), padding optional.

use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _};
use bytes::Bytes;

use super::ParseError;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_encode_padding(true);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);

/// Bytes from base64 or base64url text; one text uses one alphabet.
///
/// ```
/// use odata::edm::decode_binary;
///
/// assert_eq!(decode_binary("_-8=")?, decode_binary("/+8")?, "both alphabets, padding or not");
/// assert!(decode_binary("no base64!").is_err());
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
///
/// # Errors
/// [`ParseError::Form`] for anything else, line breaks and left-over bits included.
pub fn decode_binary(text: &str) -> Result<Bytes, ParseError> {
    let engine = if text.bytes().any(|byte| matches!(byte, b'+' | b'/')) { &PLAIN } else { &URL };
    engine.decode(text).map(Bytes::from).map_err(|error| {
        let position = first_foreign(text).unwrap_or(match error {
            DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _) => at,
            DecodeError::InvalidLength(_) | DecodeError::InvalidPadding => text.len(),
        });
        ParseError::Form { expected: "base64url", position }
    })
}

/// Where the first byte stands that neither alphabet has.
fn first_foreign(text: &str) -> Option<usize> {
    text.bytes().position(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'-' | b'_' | b'+' | b'/' | b'='))
}

/// The base64url text of bytes, padded.
///
/// ```
/// let mut text = String::new();
/// odata::edm::encode_binary(b"tea", &mut text);
/// assert_eq!(text, "dGVh");
/// ```
pub fn encode_binary(bytes: &[u8], out: &mut String) {
    URL.encode_string(bytes, out);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_alphabets_are_read_with_and_without_padding() {
        for (text, bytes) in [("", &b""[..]), ("Zg==", b"f"), ("Zg", b"f"), ("-_8=", b"\xfb\xff"), ("+/8", b"\xfb\xff")]
        {
            assert_eq!(decode_binary(text).unwrap(), bytes, "{text}");
        }
        for text in ["Z", "Zm 9v", "Zm9v\n", "+_8=", "Zh==", "Zg===", "é"] {
            let read = decode_binary(text);
            assert!(read.is_err(), "{text} {read:?}");
        }
    }

    proptest! {
        #[test]
        fn bytes_survive_their_text(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let mut text = String::new();
            encode_binary(&bytes, &mut text);
            prop_assert_eq!(decode_binary(&text).unwrap(), bytes);
        }
    }
}
