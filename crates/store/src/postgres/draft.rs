//! What a transaction leaves to be written to the control plane's tables: which things have another row than before, or none. Their rows follow
//! from the tenant as its last commit leaves it, so that each is written once. It must never check a rule: the rules have run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;

use crate::domain::{ClientConfiguration, OfficeConfiguration, Payload, PayloadKind};
use crate::ids::ClientConfigurationId;
use crate::rules::{DataEffect, Touched};
use crate::snapshot::TenantSnapshot;

/// The rows of the change log.
#[derive(Debug, Default)]
pub(super) struct LogRows {
    pub(super) versions: Vec<i64>,
    pub(super) commit_ids: Vec<uuid::Uuid>,
    pub(super) ticks: Vec<i64>,
    pub(super) actors: Vec<String>,
    pub(super) changes: Vec<String>,
}

/// Streams by their client configuration and kind, with their bytes.
pub(super) type Payloads = BTreeMap<(u64, PayloadKind), Option<(Arc<Payload>, Bytes)>>;

/// What changes, by `seq`. No `seq` is used twice, so that what went does not come back.
#[derive(Debug, Default)]
pub(super) struct Draft {
    configurations: BTreeSet<u64>,
    clients: BTreeSet<(u64, ClientConfigurationId)>,
    assigned: BTreeSet<(u64, ClientConfigurationId)>,
    pub(super) gone_configurations: BTreeSet<u64>,
    pub(super) gone_clients: BTreeSet<u64>,
    /// `None` is gone.
    pub(super) payloads: Payloads,
    pub(super) log: LogRows,
}

impl Draft {
    /// All of a tenant but its payloads.
    pub(super) fn whole(tenant: &TenantSnapshot) -> Self {
        let mut draft = Self::default();
        for configuration in tenant.configurations() {
            draft.configurations.insert(configuration.seq);
            for client in configuration.clients.iter() {
                draft.clients.insert((configuration.seq, client.id));
                draft.assigned.insert((configuration.seq, client.id));
            }
        }
        draft
    }

    /// Takes note of a thing whose row follows from the snapshot.
    pub(super) fn touch(&mut self, touched: &Touched) {
        match touched {
            Touched::Configuration(seq) => {
                self.configurations.insert(*seq);
            }
            Touched::Client { configuration, client } => {
                self.clients.insert((*configuration, *client));
            }
            Touched::Assignments { configuration, client } => {
                self.assigned.insert((*configuration, *client));
            }
        }
    }

    /// Takes note of what is not in the snapshot, and gives what is the data plane's to do.
    pub(super) fn data(&mut self, effect: DataEffect) -> Option<DataEffect> {
        match effect {
            DataEffect::ReplaceRows { .. } | DataEffect::RecordRows { .. } => return Some(effect),
            DataEffect::DeleteConfiguration { configuration, ref clients, .. } => {
                self.gone_configurations.insert(configuration);
                for client in clients {
                    self.delete_client(*client);
                }
                return Some(effect);
            }
            DataEffect::DeleteClient { client, .. } => self.delete_client(client),
            DataEffect::PutPayload { client, which, payload, content } => {
                self.payloads.insert((client, which), Some((payload, content)));
            }
            DataEffect::DeletePayload { client, which } => {
                self.payloads.insert((client, which), None);
            }
        }
        None
    }

    fn delete_client(&mut self, client: u64) {
        self.gone_clients.insert(client);
        self.payloads.retain(|(of, _), _| *of != client);
    }

    /// The configurations that have a row to be written.
    pub(super) fn configurations<'n>(&self, now: &'n TenantSnapshot) -> Vec<&'n OfficeConfiguration> {
        self.configurations.iter().filter_map(|seq| now.by_seq(*seq)).map(Arc::as_ref).collect()
    }

    /// The client configurations that have a row to be written, with their owners' `seq`.
    pub(super) fn clients<'n>(&self, now: &'n TenantSnapshot) -> Vec<(u64, &'n ClientConfiguration)> {
        present(&self.clients, now)
    }

    /// The client configurations whose assignments are to be written anew.
    pub(super) fn assigned<'n>(&self, now: &'n TenantSnapshot) -> Vec<(u64, &'n ClientConfiguration)> {
        present(&self.assigned, now)
    }

    /// Takes note of a commit.
    pub(super) fn log(&mut self, version: u64, id: uuid::Uuid, ticks: i64, actor: &str, changes: &str) {
        self.log.push(version, id, ticks, actor, changes);
    }
}

impl LogRows {
    pub(super) fn push(&mut self, version: u64, id: uuid::Uuid, ticks: i64, actor: &str, changes: &str) {
        self.versions.push(version.cast_signed());
        self.commit_ids.push(id);
        self.ticks.push(ticks);
        // A text of PostgreSQL has no U+0000. Actors are whatever an issuer calls them.
        self.actors.push(actor.replace('\0', ""));
        self.changes.push(changes.to_owned());
    }
}

fn present<'n>(
    of: &BTreeSet<(u64, ClientConfigurationId)>,
    now: &'n TenantSnapshot,
) -> Vec<(u64, &'n ClientConfiguration)> {
    let found = of.iter().filter_map(|(owner, id)| Some((*owner, now.by_seq(*owner)?.clients.get(*id)?)));
    found.map(|(owner, client)| (owner, Arc::as_ref(client))).collect()
}
