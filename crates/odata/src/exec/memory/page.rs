//! A page of a collection: filter, search, count, order, skip, top, page size, continuation, in this order of meaning.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::apply::{apply, without_holes};
use super::compare::sort;
use super::compute::{compute_all, compute_from, select_computed};
use super::position::Position;
use super::search::Terms;
use super::these::{settled_filter, settled_order};
use super::{Context, EvalError, Patterns, evaluate, matches};
use crate::edm::DateTimeOffset;
use crate::engine::Page;
use crate::error::Error;
use crate::expr::Expr;
use crate::model::Model;
use crate::plan::CollectionQuery;
use crate::value::Value;

/// Answers a collection query over rows in memory.
///
/// `$apply` runs first; what follows is about the rows that it gives. Each row comes with its rank: a number that no two rows share, that stays with the row, and that ascends along `rows`
/// (a creation sequence serves). It is the default order, and breaks ties of `$orderby`. A page's continuation is the
/// order values and the rank of its last row, so the next page starts after them whatever was inserted or deleted in
/// between: no row is lost or doubled unless it was itself changed. `$top` and `$skip` count from this page on: who seals
/// the continuation carries what is left of `$top`; `$skip` is ignored with a continuation. `$select` and `$expand` are not
/// applied here, but for computed properties, which only the rows of the page hold as far as they are selected.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::memory::page;
/// # let now = odata::edm::DateTimeOffset::from_unix_nanos(0);
///
/// let mut query = shop::query(&model, "products?$orderby=name")?;
/// query.page_size = Some(2);
/// let first = page(&model, shop::rows(&model), &query, now)?;
/// query.after = first.next.clone();
/// let second = page(&model, shop::rows(&model), &query, now)?;
/// assert_eq!((first.items.len(), second.items.len(), second.next), (2, 1, None));
/// # Ok::<(), odata::Error>(())
/// ```
///
/// # Errors
/// An expression that has no value (an overflow), or a continuation that is none of this query's.
pub fn page(
    model: &Model,
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
    now: DateTimeOffset,
) -> Result<Page, Error> {
    page_in(Context::new(model, now), rows, query)
}

/// As [`page`], in a context that may follow navigation properties.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let shelves = shop::shelves(&model);
/// let context = shop::context(&model).with_source(&shelves);
/// let query = shop::query(&model, "products?$filter=category/id eq 'kitchen'&$top=2")?;
/// assert_eq!(odata::exec::memory::page_in(context, shop::rows(&model), &query)?.items.len(), 2);
/// # Ok::<(), odata::Error>(())
/// ```
///
/// # Errors
/// As [`page`].
pub fn page_in(
    context: Context<'_>,
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
) -> Result<Page, Error> {
    let patterns = Patterns::default();
    let context = context.or_patterns(&patterns);
    match &query.apply {
        None => paged(rows, query, context),
        Some(transformations) => {
            let rows = apply(transformations, rows.map(|(_, row)| row).collect(), context)?;
            let mut page = paged((0..).zip(rows), query, context)?;
            page.items.iter_mut().for_each(without_holes);
            Ok(page)
        }
    }
}

fn paged(
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
    context: Context<'_>,
) -> Result<Page, Error> {
    if query.expressions().any(Expr::asks_these) {
        let (query, rows) = settled(rows, query, context)?;
        return in_pages(rows.into_iter(), &query, context);
    }
    in_pages(rows, query, context)
}

fn in_pages(
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
    context: Context<'_>,
) -> Result<Page, Error> {
    let after = match &query.after {
        Some(bytes) => {
            let position = Position::read(bytes, query.order.len());
            Some(position.ok_or_else(|| Error::bad_request("The $skiptoken is not valid.").at("$skiptoken"))?)
        }
        None => None,
    };
    let at_most = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let size = [query.top, query.page_size.map(u64::from)].into_iter().flatten().min().map_or(usize::MAX, at_most);
    let skip = if after.is_some() { 0 } else { at_most(query.skip) };
    let search = query.search.as_ref().map(Terms::new);
    let made = query.apply.as_ref().map_or(0, |apply| apply.rows.dynamic.len());
    let run = Run { context, made, query, search, after, needed: skip.saturating_add(size) };
    let (mut found, count) = if query.order.is_empty() { run.in_rank_order(rows)? } else { run.sorted(rows)? };
    found.drain(..skip.min(found.len()));
    let more = found.len() > size;
    found.truncate(size);
    let used_up = query.top.is_some_and(|top| found.len() >= at_most(top));
    let last = found.last_mut().filter(|_| more && !used_up);
    let next = last.map(|last| Position { rank: last.rank, order: std::mem::take(&mut last.order) }.write());
    let mut items: Vec<Value> = found.into_iter().map(|found| found.row).collect();
    for row in &mut items {
        select_computed(&query.projection, row);
    }
    Ok(Page { items, count: query.count.then_some(count), next, ..Page::default() })
}

