//! Writes what a batch has made of rows: one statement a table, one row a key, sorted; only what changed. All are sent at once. It must never decide
//! what becomes of a row.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::future::try_join_all;
use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};
use uuid::Uuid;

use super::deltas::Deltas;
use super::hot::{self, Hot};
use super::lists::Lists;
use super::reach::{self, Reach};
use super::row::{Of, Place, Row};
use super::{Param, keys, texts};
use crate::ids::TenantId;

/// What is to be written.
#[derive(Default)]
pub(super) struct Changes {
    removed: Vec<(i64, i64)>,
    hot: Vec<Hot>,
    texts: Vec<(Of, i64, Arc<Row>)>,
    inserted: Vec<(Of, Arc<Row>)>,
}

/// What is written besides.
pub(super) struct Besides<'b> {
    pub(super) lists: &'b Lists,
    pub(super) reach: &'b HashMap<i64, Reach>,
    pub(super) deltas: &'b Deltas,
}

impl Changes {
    pub(super) fn remove(&mut self, of: Of, row: &Row) {
        if let Place::Kept(key) = row.place {
            self.removed.push((of.0, key));
        }
    }

    pub(super) fn update(&mut self, of: Of, old: &Row, new: &Arc<Row>) {
        let Place::Kept(key) = old.place else { return };
        if !new.has_hot_of(old) {
            self.hot.push(Hot::of(of.0, key, new));
        }
        if !new.has_texts_of(old) {
            self.texts.push((of, key, Arc::clone(new)));
        }
    }

    pub(super) fn insert(&mut self, of: Of, row: &Arc<Row>) {
        self.inserted.push((of, Arc::clone(row)));
    }

    pub(super) fn touch(&mut self, touched: impl Iterator<Item = Hot>) {
        self.hot.extend(touched);
    }

    /// Writes all of it, and says which touches found their row as it was said.
    pub(super) async fn write<C: GenericClient + Sync>(
        mut self,
        tx: &C,
        tenant: TenantId,
        besides: Besides<'_>,
    ) -> Result<HashSet<i64>, Error> {
        self.inserted.sort_by_key(|(_, row)| row.place);
        let keys = new_keys(tx, self.inserted.len()).await?;
        let inserted: Vec<(Of, i64, Arc<Row>)> =
            self.inserted.into_iter().zip(keys).map(|((of, row), key)| (of, key, row)).collect();
        self.removed.sort_unstable();
        self.texts.sort_unstable_by_key(|(of, key, _)| (of.0, *key));
        let new: Vec<Hot> = inserted.iter().map(|(of, key, row)| Hot::of(of.0, *key, row)).collect();
        let used: BTreeSet<Uuid> = self.hot.iter().chain(&new).filter_map(Hot::list).collect();
        let Besides { lists, reach, deltas } = besides;
        // Removed first, and named anew before others are named: no two rows ever have one identity.
        let ((), (), (), (), (touched, ..)) = futures_util::future::try_join5(
            lists.keep(tx, tenant, &used),
            remove_from(tx, tenant, &["checkin_texts", "checkins"], &self.removed),
            write_texts(tx, tenant, &self.texts, UPDATE_TEXTS),
            write_texts(tx, tenant, &inserted, INSERT_TEXTS),
            futures_util::future::try_join4(
                hot::update(tx, tenant, &mut self.hot),
                hot::insert(tx, tenant, &new),
                reach::write(tx, tenant, reach),
                deltas.write(tx, tenant),
            ),
        )
        .await?;
        Ok(touched)
    }
}

/// Numbers for so many rows, in order.
async fn new_keys<C: GenericClient + Sync>(tx: &C, count: usize) -> Result<Vec<i64>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let sql = "SELECT nextval('checkin_keys') FROM generate_series(1, $1)";
    let rows = tx.query_typed(sql, &[(&count, Type::INT8)]).await?;
    let mut keys = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, Error>>()?;
    keys.sort_unstable();
    Ok(keys)
}

