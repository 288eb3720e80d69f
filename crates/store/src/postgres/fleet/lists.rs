//! Lists of applied policies: many rows have the same one, so it is kept once, by its digest. Null is no list; the empty one is a list. It must never
//! know which rows have which.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use tokio_postgres::types::Type;
use tokio_postgres::{Error, GenericClient};
use uuid::Uuid;

use super::{keys, texts};
use crate::days::{self, Policies};
use crate::ids::{ClientConfigurationId, TenantId};

/// A list as it is kept: a JSON array of its texts.
pub(in crate::postgres) fn json<T: AsRef<str>>(list: &[T]) -> String {
    let list: Vec<_> = list.iter().map(|text| texts::stored(text.as_ref())).collect();
    // A list of strings always has a JSON text.
    serde_json::to_string(&list).unwrap_or_default()
}

/// The list of a JSON array; `None` when it is none.
pub(in crate::postgres) fn read(json: &str) -> Option<Vec<Arc<str>>> {
    let list: Vec<String> = serde_json::from_str(json).ok()?;
    Some(list.iter().map(|text| texts::told(text)).collect())
}

/// The lists that a batch has to do with.
#[derive(Default)]
pub(super) struct Lists {
    known: HashMap<Uuid, List>,
    of_checkins: HashMap<Box<[ClientConfigurationId]>, Uuid>,
}

struct List {
    policies: Policies,
    /// As it has to be kept; `None` when it is.
    json: Option<String>,
}

impl Lists {
    /// The list of a check-in.
    pub(super) fn of_checkin(&mut self, applied: &[ClientConfigurationId]) -> Uuid {
        if let Some(known) = self.of_checkins.get(applied) {
            return *known;
        }
        let list: Vec<String> = applied.iter().map(ToString::to_string).collect();
        let id = self.put(&list);
        self.of_checkins.insert(applied.into(), id);
        id
    }

    /// A list as texts.
    pub(super) fn put<T: AsRef<str>>(&mut self, list: &[T]) -> Uuid {
        let json = json(list);
        let id = keys::list(&json);
        let policies = || days::policies(list.iter().map(AsRef::as_ref));
        self.known.entry(id).or_insert_with(|| List { policies: policies(), json: Some(json) });
        id
    }

    /// The client configurations in a list that is known.
    pub(super) fn policies(&self, id: Option<Uuid>) -> Policies {
        id.and_then(|id| self.known.get(&id)).map(|list| Arc::clone(&list.policies)).unwrap_or_default()
    }

    /// Makes known what rows have that are there: it is kept already.
    pub(super) async fn know<C: GenericClient + Sync>(
        &mut self,
        tx: &C,
        tenant: TenantId,
        kept: &BTreeSet<Uuid>,
    ) -> Result<(), Error> {
        let mut unknown = Vec::new();
        for id in kept {
            match self.known.get_mut(id) {
                Some(list) => list.json = None,
                None => unknown.push(*id),
            }
        }
        if unknown.is_empty() {
            return Ok(());
        }
        let sql = "SELECT id, list FROM checkin_lists WHERE tenant = $1 AND id = ANY ($2)";
        for row in tx.query_typed(sql, &[(&tenant.0, Type::UUID), (&unknown, Type::UUID_ARRAY)]).await? {
            let list = read(row.try_get(1)?).unwrap_or_default();
            let policies = days::policies(list.iter().map(AsRef::as_ref));
            self.known.insert(row.try_get(0)?, List { policies, json: None });
        }
        Ok(())
    }

    /// Keeps those of `used` that are not kept yet.
    pub(super) async fn keep<C: GenericClient + Sync>(
        &self,
        tx: &C,
        tenant: TenantId,
        used: &BTreeSet<Uuid>,
    ) -> Result<(), Error> {
        let new = |id: &Uuid| self.known.get(id).and_then(|list| list.json.as_deref()).map(|json| (*id, json));
        let (ids, lists): (Vec<Uuid>, Vec<&str>) = used.iter().filter_map(new).unzip();
        if ids.is_empty() {
            return Ok(());
        }
        let sql =
            "INSERT INTO checkin_lists (tenant, id, list) SELECT $1, n.* FROM unnest($2, $3) n (id, list) ORDER BY n.id
                   ON CONFLICT DO NOTHING";
        tx.execute_typed(sql, &[(&tenant.0, Type::UUID), (&ids, Type::UUID_ARRAY), (&lists, Type::TEXT_ARRAY)]).await?;
        Ok(())
    }
}
