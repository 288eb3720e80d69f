//! `Edm.DateTimeOffset`: 100 ns, the offset and the digits as they were written (ruling R13 of this project).
//! Holds .NET's whole range, 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.9999999Z. Knows no clock.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::ParseError;
use super::civil::{DAYS_TO_UNIX, DIGITS_MAX, Scan, TICKS_PER_DAY, TICKS_PER_SECOND, civil_from_days, days_from_civil};

const TICKS_MAX: i64 = 3_155_378_975_999_999_999;
const OFFSET_MINUTES_MAX: i16 = 14 * 60;
/// In place of the number of digits: the seconds were left out too.
const NO_SECONDS: u8 = 0xf;

/// How the zone was written.
///
/// ```
/// use odata::edm::{DateTimeOffset, Offset};
///
/// assert_eq!(DateTimeOffset::parse("2024-05-01T12:00Z")?.offset(), Offset::Utc);
/// assert_eq!(DateTimeOffset::parse("2024-05-01T12:00-03:30")?.offset(), Offset::Minutes(-210));
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offset {
    /// `Z`.
    Utc,
    /// `±hh:mm`, in minutes; `+00:00` is not `Z`.
    Minutes(i16),
}

/// An instant with the offset and the number of fractional digits it was written with. Ordered and equal by instant.
///
/// ```
/// use odata::edm::DateTimeOffset;
///
/// let written = "2017-01-01T00:00:15.2429914+03:00";
/// let at = DateTimeOffset::parse(written)?;
/// assert_eq!(at.to_string(), written);
/// assert_eq!(at, DateTimeOffset::parse("2016-12-31T21:00:15.2429914Z")?);
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct DateTimeOffset {
    ticks: i64,
    offset: Offset,
    digits: u8,
}

impl DateTimeOffset {
    /// From ticks since 0001-01-01T00:00:00Z, written in UTC with seven digits. `None` outside the range.
    ///
    /// ```
    /// use odata::edm::DateTimeOffset;
    ///
    /// assert_eq!(DateTimeOffset::from_ticks(0).map(|at| at.to_string()).as_deref(), Some("0001-01-01T00:00:00.0000000Z"));
    /// assert_eq!(DateTimeOffset::from_ticks(-1), None);
    /// ```
    pub fn from_ticks(ticks: i64) -> Option<Self> {
        (0..=TICKS_MAX).contains(&ticks).then_some(Self { ticks, offset: Offset::Utc, digits: 7 })
    }

    /// From nanoseconds since 1970-01-01T00:00:00Z (a clock's reading), clamped to the type's range.
    ///
    /// ```
    /// let at = odata::edm::DateTimeOffset::from_unix_nanos(1_500_000_000);
    /// assert_eq!(at.to_string(), "1970-01-01T00:00:01.5000000Z");
    /// ```
    pub fn from_unix_nanos(nanos: i128) -> Self {
        let ticks = nanos.div_euclid(100) + i128::from(DAYS_TO_UNIX * TICKS_PER_DAY);
        let ticks = i64::try_from(ticks.clamp(0, i128::from(TICKS_MAX))).unwrap_or(0);
        Self { ticks, offset: Offset::Utc, digits: 7 }
    }

