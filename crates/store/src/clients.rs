//! The client configurations of one configuration, with the indexes that commands need: by id and by priority. A
//! structure-sharing set; it must never break the rule that the three views agree.

use std::sync::Arc;

use imbl::OrdMap;

use crate::domain::{ClientConfiguration, PayloadContent};
use crate::ids::ClientConfigurationId;

/// Client configurations of one configuration. Cloning is cheap, changing costs what changes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clients {
    inner: Option<Arc<Indexes>>,
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Indexes {
    rows: OrdMap<u64, Arc<ClientConfiguration>>,
    ids: OrdMap<ClientConfigurationId, u64>,
    priorities: OrdMap<i32, u64>,
}

impl Clients {
    /// Whether both are one and the same version: neither has changed since it was cloned from the other.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.inner, &other.inner) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (None, None) => true,
            _ => false,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.inner.as_ref().map_or(0, |i| i.rows.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The one with this id.
    pub fn get(&self, id: ClientConfigurationId) -> Option<&Arc<ClientConfiguration>> {
        let inner = self.inner.as_ref()?;
        inner.rows.get(inner.ids.get(&id)?)
    }

    /// The one with this place in the order of creation.
    pub(crate) fn by_seq(&self, seq: u64) -> Option<&Arc<ClientConfiguration>> {
        self.inner.as_ref()?.rows.get(&seq)
    }

    /// All, in the order of creation.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<ClientConfiguration>> {
        self.inner.iter().flat_map(|i| i.rows.values())
    }

    /// Those created after the one with this `seq`, in the order of creation.
    pub fn after(&self, seq: u64) -> impl Iterator<Item = &Arc<ClientConfiguration>> {
        self.inner.iter().flat_map(move |i| i.rows.range(seq.saturating_add(1)..).map(|(_, c)| c))
    }

    /// All, highest priority (lowest number) first.
    pub fn by_priority(&self) -> impl Iterator<Item = &Arc<ClientConfiguration>> {
        self.inner.iter().flat_map(|i| i.priorities.values().filter_map(|seq| i.rows.get(seq)))
    }

    /// The one that has this priority.
    pub fn with_priority(&self, priority: i32) -> Option<&Arc<ClientConfiguration>> {
        let inner = self.inner.as_ref()?;
        inner.rows.get(inner.priorities.get(&priority)?)
    }

    /// About how many bytes of memory it keeps.
    pub(crate) fn weight(&self) -> usize {
        const CLIENT: usize = 440;
        const ASSIGNMENT: usize = 190;
        self.iter()
            .map(|client| {
                let payloads = [&client.policy_payload, &client.user_preference_payload];
                let inline: usize = payloads
                    .into_iter()
                    .flatten()
                    .map(|p| if let PayloadContent::Inline(bytes) = &p.content { bytes.len() } else { 0 })
                    .sum();
                let texts = [&client.display_name, &client.description];
                let texts: usize = texts.into_iter().flatten().map(|t| t.len()).sum();
                CLIENT + inline + texts + client.assignments.len() * ASSIGNMENT
            })
            .sum()
    }

    /// The lowest place: one past the largest number in use, or the largest free number when that is taken.
    pub(crate) fn lowest_place(&self) -> Option<i32> {
        let Some(inner) = &self.inner else { return Some(0) };
        let Some((last, _)) = inner.priorities.get_max() else { return Some(0) };
        if let Some(next) = last.checked_add(1) {
            return Some(next);
        }
        let mut expected = i32::MAX;
        for (&used, _) in inner.priorities.iter().rev() {
            if used != expected {
                break;
            }
            expected = expected.checked_sub(1)?;
        }
        (expected >= 0).then_some(expected)
    }

    /// Adds a client configuration, or replaces the one with its `seq`. The caller has made sure that no other one has its
    /// id or priority.
    pub(crate) fn put(&mut self, client: Arc<ClientConfiguration>) {
        let inner = Arc::make_mut(self.inner.get_or_insert_default());
        if let Some(old) = inner.rows.get(&client.seq)
            && old.priority != client.priority
            && inner.priorities.get(&old.priority) == Some(&client.seq)
        {
            inner.priorities.remove(&old.priority);
        }
        inner.ids.insert(client.id, client.seq);
        inner.priorities.insert(client.priority, client.seq);
        inner.rows.insert(client.seq, client);
    }

    /// Removes one.
    pub(crate) fn remove(&mut self, id: ClientConfigurationId) -> Option<Arc<ClientConfiguration>> {
        let inner = Arc::make_mut(self.inner.as_mut()?);
        let seq = inner.ids.remove(&id)?;
        let client = inner.rows.remove(&seq)?;
        inner.priorities.remove(&client.priority);
        if inner.rows.is_empty() {
            self.inner = None;
        }
        Some(client)
    }
}
