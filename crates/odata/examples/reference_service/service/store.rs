//! The data: a table for each set, rows in the order of their insertion. Knows keys and ranks, and no rule of the model.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use odata::{Record, Value};
use uuid::Uuid;

use super::schema::{Schema, Set};

/// Deletions that delta links can still tell; older links are answered with 410.
const TOMBSTONES_MAX: usize = 10_000;

/// A key: every type of the model has a GUID in it, descriptions a language too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) id: Uuid,
    pub(crate) language: Option<Arc<str>>,
}

impl Key {
    /// From the values of a key, in the order of the type's key.
    pub(crate) fn from_values<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<Self> {
        let mut values = values.into_iter();
        let Some(Value::Guid(id)) = values.next() else { return None };
        let language = match values.next() {
            Some(Value::String(text)) => Some(Arc::clone(text)),
            Some(_) => return None,
            None => None,
        };
        Some(Self { id: *id, language })
    }

    /// Of an entity that has it.
    pub(crate) fn of(schema: &Schema, record: &Record) -> Option<Self> {
        let parts = schema.model.key_of(record.type_id).iter();
        Self::from_values(parts.filter_map(|part| record.get(*part.path.first()?)))
    }
}

impl From<Uuid> for Key {
    fn from(id: Uuid) -> Self {
        Self { id, language: None }
    }
}

/// The bytes of a stream.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) media_type: Arc<str>,
    pub(crate) bytes: Bytes,
}

/// An entity.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Structural members, and the entity tag where the set has one.
    pub(crate) record: Arc<Record>,
    /// The media of a media item, the photo of a product.
    pub(crate) stream: Option<Stream>,
    /// `RelatedProducts` of a product.
    pub(crate) related: Vec<Key>,
    /// What the counter of changes said when it was last changed.
    pub(crate) changed: u64,
}

impl Row {
    /// Sets a property.
    pub(crate) fn set(&mut self, member: u16, value: Value) {
        Arc::make_mut(&mut self.record).set(member, value);
    }
}

/// The rows of a set by rank, the place in the order of insertion.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    rows: BTreeMap<u64, Arc<Row>>,
    ranks: HashMap<Key, u64>,
}

/// All data. A clone is cheap: it shares the rows.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) schema: Arc<Schema>,
    tables: [Table; Set::ALL.len()],
    ranks: u64,
    /// Counts changes of products. It never goes back, so a state before a reseed can be told.
    changes: u64,
    /// Deleted products, with the change that deleted them.
    tombstones: Vec<(u64, Key)>,
    /// The first state that a delta can still start from.
    delta_floor: u64,
    /// How often the data was replaced by the seed.
    pub(crate) seeded: u64,
    /// Prices of seed products.
    pub(crate) seed_prices: Vec<(Key, f64)>,
}

impl Store {
    /// Without any row.
    pub(crate) fn new(schema: Arc<Schema>) -> Self {
        Self {
            schema,
            tables: std::array::from_fn(|_| Table::default()),
            ranks: 0,
            changes: 1,
            tombstones: Vec::new(),
            delta_floor: 1,
            seeded: 0,
            seed_prices: Vec::new(),
        }
    }

    /// Without any row; states known to clients are void.
    pub(crate) fn emptied(&self) -> Self {
        let next = self.changes + 1;
        Self {
            ranks: self.ranks,
            changes: next,
            delta_floor: next,
            seeded: self.seeded + 1,
            ..Self::new(Arc::clone(&self.schema))
        }
    }

    pub(crate) fn get(&self, set: Set, key: &Key) -> Option<&Row> {
        let table = &self.tables[set as usize];
        table.ranks.get(key).and_then(|rank| table.rows.get(rank)).map(|row| &**row)
    }

    /// Rows with their ranks, in the order of insertion.
    pub(crate) fn rows(&self, set: Set) -> impl Iterator<Item = (u64, &Row)> {
        self.tables[set as usize].rows.iter().map(|(rank, row)| (*rank, &**row))
    }

    /// The rank of a row.
    pub(crate) fn rank(&self, set: Set, key: &Key) -> Option<u64> {
        self.tables[set as usize].ranks.get(key).copied()
    }

    /// The one row of the singleton.
    pub(crate) fn company(&self) -> Option<Key> {
        self.tables[Set::Company as usize].ranks.keys().next().cloned()
    }

    /// Adds a row at the end. `false` when its key is taken.
    pub(crate) fn insert(&mut self, set: Set, key: &Key, mut row: Row) -> bool {
        if self.tables[set as usize].ranks.contains_key(key) {
            return false;
        }
        self.ranks += 1;
        row.changed = self.next_change(set);
        let table = &mut self.tables[set as usize];
        table.ranks.insert(key.clone(), self.ranks);
        table.rows.insert(self.ranks, Arc::new(row));
        true
    }

    /// The row, to be changed. The change counts.
    pub(crate) fn change(&mut self, set: Set, key: &Key) -> Option<&mut Row> {
        let change = self.next_change(set);
        let table = &mut self.tables[set as usize];
        let row = Arc::make_mut(table.rows.get_mut(table.ranks.get(key)?)?);
        row.changed = change;
        Some(row)
    }

    /// Removes a row. Whether there was one.
    pub(crate) fn remove(&mut self, set: Set, key: &Key) -> bool {
        let table = &mut self.tables[set as usize];
        let Some(rank) = table.ranks.remove(key) else { return false };
        table.rows.remove(&rank);
        if set == Set::Products {
            let change = self.next_change(set);
            self.tombstones.push((change, key.clone()));
            if self.tombstones.len() > TOMBSTONES_MAX {
                let (oldest, _) = self.tombstones.remove(0);
                self.delta_floor = oldest;
            }
        }
        true
    }

    fn next_change(&mut self, set: Set) -> u64 {
        self.changes += u64::from(set == Set::Products);
        self.changes
    }

    /// The state that a delta link carries.
    pub(crate) fn state(&self) -> u64 {
        self.changes
    }

    /// Products deleted since a state; `None` when that cannot be told any more.
    pub(crate) fn deleted_since(&self, state: u64) -> Option<impl Iterator<Item = &Key>> {
        let known = state >= self.delta_floor && state <= self.changes;
        known.then(|| self.tombstones.iter().filter(move |(change, _)| *change > state).map(|(_, key)| key))
    }
}
