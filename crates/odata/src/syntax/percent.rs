//! Percent-decoding of URL text, after it was split. Knows no option and no segment.

use super::SyntaxError;

/// Decodes `raw` onto the end of `out`. `plus_is_space` for query text.
///
/// # Errors
/// A `%` without two hexadecimal digits, bytes that are not UTF-8, and U+0000. Positions count from the start of `raw`.
pub(crate) fn decode_into(out: &mut String, raw: &str, plus_is_space: bool) -> Result<(), SyntaxError> {
    let bytes = raw.as_bytes();
    if !bytes.iter().any(|b| matches!(b, b'%' | b'+' | 0)) {
        out.push_str(raw);
        return Ok(());
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let byte = bytes.get(at + 1).zip(bytes.get(at + 2)).and_then(|(high, low)| hex_pair(*high, *low));
                let byte = byte.ok_or_else(|| SyntaxError::new(at, "'%' is not followed by two hexadecimal digits"))?;
                plain.push(byte);
                at += 3;
            }
            b'+' if plus_is_space => {
                plain.push(b' ');
                at += 1;
            }
            byte => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    if plain.contains(&0) {
        return Err(SyntaxError::new(0, "U+0000 is not allowed in a URL"));
    }
    let text = std::str::from_utf8(&plain)
        .map_err(|error| SyntaxError::new(error.valid_up_to(), "the percent-decoded text is not UTF-8"))?;
    out.push_str(text);
    Ok(())
}

fn hex_pair(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(raw: &str, plus: bool) -> Result<String, SyntaxError> {
        let mut out = String::new();
        decode_into(&mut out, raw, plus).map(|()| out)
    }

    #[test]
    fn plus_is_a_space_only_in_a_query_and_only_unescaped() {
        assert_eq!(decode("a+b%2Bc", true).as_deref(), Ok("a b+c"));
        assert_eq!(decode("a+b%2Bc", false).as_deref(), Ok("a+b+c"));
    }

    #[test]
    fn broken_escapes_are_refused_with_their_place() {
        assert_eq!(decode("ab%2", true).map_err(|e| e.position), Err(2));
        assert_eq!(decode("%zz", true).map_err(|e| e.position), Err(0));
        assert!(decode("%ff", true).is_err());
        assert!(decode("a%00", true).is_err());
    }
}
