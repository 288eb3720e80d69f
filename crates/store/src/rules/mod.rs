//! The rules of change, as a pure function from a snapshot and a commit to the next snapshot and what has to be written. Both stores
//! run it, so that they cannot disagree on a rule. It must never do I/O.

mod checkins;
mod clients;
mod configurations;
pub(crate) mod effects;
mod identity;

pub(crate) use checkins::{first_day_kept, is_named_device, merged, taken_over};
pub(crate) use effects::{DataEffect, Effects, Touched};
pub(crate) use identity::IdentityKey;

use std::sync::Arc;

use odata::edm::DateTimeOffset;

use crate::command::{Command, Commit, Conditional, Precondition};
use crate::domain::{ClientConfiguration, OfficeConfiguration, Stamp, Summary};
use crate::error::{CommitError, What};
use crate::ids::{ClientConfigurationId, ConfigurationId};
use crate::snapshot::TenantSnapshot;

/// What a store says, in the middle of its transaction, of the rows that an administrator wrote: the summary (ruling R5) of the
/// configuration with this `seq` on a day.
pub(crate) type WrittenSummary<'r> = dyn Fn(u64, i32) -> Result<Summary, CommitError> + 'r;

/// Applies a commit to the tenant as it is. On an error nothing of the commit counts.
pub(crate) fn apply(
    current: &TenantSnapshot,
    commit: Commit,
    rows: &WrittenSummary<'_>,
) -> Result<(TenantSnapshot, Effects), CommitError> {
    let mut next = current.clone();
    let effects = run(&mut next, commit, rows)?;
    Ok((next, effects))
}

/// Applies more commands of a commit to the tenant as those before them left it: all of them get one version.
pub(crate) fn apply_further(
    current: &TenantSnapshot,
    now: DateTimeOffset,
    commands: Vec<Conditional>,
    rows: &WrittenSummary<'_>,
) -> Result<(TenantSnapshot, Effects), CommitError> {
    let mut next = current.clone();
    let effects = execute(&mut next, now, commands, rows)?;
    Ok((next, effects))
}

/// Whether a commit can only add a configuration with nothing in it but rows: what was there before looks the same after it.
pub(crate) fn only_adds(commit: &Commit) -> bool {
    let adds =
        |command: &Command| matches!(command, Command::CreateConfiguration { clients, .. } if clients.is_empty());
    matches!(&commit.commands[..], [only] if adds(&only.command))
}

/// Applies a commit that [`only_adds`] to the tenant in place, which copies nothing that `current` has for itself. On an error it is as it was.
pub(crate) fn add(
    current: &mut TenantSnapshot,
    commit: Commit,
    rows: &WrittenSummary<'_>,
) -> Result<Effects, CommitError> {
    debug_assert!(only_adds(&commit), "anything else can fail half-way");
    let (version, next_seq, len) = (current.version(), current.next_seq(), current.len());
    let done = run(current, commit, rows);
    if done.is_err() {
        // A creation puts the configuration when nothing can go wrong any more: only numbers were taken.
        debug_assert_eq!(current.len(), len, "a refused creation left something");
        current.set_version(version);
        current.set_next_seq(next_seq);
    }
    done
}

fn run(next: &mut TenantSnapshot, commit: Commit, rows: &WrittenSummary<'_>) -> Result<Effects, CommitError> {
    if commit.expected_version.is_some_and(|expected| expected != next.version()) {
        return Err(CommitError::Moved);
    }
    next.set_version(next.version() + 1);
    execute(next, commit.now, commit.commands, rows)
}

/// Executes commands at the version that the tenant has.
fn execute(
    next: &mut TenantSnapshot,
    now: DateTimeOffset,
    commands: Vec<Conditional>,
    rows: &WrittenSummary<'_>,
) -> Result<Effects, CommitError> {
    let mut draft = Draft { version: next.version(), next, now, effects: Effects::default(), rows };
    for conditional in commands {
        draft.execute(&conditional.precondition, conditional.command)?;
    }
    Ok(draft.effects)
}

/// The tenant in the middle of a commit.
struct Draft<'r> {
    next: &'r mut TenantSnapshot,
    version: u64,
    now: DateTimeOffset,
    effects: Effects,
    rows: &'r WrittenSummary<'r>,
}

