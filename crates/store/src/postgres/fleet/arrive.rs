//! Rows that were reported elsewhere and come as they are: with their numbers, so that they keep their order and links to pages go on, and with what
//! was counted of them. The tenant is nobody's yet, so that nothing is locked. It must never count anew, nor apply a rule.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};
use uuid::Uuid;

use super::deltas::Deltas;
use super::hot::{self, Hot};
use super::lists::Lists;
use super::reach::{self, Reach};
use super::row::{Of, Place, Row};
use super::{keys, number, users, write, written};
use crate::domain::CheckinStatus;
use crate::ids::TenantId;
use crate::limits::COPIED_NUMBERS;
use crate::transfer::{Fleet, Numbered};

/// Writes what is kept of a configuration's rows.
pub(crate) async fn open<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    configuration: u64,
    fleet: &Fleet,
) -> Result<(), Error> {
    let of = number(configuration);
    let mut newest = Reach::default();
    newest.reach(fleet.newest);
    let mut deltas = Deltas::default();
    for counted in &fleet.counts {
        deltas.take(of, counted);
    }
    reach::write(tx, tenant, &HashMap::from([(of, newest)])).await?;
    deltas.write(tx, tenant).await
}

/// Inserts rows of a configuration that has none with these numbers. What their last check-ins said is not known: the next one is compared with the
/// row itself.
pub(crate) async fn insert_rows<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    configuration: u64,
    rows: &[Numbered],
) -> Result<(), Error> {
    let of = number(configuration);
    let mut lists = Lists::default();
    let mut texts: Vec<(Of, i64, Arc<Row>)> = Vec::with_capacity(rows.len());
    for (key, status) in rows {
        let list = status.applied_policies.as_ref().map(|list| lists.put(list));
        let row = Row::new(Place::Kept(*key), CheckinStatus::clone(status), list, None);
        texts.push(((of, keys::user(&row.identity)), *key, Arc::new(row)));
    }
    let hot: Vec<Hot> = texts.iter().map(|(_, key, row)| Hot::of(of, *key, row)).collect();
    let used: BTreeSet<Uuid> = hot.iter().filter_map(Hot::list).collect();
    let known: BTreeSet<Of> = texts.iter().map(|(of, ..)| *of).collect();
    futures_util::future::try_join4(
        lists.keep(tx, tenant, &used),
        write::write_texts(tx, tenant, &texts, write::INSERT_TEXTS),
        hot::insert(tx, tenant, &hot),
        users::make_known(tx, tenant, &known),
    )
    .await?;
    Ok(())
}

/// Inserts the rows of a configuration as an administrator wrote them.
pub(crate) async fn insert_written<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    configuration: u64,
    rows: &[Arc<CheckinStatus>],
) -> Result<(), Error> {
    written::insert(tx, tenant, number(configuration), rows).await
}

/// The numbers that the database gives to new rows: those that are in use are not to be given out again.
#[derive(Default)]
pub(crate) struct Numbers {
    /// The last one that was given out, as far as is known.
    last: i64,
}

impl Numbers {
    /// Has all numbers up to one given out. The role of the service may take numbers, not set them.
    pub(crate) async fn pass<C: GenericClient + Sync>(&mut self, tx: &C, upto: i64) -> Result<(), Error> {
        while self.last < upto {
            // One is taken first, because others may have taken many.
            let count = if self.last == 0 { 1 } else { (upto - self.last).min(COPIED_NUMBERS) };
            let sql = "SELECT max(n) FROM (SELECT nextval('checkin_keys') AS n FROM generate_series(1, $1)) taken";
            self.last = tx.query_typed_one(sql, &[(&count, Type::INT8)]).await?.try_get(0)?;
        }
        Ok(())
    }
}
