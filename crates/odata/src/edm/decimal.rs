//! `Edm.Decimal`: up to 38 digits kept exactly, never through a binary float.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::ParseError;
use super::number::check_number;

/// Most significant digits, and most digits after the point.
///
/// ```
/// use odata::edm::{DECIMAL_DIGITS_MAX, Decimal};
///
/// let nines = "9".repeat(DECIMAL_DIGITS_MAX.into());
/// assert!(Decimal::parse(&nines).is_ok());
/// assert!(Decimal::parse(&format!("{nines}9")).is_err());
/// ```
pub const DECIMAL_DIGITS_MAX: u8 = 38;
const MANTISSA_MAX: i128 = 10_i128.pow(38) - 1;

/// `mantissa × 10^-scale`, up to 38 digits. Trailing zeros are kept for writing; comparison is by value.
///
/// ```
/// use odata::edm::Decimal;
///
/// let price = Decimal::parse("1.50")?;
/// assert_eq!(price.to_string(), "1.50");
/// assert_eq!(price, Decimal::parse("15e-1")?);
/// # Ok::<(), odata::edm::ParseError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    /// All digits as one number.
    pub mantissa: i128,
    /// How many of them stand after the point, at most 38.
    pub scale: u8,
}

impl Decimal {
    /// From its two numbers as they were stored. `None` when they are more than 38 digits.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::from_parts(450, 2), Some(Decimal::parse("4.50")?));
    /// assert_eq!(Decimal::from_parts(1, 39), None);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn from_parts(mantissa: i128, scale: u8) -> Option<Self> {
        let fits = mantissa.unsigned_abs() <= MANTISSA_MAX.unsigned_abs() && scale <= DECIMAL_DIGITS_MAX;
        fits.then_some(Self { mantissa, scale })
    }

    /// Parses `[±]n[.n][e[±]n]`.
    ///
    /// ```
    /// use odata::edm::{Decimal, ParseError};
    ///
    /// assert_eq!(Decimal::parse("-1.25e1")?.to_string(), "-12.5");
    /// assert!(matches!(Decimal::parse("NaN"), Err(ParseError::Form { .. })));
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// [`ParseError::Range`] when 38 digits cannot hold it; `INF` and `NaN` are not taken.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        check_number(text, "a decimal number such as -12.50")?;
        let (mark, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let negative = mark.starts_with('-');
        let unsigned = mark.trim_start_matches(['+', '-']);
        let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        // An exponent that no `i32` holds is out of range for everything but zero; so are all from here on.
        let far = if exponent.starts_with('-') { -1_000_000 } else { 1_000_000 };
        let exponent = exponent.parse::<i32>().unwrap_or(far);
        let mut mantissa = 0_i128;
        let mut zeros = 0_u32;
        let mut scale = -i64::from(exponent);
        // Zeros at the end are held back, so that 1 followed by fifty of them after the point is still one digit.
        for (place, byte) in whole.bytes().chain(part.bytes()).enumerate() {
            scale += i64::from(place >= whole.len());
            if byte == b'0' {
                zeros += 1;
                continue;
            }
            mantissa = shifted(mantissa, zeros + 1)
                .and_then(|m| m.checked_add(i128::from(byte - b'0')))
                .filter(|m| *m <= MANTISSA_MAX)
                .ok_or(ParseError::Range)?;
            zeros = 0;
        }
        let (mantissa, scale) = fit(mantissa, zeros, scale).ok_or(ParseError::Range)?;
        Ok(Self { mantissa: if negative { -mantissa } else { mantissa }, scale })
    }

    /// The same value with trailing zeros after the point removed.
    ///
    /// ```
    /// assert_eq!(odata::edm::Decimal::parse("4.50")?.normalized().to_string(), "4.5");
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    #[must_use]
    pub fn normalized(self) -> Self {
        let mut out = self;
        while out.scale > 0 && out.mantissa % 10 == 0 {
            out.mantissa /= 10;
            out.scale -= 1;
        }
        out
    }

    /// The value with exactly `scale` digits after the point; `None` when digits would be lost or do not fit.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::parse("4.5")?.with_scale(2).map(|price| price.to_string()).as_deref(), Some("4.50"));
    /// assert_eq!(Decimal::parse("4.55")?.with_scale(1), None);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn with_scale(self, scale: u8) -> Option<Self> {
        if scale > DECIMAL_DIGITS_MAX {
            return None;
        }
        let mantissa = match scale.cmp(&self.scale) {
            Ordering::Less => {
                let unit = power(self.scale - scale);
                if self.mantissa % unit != 0 {
                    return None;
                }
                self.mantissa / unit
            }
            _ => self.mantissa.checked_mul(power(scale - self.scale))?,
        };
        (mantissa.unsigned_abs() <= MANTISSA_MAX.unsigned_abs()).then_some(Self { mantissa, scale })
    }

    /// Significant digits before and after the point, leading zeros not counted.
    ///
    /// ```
    /// assert_eq!(odata::edm::Decimal::parse("012.30")?.digits(), 4);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn digits(self) -> u8 {
        let (mut rest, mut count) = (self.mantissa.unsigned_abs(), 0);
        while rest > 0 {
            rest /= 10;
            count += 1;
        }
        count
    }

    /// The nearest double.
    ///
    /// ```
    /// assert_eq!(odata::edm::Decimal::parse("4.50")?.to_f64(), 4.5);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn to_f64(self) -> f64 {
        // The text is exact and the standard library rounds it correctly; dividing floats would round twice.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The decimal that the shortest text of a double writes; `None` for `INF`, `NaN` and what 38 digits cannot hold.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::from_f64(0.1), Some(Decimal::parse("0.1")?));
    /// assert_eq!(Decimal::from_f64(f64::NAN), None);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn from_f64(number: f64) -> Option<Self> {
        if number.is_finite() { Self::parse(ryu::Buffer::new().format_finite(number)).ok() } else { None }
    }

    /// The integer, when there is nothing after the point and it fits.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::parse("7.0")?.to_i64(), Some(7));
    /// assert_eq!(Decimal::parse("7.5")?.to_i64(), None);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn to_i64(self) -> Option<i64> {
        self.with_scale(0).and_then(|whole| i64::try_from(whole.mantissa).ok())
    }

    /// The sum; `None` on overflow.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::parse("0.1")?.checked_add(Decimal::parse("0.2")?), Some(Decimal::parse("0.3")?));
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.with_scale(scale)?, other.with_scale(scale)?);
        Self::checked(a.mantissa.checked_add(b.mantissa)?, scale)
    }

    /// The difference; `None` on overflow.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::parse("4.50")?.checked_sub(Decimal::from(5)), Some(Decimal::parse("-0.5")?));
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { mantissa: other.mantissa.checked_neg()?, ..other })
    }

    /// The product; `None` on overflow. Trailing zeros give way when it would not fit otherwise.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::parse("4.50")?.checked_mul(Decimal::from(3)), Some(Decimal::parse("13.5")?));
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let (a, b) = (self.normalized(), other.normalized());
        Self::checked(a.mantissa.checked_mul(b.mantissa)?, a.scale.saturating_add(b.scale))
    }

    /// The quotient to 28 digits after the point at most, cut off; `None` on division by zero or overflow.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::from(1).checked_div(Decimal::from(8)), Some(Decimal::parse("0.125")?));
    /// assert_eq!(Decimal::from(1).checked_div(Decimal::from(0)), None);
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn checked_div(self, other: Self) -> Option<Self> {
        const PLACES: u8 = 28;
        if other.mantissa == 0 {
            return None;
        }
        let (a, b) = (self.normalized(), other.normalized());
        let mut quotient = a.mantissa / b.mantissa;
        let mut rest = a.mantissa % b.mantissa;
        let mut scale = i16::from(a.scale) - i16::from(b.scale);
        while (rest != 0 || scale < 0) && scale < i16::from(PLACES) {
            let Some(next) = rest.checked_mul(10).and_then(|r| quotient.checked_mul(10)?.checked_add(r / b.mantissa))
            else {
                break;
            };
            if next.unsigned_abs() > MANTISSA_MAX.unsigned_abs() {
                break;
            }
            quotient = next;
            rest = (rest * 10) % b.mantissa;
            scale += 1;
        }
        Self::checked(quotient, u8::try_from(scale).ok()?).map(Self::normalized)
    }

    /// The remainder of the division cut to an integer, with the sign of `self`; `None` on division by zero or overflow.
    ///
    /// ```
    /// use odata::edm::Decimal;
    ///
    /// assert_eq!(Decimal::parse("-7.5")?.checked_rem(Decimal::from(2)), Some(Decimal::parse("-1.5")?));
    /// # Ok::<(), odata::edm::ParseError>(())
    /// ```
    pub fn checked_rem(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.with_scale(scale)?, other.with_scale(scale)?);
        Self::checked(a.mantissa.checked_rem(b.mantissa)?, scale)
    }

    fn checked(mantissa: i128, scale: u8) -> Option<Self> {
        let out = Self { mantissa, scale };
        let out = if scale > DECIMAL_DIGITS_MAX { out.normalized() } else { out };
        (out.scale <= DECIMAL_DIGITS_MAX && mantissa.unsigned_abs() <= MANTISSA_MAX.unsigned_abs()).then_some(out)
    }
}

