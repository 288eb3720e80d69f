//! The control plane of one tenant at one version: immutable, structure-sharing, so that a commit costs what it changes,
//! the millionth as much as the thousandth. It must never reach for the database.

use std::sync::Arc;

use imbl::{HashMap, HashSet, OrdMap};
use uuid::Uuid;

use crate::domain::{ClientConfiguration, OfficeConfiguration};
use crate::error::{StoreError, What};
use crate::ids::{ClientConfigurationId, ConfigurationId, TenantId, default_configuration_id};

/// Everything of a tenant but its check-in rows and its large payloads, at one version.
#[derive(Debug, Clone)]
pub struct TenantSnapshot {
    tenant: TenantId,
    default_id: ConfigurationId,
    version: u64,
    next_seq: u64,
    bytes: usize,
    by_seq: OrdMap<u64, Arc<OfficeConfiguration>>,
    by_id: HashMap<ConfigurationId, u64>,
    /// Ids of everything below the configurations: an id is unique within a tenant (ruling R3).
    ids_below: HashSet<Uuid>,
}

impl TenantSnapshot {
    /// A tenant that never wrote.
    pub fn empty(tenant: TenantId) -> Self {
        Self {
            tenant,
            default_id: default_configuration_id(tenant),
            version: 0,
            next_seq: 1,
            bytes: 0,
            by_seq: OrdMap::new(),
            by_id: HashMap::new(),
            ids_below: HashSet::new(),
        }
    }

    /// Whose it is.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Moves by one with each commit; 0 before the first.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The id of the default configuration, written or not (ruling R2).
    pub fn default_configuration_id(&self) -> ConfigurationId {
        self.default_id
    }

    /// The default configuration, once it was written.
    pub fn default_configuration(&self) -> Option<&Arc<OfficeConfiguration>> {
        self.configuration(self.default_id)
    }

    /// The configuration with this id.
    pub fn configuration(&self, id: ConfigurationId) -> Option<&Arc<OfficeConfiguration>> {
        self.by_seq.get(self.by_id.get(&id)?)
    }

    /// The configuration whose check-in rows are asked for; `None` is the unwritten default one, which has none.
    pub(crate) fn owner_of_rows(&self, id: ConfigurationId) -> Result<Option<&Arc<OfficeConfiguration>>, StoreError> {
        match self.configuration(id) {
            None if id != self.default_id => Err(StoreError::NotFound { what: What::Configuration }),
            found => Ok(found),
        }
    }

    /// A client configuration; `None` when its owner has none with this id.
    pub(crate) fn client(
        &self,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
    ) -> Result<Option<&Arc<ClientConfiguration>>, StoreError> {
        Ok(self.owner_of_rows(configuration)?.and_then(|owner| owner.clients.get(client)))
    }

    /// All configurations, in the order of creation.
    pub fn configurations(&self) -> impl Iterator<Item = &Arc<OfficeConfiguration>> {
        self.by_seq.values()
    }

    /// The configurations created after the one with this `seq`, in the order of creation.
    pub fn configurations_after(&self, seq: u64) -> impl Iterator<Item = &Arc<OfficeConfiguration>> {
        self.by_seq.range(seq.saturating_add(1)..).map(|(_, c)| c)
    }

    /// How many configurations there are.
    pub fn len(&self) -> usize {
        self.by_seq.len()
    }

    /// Whether there is no configuration.
    pub fn is_empty(&self) -> bool {
        self.by_seq.is_empty()
    }

    /// About how many bytes of memory it keeps, for the budget of loaded tenants.
    pub fn weight(&self) -> usize {
        self.bytes
    }

    pub(crate) fn by_seq(&self, seq: u64) -> Option<&Arc<OfficeConfiguration>> {
        self.by_seq.get(&seq)
    }

    pub(crate) fn next_seq(&self) -> u64 {
        self.next_seq
    }

    pub(crate) fn take_seq(&mut self) -> u64 {
        let seq = self.next_seq;
        self.next_seq += 1;
        seq
    }

