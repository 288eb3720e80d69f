//! A page of rows: filter, search, count, order, skip, top, page size, in this order of meaning.
//!
//! The continuation names the last row given: by its place in the caller's stable order and the values of its order keys.
//! Rows that come or go in between are neither doubled nor lost, as long as the rows given keep their order.

use std::cmp::Ordering;
use std::sync::Arc;

use super::eval::{Context, evaluate, matches};
use super::{compare, search};
use crate::edm::DateTimeOffset;
use crate::engine::Page;
use crate::error::Error;
use crate::model::Model;
use crate::plan::CollectionQuery;
use crate::value::Value;

/// One page of `rows`, each with its rank: a number that is unique, never changes, and grows in the caller's default
/// order (a creation sequence serves). Projection is the renderer's.
///
/// # Errors
/// What evaluating gives, and a continuation that is not of this query.
pub fn page(
    model: &Model,
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
    now: DateTimeOffset,
) -> Result<Page, Error> {
    let cx = Context { model, now };
    let after = query.after.as_deref().map(Position::decode).transpose()?;
    let size = size(query);
    if query.order.is_empty() {
        in_order(rows, query, cx, after.as_ref(), size)
    } else {
        sorted(rows, query, cx, after.as_ref(), size)
    }
}

/// Most rows of this page: `$top` and the page size, whichever is less.
fn size(query: &CollectionQuery) -> u64 {
    let page = query.page_size.map_or(u64::MAX, u64::from);
    query.top.map_or(page, |top| top.min(page))
}

fn taken(row: &Value, query: &CollectionQuery, cx: Context<'_>) -> Result<bool, Error> {
    let filtered = match &query.filter {
        Some(filter) => matches(filter, row, cx)?,
        None => true,
    };
    Ok(filtered && query.search.as_ref().is_none_or(|wanted| search::found(wanted, row)))
}

/// Without `$orderby` nothing is sorted, and without `$count` nothing is looked at past the page.
fn in_order(
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
    cx: Context<'_>,
    after: Option<&Position>,
    size: u64,
) -> Result<Page, Error> {
    let mut skip = if after.is_some() { 0 } else { query.skip };
    let (mut items, mut count, mut last) = (Vec::new(), 0_u64, 0);
    let mut more = false;
    for (rank, row) in rows {
        let before = after.is_some_and(|position| rank <= position.rank);
        if (before && !query.count) || !taken(&row, query, cx)? {
            continue;
        }
        count += 1;
        if before {
            continue;
        }
        if skip > 0 {
            skip -= 1;
        } else if (items.len() as u64) < size {
            items.push(row);
            last = rank;
        } else {
            more = true;
            if !query.count {
                break;
            }
        }
    }
    let next = continues(query, more, items.len()).then(|| Position { rank: last, keys: Vec::new() }.encode());
    Ok(Page { items, count: query.count.then_some(count), next })
}