    /// The instant: ticks of 100 ns since 0001-01-01T00:00:00Z.
    ///
    /// ```
    /// assert_eq!(odata::edm::DateTimeOffset::parse("0001-01-01T00:00:01Z")?.ticks(), 10_000_000);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn ticks(self) -> i64 {
        self.ticks
    }

    /// Whole days since 1970-01-01 in UTC.
    ///
    /// ```
    /// assert_eq!(odata::edm::DateTimeOffset::parse("1970-01-02T01:00:00+02:00")?.unix_day(), 0);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn unix_day(self) -> i32 {
        i32::try_from(self.ticks / TICKS_PER_DAY - DAYS_TO_UNIX).unwrap_or(i32::MAX)
    }

    /// The zone as written.
    ///
    /// ```
    /// use odata::edm::{DateTimeOffset, Offset};
    ///
    /// assert_eq!(DateTimeOffset::parse("2024-05-01T12:00+02:00")?.offset(), Offset::Minutes(120));
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn offset(self) -> Offset {
        self.offset
    }

    /// How it is written, as one number to store beside [`Self::ticks`].
    ///
    /// ```
    /// use odata::edm::DateTimeOffset;
    ///
    /// let (one, two) = (DateTimeOffset::parse("2024-05-01T12:00:00.5Z")?, DateTimeOffset::parse("2024-05-01T12:00:00.50Z")?);
    /// assert_eq!(one, two);
    /// assert_ne!(one.form(), two.form(), "so many digits were written");
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn form(self) -> i32 {
        let zone = match self.offset {
            Offset::Utc => 0x7fff,
            Offset::Minutes(minutes) => i32::from(minutes) + 1024,
        };
        zone << 4 | i32::from(self.digits)
    }

    /// From the two numbers of [`Self::ticks`] and [`Self::form`]. `None` when they do not fit together.
    ///
    /// ```
    /// use odata::edm::DateTimeOffset;
    ///
    /// let at = DateTimeOffset::parse("2024-05-01T12:00:00.50+02:00")?;
    /// let stored = DateTimeOffset::from_parts(at.ticks(), at.form()).expect("what was taken apart");
    /// assert_eq!(stored.to_string(), "2024-05-01T12:00:00.50+02:00");
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn from_parts(ticks: i64, form: i32) -> Option<Self> {
        let digits = u8::try_from(form & 0xf).ok().filter(|d| *d <= DIGITS_MAX || *d == NO_SECONDS)?;
        let offset = match form >> 4 {
            0x7fff => Offset::Utc,
            zone => Offset::Minutes(i16::try_from(zone - 1024).ok().filter(|m| m.abs() <= OFFSET_MINUTES_MAX)?),
        };
        let at = Self { ticks, offset, digits };
        let unit = if digits == NO_SECONDS { 60 * TICKS_PER_SECOND } else { 10_i64.pow((DIGITS_MAX - digits).into()) };
        let whole = ticks % unit == 0;
        (whole && (0..=TICKS_MAX).contains(&ticks) && (0..=TICKS_MAX).contains(&at.local_ticks())).then_some(at)
    }

    /// How many fractional digits it was written with.
    ///
    /// ```
    /// assert_eq!(odata::edm::DateTimeOffset::parse("2024-05-01T12:00:00.50Z")?.fractional_digits(), 2);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn fractional_digits(self) -> u8 {
        if self.digits == NO_SECONDS { 0 } else { self.digits }
    }

    /// The clock at its own offset: ticks of 100 ns since 0001-01-01T00:00:00 there.
    ///
    /// ```
    /// use odata::edm::DateTimeOffset;
    ///
    /// let there = DateTimeOffset::parse("2024-05-01T12:00+02:00")?;
    /// assert_eq!(there.local_ticks(), DateTimeOffset::parse("2024-05-01T12:00Z")?.ticks());
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn local_ticks(self) -> i64 {
        self.ticks + i64::from(self.offset_minutes()) * 60 * TICKS_PER_SECOND
    }

    /// Minutes east of UTC; 0 for `Z`.
    ///
    /// ```
    /// assert_eq!(odata::edm::DateTimeOffset::parse("2024-05-01T12:00-01:30")?.offset_minutes(), -90);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn offset_minutes(self) -> i16 {
        if let Offset::Minutes(minutes) = self.offset { minutes } else { 0 }
    }

    /// Parses `YYYY-MM-DDThh:mm[:ss[.fffffff]](Z|±hh:mm)`, as OData's grammar has it, in the range of this type.
    ///
    /// Hour 24 and second 60 are refused: an instant that is read as another one would not be what was written.
    ///
    /// ```
    /// use odata::edm::{DateTimeOffset, ParseError};
    ///
    /// assert_eq!(DateTimeOffset::parse("2024-05-01T12:00Z")?, DateTimeOffset::parse("2024-05-01T14:00:00.0+02:00")?);
    /// assert!(matches!(DateTimeOffset::parse("2024-05-01T24:00Z"), Err(ParseError::Form { position: 12, .. })));
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// [`ParseError`] names what is wrong; eight or more fractional digits are refused, not rounded.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut scan = Scan::new(text, "YYYY-MM-DDThh:mm:ss.fffffffZ or ±hh:mm");
        let (year, month, day) = scan.date()?;
        scan.expect(b'T')?;
        let read = scan.clock()?;
        let offset = zone(&mut scan)?;
        scan.finish()?;
        if !(1..=9999).contains(&year) {
            return Err(ParseError::Range);
        }
        let days = days_from_civil(year, month, day).ok_or(ParseError::Range)?;
        let mut at = Self { ticks: 0, offset, digits: read.digits.unwrap_or(NO_SECONDS) };
        at.ticks = days * TICKS_PER_DAY + read.ticks - at.local_ticks();
        if (0..=TICKS_MAX).contains(&at.ticks) { Ok(at) } else { Err(ParseError::Range) }
    }
}

