//! The order of check-in rows and positions in it, the same in every store, so that a page of one continues like a page of the
//! other. It must never know how rows are found.

use std::sync::Arc;

use odata::expr::{Node, Step};
use odata::plan::OrderBy;

use crate::error::StoreError;
use crate::status::Continuation;

/// Numbers of the members of officeClientCheckinStatus, as the model declares them.
pub(crate) mod member {
    pub(crate) const USER_PRINCIPAL_NAME: u16 = 0;
    pub(crate) const DEVICE_NAME: u16 = 1;
    pub(crate) const DEVICE_PLATFORM: u16 = 2;
    pub(crate) const DEVICE_PLATFORM_VERSION: u16 = 3;
    pub(crate) const WAS_SUCCESSFUL: u16 = 4;
    pub(crate) const USER_ID: u16 = 5;
    pub(crate) const CHECKIN_DATE_TIME: u16 = 6;
    pub(crate) const ERROR_MESSAGE: u16 = 7;
    pub(crate) const APPLIED_POLICIES: u16 = 8;
}

/// What the rows are ordered by; the row's key breaks ties in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowOrder {
    /// By key: as written, or as first reported.
    Key,
    /// By instant of check-in.
    Time { descending: bool },
    /// By anything else.
    Other,
}

impl RowOrder {
    pub(crate) fn of(order: &[OrderBy]) -> Self {
        match order {
            [] => Self::Key,
            [by] => match &by.expr.node {
                Node::Path { root: 0, steps } if steps[..] == [Step::Member(member::CHECKIN_DATE_TIME)] => {
                    Self::Time { descending: by.descending }
                }
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Position {
    /// After the row with this key.
    Key(i64),
    /// After the row with this instant and key.
    Time { ticks: i64, key: i64 },
    /// After this many rows.
    Offset(u64),
}

impl Position {
    /// The position in a continuation, which must be of the order.
    pub(crate) fn open(order: RowOrder, continuation: &Continuation) -> Result<Self, StoreError> {
        let bytes = &continuation.0[..];
        let number = |at: usize| -> Option<i64> {
            bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map(i64::from_be_bytes)
        };
        let position = match (order, bytes.first(), bytes.len()) {
            (RowOrder::Key, Some(b'k'), 9) => number(1).map(Self::Key),
            (RowOrder::Time { descending }, Some(tag), 17) if *tag == if descending { b'd' } else { b'a' } => {
                number(1).zip(number(9)).map(|(ticks, key)| Self::Time { ticks, key })
            }
            (RowOrder::Other, Some(b'o'), 9) => number(1).and_then(|n| u64::try_from(n).ok()).map(Self::Offset),
            _ => None,
        };
        position.ok_or(StoreError::BadContinuation)
    }

    /// The continuation of a page that ended with this row, `passed` rows from the start.
    pub(crate) fn seal(order: RowOrder, ticks: i64, key: i64, passed: u64) -> Continuation {
        let mut bytes = Vec::with_capacity(17);
        match order {
            RowOrder::Key => {
                bytes.push(b'k');
                bytes.extend(key.to_be_bytes());
            }
            RowOrder::Time { descending } => {
                bytes.push(if descending { b'd' } else { b'a' });
                bytes.extend(ticks.to_be_bytes());
                bytes.extend(key.to_be_bytes());
            }
            RowOrder::Other => {
                bytes.push(b'o');
                bytes.extend(passed.to_be_bytes());
            }
        }
        Continuation(Arc::from(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_comes_back_from_its_continuation_and_only_in_its_order() {
        let sealed = Position::seal(RowOrder::Time { descending: true }, 7, -9, 3);
        let order = RowOrder::Time { descending: true };
        assert_eq!(Position::open(order, &sealed).ok(), Some(Position::Time { ticks: 7, key: -9 }));
        for other in [RowOrder::Key, RowOrder::Time { descending: false }, RowOrder::Other] {
            assert!(matches!(Position::open(other, &sealed), Err(StoreError::BadContinuation)));
        }
    }
}
