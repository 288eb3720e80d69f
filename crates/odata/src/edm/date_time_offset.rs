//! `Edm.DateTimeOffset`: 100 ns, the offset and the digits as they were written (ruling R13 of this project).
//! Holds .NET's whole range, 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.9999999Z. Knows no clock.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// Ticks (100 ns) in a second.
pub(crate) const TICKS_PER_SECOND: i64 = 10_000_000;
/// Ticks in a day.
pub(crate) const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// Days from 0001-01-01 to 1970-01-01.
pub(crate) const DAYS_TO_UNIX: i64 = 719_162;
const TICKS_MAX: i64 = 3_155_378_975_999_999_999;
const OFFSET_MINUTES_MAX: i16 = 14 * 60;
const DIGITS_MAX: usize = 7;

/// How the zone was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offset {
    /// `Z`.
    Utc,
    /// `±hh:mm`, in minutes; `+00:00` is not `Z`.
    Minutes(i16),
}

/// An instant with the offset and the number of fractional digits it was written with. Ordered and equal by instant.
#[derive(Debug, Clone, Copy)]
pub struct DateTimeOffset {
    ticks: i64,
    offset: Offset,
    digits: u8,
}

/// Why a text is not a value of the type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not of the form that the type has.
    #[error("it is not of the form {expected}")]
    Form {
        /// The form, for the caller.
        expected: &'static str,
    },
    /// A field is out of its range (month 13, 30 February, hour 24).
    #[error("a field is out of range")]
    Range,
    /// More fractional digits than the model declares.
    #[error("more than {max} fractional digits")]
    Precision {
        /// How many are taken.
        max: u8,
    },
}

impl DateTimeOffset {
    /// From ticks since 0001-01-01T00:00:00Z, written in UTC with seven digits. `None` outside the range.
    pub fn from_ticks(ticks: i64) -> Option<Self> {
        (0..=TICKS_MAX).contains(&ticks).then_some(Self { ticks, offset: Offset::Utc, digits: 7 })
    }

    /// From nanoseconds since 1970-01-01T00:00:00Z (a clock's reading), clamped to the type's range.
    pub fn from_unix_nanos(nanos: i128) -> Self {
        let ticks = nanos.div_euclid(100) + i128::from(DAYS_TO_UNIX * TICKS_PER_DAY);
        let ticks = i64::try_from(ticks.clamp(0, i128::from(TICKS_MAX))).unwrap_or(0);
        Self { ticks, offset: Offset::Utc, digits: 7 }
    }

    /// The instant: ticks of 100 ns since 0001-01-01T00:00:00Z.
    pub fn ticks(self) -> i64 {
        self.ticks
    }

    /// Whole days since 1970-01-01 in UTC.
    pub fn unix_day(self) -> i32 {
        i32::try_from(self.ticks / TICKS_PER_DAY - DAYS_TO_UNIX).unwrap_or(i32::MAX)
    }

    /// The zone as written.
    pub fn offset(self) -> Offset {
        self.offset
    }

    /// How it is written, as one number to store beside [`Self::ticks`].
    pub fn form(self) -> i32 {
        let zone = match self.offset {
            Offset::Utc => 0x7fff,
            Offset::Minutes(minutes) => i32::from(minutes) + 1024,
        };
        zone << 4 | i32::from(self.digits)
    }

    /// From the two numbers of [`Self::ticks`] and [`Self::form`]. `None` when they do not fit together.
    pub fn from_parts(ticks: i64, form: i32) -> Option<Self> {
        let digits = u8::try_from(form & 0xf).ok().filter(|d| usize::from(*d) <= DIGITS_MAX)?;
        let offset = match form >> 4 {
            0x7fff => Offset::Utc,
            zone => Offset::Minutes(i16::try_from(zone - 1024).ok().filter(|m| m.abs() <= OFFSET_MINUTES_MAX)?),
        };
        Self::from_ticks(ticks).map(|at| Self { offset, digits, ..at })
    }