    /// A snapshot as the database has it.
    pub(crate) fn restored(tenant: TenantId, version: u64, next_seq: u64, all: Vec<Arc<OfficeConfiguration>>) -> Self {
        let mut snapshot = Self { version, next_seq, ..Self::empty(tenant) };
        snapshot.bytes = all.iter().map(|c| weight(c)).sum();
        snapshot.ids_below = all.iter().flat_map(|c| c.clients.iter()).flat_map(|client| client.ids()).collect();
        snapshot.by_id = all.iter().map(|c| (c.id, c.seq)).collect();
        snapshot.by_seq = all.into_iter().map(|c| (c.seq, c)).collect();
        snapshot
    }

    /// Whether anything of the tenant has this id; the default configuration's is its own before it is written (ruling R3).
    pub(crate) fn has_id(&self, id: Uuid) -> bool {
        id == self.default_id.0 || self.by_id.contains_key(&ConfigurationId(id)) || self.ids_below.contains(&id)
    }

    /// Remembers the id of a client configuration or an assignment; false when the tenant has it already.
    pub(crate) fn take_id(&mut self, id: Uuid) -> bool {
        !self.has_id(id) && self.ids_below.insert(id).is_none()
    }

    /// Forgets the ids of a client configuration and of its assignments.
    pub(crate) fn free_ids(&mut self, ids: impl Iterator<Item = Uuid>) {
        for id in ids {
            self.ids_below.remove(&id);
        }
    }

    pub(crate) fn set_next_seq(&mut self, next_seq: u64) {
        self.next_seq = next_seq;
    }

    pub(crate) fn set_version(&mut self, version: u64) {
        self.version = version;
    }

    pub(crate) fn put(&mut self, configuration: Arc<OfficeConfiguration>) {
        let new = weight(&configuration);
        let (id, seq) = (configuration.id, configuration.seq);
        if let Some(old) = self.by_seq.insert(seq, configuration) {
            self.bytes = self.bytes.saturating_sub(weight(&old)) + new;
        } else {
            self.bytes += new;
            self.by_id.insert(id, seq);
        }
    }

    /// How many check-in rows the configuration with this `seq` has, which only who writes them knows. One that is gone again has none.
    pub(crate) fn set_status_count(&mut self, seq: u64, count: u64) {
        if let Some(found) = self.by_seq.get(&seq).cloned() {
            self.put(Arc::new(OfficeConfiguration { status_count: count, ..OfficeConfiguration::clone(&found) }));
        }
    }

    /// Clients checked in to the configuration with this `seq`, which now has so many rows.
    pub(crate) fn checked_in(&mut self, seq: u64, count: u64) {
        if let Some(found) = self.by_seq.get(&seq).cloned() {
            let mut changed = OfficeConfiguration::clone(&found);
            changed.status_count = count;
            changed.status_version += 1;
            self.put(Arc::new(changed));
        }
    }

    /// What is told of the check-in rows of the configuration with this `seq`, where it is kept apart from the rest.
    pub(crate) fn set_statuses(&mut self, seq: u64, version: u64, count: u64) {
        if let Some(found) = self.by_seq.get(&seq).cloned() {
            let mut changed = OfficeConfiguration::clone(&found);
            changed.status_version = version;
            changed.status_count = count;
            self.put(Arc::new(changed));
        }
    }

    pub(crate) fn remove(&mut self, id: ConfigurationId) -> Option<Arc<OfficeConfiguration>> {
        let seq = self.by_id.remove(&id)?;
        let old = self.by_seq.remove(&seq)?;
        self.bytes = self.bytes.saturating_sub(weight(&old));
        Some(old)
    }
}

/// Equal when they tell the same, however they came to be.
impl PartialEq for TenantSnapshot {
    fn eq(&self, other: &Self) -> bool {
        self.tenant == other.tenant
            && self.version == other.version
            && self.next_seq == other.next_seq
            && self.by_seq == other.by_seq
    }
}

/// Bytes of one configuration in both maps, without what it shares with its clients' texts beyond their lengths.
fn weight(configuration: &OfficeConfiguration) -> usize {
    const CONFIGURATION: usize = 320;
    CONFIGURATION + configuration.clients.weight()
}
