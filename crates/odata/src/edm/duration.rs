//! `Edm.Duration`: a signed span of days, hours, minutes and seconds (no months, no years).

use std::fmt;
use std::str::FromStr;

use super::ParseError;
use super::civil::{Scan, TICKS_PER_DAY, TICKS_PER_SECOND};
use super::time_of_day::write_fraction;

/// `Edm.Duration` as ticks of 100 ns: about 29,000 years either way.
///
/// ```
/// use odata::edm::Duration;
///
/// let span = Duration::parse("-P6DT23H59M59.9999S")?;
/// assert_eq!(span.to_string(), "-P6DT23H59M59.9999S");
/// assert_eq!(Duration::parse("PT90M")?.to_string(), "PT1H30M");
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(pub i64);

/// The parts in the order they may come in: the letter, its ticks, whether it stands after `T`.
const PARTS: [(u8, i64, bool); 4] = [
    (b'D', TICKS_PER_DAY, false),
    (b'H', 3600 * TICKS_PER_SECOND, true),
    (b'M', 60 * TICKS_PER_SECOND, true),
    (b'S', TICKS_PER_SECOND, true),
];

impl Duration {
    /// Parses `[-]P[nD][T[nH][nM][n[.fffffff]S]]` with at least one part.
    ///
    /// ```
    /// use odata::edm::{Duration, ParseError};
    ///
    /// assert_eq!(Duration::parse("PT0.5S"), Ok(Duration(5_000_000)));
    /// assert!(matches!(Duration::parse("P1M"), Err(ParseError::Form { .. })), "months have no length");
    /// ```
    ///
    /// # Errors
    /// [`ParseError`] names what is wrong; more than seven fractional digits are refused, not rounded.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut scan = Scan::new(text, "PnDTnHnMn.fffffffS");
        let negative = scan.eat(b'-');
        scan.expect(b'P')?;
        let (mut in_time, mut next_part, mut any) = (false, 0, false);
        let mut total = 0_i64;
        while !any || scan.finish().is_err() {
            if !in_time && scan.eat(b'T') {
                in_time = true;
                any = false;
                next_part = next_part.max(1);
                continue;
            }
            let number = number(scan.digits()?).ok_or(ParseError::Range)?;
            let fraction = if in_time && scan.eat(b'.') { Some(scan.fraction()?) } else { None };
            let letter = scan.peek().map(|letter| letter.to_ascii_uppercase());
            let place = PARTS.iter().position(|(name, _, of_time)| Some(*name) == letter && *of_time == in_time);
            let place = place.filter(|place| *place >= next_part && (fraction.is_none() || PARTS[*place].0 == b'S'));
            let place = place.ok_or_else(|| scan.fault())?;
            scan.expect(PARTS[place].0)?;
            let ticks = number.checked_mul(PARTS[place].1);
            let ticks = ticks.and_then(|ticks| ticks.checked_add(fraction.map_or(0, |(ticks, _)| ticks)));
            total = ticks.and_then(|ticks| total.checked_add(ticks)).ok_or(ParseError::Range)?;
            next_part = place + 1;
            any = true;
        }
        Ok(Self(if negative { -total } else { total }))
    }
}

/// The number that digits write, when it fits.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')))
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("PT0S");
        }
        // `i64::MIN` cannot be read, only computed; it is written one tick short rather than not at all.
        let span = self.0.checked_abs().unwrap_or(i64::MAX);
        f.write_str(if self.0 < 0 { "-P" } else { "P" })?;
        let (days, of_day) = (span / TICKS_PER_DAY, span % TICKS_PER_DAY);
        if days > 0 {
            write!(f, "{days}D")?;
        }
        if of_day == 0 {
            return Ok(());
        }
        let seconds = of_day / TICKS_PER_SECOND;
        f.write_str("T")?;
        for (number, letter) in [(seconds / 3600, 'H'), (seconds / 60 % 60, 'M')] {
            if number > 0 {
                write!(f, "{number}{letter}")?;
            }
        }
        if of_day % (60 * TICKS_PER_SECOND) > 0 {
            write!(f, "{}", seconds % 60)?;
            write_fraction(f, of_day)?;
            f.write_str("S")?;
        }
        Ok(())
    }
}

impl FromStr for Duration {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_part_may_be_left_out_but_not_all() {
        for (text, ticks) in [
            ("P1D", TICKS_PER_DAY),
            ("PT1H", 3600 * TICKS_PER_SECOND),
            ("P0DT0.0000001S", 1),
            ("-PT1M0.5S", -605_000_000),
            ("pt1s", TICKS_PER_SECOND),
        ] {
            assert_eq!(Duration::parse(text), Ok(Duration(ticks)), "{text}");
        }
        for text in [
            "", "P", "PT", "P1DT", "+P1D", "P1Y", "P1M", "P1H", "PT1D", "PT1M1H", "PT1S1S", "P1.5D", "PT.5S", "PT1.S",
            "1D", "PT1", "P1D ", "PTT1S", "P-1D",
        ] {
            assert!(matches!(Duration::parse(text), Err(ParseError::Form { .. })), "{text}");
        }
        assert_eq!(Duration::parse("P10675200D"), Err(ParseError::Range));
        assert_eq!(Duration::parse("P99999999999999999999D"), Err(ParseError::Range));
        assert_eq!(Duration::parse("PT0.12345678S"), Err(ParseError::Precision { max: 7 }));
    }

    proptest! {
        #[test]
        fn every_span_survives_its_text(ticks in -i64::MAX..=i64::MAX) {
            prop_assert_eq!(Duration::parse(&Duration(ticks).to_string()), Ok(Duration(ticks)));
        }

        #[test]
        fn no_text_panics(text in "-?P?[0-9DTHMS.]{0,24}") {
            let _ = Duration::parse(&text);
        }
    }
}
