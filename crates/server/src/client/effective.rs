//! What applies to a user, rendered once. An [`Audience`] is what a configuration says to everybody, made anew when one of its client
//! configurations changes; from it the settings of a user are found by the groups, and equal sets of groups share the bytes.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::HeaderValue;
use policy::{Candidate, Platform, Resolution, answer, resolve};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use store::{
    Caller, ClientConfiguration, ClientConfigurationId, Clients, ConfigurationId, PayloadKind, StoreError, Target,
    TenantId, TenantSnapshot,
};

use super::caller::Client;
use super::fault::Fault;
use crate::app::App;
use crate::applying::group;
use crate::limits::{
    AUDIENCE_BYTES_COUNTED_MAX, AUDIENCE_BYTES_MIN, AUDIENCES_BYTES_MAX, AUDIENCES_EXPECTED, EFFECTIVE_BYTES_MAX,
    GZIP_BYTES_MIN,
};

/// Minutes until a client is to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Intervals {
    /// When there are settings for it.
    pub with_policies: u32,
    /// When there are none.
    pub without_policies: u32,
}

/// What the plane is made of, once per process.
pub struct ClientPlane {
    intervals: Intervals,
    audiences: Cache<Place, Arc<Audience>, ByBytes>,
    rendered: Cache<Key, Arc<Effective>, ByBytes>,
    numbers: AtomicU64,
}

impl std::fmt::Debug for ClientPlane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientPlane").field("intervals", &self.intervals).finish_non_exhaustive()
    }
}

/// What a user gets: the same bytes for all to whom the same configurations apply.
#[derive(Debug)]
pub(super) struct Effective {
    pub(super) body: Bytes,
    /// The same, compressed, where that is worth it.
    pub(super) gzip: Option<Bytes>,
    pub(super) etag: HeaderValue,
    /// Minutes.
    pub(super) interval: u32,
    /// The client configurations that give a setting.
    pub(super) applied: Box<[ClientConfigurationId]>,
}

/// A configuration.
type Place = (TenantId, ConfigurationId);

/// An audience's number, the places of the candidates in it, and the platform.
type Key = (u64, Box<[u32]>, Platform);

#[derive(Clone)]
struct ByBytes;

impl Weighter<Key, Arc<Effective>> for ByBytes {
    fn weight(&self, key: &Key, value: &Arc<Effective>) -> u64 {
        let packed = value.gzip.as_ref().map_or(0, Bytes::len);
        (256 + key.1.len() * 4 + value.body.len() + packed + value.applied.len() * 16) as u64
    }
}

impl Weighter<Place, Arc<Audience>> for ByBytes {
    fn weight(&self, _: &Place, audience: &Arc<Audience>) -> u64 {
        audience.bytes.clamp(AUDIENCE_BYTES_MIN, AUDIENCE_BYTES_COUNTED_MAX)
    }
}

impl ClientPlane {
    /// A plane that has rendered nothing yet.
    pub fn new(intervals: Intervals) -> Self {
        Self {
            intervals,
            audiences: Cache::with_weighter(AUDIENCES_EXPECTED, AUDIENCES_BYTES_MAX, ByBytes),
            rendered: Cache::with_weighter(AUDIENCES_EXPECTED, EFFECTIVE_BYTES_MAX, ByBytes),
            numbers: AtomicU64::new(0),
        }
    }

    /// When clients are told to come back.
    pub(crate) fn intervals(&self) -> Intervals {
        self.intervals
    }

    /// What a client gets on a platform. In memory, unless a large payload of a configuration that has just changed has to be read.
    pub(super) async fn effective(
        &self,
        app: &App,
        client: &Client,
        platform: Platform,
    ) -> Result<Arc<Effective>, Fault> {
        let snapshot = match app.store.last_snapshot(&client.caller) {
            Some(loaded) => loaded,
            None => app.store.snapshot(&client.caller).await?,
        };
        let audience = self.audience(app, &client.caller, &snapshot, client.configuration).await?;
        let places = audience.places(client.groups());
        let key = (audience.number, places.into_boxed_slice(), platform);
        if let Some(known) = self.rendered.get(&key) {
            app.metrics.effective_hits.inc();
            return Ok(known);
        }
        app.metrics.effective_misses.inc();
        let candidates: Vec<Candidate> = key.1.iter().map(|place| audience.members[*place as usize].clone()).collect();
        let made = Arc::new(self.render(&resolve(&candidates, platform), platform));
        self.rendered.insert(key, Arc::clone(&made));
        Ok(made)
    }

    /// What a configuration says to everybody, as it is in the snapshot.
    async fn audience(
        &self,
        app: &App,
        caller: &Caller,
        snapshot: &TenantSnapshot,
        id: ConfigurationId,
    ) -> Result<Arc<Audience>, Fault> {
        let clients = match snapshot.configuration(id) {
            Some(found) => &found.clients,
            // It is there before it was written, and empty.
            None if id == snapshot.default_configuration_id() => &Clients::default(),
            None => return Err(Fault::NoSuchConfiguration),
        };
        let place = (caller.tenant, id);
        if let Some(known) = self.audiences.get(&place).filter(|known| known.clients.is_same(clients)) {
            return Ok(known);
        }
        app.metrics.audience_misses.inc();
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        let made = Arc::new(Audience::read(number, app, caller, id, clients).await?);
        self.audiences.insert(place, Arc::clone(&made));
        Ok(made)
    }