/// `Z` or `±hh:mm`.
fn zone(scan: &mut Scan<'_>) -> Result<Offset, ParseError> {
    if scan.eat(b'Z') {
        return Ok(Offset::Utc);
    }
    let negative = scan.eat(b'-');
    if !negative {
        scan.expect(b'+')?;
    }
    let hours = scan.two_digits(0, 23)?;
    scan.expect(b':')?;
    let total = i16::try_from(hours * 60 + scan.two_digits(0, 59)?).map_err(|_| ParseError::Range)?;
    if total > OFFSET_MINUTES_MAX {
        return Err(ParseError::Range);
    }
    Ok(Offset::Minutes(if negative { -total } else { total }))
}

impl fmt::Display for DateTimeOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.local_ticks();
        let (year, month, day) = civil_from_days(local.div_euclid(TICKS_PER_DAY));
        let of_day = local.rem_euclid(TICKS_PER_DAY);
        let seconds = of_day / TICKS_PER_SECOND;
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
        if self.digits != NO_SECONDS {
            write!(f, ":{:02}", seconds % 60)?;
            if self.digits > 0 {
                let drop = 10_i64.pow(u32::from(DIGITS_MAX.saturating_sub(self.digits)));
                write!(f, ".{:0width$}", of_day % TICKS_PER_SECOND / drop, width = usize::from(self.digits))?;
            }
        }
        match self.offset {
            Offset::Utc => f.write_str("Z"),
            Offset::Minutes(m) => write!(f, "{}{:02}:{:02}", if m < 0 { '-' } else { '+' }, m.abs() / 60, m.abs() % 60),
        }
    }
}

impl FromStr for DateTimeOffset {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> DateTimeOffset {
        DateTimeOffset::parse(text).unwrap()
    }

    #[test]
    fn r13_what_was_written_is_what_is_read() {
        for text in [
            "2017-01-01T00:00:15.2429914+03:00",
            "2016-12-31T23:56:33.9571764-08:00",
            "2012-09-03T13:52Z",
            "2012-09-03T14:53+02:00",
            "2012-08-31T18:19:22.1Z",
            "2012-08-31T18:19:22.1000000Z",
            "2012-08-31T18:19:22+00:00",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59.9999999+14:00",
            "0001-01-01T00:00:00-14:00",
        ] {
            let at = read(text);
            assert_eq!(at.to_string(), text);
            let stored = DateTimeOffset::from_parts(at.ticks(), at.form()).unwrap();
            assert_eq!(stored.to_string(), text);
        }
        assert_eq!(read("2012-08-31t18:19:22z").to_string(), "2012-08-31T18:19:22Z");
        assert_eq!(read("2012-08-31T18:19:22-00:00").to_string(), "2012-08-31T18:19:22+00:00");
    }