/// `10^places`; 39 places and more saturate, which every caller then refuses.
fn power(places: u8) -> i128 {
    10_i128.checked_pow(places.into()).unwrap_or(i128::MAX)
}

fn shifted(mantissa: i128, places: u32) -> Option<i128> {
    if mantissa == 0 { Some(0) } else { mantissa.checked_mul(10_i128.checked_pow(places)?) }
}

/// `mantissa` followed by `zeros` zeros, the last `scale` digits after the point, brought into the type.
fn fit(mantissa: i128, zeros: u32, scale: i64) -> Option<(i128, u8)> {
    let max = i64::from(DECIMAL_DIGITS_MAX);
    if mantissa == 0 {
        return Some((0, u8::try_from(scale.clamp(0, max)).ok()?));
    }
    // Zeros at the end stay while there is room for them.
    let mut keep = i64::from(zeros);
    if scale < 0 {
        keep += -scale;
    }
    let mut scale = scale.max(0);
    loop {
        let whole = u32::try_from(keep).ok().and_then(|keep| shifted(mantissa, keep)).filter(|m| *m <= MANTISSA_MAX);
        match whole {
            Some(mantissa) if scale <= max => return Some((mantissa, u8::try_from(scale).ok()?)),
            _ if scale > 0 && keep > 0 => {
                let cut = if scale > max { (scale - max).min(keep) } else { 1 };
                keep -= cut;
                scale -= cut;
            }
            _ => return None,
        }
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Self { mantissa: number.into(), scale: 0 }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs();
        if self.scale == 0 {
            return write!(f, "{sign}{digits}");
        }
        let unit = power(self.scale).unsigned_abs();
        write!(f, "{sign}{}.{:0width$}", digits / unit, digits % unit, width = usize::from(self.scale))
    }
}

