//! `Edm.TimeOfDay`.

/// `Edm.TimeOfDay` as ticks of 100 ns since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeOfDay(pub i64);
