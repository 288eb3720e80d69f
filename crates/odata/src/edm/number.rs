//! The form that the texts of all numbers share. Knows no range and no type.

use super::ParseError;

/// Refuses what is not `[±]n[.n][e[±]n]`, at the first byte that does not fit.
pub(super) fn check_number(text: &str, expected: &'static str) -> Result<(), ParseError> {
    let mut at = integer_end(text, 0, expected)?;
    if text.as_bytes().get(at) == Some(&b'.') {
        at = digits_end(text, at + 1, expected)?;
    }
    if matches!(text.as_bytes().get(at), Some(b'e' | b'E')) {
        at = integer_end(text, at + 1, expected)?;
    }
    finish(text, at, expected)
}

/// Refuses what is not `[±]n`, at the first byte that does not fit.
pub(super) fn check_integer(text: &str, expected: &'static str) -> Result<(), ParseError> {
    let at = integer_end(text, 0, expected)?;
    finish(text, at, expected)
}

fn integer_end(text: &str, start: usize, expected: &'static str) -> Result<usize, ParseError> {
    let signed = matches!(text.as_bytes().get(start), Some(b'+' | b'-'));
    digits_end(text, start + usize::from(signed), expected)
}

fn digits_end(text: &str, start: usize, expected: &'static str) -> Result<usize, ParseError> {
    let run = text.as_bytes()[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if run == 0 { Err(ParseError::Form { expected, position: start }) } else { Ok(start + run) }
}

fn finish(text: &str, at: usize, expected: &'static str) -> Result<(), ParseError> {
    if at == text.len() { Ok(()) } else { Err(ParseError::Form { expected, position: at }) }
}
