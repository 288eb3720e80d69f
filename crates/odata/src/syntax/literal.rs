//! Literals: recognised by their form alone. Whether a value exists (30 February) is the binder's to say.

use std::borrow::Cow;

use uuid::Uuid;

use super::ast::Literal;
use super::cursor::Cursor;
use super::{SyntaxError, shape};
use crate::edm::guid_len;

/// Digits of a GUID before its first hyphen.
const GUID_FIRST: usize = 8;

impl<'t> Cursor<'t> {
    /// A text in single quotes; `''` is a quote.
    pub(super) fn quoted(&mut self) -> Result<Cow<'t, str>, SyntaxError> {
        let start = self.pos;
        let raw = self.quoted_raw()?;
        debug_assert!(self.pos > start);
        Ok(if raw.contains('\'') { Cow::Owned(raw.replace("''", "'")) } else { Cow::Borrowed(raw) })
    }

    /// What stands between single quotes, doubled ones kept.
    fn quoted_raw(&mut self) -> Result<&'t str, SyntaxError> {
        let start = self.pos;
        self.expect(b'\'')?;
        loop {
            let Some(length) = self.bytes().iter().position(|b| *b == b'\'') else {
                self.pos = self.text.len();
                return self.error(format!("the text that opens at position {start} lacks its closing quote"));
            };
            self.pos += length + 1;
            if !self.eat(b'\'') {
                return Ok(&self.text[start + 1..self.pos - 1]);
            }
        }
    }

    /// A text in double quotes with JSON's escapes.
    pub(super) fn json_string(&mut self) -> Result<Cow<'t, str>, SyntaxError> {
        let start = self.pos;
        self.expect(b'"')?;
        let Some(length) = self.bytes().iter().position(|b| matches!(b, b'"' | b'\\')) else {
            self.pos = self.text.len();
            return self.error(format!("the text that opens at position {start} lacks its closing quote"));
        };
        let plain = &self.rest()[..length];
        self.pos += length;
        if self.eat(b'"') {
            return Ok(Cow::Borrowed(plain));
        }
        let mut text = plain.to_owned();
        loop {
            let Some(next) = self.rest().chars().next() else {
                return self.error(format!("the text that opens at position {start} lacks its closing quote"));
            };
            self.pos += next.len_utf8();
            match next {
                '"' => return Ok(Cow::Owned(text)),
                '\\' => text.push(self.json_escape()?),
                other => text.push(other),
            }
        }
    }

    fn json_escape(&mut self) -> Result<char, SyntaxError> {
        let Some(byte) = self.peek() else { return self.expected("an escape") };
        self.pos += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.json_unit()?;
                if (0xd800..0xdc00).contains(&high) && self.eat(b'\\') && self.eat(b'u') {
                    let low = self.json_unit()?;
                    let pair = 0x1_0000 + ((high - 0xd800) << 10) + low.wrapping_sub(0xdc00);
                    let paired = (0xdc00..0xe000).contains(&low).then(|| char::from_u32(pair)).flatten();
                    return paired.map_or_else(|| self.error("an unpaired surrogate"), Ok);
                }
                return match char::from_u32(high) {
                    Some('\0') => self.error("U+0000 is not allowed"),
                    Some(c) => Ok(c),
                    None => self.error("an unpaired surrogate"),
                };
            }
            _ => {
                self.pos -= 1;
                return self.error("an unknown escape");
            }
        })
    }

    fn json_unit(&mut self) -> Result<u32, SyntaxError> {
        let digits = self.bytes().get(..4).and_then(|four| std::str::from_utf8(four).ok());
        let unit = digits.filter(|four| four.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(unit) = unit.and_then(|four| u32::from_str_radix(four, 16).ok()) else {
            return self.expected("four hexadecimal digits");
        };
        self.pos += 4;
        Ok(unit)
    }

    /// A literal that starts with a digit or a sign: number, date, time, GUID.
    pub(super) fn digits_literal(&mut self) -> Result<Literal<'t>, SyntaxError> {
        if let Some(guid) = self.guid() {
            return Ok(Literal::Guid(guid));
        }
        let rest = self.rest();
        let b = rest.as_bytes();
        let (length, make): (usize, fn(&'t str) -> Literal<'t>) = if let Some(date) = date_len(b) {
            match instant_len(b, date) {
                Some(instant) => (instant, Literal::DateTimeOffset),
                None => (date, Literal::Date),
            }
        } else if let Some(time) = time_len(b) {
            (time, Literal::TimeOfDay)
        } else {
            number_len(b)
        };
        let guid = guid_len(b);
        if guid > length.max(GUID_FIRST) {
            self.pos += guid;
            return self.expected("the rest of a GUID");
        }
        if length == 0 || b.get(length).is_some_and(|next| next.is_ascii_alphanumeric() || *next == b'_') {
            self.pos += length;
            return self.expected("a literal to end here");
        }
        self.pos += length;
        Ok(make(&rest[..length]))
    }

    /// A GUID, when one stands here.
    pub(super) fn guid(&mut self) -> Option<Uuid> {
        let candidate = self.rest().get(..36)?;
        let ends =
            self.bytes().get(36).is_none_or(|next| !next.is_ascii_alphanumeric() && !matches!(next, b'_' | b'-'));
        if guid_len(candidate.as_bytes()) < candidate.len() || !ends {
            return None;
        }
        self.pos += 36;
        Uuid::try_parse(candidate).ok()
    }

    /// A literal with a type in front of its quotes (`duration'…'`, `ns.Enum'…'`); the place is at the quote.
    pub(super) fn typed_literal(&mut self, prefix: &'t str, start: usize) -> Result<Literal<'t>, SyntaxError> {
        let raw = self.quoted_raw()?;
        let fail = |message: &'static str| Err(SyntaxError::new(start, message));
        if prefix.eq_ignore_ascii_case("duration") {
            return if is_duration(raw) { Ok(Literal::Duration(raw)) } else { fail("not a duration such as 'P1DT2H'") };
        }
        if prefix.eq_ignore_ascii_case("binary") {
            return if is_base64url(raw) { Ok(Literal::Binary(raw)) } else { fail("not base64url") };
        }
        if prefix.eq_ignore_ascii_case("geography") || prefix.eq_ignore_ascii_case("geometry") {
            let opens = self.pos - 1 - raw.len();
            shape::check(raw).map_err(|error| SyntaxError::new(opens + error.position, error.message))?;
            return Ok(Literal::Geo { geometry: prefix.eq_ignore_ascii_case("geometry"), text: raw });
        }
        if !prefix.contains('.') {
            return fail("unknown type in front of a quoted literal");
        }
        if raw.is_empty() || raw.contains('\'') {
            return fail("not a value of an enumeration");
        }
        Ok(Literal::Enum { type_name: prefix, members: raw })
    }
}

fn digits(b: &[u8], from: usize) -> usize {
    b.get(from..).map_or(0, |rest| rest.iter().take_while(|c| c.is_ascii_digit()).count())
}

fn two_digits(b: &[u8], from: usize, max: u8) -> bool {
    let pair = b.get(from).zip(b.get(from + 1)).filter(|(a, z)| a.is_ascii_digit() && z.is_ascii_digit());
    pair.is_some_and(|(tens, ones)| (tens - b'0') * 10 + (ones - b'0') <= max)
}

/// Length of `YYYY-MM-DD` with an optional sign and more digits in the year.
fn date_len(b: &[u8]) -> Option<usize> {
    let sign = usize::from(b.first() == Some(&b'-'));
    let year = digits(b, sign);
    let at = sign + year;
    let fits = year >= 4
        && b.get(at) == Some(&b'-')
        && two_digits(b, at + 1, 12)
        && b.get(at + 3) == Some(&b'-')
        && two_digits(b, at + 4, 31)
        && digits(b, at + 4) == 2;
    fits.then_some(at + 6)
}

/// Length of a date-time when a time and a zone follow the date.
fn instant_len(b: &[u8], date: usize) -> Option<usize> {
    if !matches!(b.get(date), Some(b'T' | b't')) {
        return None;
    }
    let at = date + 1 + time_len(&b[date + 1..])?;
    match b.get(at)? {
        b'Z' | b'z' => Some(at + 1),
        b'+' | b'-' if two_digits(b, at + 1, 23) && b.get(at + 3) == Some(&b':') && two_digits(b, at + 4, 59) => {
            Some(at + 6)
        }
        // An unescaped plus sign has become a space; it still cannot be anything else here.
        b' ' if two_digits(b, at + 1, 23) && b.get(at + 3) == Some(&b':') && two_digits(b, at + 4, 59) => Some(at + 6),
        _ => None,
    }
}

/// Length of `hh:mm[:ss[.f]]`.
fn time_len(b: &[u8]) -> Option<usize> {
    if !two_digits(b, 0, 23) || b.get(2) != Some(&b':') || !two_digits(b, 3, 59) {
        return None;
    }
    if b.get(5) != Some(&b':') || !two_digits(b, 6, 60) {
        return Some(5);
    }
    let fraction = if b.get(8) == Some(&b'.') { digits(b, 9).min(12) } else { 0 };
    Some(if fraction == 0 { 8 } else { 9 + fraction })
}

fn number_len<'t>(b: &[u8]) -> (usize, fn(&'t str) -> Literal<'t>) {
    let sign = usize::from(matches!(b.first(), Some(b'+' | b'-')));
    if b.get(sign..sign + 3) == Some(b"INF") {
        return (sign + 3, Literal::Double);
    }
    let whole = digits(b, sign);
    if whole == 0 {
        return (0, Literal::Integer);
    }
    let mut at = sign + whole;
    let mut make: fn(&'t str) -> Literal<'t> = Literal::Integer;
    if b.get(at) == Some(&b'.') && digits(b, at + 1) > 0 {
        at += 1 + digits(b, at + 1);
        make = Literal::Decimal;
    }
    if matches!(b.get(at), Some(b'e' | b'E')) {
        // An unescaped plus sign has become a space.
        let signed = usize::from(matches!(b.get(at + 1), Some(b'+' | b'-' | b' ')));
        let exponent = digits(b, at + 1 + signed);
        if exponent > 0 {
            return (at + 1 + signed + exponent, Literal::Double);
        }
    }
    (at, make)
}

/// `[-]P[nD][T[nH][nM][n[.f]S]]` with at least one field.
pub(super) fn is_duration(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let Some(body) = unsigned.strip_prefix('P') else { return false };
    let (days, time) = body.split_once('T').map_or((body, None), |(days, time)| (days, Some(time)));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let days_fit = days.is_empty() || days.strip_suffix('D').is_some_and(all_digits);
    let Some(mut time) = time else { return days_fit && !days.is_empty() };
    if time.is_empty() {
        return false;
    }
    for unit in ['H', 'M'] {
        if let Some((number, rest)) = time.split_once(unit) {
            if !all_digits(number) {
                return false;
            }
            time = rest;
        }
    }
    let seconds_fit = time.is_empty()
        || time.strip_suffix('S').is_some_and(|seconds| match seconds.split_once('.') {
            Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
            None => all_digits(seconds),
        });
    days_fit && seconds_fit
}

/// Base64url, padded or not, with the last group of a legal length.
fn is_base64url(text: &str) -> bool {
    let data = text.trim_end_matches('=');
    let alphabet = data.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'+' | b'/'));
    let padding = text.len() - data.len();
    alphabet && data.len() % 4 != 1 && (padding == 0 || text.len().is_multiple_of(4)) && padding < 3
}
