//! `Edm.Decimal`: digits kept exactly, never through a binary float.

/// `mantissa × 10^-scale`, up to 38 digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// All digits as one number.
    pub mantissa: i128,
    /// How many of them stand after the point.
    pub scale: u8,
}
