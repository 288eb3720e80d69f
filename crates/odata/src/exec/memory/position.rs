//! Where a page ended: order values and rank of its last row, as bytes that only this module reads.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use crate::edm::{Date, DateTimeOffset, Decimal, Duration, TimeOfDay};
use crate::value::Value;

/// The position after a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Position {
    /// The row's rank.
    pub(super) rank: u64,
    /// Values of `$orderby`.
    pub(super) order: Vec<Value>,
}

impl Position {
    pub(super) fn write(&self) -> Arc<[u8]> {
        let mut out = self.rank.to_be_bytes().to_vec();
        self.order.iter().for_each(|value| write_value(&mut out, value));
        out.into()
    }

    /// `None` when the bytes are not a position with `order_len` order values.
    pub(super) fn read(bytes: &[u8], order_len: usize) -> Option<Self> {
        let mut rest = bytes;
        let rank = u64::from_be_bytes(take(&mut rest)?);
        let order = (0..order_len).map(|_| read_value(&mut rest)).collect::<Option<Vec<_>>>()?;
        rest.is_empty().then_some(Self { rank, order })
    }
}

fn write_value(out: &mut Vec<u8>, value: &Value) {
    let mut number = |tag: u8, number: i64| {
        out.push(tag);
        out.extend_from_slice(&number.to_be_bytes());
    };
    match value {
        Value::Boolean(truth) => number(1, i64::from(*truth)),
        Value::Int(integer) => number(2, *integer),
        Value::Enum(integer) => number(3, *integer),
        Value::Date(date) => number(4, i64::from(date.0)),
        Value::TimeOfDay(time) => number(5, time.0),
        Value::Duration(span) => number(6, span.0),
        Value::DateTimeOffset(at) => {
            number(7, at.ticks());
            out.extend_from_slice(&at.form().to_be_bytes());
        }
        Value::Double(double) => {
            out.push(8);
            out.extend_from_slice(&double.to_be_bytes());
        }
        Value::Decimal(decimal) => {
            out.push(9);
            out.extend_from_slice(&decimal.mantissa.to_be_bytes());
            out.push(decimal.scale);
        }
        Value::Guid(guid) => {
            out.push(10);
            out.extend_from_slice(guid.as_bytes());
        }
        Value::String(text) => write_bytes(out, 11, text.as_bytes()),
        Value::Binary(bytes) => write_bytes(out, 12, bytes),
        _ => out.push(0),
    }
}

fn write_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk::<N>()?;
    *rest = tail;
    Some(*head)
}

fn read_value(rest: &mut &[u8]) -> Option<Value> {
    let [tag] = take::<1>(rest)?;
    Some(match tag {
        0 => Value::Null,
        1..=7 => {
            let number = i64::from_be_bytes(take(rest)?);
            match tag {
                1 => Value::Boolean(number != 0),
                2 => Value::Int(number),
                3 => Value::Enum(number),
                4 => Value::Date(Date(i32::try_from(number).ok()?)),
                5 => Value::TimeOfDay(TimeOfDay(number)),
                6 => Value::Duration(Duration(number)),
                _ => Value::DateTimeOffset(DateTimeOffset::from_parts(number, i32::from_be_bytes(take(rest)?))?),
            }
        }
        8 => Value::Double(f64::from_be_bytes(take(rest)?)),
        9 => {
            let mantissa = i128::from_be_bytes(take(rest)?);
            let [scale] = take::<1>(rest)?;
            Value::Decimal(Decimal { mantissa, scale })
        }
        10 => Value::Guid(Uuid::from_bytes(take(rest)?)),
        11 | 12 => {
            let length = usize::try_from(u32::from_be_bytes(take(rest)?)).ok()?;
            let (bytes, tail) = rest.split_at_checked(length)?;
            *rest = tail;
            if tag == 12 {
                Value::Binary(Bytes::copy_from_slice(bytes))
            } else {
                Value::String(std::str::from_utf8(bytes).ok()?.into())
            }
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scalar_survives_and_foreign_bytes_are_refused() {
        let at = DateTimeOffset::parse("2024-02-29T12:30:00.5+02:00").expect("valid");
        let order = vec![
            Value::Null,
            Value::Boolean(true),
            Value::Int(-5),
            Value::Double(f64::INFINITY),
            Value::Decimal(Decimal { mantissa: -15, scale: 1 }),
            Value::from("Grüße"),
            Value::Guid(Uuid::from_u128(7)),
            Value::DateTimeOffset(at),
            Value::Binary(Bytes::from_static(b"\x00\xff")),
        ];
        let position = Position { rank: 3, order };
        let bytes = position.write();
        assert_eq!(Position::read(&bytes, 9), Some(position));
        assert_eq!(Position::read(&bytes, 8), None);
        for cut in 0..bytes.len() {
            assert_eq!(Position::read(&bytes[..cut], 9), None);
        }
        assert_eq!(Position::read(b"nonsense!", 0), None);
    }
}
