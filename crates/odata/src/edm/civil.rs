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

/// The number that two digits at `at` write.
pub(super) fn two_digits(bytes: &[u8], at: usize) -> Option<i64> {
    let (tens, ones) = (bytes.get(at)?, bytes.get(at + 1)?);
    (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

/// `Some` when the byte at `at` is `wanted`, in either case.
pub(super) fn mark(bytes: &[u8], at: usize, wanted: u8) -> Option<()> {
    bytes.get(at).is_some_and(|found| found.eq_ignore_ascii_case(&wanted)).then_some(())
}

/// The fraction whose first digit is at `at`: its ticks, how many digits it has.
pub(super) fn fraction(bytes: &[u8], at: usize) -> Result<Option<(i64, u8)>, ParseError> {
    let rest = bytes.get(at..).unwrap_or_default();
    let run = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let Some(digits) = u8::try_from(run).ok().filter(|run| *run <= DIGITS_MAX) else {
        return Err(ParseError::Precision { max: DIGITS_MAX });
    };
    if digits == 0 {
        return Ok(None);
    }
    let written = rest[..run].iter().fold(0, |sum, byte| sum * 10 + i64::from(byte - b'0'));
    Ok(Some((written * 10_i64.pow(u32::from(DIGITS_MAX - digits)), digits)))
}

/// A clock time read from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clock {
    /// Ticks since midnight.
    pub(super) ticks: i64,
    /// Fractional digits as written; `None` when even the seconds were left out.
    pub(super) digits: Option<u8>,
    /// Where it ends in the text.
    pub(super) end: usize,
}

/// Reads `hh:mm[:ss[.fffffff]]` from `at`; `form` is the error of a text that is not so.
pub(super) fn clock(bytes: &[u8], at: usize, form: ParseError) -> Result<Clock, ParseError> {
    let hour = two_digits(bytes, at).ok_or(form)?;
    mark(bytes, at + 2, b':').ok_or(form)?;
    let minute = two_digits(bytes, at + 3).ok_or(form)?;
    let (mut second, mut part, mut digits, mut end) = (0, 0, None, at + 5);
    if mark(bytes, end, b':').is_some() {
        second = two_digits(bytes, end + 1).ok_or(form)?;
        digits = Some(0);
        end += 3;
        if mark(bytes, end, b'.').is_some() {
            let (ticks, run) = fraction(bytes, end + 1)?.ok_or(form)?;
            part = ticks;
            digits = Some(run);
            end += 1 + usize::from(run);
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return Err(ParseError::Range);
    }
    Ok(Clock { ticks: (hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + part, digits, end })
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
