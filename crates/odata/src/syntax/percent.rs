//! Percent-decoding of URL text, after it was split. Knows no option and no segment.

use super::SyntaxError;

/// Decodes the text of a path onto the end of `out`.
///
/// # Errors
/// A `%` without two hexadecimal digits, bytes that are not UTF-8, U+0000, and the `#` that starts a fragment. Positions
/// count from the start of what was decoded.
pub(crate) fn decode_into(out: &mut String, raw: &str) -> Result<(), SyntaxError> {
    decode(out, raw, None)
}

/// Decodes the text of a query onto the end of `out`, where `+` is a space. The places of semicolons that were escaped go
/// onto the end of `semicolons`: only the others separate options.
///
/// # Errors
/// As [`decode_into`].
pub(crate) fn decode_query_into(out: &mut String, raw: &str, semicolons: &mut Vec<usize>) -> Result<(), SyntaxError> {
    decode(out, raw, Some(semicolons))
}

fn decode(out: &mut String, raw: &str, mut query: Option<&mut Vec<usize>>) -> Result<(), SyntaxError> {
    let bytes = raw.as_bytes();
    if !bytes.iter().any(|b| matches!(b, b'%' | b'+' | b'#' | 0)) {
        out.push_str(raw);
        return Ok(());
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let fault = |message: &'static str| Err(SyntaxError::new(plain.len(), message));
        let byte = match bytes[at] {
            b'#' => return fault("'#' starts a fragment; as data it is written '%23'"),
            b'%' => {
                let byte = bytes.get(at + 1).zip(bytes.get(at + 2)).and_then(|(high, low)| hex_pair(*high, *low));
                let Some(byte) = byte else { return fault("'%' is not followed by two hexadecimal digits") };
                at += 2;
                if byte == b';'
                    && let Some(semicolons) = query.as_deref_mut()
                {
                    semicolons.push(out.len() + plain.len());
                }
                byte
            }
            b'+' if query.is_some() => b' ',
            byte => byte,
        };
        if byte == 0 {
            return fault("U+0000 is not allowed in a URL");
        }
        plain.push(byte);
        at += 1;
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
        let mut semicolons = Vec::new();
        let done = if plus { decode_query_into(&mut out, raw, &mut semicolons) } else { decode_into(&mut out, raw) };
        done.map(|()| out)
    }

    #[test]
    fn plus_is_a_space_only_in_a_query_and_only_unescaped() {
        assert_eq!(decode("a+b%2Bc", true).as_deref(), Ok("a b+c"));
        assert_eq!(decode("a+b%2Bc", false).as_deref(), Ok("a+b+c"));
    }

    #[test]
    fn escaped_semicolons_are_remembered() {
        let (mut out, mut semicolons) = ("ab".to_owned(), Vec::new());
        decode_query_into(&mut out, "%20;%3B%3b", &mut semicolons).expect("well-formed");
        assert_eq!((out.as_str(), semicolons), ("ab ;;;", vec![4, 5]));
    }

    #[test]
    fn broken_escapes_are_refused_with_their_place() {
        assert_eq!(decode("ab%2", true).map_err(|e| e.position), Err(2));
        assert_eq!(decode("%zz", true).map_err(|e| e.position), Err(0));
        assert_eq!(decode("%C3%A9%ff", true).map_err(|e| e.position), Err(2));
        assert_eq!(decode("%41a%00", true).map_err(|e| e.position), Err(2));
        assert_eq!(decode("%41%4", true).map_err(|e| e.position), Err(1));
        assert_eq!(decode("ab#c", true).map_err(|e| e.position), Err(2));
    }
}