    fn render(&self, resolution: &Resolution, platform: Platform) -> Effective {
        let Intervals { with_policies, without_policies } = self.intervals;
        let interval = |has_settings| if has_settings { with_policies } else { without_policies };
        let answer = answer(resolution, platform, interval);
        // A hash is hexadecimal digits.
        let etag =
            HeaderValue::try_from(format!("W/\"{}\"", answer.hash)).unwrap_or(HeaderValue::from_static("W/\"\""));
        let body = Bytes::from(answer.body);
        Effective {
            gzip: (body.len() >= GZIP_BYTES_MIN).then(|| packed(&body)).flatten(),
            body,
            etag,
            interval: interval(answer.has_settings),
            applied: resolution.applied().into_iter().map(ClientConfigurationId).collect(),
        }
    }
}

fn packed(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::default());
    encoder.write_all(body).and_then(|()| encoder.finish()).ok().map(Bytes::from)
}

/// What a client configuration, and an assignment to a group, cost beside their texts.
const MEMBER_BYTES: u64 = 128;
const ASSIGNMENT_BYTES: u64 = 100;

/// A configuration, ready to find what applies to whom.
struct Audience {
    number: u64,
    /// What it was made of.
    clients: Clients,
    members: Vec<Candidate>,
    /// Places of the members that a group gets.
    by_group: HashMap<Arc<str>, Vec<u32>>,
    for_all: Vec<u32>,
    /// Of the documents as they are stored, and of the assignments, roughly.
    bytes: u64,
}

impl Audience {
    async fn read(
        number: u64,
        app: &App,
        caller: &Caller,
        configuration: ConfigurationId,
        clients: &Clients,
    ) -> Result<Self, StoreError> {
        let mut audience = Self {
            number,
            clients: clients.clone(),
            members: Vec::new(),
            by_group: HashMap::new(),
            for_all: Vec::new(),
            bytes: 0,
        };
        for client in clients.by_priority() {
            let document = async |which| {
                let read = app.documents.of(&*app.store, caller, configuration, client, which).await?;
                // Bytes that are no settings document are kept and take no part (ruling R6).
                Ok::<_, StoreError>(read.and_then(Result::ok))
            };
            let policies = document(PayloadKind::Policy).await?;
            let preferences = document(PayloadKind::UserPreference).await?;
            if policies.is_none() && preferences.is_none() {
                continue;
            }
            audience.add(
                client,
                Candidate { id: client.id.0, priority: client.priority, reasons: Vec::new(), policies, preferences },
            );
        }
        Ok(audience)
    }

    fn add(&mut self, client: &ClientConfiguration, candidate: Candidate) {
        let place = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        let read = [(PayloadKind::Policy, &candidate.policies), (PayloadKind::UserPreference, &candidate.preferences)];
        let payloads = read.into_iter().filter(|(_, document)| document.is_some());
        let lens = payloads.filter_map(|(which, _)| client.payload(which)).map(|payload| payload.len);
        self.bytes += MEMBER_BYTES + lens.sum::<u64>();
        for assignment in &client.assignments {
            match &assignment.target {
                Some(Target::AllUsers) => self.for_all.push(place),
                Some(Target::Group { group_id }) => {
                    self.bytes += ASSIGNMENT_BYTES + group_id.len() as u64;
                    self.by_group.entry(group(group_id)).or_default().push(place);
                }
                // It applies to nobody.
                Some(Target::Abstract) | None => {}
            }
        }
        self.members.push(candidate);
    }

    /// The members that apply to a user with these groups, in order.
    fn places(&self, groups: &[Arc<str>]) -> Vec<u32> {
        let mut places = self.for_all.clone();
        if !self.by_group.is_empty() {
            places.extend(groups.iter().filter_map(|group| self.by_group.get(group)).flatten());
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audience(bytes: u64) -> Arc<Audience> {
        let (members, by_group, for_all) = (Vec::new(), HashMap::new(), Vec::new());
        Arc::new(Audience { number: 0, clients: Clients::default(), members, by_group, for_all, bytes })
    }

    fn place(number: u128) -> Place {
        (TenantId(uuid::Uuid::from_u128(number)), ConfigurationId(uuid::Uuid::nil()))
    }

    #[test]
    fn audiences_are_kept_within_a_budget_of_bytes_and_a_number() {
        let intervals = Intervals { with_policies: 1, without_policies: 1 };
        for (bytes, most) in [(0, AUDIENCES_BYTES_MAX / AUDIENCE_BYTES_MIN), (1 << 20, AUDIENCES_BYTES_MAX >> 20)] {
            let plane = ClientPlane::new(intervals);
            for number in 0..u128::from(most) * 2 {
                plane.audiences.insert(place(number), audience(bytes));
            }
            let kept = plane.audiences.len() as u64;
            assert!(kept <= most && kept > most / 2, "{kept} of {bytes} bytes each");
        }
    }

    #[test]
    fn the_largest_audience_is_kept_too() {
        let plane = ClientPlane::new(Intervals { with_policies: 1, without_policies: 1 });
        plane.audiences.insert(place(1), audience(u64::MAX));
        assert!(plane.audiences.get(&place(1)).is_some());
        let part = AUDIENCES_BYTES_MAX / (AUDIENCES_EXPECTED as u64 / 32);
        assert!(AUDIENCE_BYTES_COUNTED_MAX < part, "a part of the cache holds 32 of those that are expected, or more");
    }
}
