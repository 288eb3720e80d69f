//! `Edm.TimeOfDay`: a clock time without a day. Knows no zone.

use std::fmt;
use std::str::FromStr;

use super::ParseError;
use super::civil::{DIGITS_MAX, Scan, TICKS_PER_DAY, TICKS_PER_SECOND};

/// `Edm.TimeOfDay` as ticks of 100 ns since midnight.
///
/// ```
/// use odata::edm::TimeOfDay;
///
/// assert_eq!(TimeOfDay::parse("09:30")?.to_string(), "09:30:00");
/// assert_eq!(TimeOfDay::parse("09:30:00.5")?.to_string(), "09:30:00.5");
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(pub i64);

impl TimeOfDay {
    /// From ticks since midnight; `None` outside a day.
    ///
    /// ```
    /// use odata::edm::TimeOfDay;
    ///
    /// assert_eq!(TimeOfDay::from_ticks(36_000_000_000).map(|time| time.to_string()).as_deref(), Some("01:00:00"));
    /// assert_eq!(TimeOfDay::from_ticks(864_000_000_000), None);
    /// ```
    pub fn from_ticks(ticks: i64) -> Option<Self> {
        (0..TICKS_PER_DAY).contains(&ticks).then_some(Self(ticks))
    }

    /// Parses `hh:mm[:ss[.fffffff]]`; 24:00 and second 60 are refused.
    ///
    /// ```
    /// use odata::edm::{ParseError, TimeOfDay};
    ///
    /// assert_eq!(TimeOfDay::parse("09:30").map(|time| time.to_string()).as_deref(), Ok("09:30:00"));
    /// assert!(matches!(TimeOfDay::parse("24:00"), Err(ParseError::Form { position: 1, .. })));
    /// ```
    ///
    /// # Errors
    /// [`ParseError`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut scan = Scan::new(text, "hh:mm:ss.fffffff");
        let read = scan.clock()?;
        scan.finish()?;
        Ok(Self(read.ticks))
    }
}

/// Writes `.` and the fraction of a second without trailing zeros; nothing when there is none.
pub(super) fn write_fraction(f: &mut fmt::Formatter<'_>, ticks: i64) -> fmt::Result {
    let mut part = ticks.rem_euclid(TICKS_PER_SECOND);
    if part == 0 {
        return Ok(());
    }
    let mut width = usize::from(DIGITS_MAX);
    while part % 10 == 0 {
        part /= 10;
        width -= 1;
    }
    write!(f, ".{part:0width$}")
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0 / TICKS_PER_SECOND;
        write!(f, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        write_fraction(f, self.0)
    }
}

impl FromStr for TimeOfDay {
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
    fn what_is_no_clock_time_is_refused() {
        for text in
            ["", "11", "11:2", "11:22:", "11:22:33.", "11:22:33Z", "11:22 ", "1:22", "11%3A22", "24:00", "23:60"]
        {
            assert!(matches!(TimeOfDay::parse(text), Err(ParseError::Form { .. })), "{text}");
        }
        assert_eq!(TimeOfDay::parse("23:59:60"), Err(ParseError::Range));
        assert_eq!(TimeOfDay::parse("11:22:33.12345678"), Err(ParseError::Precision { max: 7 }));
    }

    proptest! {
        #[test]
        fn every_time_survives_its_text(ticks in 0..TICKS_PER_DAY) {
            prop_assert_eq!(TimeOfDay::parse(&TimeOfDay(ticks).to_string()), Ok(TimeOfDay(ticks)));
        }

        #[test]
        fn no_text_panics(text in "[0-9:.]{0,20}") {
            let _ = TimeOfDay::parse(&text);
        }
    }
}
