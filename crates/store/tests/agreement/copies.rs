//! Copies of every collection, kept by following what changed. A copy that is complete shows what the snapshot shows.

use std::collections::BTreeMap;

use store::{
    Caller, ChangePoint, ChangeQuery, Changes, ClientConfigurationId, ConfigurationId, Since, StoreError,
    TenantSnapshot, Tracked,
};
use uuid::Uuid;

use super::commands::{caller, client_id, configuration_id};

/// Entities by id, as text: what of them is followed.
type Entities = BTreeMap<Uuid, String>;

#[derive(Default)]
pub(crate) struct Copies(Vec<Copy>);

struct Copy {
    tenant: u128,
    of: Tracked,
    entities: Entities,
    /// `None`: it begins anew.
    point: Option<ChangePoint>,
    complete: bool,
}

impl Copies {
    pub(crate) fn new() -> Self {
        let mut all = Vec::new();
        for tenant in [1, 2] {
            let mut copy = |of| all.push(Copy { tenant, of, entities: Entities::new(), point: None, complete: false });
            copy(Tracked::Configurations);
            for n in 0..4 {
                let configuration = configuration_id(tenant, n);
                copy(Tracked::Clients(configuration));
                for client in 0..4 {
                    copy(Tracked::Assignments(configuration, client_id(client)));
                }
            }
        }
        Self(all)
    }

    /// Each asks for its next part.
    pub(crate) fn take_part(
        &mut self,
        ask: impl Fn(&Caller, ChangeQuery) -> Result<Changes, StoreError>,
        limit: usize,
    ) {
        for copy in &mut self.0 {
            let since = copy.point.map_or(Since::Start, Since::Point);
            let answer = ask(&caller(copy.tenant), ChangeQuery { of: copy.of, since, limit });
            copy.take(answer, limit);
        }
    }

    pub(crate) fn are_complete(&self) -> bool {
        self.0.iter().all(|copy| copy.complete)
    }

    pub(crate) fn compare(&self, tenant: u128, snapshot: &TenantSnapshot) {
        for copy in self.0.iter().filter(|copy| copy.tenant == tenant) {
            assert_eq!(copy.entities, entities(snapshot, copy.of), "{:?}", copy.of);
        }
    }
}

impl Copy {
    fn take(&mut self, answer: Result<Changes, StoreError>, limit: usize) {
        match answer {
            Ok(part) => {
                assert!(part.present.len() + part.removed.len() <= limit);
                let now = entities(&part.snapshot, self.of);
                self.entities.retain(|id, _| !part.removed.contains(id));
                self.entities.extend(part.present.iter().map(|id| (*id, now[id].clone())));
                // Bytes are what a client keeps of a point.
                self.point = Some(ChangePoint::from_bytes(&part.point.to_bytes()).unwrap());
                self.complete = !part.more;
            }
            // What it is in has gone, or come again as another.
            Err(StoreError::NotFound { .. } | StoreError::PointNotFound) => {
                assert_ne!(self.of, Tracked::Configurations);
                self.complete = self.point.is_none();
                self.point = None;
                self.entities.clear();
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

/// An answer without the snapshot, to be compared.
pub(crate) fn shown(answer: &Result<Changes, StoreError>) -> String {
    match answer {
        Ok(part) => format!("{:?} {:?} {:?} {}", part.present, part.removed, part.point, part.more),
        Err(error) => format!("{error:?}"),
    }
}

/// What is in a collection; nothing where there is none.
fn entities(snapshot: &TenantSnapshot, of: Tracked) -> Entities {
    let client = |id: ConfigurationId, client: ClientConfigurationId| snapshot.configuration(id)?.clients.get(client);
    match of {
        Tracked::Configurations => snapshot
            .configurations()
            .map(|one| (one.id.0, format!("{:?} {:?} {:?}", one.stamp, one.is_default, one.written_summary)))
            .collect(),
        Tracked::Clients(id) => {
            let all = snapshot.configuration(id).into_iter().flat_map(|owner| owner.clients.iter());
            let shown = all.map(|one| {
                let payloads = (&one.policy_payload, &one.user_preference_payload);
                let text =
                    format!("{:?} {:?} {:?} {} {payloads:?}", one.stamp, one.kind, one.display_name, one.priority);
                (one.id.0, text)
            });
            shown.collect()
        }
        Tracked::Assignments(id, of_client) => {
            let all = client(id, of_client).into_iter().flat_map(|owner| &owner.assignments);
            all.map(|one| (one.id.0, format!("{:?} {:?}", one.stamp, one.target))).collect()
        }
    }
}