impl Draft<'_> {
    fn execute(&mut self, precondition: &Precondition, command: Command) -> Result<(), CommitError> {
        match command {
            Command::CreateConfiguration { id, default, summary, statuses, clients } => {
                self.create_configuration(precondition, id, default, summary, statuses, clients)
            }
            Command::UpdateConfiguration { id, default_may_be_created, summary, statuses } => {
                self.update_configuration(precondition, id, default_may_be_created, summary, statuses)
            }
            Command::DeleteConfiguration { id } => self.delete_configuration(precondition, id),
            Command::CreateClient { configuration, client } => self.create_client(precondition, configuration, client),
            Command::UpdateClient {
                configuration,
                client,
                expected_kind,
                display_name,
                description,
                priority,
                policy_payload,
                user_preference_payload,
            } => {
                let change = clients::ClientChange {
                    expected_kind,
                    display_name,
                    description,
                    priority,
                    policy_payload,
                    user_preference_payload,
                };
                self.update_client(precondition, configuration, client, change)
            }
            Command::DeleteClient { configuration, client } => self.delete_client(precondition, configuration, client),
            Command::ReorderPriorities { configuration, order } => {
                self.reorder_priorities(precondition, configuration, &order)
            }
            Command::AssignGroups { configuration, client, assignments } => {
                self.assign_groups(precondition, configuration, client, assignments)
            }
            Command::CreateAssignment { configuration, client, assignment } => {
                self.create_assignment(precondition, configuration, client, assignment)
            }
            Command::UpdateAssignment { configuration, client, assignment, target } => {
                self.update_assignment(precondition, configuration, client, assignment, target)
            }
            Command::DeleteAssignment { configuration, client, assignment } => {
                self.delete_assignment(precondition, configuration, client, assignment)
            }
            Command::SetPayload { configuration, client, which, payload } => {
                self.set_payload(precondition, configuration, client, which, payload)
            }
            Command::RecordCheckins { configuration, checkins } => {
                self.record_checkins(precondition, configuration, checkins)
            }
        }
    }

    fn configuration(&self, id: ConfigurationId) -> Result<Arc<OfficeConfiguration>, CommitError> {
        self.next.configuration(id).cloned().ok_or(CommitError::NotFound { what: What::Configuration })
    }

    /// The configuration, made if it is the default one (ruling R2) and not there yet.
    fn configuration_or_default(&mut self, id: ConfigurationId) -> Result<Arc<OfficeConfiguration>, CommitError> {
        if self.next.configuration(id).is_none() && id == self.next.default_configuration_id() {
            let made = self.blank_configuration(id);
            self.effects.log.created_configuration(made.seq);
            self.put_configuration(made);
        }
        self.configuration(id)
    }

    fn client(
        &self,
        configuration: ConfigurationId,
        client: ClientConfigurationId,
    ) -> Result<(Arc<OfficeConfiguration>, Arc<ClientConfiguration>), CommitError> {
        // An unwritten default configuration is there, but has no client configurations.
        let found = match self.next.configuration(configuration) {
            Some(found) => Arc::clone(found),
            None if configuration == self.next.default_configuration_id() => {
                return Err(CommitError::NotFound { what: What::ClientConfiguration });
            }
            None => return Err(CommitError::NotFound { what: What::Configuration }),
        };
        let client =
            found.clients.get(client).cloned().ok_or(CommitError::NotFound { what: What::ClientConfiguration })?;
        Ok((found, client))
    }

    fn new_stamp(&self) -> Stamp {
        Stamp { created: self.now, modified: self.now, version: self.version }
    }

    fn changed(&self, stamp: Stamp) -> Stamp {
        Stamp { modified: self.now, version: self.version, ..stamp }
    }

    fn put_configuration(&mut self, configuration: OfficeConfiguration) {
        self.effects.touch(Touched::Configuration(configuration.seq));
        self.next.put(Arc::new(configuration));
    }

    /// Puts a client configuration into its owner, which itself does not change its version.
    fn put_client(&mut self, owner: &OfficeConfiguration, client: ClientConfiguration) {
        self.effects.touch(Touched::Client { configuration: owner.seq, client: client.id });
        let mut owner = owner.clone();
        owner.clients.put(Arc::new(client));
        self.next.put(Arc::new(owner));
    }
}

fn check(precondition: &Precondition, current: Option<u64>) -> Result<(), CommitError> {
    if precondition.holds(current) { Ok(()) } else { Err(CommitError::PreconditionFailed) }
}
