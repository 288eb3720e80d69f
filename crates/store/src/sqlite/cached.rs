//! Small collections of check-in rows in memory, and summaries: what an administrator wrote is read far more often than written. An entry is
//! good for one version of the rows, so that nothing has to be thrown out. It must never be needed for an answer to be right.

use std::sync::{Arc, OnceLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::conditions::Conditions;
use crate::domain::{CheckinStatus, Summary};
use crate::error::StoreError;
use crate::ids::ClientConfigurationId;
use crate::limits::{MAX_CACHED_SUMMARIES, MAX_PAGE, ROW_CACHE_BUDGET};
use crate::paging;
use crate::position::{Position, RowOrder};
use crate::predicate::Predicate;
use crate::status::{StatusPage, StatusQuery};
use crate::summary::summarize;

/// Average number of bytes of a collection, for the cache to size itself.
const USUAL_BYTES: u64 = 16 * 1024;

/// Bytes of a row without its texts.
const ROW_BYTES: usize = 208;

/// All rows of a configuration at one version.
pub(super) struct Rows {
    version: u64,
    by_key: Vec<(i64, Arc<CheckinStatus>)>,
    /// Places in `by_key` in order of instant and key; made when first asked for.
    by_time: OnceLock<Vec<u32>>,
}

/// A configuration: its tenant's number and its `seq`.
pub(super) type Owner = (i64, u64);

#[derive(Clone)]
struct ByBytes;

impl Weighter<Owner, Arc<Rows>> for ByBytes {
    fn weight(&self, _: &Owner, rows: &Arc<Rows>) -> u64 {
        rows.by_key.iter().map(|(_, row)| bytes(row) as u64).sum::<u64>() + ROW_BYTES as u64
    }
}

fn bytes(row: &CheckinStatus) -> usize {
    let texts = [
        &row.user_principal_name,
        &row.device_name,
        &row.device_platform,
        &row.device_platform_version,
        &row.error_message,
    ];
    let texts: usize = texts.into_iter().flatten().map(|text| text.len() + 16).sum();
    let applied: usize = row.applied_policies.iter().flatten().map(|text| text.len() + 32).sum();
    ROW_BYTES + texts + row.user_id.len() + applied
}

/// What is summed up: an owner, one of its client configurations or none, and the day.
type Summed = (Owner, Option<ClientConfigurationId>, i32);

pub(super) struct Cached {
    rows: Cache<Owner, Arc<Rows>, ByBytes>,
    summaries: Cache<Summed, (u64, Summary)>,
}

impl Cached {
    pub(super) fn new() -> Self {
        let usual = usize::try_from(ROW_CACHE_BUDGET / USUAL_BYTES).unwrap_or(usize::MAX);
        Self {
            rows: Cache::with_weighter(usual, ROW_CACHE_BUDGET, ByBytes),
            summaries: Cache::new(MAX_CACHED_SUMMARIES),
        }
    }

    /// The rows of an owner, if they are here at this version.
    pub(super) fn rows(&self, owner: Owner, version: u64) -> Option<Arc<Rows>> {
        self.rows.get(&owner).filter(|rows| rows.version == version)
    }

    /// Keeps the rows of an owner, sorted by key, as they were at a version.
    pub(super) fn keep(&self, owner: Owner, version: u64, by_key: Vec<(i64, Arc<CheckinStatus>)>) -> Arc<Rows> {
        let rows = Arc::new(Rows { version, by_key, by_time: OnceLock::new() });
        self.rows.insert(owner, Arc::clone(&rows));
        rows
    }

    pub(super) fn summary(&self, summed: Summed, version: u64) -> Option<Summary> {
        self.summaries.get(&summed).filter(|(of, _)| *of == version).map(|(_, summary)| summary)
    }

    pub(super) fn keep_summary(&self, summed: Summed, version: u64, summary: Summary) {
        self.summaries.insert(summed, (version, summary));
    }
}

impl Rows {
    pub(super) fn summary(&self, client: Option<ClientConfigurationId>, today: i32) -> Summary {
        let client = client.map(|id| id.to_string());
        let rows = self.by_key.iter().map(|(_, row)| &**row);
        summarize(rows.filter(|row| client.as_deref().is_none_or(|id| row.applies(id))), today)
    }

    /// The page of a query: rows in order from where the page before ended, until it is full.
    pub(super) fn page(&self, query: &StatusQuery) -> Result<StatusPage, StoreError> {
        let order = RowOrder::of(&query.order);
        let after = query.after.as_ref().map(|c| Position::open(order, c)).transpose()?;
        let Some(places) = self.places(order, after) else {
            return paging::page(self.by_key.iter().map(|(key, row)| (*key, row)), query);
        };
        let takes = Takes::of(query)?;
        let limit = query.limit.min(MAX_PAGE);
        let mut page = StatusPage { count: self.count(query, &takes)?, ..StatusPage::default() };
        let mut skip = query.skip;
        let mut last = None;
        for place in places {
            let (key, row) = &self.by_key[place];
            if !takes.takes(row)? {
                continue;
            }
            if skip > 0 {
                skip -= 1;
            } else if page.rows.len() == limit {
                page.next = last.map(|(ticks, key)| Position::seal(order, ticks, key, 0));
                break;
            } else {
                last = Some((row.checkin.ticks(), *key));
                page.rows.push(Arc::clone(row));
            }
        }
        Ok(page)
    }

    fn count(&self, query: &StatusQuery, takes: &Takes<'_>) -> Result<Option<u64>, StoreError> {
        if !query.count {
            return Ok(None);
        }
        let mut count = 0;
        for (_, row) in &self.by_key {
            count += u64::from(takes.takes(row)?);
        }
        Ok(Some(count))
    }

    /// Places of the rows in an order, from a position on; `None` for an order that is not kept.
    fn places(&self, order: RowOrder, after: Option<Position>) -> Option<Box<dyn Iterator<Item = usize> + '_>> {
        match (order, after) {
            (RowOrder::Key, Some(Position::Key(last))) => {
                Some(Box::new(self.by_key.partition_point(|(key, _)| *key <= last)..self.by_key.len()))
            }
            (RowOrder::Key, _) => Some(Box::new(0..self.by_key.len())),
            (RowOrder::Time { descending }, after) => {
                let by_time = self.by_time();
                let at = |place: &u32| {
                    let (key, row) = &self.by_key[*place as usize];
                    (row.checkin.ticks(), *key)
                };
                let (from, to) = match (after, descending) {
                    (Some(Position::Time { ticks, key }), false) => {
                        (by_time.partition_point(|place| at(place) <= (ticks, key)), by_time.len())
                    }
                    (Some(Position::Time { ticks, key }), true) => {
                        (0, by_time.partition_point(|place| at(place) < (ticks, key)))
                    }
                    _ => (0, by_time.len()),
                };
                let places = by_time[from..to].iter().map(|place| *place as usize);
                Some(if descending { Box::new(places.rev()) } else { Box::new(places) })
            }
            (RowOrder::Other, _) => None,
        }
    }

    fn by_time(&self) -> &[u32] {
        self.by_time.get_or_init(|| {
            let mut places: Vec<u32> = (0_u32..).take(self.by_key.len()).collect();
            places.sort_by_key(|place| {
                let (key, row) = &self.by_key[*place as usize];
                (row.checkin.ticks(), *key)
            });
            places
        })
    }
}

/// Which rows a query takes: natively where the filter has only conditions of the usual forms.
enum Takes<'q> {
    Conditions { conditions: Conditions, applied_policy: Option<String> },
    Filter(Predicate<'q>),
}

impl<'q> Takes<'q> {
    fn of(query: &'q StatusQuery) -> Result<Self, StoreError> {
        let conditions = Conditions::of(query.filter.as_ref());
        Ok(if conditions.all_indexed() {
            Self::Conditions { conditions, applied_policy: query.applied_policy.map(|id| id.to_string()) }
        } else {
            Self::Filter(Predicate::of(query)?)
        })
    }

    fn takes(&self, row: &CheckinStatus) -> Result<bool, StoreError> {
        match self {
            Self::Filter(predicate) => predicate.takes(row),
            Self::Conditions { conditions, applied_policy } => {
                Ok(conditions.hold(row) && applied_policy.as_deref().is_none_or(|id| row.applies(id)))
            }
        }
    }
}