/// What is asked of `$these`, worked out: rows that are computed and filtered already, and the query with what is left of it.
fn settled(
    rows: impl Iterator<Item = (u64, Value)>,
    query: &CollectionQuery,
    context: Context<'_>,
) -> Result<(CollectionQuery, Vec<(u64, Value)>), Error> {
    let made = query.apply.as_ref().map_or(0, |apply| apply.rows.dynamic.len());
    let (ranks, all): (Vec<u64>, Vec<Value>) = rows.unzip();
    let all = compute_all(made, &query.compute, all, context).map_err(at("$compute"))?;
    let filter = query.filter.as_ref().map(|filter| settled_filter(filter, &all, context)).transpose();
    let filter = filter.map_err(at("$filter"))?.map(Cow::into_owned);
    let filter = CollectionQuery { filter, ..CollectionQuery::default() };
    let search = query.search.as_ref().map(Terms::new);
    let run = Run { context, made, query: &filter, search, after: None, needed: 0 };
    let (mut left, mut left_ranks) = (Vec::new(), Vec::new());
    for (rank, row) in ranks.into_iter().zip(all) {
        if run.fits(&row)? {
            left.push(row);
            left_ranks.push(rank);
        }
    }
    let order = settled_order(&query.order, &left, context).map_err(at("$orderby"))?.into_owned();
    let rest = CollectionQuery { compute: Vec::new(), filter: None, search: None, order, ..query.clone() };
    Ok((rest, left_ranks.into_iter().zip(left).collect()))
}

/// An expression that has no value, as the fault of its option.
fn at(option: &'static str) -> impl Fn(EvalError) -> Error {
    move |error| Error::from(error).at(option)
}

struct Found {
    order: Vec<Value>,
    rank: u64,
    row: Value,
}

struct Run<'r> {
    context: Context<'r>,
    query: &'r CollectionQuery,
    /// How many properties `$apply` gave the rows.
    made: usize,
    search: Option<Terms>,
    after: Option<Position>,
    /// Rows up to the end of the page; one more tells whether a next page exists.
    needed: usize,
}

impl Run<'_> {
    /// Without an order, nothing is sorted, and without a count nothing is looked at past the page.
    fn in_rank_order(&self, rows: impl Iterator<Item = (u64, Value)>) -> Result<(Vec<Found>, u64), Error> {
        let (mut found, mut count) = (Vec::new(), 0);
        for (rank, row) in rows {
            let before = self.after.as_ref().is_some_and(|after| rank <= after.rank);
            if before && !self.query.count {
                continue;
            }
            let row = compute_from(self.made, &self.query.compute, row, self.context).map_err(at("$compute"))?;
            if !self.fits(&row)? {
                continue;
            }
            count += 1;
            if !before && found.len() <= self.needed {
                found.push(Found { order: Vec::new(), rank, row });
            }
            if found.len() > self.needed && !self.query.count {
                break;
            }
        }
        Ok((found, count))
    }

    fn sorted(&self, rows: impl Iterator<Item = (u64, Value)>) -> Result<(Vec<Found>, u64), Error> {
        let (mut found, mut count) = (Vec::new(), 0);
        for (rank, row) in rows {
            let row = compute_from(self.made, &self.query.compute, row, self.context).map_err(at("$compute"))?;
            if !self.fits(&row)? {
                continue;
            }
            count += 1;
            let order = self.query.order.iter().map(|by| evaluate(&by.expr, &row, self.context));
            let order = order.collect::<Result<Vec<_>, _>>().map_err(at("$orderby"))?;
            if self.after.as_ref().is_none_or(|after| self.order(&order, rank, &after.order, after.rank).is_gt()) {
                found.push(Found { order, rank, row });
            }
        }
        let compare = |a: &Found, b: &Found| self.order(&a.order, a.rank, &b.order, b.rank);
        if self.needed < found.len() {
            found.select_nth_unstable_by(self.needed, compare);
            found.truncate(self.needed + 1);
        }
        found.sort_unstable_by(compare);
        Ok((found, count))
    }

    fn fits(&self, row: &Value) -> Result<bool, Error> {
        let filtered = match &self.query.filter {
            Some(filter) => matches(filter, row, self.context).map_err(at("$filter"))?,
            None => true,
        };
        Ok(filtered && self.search.as_ref().is_none_or(|terms| terms.fit(row, self.context.source)))
    }

    fn order(&self, a: &[Value], a_rank: u64, b: &[Value], b_rank: u64) -> Ordering {
        for ((a, b), by) in a.iter().zip(b).zip(&self.query.order) {
            let order = sort(a, b);
            let order = if by.descending { order.reverse() } else { order };
            if order.is_ne() {
                return order;
            }
        }
        a_rank.cmp(&b_rank)
    }
}
