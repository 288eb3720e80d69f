//! The short way for most check-ins: a device that says what it said before, on the same day, moves nothing but the instant of its row. The database
//! compares digests, so that no text is read, no user is locked, and no count changes. It must never change anything else of a row.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};
use uuid::Uuid;

use super::batch::user_of;
use super::hot::Hot;
use super::lists::Lists;
use super::row::Of;
use super::{Param, keys, number};
use crate::domain::Checkin;
use crate::ids::TenantId;
use crate::rules::IdentityKey;

/// What the check-ins of one device in a batch come to, if its row is as they say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Touch {
    pub(super) told: i64,
    pub(super) outcome: Option<i64>,
    day: i32,
    pub(super) ticks: i64,
    pub(super) form: i32,
}

impl Touch {
    /// `None` for a check-in that may change more whatever its row is.
    fn of(checkin: &Checkin, lists: &mut Lists) -> Option<Self> {
        let outcome = match &checkin.report {
            None => None,
            // Without a version it keeps that of the row.
            Some(report) => {
                let version = report.device_platform_version.as_deref()?;
                Some(keys::outcome(report.was_successful, report.error_message.as_deref(), Some(version)))
            }
        };
        let told = keys::told(checkin, lists.of_checkin(&checkin.applied));
        let (ticks, form) = (checkin.at.ticks(), checkin.at.form());
        Some(Self { told, outcome, day: checkin.at.unix_day(), ticks, form })
    }

    /// Both, this one first; `None` when one row cannot be as both say.
    fn then(self, later: Self) -> Option<Self> {
        let is_same = self.told == later.told
            && self.day == later.day
            && (self.outcome.is_none() || later.outcome.is_none() || self.outcome == later.outcome);
        is_same.then(|| Self { outcome: self.outcome.or(later.outcome), ..later })
    }
}

/// The devices of a batch whose rows may only have to be touched.
pub(super) struct Touches<'b> {
    /// All check-ins, in order.
    all: Vec<(Of, &'b Checkin)>,
    devices: BTreeMap<(Of, Uuid), Touch>,
    /// Users with another check-in: what else they say may depend on it.
    others: BTreeSet<Of>,
}

impl<'b> Touches<'b> {
    pub(super) fn of(batch: &[(u64, &'b Checkin)], lists: &mut Lists) -> Self {
        let mut touches =
            Self { all: Vec::with_capacity(batch.len()), devices: BTreeMap::new(), others: BTreeSet::new() };
        for (configuration, checkin) in batch {
            let identity = IdentityKey::of_checkin(checkin);
            let of = user_of(number(*configuration), &identity);
            touches.all.push((of, *checkin));
            if touches.others.contains(&of) {
                continue;
            }
            let device = (of, keys::identity(&identity));
            let touch = Touch::of(checkin, lists).and_then(|touch| match touches.devices.get(&device) {
                Some(before) => before.then(touch),
                None => Some(touch),
            });
            match touch {
                Some(touch) => {
                    touches.devices.insert(device, touch);
                }
                None => {
                    touches.others.insert(of);
                }
            }
        }
        touches.keep_apart();
        touches
    }

    fn keep_apart(&mut self) {
        self.devices.retain(|(of, _), _| !self.others.contains(of));
    }

    /// Users that have to be locked.
    pub(super) fn others(&self) -> &BTreeSet<Of> {
        &self.others
    }

    /// The check-ins of those, in order.
    pub(super) fn of_others(&self) -> impl Iterator<Item = &(Of, &'b Checkin)> {
        self.all.iter().filter(|(of, _)| self.others.contains(of))
    }

    /// Looks for the rows. Those that are as they were said are to be touched, if they still are then; users of the rest have to be locked.
    pub(super) async fn find<C: GenericClient + Sync>(
        &mut self,
        tx: &C,
        tenant: TenantId,
    ) -> Result<Vec<(Of, Hot)>, Error> {
        let found = find(tx, tenant, &self.devices).await?;
        let mut rows = Vec::with_capacity(found.len());
        for (nth, ((of, _), touch)) in (0..).zip(&self.devices) {
            match found.get(&nth) {
                Some(key) => rows.push((*of, Hot::touched(of.0, *key, nth, *touch))),
                None => {
                    self.others.insert(*of);
                }
            }
        }
        rows.retain(|(of, _)| !self.others.contains(of));
        Ok(rows)
    }

    /// Leaves those only that were to be touched and have changed meanwhile: their users have to be locked.
    pub(super) fn missed(mut self, rows: &[(Of, Hot)], touched: &HashSet<i64>) -> Self {
        let missed = rows.iter().filter(|(_, row)| row.touch().is_some_and(|nth| !touched.contains(&nth)));
        self.others = missed.map(|(of, _)| *of).collect();
        self
    }
}

/// The keys of the rows that are as they were said.
async fn find<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    touches: &BTreeMap<(Of, Uuid), Touch>,
) -> Result<HashMap<i64, i64>, Error> {
    if touches.is_empty() {
        return Ok(HashMap::new());
    }
    let nth: Vec<i64> = (0..).take(touches.len()).collect();
    let configurations: Vec<i64> = touches.keys().map(|((of, _), _)| *of).collect();
    let users: Vec<Uuid> = touches.keys().map(|((_, user), _)| *user).collect();
    let identities: Vec<Uuid> = touches.keys().map(|(_, identity)| *identity).collect();
    let told: Vec<i64> = touches.values().map(|touch| touch.told).collect();
    let outcomes: Vec<Option<i64>> = touches.values().map(|touch| touch.outcome).collect();
    let ticks: Vec<i64> = touches.values().map(|touch| touch.ticks).collect();
    let sql = "SELECT n.nth, h.key FROM unnest($2, $3, $4, $5, $6, $7, $8)
                   n (nth, configuration, user_key, identity, told, outcome, ticks)
               CROSS JOIN LATERAL (
                   SELECT c.key FROM checkin_texts c WHERE c.tenant = $1 AND c.configuration = n.configuration
                       AND c.user_key = n.user_key AND c.identity >= n.identity AND c.identity <= n.identity
                   ORDER BY c.identity OFFSET 0) c
               CROSS JOIN LATERAL (
                   SELECT h.key, h.told, h.outcome, h.ticks FROM checkins h
                   WHERE h.tenant = $1 AND h.configuration = n.configuration
                       AND h.key >= c.key AND h.key <= c.key ORDER BY h.key OFFSET 0) h
               WHERE h.told = n.told AND (n.outcome IS NULL OR h.outcome = n.outcome)
                   AND h.ticks / 864000000000 = n.ticks / 864000000000";
    let params: [Param<'_>; 8] = [
        (&tenant.0, Type::UUID),
        (&nth, Type::INT8_ARRAY),
        (&configurations, Type::INT8_ARRAY),
        (&users, Type::UUID_ARRAY),
        (&identities, Type::UUID_ARRAY),
        (&told, Type::INT8_ARRAY),
        (&outcomes, Type::INT8_ARRAY),
        (&ticks, Type::INT8_ARRAY),
    ];
    let rows = tx.query_typed(sql, &params).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