/// Removes rows from tables, by configuration and key.
pub(super) async fn remove_from<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    tables: &[&str],
    rows: &[(i64, i64)],
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (of, keys): (Vec<i64>, Vec<i64>) = rows.iter().copied().unzip();
    let params: [Param<'_>; 3] = [(&tenant.0, Type::UUID), (&of, Type::INT8_ARRAY), (&keys, Type::INT8_ARRAY)];
    let from = |table: &&str| {
        format!(
            "DELETE FROM {table} r USING unnest($2, $3) w (configuration, key)
             WHERE r.tenant = $1 AND r.configuration = w.configuration AND r.key = w.key"
        )
    };
    let each: Vec<String> = tables.iter().map(from).collect();
    try_join_all(each.iter().map(|sql| tx.execute_typed(sql, &params))).await?;
    Ok(())
}

pub(super) const INSERT_TEXTS: &str =
    "INSERT INTO checkin_texts (tenant, configuration, key, user_key, identity, user_id, user_id_rest, upn, upn_rest,
        device_name, device_name_rest, platform, version, error)
    SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) n";
/// An upsert, as in [`hot::update`]; the rows are there.
const UPDATE_TEXTS: &str = "INSERT INTO checkin_texts (tenant, configuration, key, user_key, identity, user_id, user_id_rest, upn, upn_rest,
        device_name, device_name_rest, platform, version, error)
    SELECT $1, n.* FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) n
    ON CONFLICT (tenant, configuration, key) DO UPDATE SET user_key = excluded.user_key, identity = excluded.identity,
        user_id = excluded.user_id, user_id_rest = excluded.user_id_rest, upn = excluded.upn, upn_rest = excluded.upn_rest,
        device_name = excluded.device_name, device_name_rest = excluded.device_name_rest, platform = excluded.platform,
        version = excluded.version, error = excluded.error";

/// A column of texts that may be absent.
type Texts<'t> = Vec<Option<Cow<'t, str>>>;

/// A column that an index takes, and the one of what it does not take.
fn in_parts(column: Texts<'_>) -> (Texts<'_>, Texts<'_>) {
    let of = |text| {
        let (first, rest) = texts::parts(text);
        (Some(first), rest)
    };
    column.into_iter().map(|text| text.map_or((None, None), of)).unzip()
}

pub(super) async fn write_texts<C: GenericClient + Sync>(
    tx: &C,
    tenant: TenantId,
    rows: &[(Of, i64, Arc<Row>)],
    sql: &str,
) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let of: Vec<i64> = rows.iter().map(|((of, _), _, _)| *of).collect();
    let keys: Vec<i64> = rows.iter().map(|(_, key, _)| *key).collect();
    let users: Vec<Uuid> = rows.iter().map(|((_, user), _, _)| *user).collect();
    let identities: Vec<Uuid> = rows.iter().map(|(_, _, row)| keys::identity(&row.identity)).collect();
    let column = |of: fn(&Row) -> Option<&Arc<str>>| -> Texts<'_> {
        rows.iter().map(|(_, _, row)| texts::stored_opt(of(row))).collect()
    };
    let (user_ids, user_id_rests) = in_parts(column(|row| Some(&row.status.user_id)));
    let (upns, upn_rests) = in_parts(column(|row| row.status.user_principal_name.as_ref()));
    let (devices, device_rests) = in_parts(column(|row| row.status.device_name.as_ref()));
    let platforms = column(|row| row.status.device_platform.as_ref());
    let versions = column(|row| row.status.device_platform_version.as_ref());
    let errors = column(|row| row.status.error_message.as_ref());
    let params: [Param<'_>; 14] = [
        (&tenant.0, Type::UUID),
        (&of, Type::INT8_ARRAY),
        (&keys, Type::INT8_ARRAY),
        (&users, Type::UUID_ARRAY),
        (&identities, Type::UUID_ARRAY),
        (&user_ids, Type::TEXT_ARRAY),
        (&user_id_rests, Type::TEXT_ARRAY),
        (&upns, Type::TEXT_ARRAY),
        (&upn_rests, Type::TEXT_ARRAY),
        (&devices, Type::TEXT_ARRAY),
        (&device_rests, Type::TEXT_ARRAY),
        (&platforms, Type::TEXT_ARRAY),
        (&versions, Type::TEXT_ARRAY),
        (&errors, Type::TEXT_ARRAY),
    ];
    tx.execute_typed(sql, &params).await?;
    Ok(())
}