impl FromStr for Decimal {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::parse(text)
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl Hash for Decimal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let plain = self.normalized();
        (plain.mantissa, plain.scale).hash(state);
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        // Parts before and after the point apart: bringing both to one scale could overflow.
        let split = |d: &Self| {
            let unit = power(d.scale);
            (d.mantissa / unit, (d.mantissa % unit) * power(DECIMAL_DIGITS_MAX.saturating_sub(d.scale)))
        };
        split(self).cmp(&split(other))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn digits_are_kept_and_exponents_are_resolved() {
        for (text, written) in [
            ("0", "0"),
            ("-2", "-2"),
            ("+42", "42"),
            ("1.50", "1.50"),
            ("-0.00", "0.00"),
            ("007", "7"),
            ("-1.234567e3", "-1234.567"),
            ("1e2", "100"),
            ("15E-1", "1.5"),
            ("0.1", "0.1"),
            ("0e999999999999", "0"),
            ("99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
            ("1.0000000000000000000000000000000000000000000000000", "1.0000000000000000000000000000000000000"),
        ] {
            assert_eq!(read(text).to_string(), written, "{text}");
        }
    }

    #[test]
    fn what_38_digits_cannot_hold_is_out_of_range() {
        for text in ["100000000000000000000000000000000000000", "1e38", "1e-101", "1e99999999999", "1e-99999999999"] {
            assert_eq!(Decimal::parse(text), Err(ParseError::Range), "{text}");
        }
        for text in
            ["", "-", ".1", "42.", "1e", "1e+", "1e2.5", "INF", "NaN", "1,5", "0x1", "1_0", " 1", "--1", "1.2.3"]
        {
            assert!(matches!(Decimal::parse(text), Err(ParseError::Form { .. })), "{text}");
        }
    }

    #[test]
    fn stored_numbers_outside_the_type_are_refused() {
        assert_eq!(Decimal::from_parts(-15, 1), Some(read("-1.5")));
        assert_eq!(Decimal::from_parts(1, 39), None);
        assert_eq!(Decimal::from_parts(i128::MIN, 0), None);
    }

    #[test]
    fn comparison_is_by_value_whatever_the_scale() {
        let large = read("99999999999999999999999999999999999999");
        let small = read("0.00000000000000000000000000000000000001");
        assert_eq!(read("1.50"), read("1.5"));
        assert!(large > small && read("-1") < small && read("-1.5") < read("-1.25") && read("-0.5") < read("0.25"));
    }

    #[test]
    fn arithmetic_is_exact_or_says_no() {
        assert_eq!(read("0.1").checked_add(read("0.2")), Some(read("0.3")));
        assert_eq!(read("1").checked_div(read("3")).unwrap().to_string(), "0.3333333333333333333333333333");
        assert_eq!(read("6").checked_div(read("1.5")).unwrap().to_string(), "4");
        assert_eq!(read("1").checked_div(read("0.001")).unwrap().to_string(), "1000");
        assert_eq!(read("-7.5").checked_rem(read("2")), Some(read("-1.5")));
        assert_eq!(read("1").checked_div(read("0")), None);
        let most = read("99999999999999999999999999999999999999");
        assert_eq!(most.checked_add(read("1")), None);
        assert_eq!(most.checked_mul(read("10")), None);
    }

    proptest! {
        #[test]
        fn every_decimal_survives_its_text(mantissa in -MANTISSA_MAX..=MANTISSA_MAX, scale in 0_u8..=38) {
            let decimal = Decimal { mantissa, scale };
            let again = read(&decimal.to_string());
            prop_assert_eq!((again.mantissa, again.scale), (mantissa, scale));
        }

        #[test]
        fn addition_and_order_agree_with_integers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, scale in 0_u8..6) {
            let (x, y) = (Decimal { mantissa: a.into(), scale }, Decimal { mantissa: b.into(), scale });
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
            prop_assert_eq!(x.checked_add(y), Some(Decimal { mantissa: (a + b).into(), scale }));
            prop_assert_eq!(x.checked_sub(y), Some(Decimal { mantissa: (a - b).into(), scale }));
        }

        #[test]
        fn division_undoes_multiplication(a in -1_000_000_i64..1_000_000, b in 1_i64..1_000_000, s in 0_u8..6, t in 0_u8..6) {
            let (x, y) = (Decimal { mantissa: a.into(), scale: s }, Decimal { mantissa: b.into(), scale: t });
            prop_assert_eq!(x.checked_mul(y).and_then(|p| p.checked_div(y)), Some(x));
        }

        #[test]
        fn no_text_panics(text in "[-+0-9.eE]{0,60}") {
            let _ = Decimal::parse(&text);
        }
    }
}
