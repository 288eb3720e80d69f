//! The proleptic Gregorian calendar and the clock fields that dates and times share. Counts from 0001-01-01; knows no
//! type of EDM and no zone.

use super::ParseError;

/// Ticks (100 ns) in a second.
pub(crate) const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks in a day.
pub(crate) const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// Days from 0001-01-01 to 1970-01-01.
pub(crate) const DAYS_TO_UNIX: i64 = 719_162;
/// Fractional digits of a second that a tick can hold.
pub(crate) const DIGITS_MAX: u8 = 7;

/// Days since 0001-01-01 of a date. `None` for a date that does not exist.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    Some(y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (m * 153 + 2) / 5 + day - 1 - 306)
}

/// Year, month and day of a number of days since 0001-01-01.
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 306;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let m = (5 * of_year + 2) / 153;
    let day = of_year - (153 * m + 2) / 5 + 1;
    let month = if m < 10 { m + 3 } else { m - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Years have at most six digits, as in ECMAScript's expanded years; the grammar of OData sets no end.
const YEAR_DIGITS_MAX: usize = 6;

/// The reading head over the text of a date, a time or a duration: what does not fit is refused at its place.
#[derive(Debug, Clone)]
pub(super) struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    form: &'static str,
}

impl<'t> Scan<'t> {
    /// `form` is what the caller is told to write instead.
    pub(super) fn new(text: &'t str, form: &'static str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, form }
    }

    /// The error that something else was expected here.
    pub(super) fn fault(&self) -> ParseError {
        ParseError::Form { expected: self.form, position: self.at }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Steps over a byte, in either case, if it is the next one.
    pub(super) fn eat(&mut self, wanted: u8) -> bool {
        let found = self.peek().is_some_and(|next| next.eq_ignore_ascii_case(&wanted));
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, wanted: u8) -> Result<(), ParseError> {
        if self.eat(wanted) { Ok(()) } else { Err(self.fault()) }
    }

    pub(super) fn finish(&self) -> Result<(), ParseError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.fault()) }
    }

    /// The digits that stand here, at least one.
    pub(super) fn digits(&mut self) -> Result<&'t [u8], ParseError> {
        let rest = &self.bytes[self.at..];
        let run = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if run == 0 {
            return Err(self.fault());
        }
        self.at += run;
        Ok(&rest[..run])
    }

    /// The number that two digits write, refused at the digit that takes it out of `min..=max`.
    pub(super) fn two_digits(&mut self, min: i64, max: i64) -> Result<i64, ParseError> {
        let digit = |byte: Option<u8>| byte.filter(u8::is_ascii_digit).map(|byte| i64::from(byte - b'0'));
        let tens = digit(self.peek()).filter(|tens| *tens <= max / 10).ok_or_else(|| self.fault())?;
        self.at += 1;
        let number = digit(self.peek()).map(|ones| tens * 10 + ones).filter(|number| (min..=max).contains(number));
        let number = number.ok_or_else(|| self.fault())?;
        self.at += 1;
        Ok(number)
    }

    /// `[-]YYYY-MM-DD` as year, month and day, which may be one that does not exist (30 February).
    pub(super) fn date(&mut self) -> Result<(i64, i64, i64), ParseError> {
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let digits = self.digits()?;
        // Years past 9999 have more digits and no leading zero.
        if digits.len() < 4 || (digits.len() > 4 && digits[0] == b'0') {
            self.at -= digits.len().saturating_sub(4);
            return Err(self.fault());
        }
        let too_long = digits.len() > YEAR_DIGITS_MAX;
        let year = digits.iter().take(YEAR_DIGITS_MAX).fold(0_i64, |sum, byte| sum * 10 + i64::from(byte - b'0'));
        self.expect(b'-')?;
        let month = self.two_digits(1, 12)?;
        self.expect(b'-')?;
        let day = self.two_digits(1, 31)?;
        if too_long { Err(ParseError::Range) } else { Ok((if negative { -year } else { year }, month, day)) }
    }

    /// The digits of a fraction: its ticks, how many digits it has.
    pub(super) fn fraction(&mut self) -> Result<(i64, u8), ParseError> {
        let digits = self.digits()?;
        let Some(count) = u8::try_from(digits.len()).ok().filter(|count| *count <= DIGITS_MAX) else {
            return Err(ParseError::Precision { max: DIGITS_MAX });
        };
        let written = digits.iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
        Ok((written * 10_i64.pow(u32::from(DIGITS_MAX - count)), count))
    }

    /// `hh:mm[:ss[.fffffff]]`.
    pub(super) fn clock(&mut self) -> Result<Clock, ParseError> {
        let hour = self.two_digits(0, 23)?;
        self.expect(b':')?;
        let minute = self.two_digits(0, 59)?;
        let (mut second, mut part, mut digits) = (0, 0, None);
        if self.eat(b':') {
            // A leap second has the form of a time; there is none in EDM.
            second = self.two_digits(0, 60)?;
            digits = Some(0);
            if self.eat(b'.') {
                let (ticks, count) = self.fraction()?;
                part = ticks;
                digits = Some(count);
            }
        }
        if second > 59 {
            return Err(ParseError::Range);
        }
        Ok(Clock { ticks: (hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + part, digits })
    }
}

/// A clock time read from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// Ticks since midnight.
    pub(super) ticks: i64,
    /// Fractional digits as written; `None` when even the seconds were left out.
    pub(super) digits: Option<u8>,
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_calendar_agrees_with_jiff(year in -9999_i16..=9999, ordinal in 1_i16..=365) {
            let date = jiff::civil::date(year, 1, 1).checked_add(jiff::Span::new().days(i64::from(ordinal) - 1)).unwrap();
            let days = i64::from((date - jiff::civil::date(1, 1, 1)).get_days());
            let (y, m, d) = (i64::from(date.year()), i64::from(date.month()), i64::from(date.day()));
            prop_assert_eq!(days_from_civil(y, m, d), Some(days));
            prop_assert_eq!(civil_from_days(days), (y, m, d));
        }

        #[test]
        fn only_days_that_exist_are_taken(year in 1_i16..=9999, month in 0_i8..=13, day in 0_i8..=32) {
            let exists = jiff::civil::Date::new(year, month, day).is_ok();
            prop_assert_eq!(days_from_civil(year.into(), month.into(), day.into()).is_some(), exists);
        }
    }
}