    /// Parses `YYYY-MM-DDThh:mm[:ss[.fffffff]](Z|±hh:mm)`.
    ///
    /// # Errors
    /// [`ParseError`] names what is wrong; eight or more fractional digits are refused, not rounded.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        const FORM: ParseError = ParseError::Form { expected: "YYYY-MM-DDThh:mm:ss.fffffffZ or ±hh:mm" };
        let b = text.as_bytes();
        let two = |at: usize| -> Option<i64> {
            let (tens, ones) = (b.get(at)?, b.get(at + 1)?);
            (tens.is_ascii_digit() && ones.is_ascii_digit())
                .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        };
        let sign =
            |at: usize, wanted: u8| b.get(at).is_some_and(|found| found.eq_ignore_ascii_case(&wanted)).then_some(());
        let year = two(0).zip(two(2)).map(|(high, low)| high * 100 + low).ok_or(FORM)?;
        let (month, day, hour, minute) = (|| {
            sign(4, b'-')?;
            sign(7, b'-')?;
            sign(10, b'T')?;
            sign(13, b':')?;
            Some((two(5)?, two(8)?, two(11)?, two(14)?))
        })()
        .ok_or(FORM)?;
        let mut at = 16;
        let (mut second, mut fraction, mut digits) = (0, 0_i64, 0_usize);
        if sign(at, b':').is_some() {
            second = two(at + 1).ok_or(FORM)?;
            at += 3;
            if sign(at, b'.').is_some() {
                at += 1;
                let run = b[at..].iter().take_while(|c| c.is_ascii_digit()).count();
                if run == 0 {
                    return Err(FORM);
                }
                if run > DIGITS_MAX {
                    return Err(ParseError::Precision { max: 7 });
                }
                for place in 0..DIGITS_MAX {
                    fraction = fraction * 10 + if place < run { i64::from(b[at + place] - b'0') } else { 0 };
                }
                digits = run;
                at += run;
            }
        } else {
            // Seconds may be left out on the way in; they are written on the way out.
        }
        let offset = match b.get(at) {
            Some(b'Z' | b'z') if b.len() == at + 1 => Offset::Utc,
            Some(plus_minus @ (b'+' | b'-')) if b.len() == at + 6 => {
                let (hours, minutes) = sign(at + 3, b':').and_then(|()| two(at + 1).zip(two(at + 4))).ok_or(FORM)?;
                let total = hours * 60 + minutes;
                if minutes > 59 || total > i64::from(OFFSET_MINUTES_MAX) {
                    return Err(ParseError::Range);
                }
                let total = i16::try_from(total).map_err(|_| ParseError::Range)?;
                Offset::Minutes(if *plus_minus == b'-' { -total } else { total })
            }
            _ => return Err(FORM),
        };
        if hour > 23 || minute > 59 || second > 59 {
            return Err(ParseError::Range);
        }
        let days = days_from_civil(year, month, day).ok_or(ParseError::Range)?;
        let local = days * TICKS_PER_DAY + (hour * 3600 + minute * 60 + second) * TICKS_PER_SECOND + fraction;
        let shift = if let Offset::Minutes(minutes) = offset { i64::from(minutes) * 60 * TICKS_PER_SECOND } else { 0 };
        let ticks = local - shift;
        if !(0..=TICKS_MAX).contains(&ticks) {
            return Err(ParseError::Range);
        }
        Ok(Self { ticks, offset, digits: u8::try_from(digits).unwrap_or(7) })
    }
}

/// Days since 0001-01-01 of a date in the proleptic Gregorian calendar. `None` for a date that does not exist.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    Some(y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 306)
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

impl fmt::Display for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = if let Offset::Minutes(minutes) = self.offset { i64::from(minutes) } else { 0 };
        let local = self.ticks + minutes * 60 * TICKS_PER_SECOND;
        let (year, month, day) = civil_from_days(local.div_euclid(TICKS_PER_DAY));
        let of_day = local.rem_euclid(TICKS_PER_DAY);
        let seconds = of_day / TICKS_PER_SECOND;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if self.digits > 0 {
            let drop = 10_i64.pow(7 - u32::from(self.digits.min(7)));
            write!(f, ".{:0width$}", of_day % TICKS_PER_SECOND / drop, width = usize::from(self.digits))?;
        }
        match self.offset {
            Offset::Utc => f.write_str("Z"),
            Offset::Minutes(m) => write!(f, "{}{:02}:{:02}", if m < 0 { '-' } else { '+' }, m.abs() / 60, m.abs() % 60),
        }
    }
}

impl PartialEq for DateTimeOffset {
    fn eq(&self, other: &Self) -> bool {
        self.ticks == other.ticks
    }
}

impl Eq for DateTimeOffset {}

impl Hash for DateTimeOffset {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ticks.hash(state);
    }
}

impl PartialOrd for DateTimeOffset {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTimeOffset {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ticks.cmp(&other.ticks)
    }
}
