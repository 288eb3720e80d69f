//! The rules of client configurations, their priorities (R8), payloads (R6) and assignments (R9).

use std::collections::HashMap;
use std::sync::Arc;

use super::effects::{DataEffect, Touched};
use super::{Draft, check};
use crate::command::{Change, NewAssignment, NewClient, NewPayload, Precondition, TargetChange, TargetPatch};
use crate::domain::{
    Assignment, ClientConfiguration, ClientKind, OfficeConfiguration, Payload, PayloadContent, PayloadKind, Target,
};
use crate::error::{CommitError, What};
use crate::ids::{AssignmentId, ClientConfigurationId, ConfigurationId};
use crate::limits::MAX_INLINE_PAYLOAD;

/// What `UpdateClient` may change.
pub(super) struct ClientChange {
    pub(super) expected_kind: Option<ClientKind>,
    pub(super) display_name: Change<Option<Arc<str>>>,
    pub(super) description: Change<Option<Arc<str>>>,
    pub(super) priority: Change<i32>,
    pub(super) policy_payload: Change<Option<NewPayload>>,
    pub(super) user_preference_payload: Change<Option<NewPayload>>,
}

impl Draft<'_> {
    /// Adds client configurations to an owner that is being made. Those that name no priority come last, in order.
    pub(super) fn add_clients(
        &mut self,
        owner: &mut OfficeConfiguration,
        clients: Vec<NewClient>,
    ) -> Result<(), CommitError> {
        check_distinct_ids(clients.iter().map(|c| c.id))?;
        let named = clients.iter().enumerate().filter_map(|(at, c)| Some((at, c.priority?)));
        check_distinct_priorities(named)?;
        let made: Vec<(usize, Option<i32>, ClientConfiguration)> = clients
            .into_iter()
            .enumerate()
            .map(|(at, client)| Ok((at, client.priority, self.make_client(client)?)))
            .collect::<Result<_, CommitError>>()?;
        let (named, unnamed): (Vec<_>, Vec<_>) = made.into_iter().partition(|(_, priority, _)| priority.is_some());
        for (_, _, client) in named {
            self.add_client(owner, client);
        }
        for (_, _, mut client) in unnamed {
            client.priority = owner.clients.lowest_place().ok_or(CommitError::PrioritiesExhausted)?;
            self.add_client(owner, client);
        }
        Ok(())
    }

    fn add_client(&mut self, owner: &mut OfficeConfiguration, client: ClientConfiguration) {
        self.effects.log.created_client(client.seq);
        self.effects.touch(Touched::Client { configuration: owner.seq, client: client.id });
        if !client.assignments.is_empty() {
            self.effects.touch(Touched::Assignments { configuration: owner.seq, client: client.id });
        }
        owner.clients.put(Arc::new(client));
    }

    pub(super) fn create_client(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        client: NewClient,
    ) -> Result<(), CommitError> {
        let owner_version = self.next.configuration(configuration).map(|c| c.stamp.version);
        let is_default = configuration == self.next.default_configuration_id();
        check(precondition, owner_version.or(is_default.then_some(0)))?;
        let owner = self.configuration_or_default(configuration)?;
        let asked = client.priority;
        let mut made = self.make_client(client)?;
        made.priority = match asked {
            Some(priority) => free_priority(&owner, priority, None)?,
            None => owner.clients.lowest_place().ok_or(CommitError::PrioritiesExhausted)?,
        };
        let mut owner = OfficeConfiguration::clone(&owner);
        self.add_client(&mut owner, made);
        self.next.put(Arc::new(owner));
        Ok(())
    }

    /// A client configuration as asked for. Its priority is checked and may be changed by the caller.
    fn make_client(&mut self, client: NewClient) -> Result<ClientConfiguration, CommitError> {
        if let Some(priority) = client.priority {
            valid_priority(priority)?;
        }
        if !self.next.take_id(client.id.0) {
            return Err(CommitError::AlreadyExists { what: What::ClientConfiguration });
        }
        let seq = self.next.take_seq();
        let assignments = self.make_assignments(client.assignments)?;
        Ok(ClientConfiguration {
            id: client.id,
            seq,
            kind: client.kind,
            display_name: client.display_name,
            description: client.description,
            priority: client.priority.unwrap_or_default(),
            policy_payload: self.store_payload(seq, PayloadKind::Policy, client.policy_payload, false),
            user_preference_payload: self.store_payload(
                seq,
                PayloadKind::UserPreference,
                client.user_preference_payload,
                false,
            ),
            assignments,
            stamp: self.new_stamp(),
        })
    }

    pub(super) fn update_client(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        id: ClientConfigurationId,
        change: ClientChange,
    ) -> Result<(), CommitError> {
        let (owner, found) = self.client(configuration, id)?;
        check(precondition, Some(found.stamp.version))?;
        if change.expected_kind.is_some_and(|kind| kind != found.kind) {
            return Err(CommitError::KindMismatch);
        }
        let mut changed = ClientConfiguration::clone(&found);
        if let Change::Set(text) = change.display_name {
            changed.display_name = text;
        }
        if let Change::Set(text) = change.description {
            changed.description = text;
        }
        if let Change::Set(priority) = change.priority {
            changed.priority = free_priority(&owner, priority, Some(id))?;
        }
        if let Change::Set(payload) = change.policy_payload {
            let had = changed.policy_payload.is_some();
            changed.policy_payload = self.store_payload(changed.seq, PayloadKind::Policy, payload, had);
        }
        if let Change::Set(payload) = change.user_preference_payload {
            let had = changed.user_preference_payload.is_some();
            changed.user_preference_payload =
                self.store_payload(changed.seq, PayloadKind::UserPreference, payload, had);
        }
        self.changed_client(&owner, changed);
        Ok(())
    }

    fn changed_client(&mut self, owner: &OfficeConfiguration, mut client: ClientConfiguration) {
        client.stamp = self.changed(client.stamp);
        self.effects.log.changed_client(client.seq);
        self.put_client(owner, client);
    }

    pub(super) fn delete_client(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        id: ClientConfigurationId,
    ) -> Result<(), CommitError> {
        let (owner, found) = self.client(configuration, id)?;
        check(precondition, Some(found.stamp.version))?;
        let mut owner = OfficeConfiguration::clone(&owner);
        owner.clients.remove(id);
        self.next.free_ids(found.ids());
        self.effects.log.removed_client(found.seq, id, owner.seq);
        self.effects.data.push(DataEffect::DeleteClient { configuration: owner.seq, client: found.seq });
        self.next.put(Arc::new(owner));
        Ok(())
    }

    pub(super) fn reorder_priorities(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        order: &[(ClientConfigurationId, i32)],
    ) -> Result<(), CommitError> {
        let is_default = configuration == self.next.default_configuration_id();
        let owner = match self.configuration(configuration) {
            Ok(owner) => owner,
            Err(_) if is_default => {
                check(precondition, Some(0))?;
                return order.first().map_or(Ok(()), |(id, _)| Err(CommitError::UnknownMember { index: 0, id: *id }));
            }
            Err(error) => return Err(error),
        };
        check(precondition, Some(owner.stamp.version))?;
        for (_, priority) in order {
            valid_priority(*priority)?;
        }
        check_distinct_ids(order.iter().map(|(id, _)| *id))?;
        check_distinct_priorities(order.iter().enumerate().map(|(at, (_, priority))| (at, *priority)))?;
        let moved: HashMap<ClientConfigurationId, i32> = order.iter().copied().collect();
        let mut owner = OfficeConfiguration::clone(&owner);
        let mut changed = Vec::with_capacity(order.len());
        for (index, (id, priority)) in order.iter().enumerate() {
            let found = owner.clients.get(*id).ok_or(CommitError::UnknownMember { index, id: *id })?;
            if let Some(holder) = owner.clients.with_priority(*priority)
                && !moved.contains_key(&holder.id)
            {
                return Err(CommitError::PriorityTaken { priority: *priority, by: holder.id });
            }
            if found.priority != *priority {
                let mut client = ClientConfiguration::clone(found);
                client.priority = *priority;
                client.stamp = self.changed(client.stamp);
                changed.push(client);
            }
        }
        for client in changed {
            self.effects.log.changed_client(client.seq);
            self.effects.touch(Touched::Client { configuration: owner.seq, client: client.id });
            owner.clients.put(Arc::new(client));
        }
        self.next.put(Arc::new(owner));
        Ok(())
    }

    pub(super) fn set_payload(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        id: ClientConfigurationId,
        which: PayloadKind,
        payload: Option<NewPayload>,
    ) -> Result<(), CommitError> {
        let (owner, found) = self.client(configuration, id)?;
        let had = found.payload(which).map(|p| p.version);
        check(precondition, had)?;
        let mut changed = ClientConfiguration::clone(&found);
        let stored = self.store_payload(changed.seq, which, payload, had.is_some());
        match which {
            PayloadKind::Policy => changed.policy_payload = stored,
            PayloadKind::UserPreference => changed.user_preference_payload = stored,
        }
        self.changed_client(&owner, changed);
        Ok(())
    }

    fn store_payload(
        &mut self,
        client: u64,
        which: PayloadKind,
        payload: Option<NewPayload>,
        had: bool,
    ) -> Option<Arc<Payload>> {
        let Some(new) = payload else {
            if had {
                self.effects.log.changed_payload(client, which);
                self.effects.data.push(DataEffect::DeletePayload { client, which });
            }
            return None;
        };
        let content = if new.content.len() <= MAX_INLINE_PAYLOAD {
            PayloadContent::Inline(new.content.clone())
        } else {
            PayloadContent::Stored
        };
        let payload = Arc::new(Payload {
            media_type: new.media_type,
            len: new.content.len() as u64,
            version: self.version,
            sha256: new.sha256,
            modified: self.now,
            content,
        });
        self.effects.log.changed_payload(client, which);
        self.effects.data.push(DataEffect::PutPayload {
            client,
            which,
            payload: Arc::clone(&payload),
            content: new.content,
        });
        Some(payload)
    }

    pub(super) fn assign_groups(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        id: ClientConfigurationId,
        assignments: Vec<NewAssignment>,
    ) -> Result<(), CommitError> {
        let (owner, found) = self.client(configuration, id)?;
        check(precondition, Some(found.stamp.version))?;
        self.next.free_ids(found.assignments.iter().map(|a| a.id.0));
        let assignments = self.make_assignments(assignments)?;
        for gone in &found.assignments {
            self.effects.log.removed_assignment(gone.seq, gone.id, found.seq);
        }
        self.put_assignments(&owner, &found, assignments);
        Ok(())
    }

    fn make_assignments(
        &mut self,
        assignments: Vec<NewAssignment>,
    ) -> Result<imbl::Vector<Arc<Assignment>>, CommitError> {
        check_distinct_ids(assignments.iter().map(|a| a.id))?;
        assignments.into_iter().map(|new| self.make_assignment(new)).collect()
    }

    fn make_assignment(&mut self, new: NewAssignment) -> Result<Arc<Assignment>, CommitError> {
        if !self.next.take_id(new.id.0) {
            return Err(CommitError::AlreadyExists { what: What::Assignment });
        }
        Ok(Arc::new(Assignment { id: new.id, seq: self.next.take_seq(), target: new.target, stamp: self.new_stamp() }))
    }

    /// Assignments are entities of their own: the client configuration's version stays.
    fn put_assignments(
        &mut self,
        owner: &OfficeConfiguration,
        client: &ClientConfiguration,
        assignments: imbl::Vector<Arc<Assignment>>,
    ) {
        self.effects.log.changed_assignments(client.seq);
        self.effects.touch(Touched::Assignments { configuration: owner.seq, client: client.id });
        let mut owner = owner.clone();
        owner.clients.put(Arc::new(ClientConfiguration { assignments, ..client.clone() }));
        self.next.put(Arc::new(owner));
    }

    pub(super) fn create_assignment(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        id: ClientConfigurationId,
        assignment: NewAssignment,
    ) -> Result<(), CommitError> {
        let (owner, found) = self.client(configuration, id)?;
        check(precondition, Some(found.stamp.version))?;
        let mut assignments = found.assignments.clone();
        assignments.push_back(self.make_assignment(assignment)?);
        self.put_assignments(&owner, &found, assignments);
        Ok(())
    }

    pub(super) fn update_assignment(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        id: ClientConfigurationId,
        assignment: AssignmentId,
        target: TargetChange,
    ) -> Result<(), CommitError> {
        let (owner, found) = self.client(configuration, id)?;
        let (at, old) = place_of(&found, assignment)?;
        check(precondition, Some(old.stamp.version))?;
        let mut new = Assignment::clone(&old);
        new.stamp = self.changed(new.stamp);
        match target {
            TargetChange::Keep => {}
            TargetChange::Replace(target) => new.target = target,
            TargetChange::Merge(patch) => new.target = Some(merged_target(new.target, patch)?),
        }
        let mut assignments = found.assignments.clone();
        assignments.set(at, Arc::new(new));
        self.put_assignments(&owner, &found, assignments);
        Ok(())
    }

    pub(super) fn delete_assignment(
        &mut self,
        precondition: &Precondition,
        configuration: ConfigurationId,
        id: ClientConfigurationId,
        assignment: AssignmentId,
    ) -> Result<(), CommitError> {
        let (owner, found) = self.client(configuration, id)?;
        let (at, old) = place_of(&found, assignment)?;
        check(precondition, Some(old.stamp.version))?;
        let mut assignments = found.assignments.clone();
        assignments.remove(at);
        self.next.free_ids(std::iter::once(old.id.0));
        self.effects.log.removed_assignment(old.seq, old.id, found.seq);
        self.put_assignments(&owner, &found, assignments);
        Ok(())
    }
}

