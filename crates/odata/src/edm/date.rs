//! `Edm.Date`: a day of the proleptic Gregorian calendar. Knows no zone and no clock.

use std::fmt;
use std::str::FromStr;

use super::ParseError;
use super::civil::{Scan, civil_from_days, days_from_civil};

/// `Edm.Date` as days since 0001-01-01.
///
/// ```
/// use odata::edm::Date;
///
/// let day = Date::parse("2016-02-29")?;
/// assert_eq!((day.year(), day.month(), day.day()), (2016, 2, 29));
/// assert_eq!(day.to_string(), "2016-02-29");
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(pub i32);

impl Date {
    /// A date of the calendar; `None` when it does not exist.
    ///
    /// ```
    /// use odata::edm::Date;
    ///
    /// assert_eq!(Date::from_ymd(2024, 2, 29), Some(Date::parse("2024-02-29")?));
    /// assert_eq!(Date::from_ymd(2023, 2, 29), None);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn from_ymd(year: i32, month: u8, day: u8) -> Option<Self> {
        let days = days_from_civil(year.into(), month.into(), day.into())?;
        i32::try_from(days).ok().map(Self)
    }

    /// Parses `[-]YYYY-MM-DD`; years past 9999 have more digits and no leading zero.
    ///
    /// ```
    /// use odata::edm::{Date, ParseError};
    ///
    /// assert_eq!(Date::parse("0001-01-02"), Ok(Date(1)));
    /// assert_eq!(Date::parse("2023-02-30"), Err(ParseError::Range));
    /// assert!(matches!(Date::parse("2023-13-01"), Err(ParseError::Form { position: 6, .. })));
    /// ```
    ///
    /// # Errors
    /// [`ParseError`] names what is wrong.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut scan = Scan::new(text, "YYYY-MM-DD");
        let (year, month, day) = scan.date()?;
        scan.finish()?;
        let days = days_from_civil(year, month, day).ok_or(ParseError::Range)?;
        i32::try_from(days).map(Self).map_err(|_| ParseError::Range)
    }

    /// The year; zero and negative ones are before the common era.
    ///
    /// ```
    /// assert_eq!(odata::edm::Date::parse("-0044-03-15")?.year(), -44);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn year(self) -> i32 {
        i32::try_from(self.civil().0).unwrap_or(i32::MAX)
    }

    /// 1 to 12.
    ///
    /// ```
    /// assert_eq!(odata::edm::Date::parse("2024-05-01")?.month(), 5);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn month(self) -> u8 {
        u8::try_from(self.civil().1).unwrap_or(u8::MAX)
    }

    /// 1 to 31.
    ///
    /// ```
    /// assert_eq!(odata::edm::Date::parse("2024-05-01")?.day(), 1);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn day(self) -> u8 {
        u8::try_from(self.civil().2).unwrap_or(u8::MAX)
    }

    fn civil(self) -> (i64, i64, i64) {
        civil_from_days(self.0.into())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{}{:04}-{month:02}-{day:02}", if year < 0 { "-" } else { "" }, year.abs())
    }
}

impl FromStr for Date {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn years_of_every_length_are_written_as_they_were_read() {
        for text in ["0001-01-01", "0000-01-01", "-0044-03-15", "-10000-04-01", "999999-12-31", "2016-02-29"] {
            assert_eq!(Date::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Date::parse("0001-01-01").unwrap(), Date(0));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "-",
            "2016-2-29",
            "02016-01-01",
            "2016/01/01",
            "2016-01-01Z",
            "INF",
            "-INF",
            "2016-01-0é",
            "2016-13-01",
            "2016-00-01",
            "2016-01-00",
            "２016-01-01",
        ] {
            assert!(matches!(Date::parse(text), Err(ParseError::Form { .. })), "{text}");
        }
        for text in ["2015-02-29", "1900-02-29", "1000000-01-01"] {
            assert_eq!(Date::parse(text), Err(ParseError::Range), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_survives_its_text(days in -365_000_000_i32..365_000_000) {
            prop_assert_eq!(Date::parse(&Date(days).to_string()), Ok(Date(days)));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}") {
            let _ = Date::parse(&text);
        }
    }
}