fn sorted(
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
    cx: Context<'_>,
    after: Option<&Position>,
    size: u64,
) -> Result<Page, Error> {
    let mut found = Vec::new();
    for (rank, row) in rows {
        if taken(&row, query, cx)? {
            let keys = query.order.iter().map(|item| evaluate(&item.expr, &row, cx)).collect::<Result<Vec<_>, _>>()?;
            found.push((keys, rank, row));
        }
    }
    let count = query.count.then_some(found.len() as u64);
    let by = |a: (&[Value], u64), b: (&[Value], u64)| {
        let keys = a.0.iter().zip(b.0).zip(&query.order).map(|((a, b), item)| {
            let order = compare::sort_order(a, b);
            if item.descending { order.reverse() } else { order }
        });
        keys.fold(Ordering::Equal, Ordering::then).then(a.1.cmp(&b.1))
    };
    found.sort_by(|a, b| by((&a.0, a.1), (&b.0, b.1)));
    let start = match after {
        Some(position) => found.partition_point(|row| by((&row.0, row.1), (&position.keys, position.rank)).is_le()),
        None => usize::try_from(query.skip).unwrap_or(usize::MAX).min(found.len()),
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let more = found.len() - start > size;
    let mut rest: Vec<_> = found.into_iter().skip(start).take(size).collect();
    let next = continues(query, more, rest.len())
        .then(|| rest.last_mut().map(|(keys, rank, _)| Position { rank: *rank, keys: std::mem::take(keys) }.encode()))
        .flatten();
    Ok(Page { items: rest.into_iter().map(|(_, _, row)| row).collect(), count, next })
}

/// A next page exists when rows are left, some were given, and `$top` is not used up.
fn continues(query: &CollectionQuery, more: bool, given: usize) -> bool {
    more && given > 0 && query.top.is_none_or(|top| top > given as u64)
}

/// Where a page ended.
struct Position {
    rank: u64,
    keys: Vec<Value>,
}

impl Position {
    fn encode(&self) -> Arc<[u8]> {
        let mut bytes = self.rank.to_be_bytes().to_vec();
        for key in &self.keys {
            key_bytes::write(&mut bytes, key);
        }
        bytes.into()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Error> {
        let refused = || Error::bad_request("The $skiptoken does not belong to this query.").at("$skiptoken");
        let (rank, mut rest) = bytes.split_first_chunk::<8>().ok_or_else(refused)?;
        let mut keys = Vec::new();
        while !rest.is_empty() {
            let (key, left) = key_bytes::read(rest).ok_or_else(refused)?;
            keys.push(key);
            rest = left;
        }
        Ok(Self { rank: u64::from_be_bytes(*rank), keys })
    }
}

/// Order keys as bytes: a tag, then a fixed or length-prefixed body.
mod key_bytes {
    use bytes::Bytes;
    use uuid::Uuid;

    use crate::edm::{Date, DateTimeOffset, Decimal, Duration, TimeOfDay};
    use crate::value::Value;

    pub(super) fn write(out: &mut Vec<u8>, key: &Value) {
        let mut tagged = |tag: u8, body: &[u8]| {
            out.push(tag);
            out.extend_from_slice(&u32::try_from(body.len()).unwrap_or(u32::MAX).to_be_bytes());
            out.extend_from_slice(body);
        };
        match key {
            Value::Boolean(truth) => tagged(1, &[u8::from(*truth)]),
            Value::Int(number) => tagged(2, &number.to_be_bytes()),
            Value::Double(number) => tagged(3, &number.to_bits().to_be_bytes()),
            Value::String(text) => tagged(4, text.as_bytes()),
            Value::Guid(id) => tagged(5, id.as_bytes()),
            Value::Date(Date(days)) => tagged(6, &days.to_be_bytes()),
            Value::TimeOfDay(TimeOfDay(ticks)) => tagged(7, &ticks.to_be_bytes()),
            Value::Duration(Duration(ticks)) => tagged(8, &ticks.to_be_bytes()),
            Value::DateTimeOffset(at) => tagged(9, &at.ticks().to_be_bytes()),
            Value::Binary(bytes) => tagged(10, bytes),
            Value::Enum(number) => tagged(11, &number.to_be_bytes()),
            Value::Decimal(number) => {
                let mut body = number.mantissa.to_be_bytes().to_vec();
                body.push(number.scale);
                tagged(12, &body);
            }
            _ => tagged(0, &[]),
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Option<(Value, &[u8])> {
        let (tag, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (body, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        let int = || body.try_into().ok().map(i64::from_be_bytes);
        let key = match tag {
            0 => Value::Null,
            1 => Value::Boolean(body == [1]),
            2 => Value::Int(int()?),
            3 => Value::Double(f64::from_bits(u64::from_be_bytes(body.try_into().ok()?))),
            4 => Value::from(std::str::from_utf8(body).ok()?),
            5 => Value::Guid(Uuid::from_slice(body).ok()?),
            6 => Value::Date(Date(i32::from_be_bytes(body.try_into().ok()?))),
            7 => Value::TimeOfDay(TimeOfDay(int()?)),
            8 => Value::Duration(Duration(int()?)),
            9 => Value::DateTimeOffset(DateTimeOffset::from_ticks(int()?)?),
            10 => Value::Binary(Bytes::copy_from_slice(body)),
            11 => Value::Enum(int()?),
            12 => {
                let (mantissa, scale) = body.split_first_chunk::<16>()?;
                Value::Decimal(Decimal { mantissa: i128::from_be_bytes(*mantissa), scale: *scale.first()? })
            }
            _ => return None,
        };
        Some((key, rest))
    }
}