    #[test]
    fn r13_comparison_is_by_instant() {
        assert_eq!(read("2017-01-01T00:00:00+03:00"), read("2016-12-31T21:00Z"));
        assert!(read("2017-01-01T00:00:00+03:00") < read("2016-12-31T21:00:00.0000001Z"));
    }

    #[test]
    fn what_is_no_instant_of_the_range_is_refused() {
        for text in [
            "",
            "2012-09-03",
            "2012-09-03T13:52",
            "2012-09-03 13:52Z",
            "2012-09-03T13:52:1Z",
            "2012-09-03T13:52:10.Z",
            "INF",
            "-INF",
            "2012-09-03T23%3A59Z",
            "2012-09-03T13:52:10Z ",
            "2012-09-03T13:52+0200",
            "2012-09-03T13:52+02",
            "2012-09-03T13:52é",
            "2011-12-31T24:00Z",
            "2011-13-01T00:00Z",
            "2012-09-03T13:52+13:60",
        ] {
            assert!(matches!(DateTimeOffset::parse(text), Err(ParseError::Form { .. })), "{text}");
        }
        for text in [
            "1972-06-30T23:59:60Z",
            "2011-02-29T00:00Z",
            "12012-09-03T13:52Z",
            "-0001-01-01T00:00Z",
            "0000-01-01T00:00Z",
            "0001-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "2012-09-03T13:52+14:01",
        ] {
            assert_eq!(DateTimeOffset::parse(text), Err(ParseError::Range), "{text}");
        }
        assert_eq!(DateTimeOffset::parse("2012-09-03T13:52:10.12345678Z"), Err(ParseError::Precision { max: 7 }));
    }

    #[test]
    fn stored_numbers_that_do_not_fit_together_are_refused() {
        let at = read("2012-08-31T18:19:22.1234567Z");
        assert!(DateTimeOffset::from_parts(at.ticks(), at.form()).is_some());
        for (ticks, form) in [
            (at.ticks(), 0x7fff << 4),
            (at.ticks(), 0x7fff << 4 | 9),
            (-1, at.form()),
            (0, (1024 - 60) << 4 | 7),
            (0, 0),
        ] {
            assert!(DateTimeOffset::from_parts(ticks, form).is_none(), "{ticks} {form}");
        }
    }

    #[test]
    fn a_clock_before_the_range_is_clamped() {
        assert_eq!(DateTimeOffset::from_unix_nanos(i128::MIN / 2).ticks(), 0);
        assert_eq!(DateTimeOffset::from_unix_nanos(i128::MAX).to_string(), "9999-12-31T23:59:59.9999999Z");
        assert_eq!(DateTimeOffset::from_unix_nanos(0).to_string(), "1970-01-01T00:00:00.0000000Z");
    }

    proptest! {
        #[test]
        fn instants_agree_with_jiff(
            seconds in -62_135_596_800_i64..253_402_207_200, part in 0_i32..10_000_000, minutes in -840_i16..=840, digits in 0_u8..=7,
        ) {
            let unit = 10_i32.pow(u32::from(7 - digits));
            let part = part / unit * unit;
            let ticks = (seconds + DAYS_TO_UNIX * 86_400) * TICKS_PER_SECOND + i64::from(part);
            let form = (i32::from(minutes) + 1024) << 4 | i32::from(digits);
            if let Some(at) = DateTimeOffset::from_parts(ticks, form) {
                let offset = jiff::tz::Offset::from_seconds(i32::from(minutes) * 60).unwrap();
                let civil = offset.to_datetime(jiff::Timestamp::new(seconds, part * 100).unwrap());
                let expected = civil.strftime("%Y-%m-%dT%H:%M:%S").to_string();
                let text = at.to_string();
                prop_assert_eq!(&text[..19], &expected);
                let again = read(&text);
                prop_assert_eq!((again.ticks(), again.form()), (ticks, form));
            }
        }

        #[test]
        fn no_text_panics(text in "[-0-9TZ:.+]{0,36}") {
            let _ = DateTimeOffset::parse(&text);
        }
    }
}