/// A target of the same type with the members that were given (ruling R7: a group target has its group in the end).
fn merged_target(stored: Option<Target>, patch: TargetPatch) -> Result<Target, CommitError> {
    match (stored, patch) {
        (None | Some(Target::Abstract), TargetPatch::Abstract) => Ok(Target::Abstract),
        (None | Some(Target::AllUsers), TargetPatch::AllUsers) => Ok(Target::AllUsers),
        (None | Some(Target::Group { .. }), TargetPatch::Group { group_id: Some(group_id) }) => {
            Ok(Target::Group { group_id })
        }
        (Some(Target::Group { group_id }), TargetPatch::Group { group_id: None }) => Ok(Target::Group { group_id }),
        (None, TargetPatch::Group { group_id: None }) => Err(CommitError::GroupMissing),
        (Some(_), _) => Err(CommitError::TargetTypeMismatch),
    }
}

fn place_of(client: &ClientConfiguration, id: AssignmentId) -> Result<(usize, Arc<Assignment>), CommitError> {
    let found = client.assignments.iter().enumerate().find(|(_, a)| a.id == id);
    found.map(|(at, a)| (at, Arc::clone(a))).ok_or(CommitError::NotFound { what: What::Assignment })
}

fn valid_priority(priority: i32) -> Result<i32, CommitError> {
    if priority < 0 { Err(CommitError::InvalidPriority { priority }) } else { Ok(priority) }
}

/// The priority, if nobody but `own` has it.
fn free_priority(
    owner: &OfficeConfiguration,
    priority: i32,
    own: Option<ClientConfigurationId>,
) -> Result<i32, CommitError> {
    valid_priority(priority)?;
    match owner.clients.with_priority(priority) {
        Some(holder) if Some(holder.id) != own => Err(CommitError::PriorityTaken { priority, by: holder.id }),
        _ => Ok(priority),
    }
}

fn check_distinct_ids<I: std::hash::Hash + Eq>(ids: impl Iterator<Item = I>) -> Result<(), CommitError> {
    let mut seen = HashMap::new();
    for (second, id) in ids.enumerate() {
        if let Some(first) = seen.insert(id, second) {
            return Err(CommitError::DuplicateMember { first, second });
        }
    }
    Ok(())
}

fn check_distinct_priorities(priorities: impl Iterator<Item = (usize, i32)>) -> Result<(), CommitError> {
    let mut seen = HashMap::new();
    for (second, priority) in priorities {
        if let Some(first) = seen.insert(priority, second) {
            return Err(CommitError::DuplicatePriority { priority, first, second });
        }
    }
    Ok(())
}
