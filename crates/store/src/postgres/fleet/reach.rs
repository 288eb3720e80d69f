//! How far the days of a configuration have come: what is older than the window before the latest check-in is neither shown nor counted. It must
//! never know rows.

use std::collections::{BTreeMap, HashMap};

use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};

use super::{Param, Prepares};
use crate::ids::TenantId;
use crate::rules;

/// The latest day on which check-ins were recorded, as kept and as a batch makes it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reach {
    kept: Option<i32>,
    newest: Option<i32>,
}

impl Reach {
    /// Check-ins are recorded on a day.
    pub(super) fn reach(&mut self, day: i32) {
        self.newest = self.newest.max(Some(day));
    }

    /// The first day whose rows are kept.
    pub(super) fn first_day(self) -> i32 {
        self.newest.map_or(i32::MIN, rules::first_day_kept)
    }
}

/// The reach of each of the configurations.
pub(super) async fn read<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    configurations: &[i64],
) -> Result<HashMap<i64, Reach>, Error> {
    if configurations.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "SELECT configuration, newest FROM checkin_reach WHERE tenant = $1 AND configuration = ANY ($2)";
    let rows = tx.query_typed(sql, &[(&tenant.0, Type::UUID), (&configurations, Type::INT8_ARRAY)]).await?;
    let mut all: HashMap<i64, Reach> = configurations.iter().map(|one| (*one, Reach::default())).collect();
    for row in rows {
        let newest = Some(row.try_get(1)?);
        all.insert(row.try_get(0)?, Reach { kept: newest, newest });
    }
    Ok(all)
}

/// The latest day of a configuration; `None` when clients never checked in there.
pub(in crate::postgres) async fn newest<P: Prepares>(
    tx: &P,
    tenant: TenantId,
    configuration: i64,
) -> Result<Option<i32>, Error> {
    let sql = "SELECT newest FROM checkin_reach WHERE tenant = $1 AND configuration = $2";
    let asked = tx.prepared(sql).await?;
    let row = tx.client().query_opt(&asked, &[&tenant.0, &configuration]).await?;
    row.map(|row| row.try_get(0)).transpose()
}

/// Writes what moved: about once a day.
pub(super) async fn write<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    all: &HashMap<i64, Reach>,
) -> Result<(), Error> {
    let moved = all.iter().filter(|(_, reach)| reach.newest > reach.kept);
    let moved: BTreeMap<i64, i32> = moved.filter_map(|(of, reach)| Some((*of, reach.newest?))).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let (configurations, days): (Vec<i64>, Vec<i32>) = moved.into_iter().unzip();
    // Several servers do this on the first check-in of a day: the latest day stays, whoever comes last.
    let sql = "INSERT INTO checkin_reach (tenant, configuration, newest)
               SELECT $1, n.* FROM unnest($2, $3) n (configuration, newest) ORDER BY 2
               ON CONFLICT (tenant, configuration) DO UPDATE SET newest = excluded.newest
               WHERE checkin_reach.newest < excluded.newest";
    let params: [Param<'_>; 3] =
        [(&tenant.0, Type::UUID), (&configurations, Type::INT8_ARRAY), (&days, Type::INT4_ARRAY)];
    tx.execute_typed(sql, &params).await?;
    Ok(())
}
