//! The rules of officeConfigurations: R2 (the default one), R3 (ids), R4 (check-in rows), R5 (the written summary).

use std::sync::Arc;

use super::effects::DataEffect;
use super::{Draft, check, identity};
use crate::clients::Clients;
use crate::command::{Change, NewClient, Precondition, SummaryPatch};
use crate::domain::{CheckinStatus, OfficeConfiguration, Summary};
use crate::error::{CommitError, What};
use crate::ids::ConfigurationId;
use crate::limits::MAX_WRITTEN_STATUSES;
use crate::summary::summarize;

impl Draft<'_> {
    pub(super) fn blank_configuration(&mut self, id: ConfigurationId) -> OfficeConfiguration {
        OfficeConfiguration {
            id,
            seq: self.next.take_seq(),
            stamp: self.new_stamp(),
            is_default: id == self.next.default_configuration_id(),
            written_summary: None,
            has_checkins_from_clients: false,
            status_version: 0,
            status_count: 0,
            clients: Clients::default(),
        }
    }

    pub(super) fn create_configuration(
        &mut self,
        precondition: &Precondition,
        id: ConfigurationId,
        default: bool,
        summary: Option<Summary>,
        statuses: Vec<CheckinStatus>,
        clients: Vec<NewClient>,
    ) -> Result<(), CommitError> {
        let existing = self.next.configuration(id).map(|c| c.stamp.version);
        check(precondition, existing)?;
        let is_default_id = id == self.next.default_configuration_id();
        if default && !is_default_id {
            return Err(CommitError::NotTheDefaultId);
        }
        // The id of the default configuration is the tenant's from the start, so it cannot be given to another one.
        if existing.is_some() || (!default && self.next.has_id(id.0)) {
            return Err(CommitError::AlreadyExists { what: What::Configuration });
        }
        let mut made = self.blank_configuration(id);
        made.written_summary = summary;
        self.effects.log.created_configuration(made.seq);
        self.write_rows(&mut made, statuses)?;
        if !clients.is_empty() {
            // It is there before what is in it, so that nothing of that takes its id.
            self.next.put(Arc::new(made.clone()));
            self.add_clients(&mut made, clients)?;
        }
        self.put_configuration(made);
        Ok(())
    }

    pub(super) fn update_configuration(
        &mut self,
        precondition: &Precondition,
        id: ConfigurationId,
        default_may_be_created: bool,
        summary: Change<Option<SummaryPatch>>,
        statuses: Change<Vec<CheckinStatus>>,
    ) -> Result<(), CommitError> {
        let existing = self.next.configuration(id).cloned();
        let may_be_made = default_may_be_created && id == self.next.default_configuration_id();
        let mut changed = match existing {
            Some(found) => {
                check(precondition, Some(found.stamp.version))?;
                let mut changed = OfficeConfiguration::clone(&found);
                changed.stamp = self.changed(changed.stamp);
                self.effects.log.changed_configuration(changed.seq);
                changed
            }
            None if may_be_made => {
                check(precondition, Some(0))?;
                let made = self.blank_configuration(id);
                self.effects.log.created_configuration(made.seq);
                made
            }
            None => return Err(CommitError::NotFound { what: What::Configuration }),
        };
        if let Change::Set(summary) = summary {
            changed.written_summary = match summary {
                Some(patch) => Some(self.merged_summary(&changed, patch)?),
                None => None,
            };
        }
        if let Change::Set(rows) = statuses {
            if changed.has_checkins_from_clients {
                return Err(CommitError::StatusesOwnedByClients);
            }
            self.write_rows(&mut changed, rows)?;
        }
        self.put_configuration(changed);
        Ok(())
    }

    /// The summary with what was left out as a reader sees it now. Rows are asked for only where something was.
    fn merged_summary(&self, configuration: &OfficeConfiguration, patch: SummaryPatch) -> Result<Summary, CommitError> {
        if patch.is_whole() {
            return Ok(patch.over(Summary::default()));
        }
        if let Some(written) = configuration.written_summary {
            return Ok(patch.over(written));
        }
        // Over the clients' own rows a written summary does not count, so there is nothing to merge with.
        if configuration.status_count == 0 || configuration.has_checkins_from_clients {
            return Ok(patch.over(Summary::default()));
        }
        let today = self.now.unix_day();
        let of_this_commit = self.effects.data.iter().rev().find_map(|effect| match effect {
            DataEffect::ReplaceRows { configuration: seq, rows, .. } if *seq == configuration.seq => Some(rows),
            _ => None,
        });
        let shown = match of_this_commit {
            Some(rows) => summarize(rows.iter().map(Arc::as_ref), today),
            None => (self.rows)(configuration.seq, today)?,
        };
        Ok(patch.over(shown))
    }

    pub(super) fn delete_configuration(
        &mut self,
        precondition: &Precondition,
        id: ConfigurationId,
    ) -> Result<(), CommitError> {
        let Some(found) = self.next.configuration(id).cloned() else {
            if id == self.next.default_configuration_id() {
                // It is there and empty, and stays so (ruling R2).
                return check(precondition, Some(0));
            }
            return Err(CommitError::NotFound { what: What::Configuration });
        };
        check(precondition, Some(found.stamp.version))?;
        self.next.remove(id);
        self.next.free_ids(found.clients.iter().flat_map(|client| client.ids()));
        self.effects.log.removed_configuration(found.seq, id);
        self.effects.data.push(DataEffect::DeleteConfiguration {
            configuration: found.seq,
            had: found.status_count,
            recorded: found.has_checkins_from_clients,
            clients: found.clients.iter().map(|c| c.seq).collect(),
        });
        Ok(())
    }

    pub(super) fn record_checkins(
        &mut self,
        precondition: &Precondition,
        id: ConfigurationId,
        checkins: Vec<CheckinStatus>,
    ) -> Result<(), CommitError> {
        let existing = self.next.configuration(id).map(|c| c.stamp.version);
        check(precondition, existing.or((id == self.next.default_configuration_id()).then_some(0)))?;
        let found = self.configuration_or_default(id)?;
        if checkins.is_empty() && found.has_checkins_from_clients {
            return Ok(());
        }
        let mut changed = OfficeConfiguration::clone(&found);
        let rekey = !changed.has_checkins_from_clients && changed.status_count > 0;
        changed.has_checkins_from_clients = true;
        // As a check-in does: a store may keep apart what those have added.
        changed.status_version += 1;
        self.effects.log.recorded_rows(changed.seq);
        self.effects.data.push(DataEffect::RecordRows {
            configuration: changed.seq,
            rekey,
            day: self.now.unix_day(),
            rows: checkins.into_iter().map(Arc::new).collect(),
        });
        self.put_configuration(changed);
        Ok(())
    }

    /// Replaces the rows of a configuration (ruling R4).
    fn write_rows(
        &mut self,
        configuration: &mut OfficeConfiguration,
        rows: Vec<CheckinStatus>,
    ) -> Result<(), CommitError> {
        if rows.len() > MAX_WRITTEN_STATUSES {
            return Err(CommitError::TooManyStatuses { given: rows.len(), limit: MAX_WRITTEN_STATUSES });
        }
        identity::check_distinct(&rows)?;
        let had = configuration.status_count;
        if had == 0 && rows.is_empty() {
            return Ok(());
        }
        configuration.status_version = self.version;
        configuration.status_count = rows.len() as u64;
        self.effects.log.replaced_rows(configuration.seq);
        self.effects.data.push(DataEffect::ReplaceRows {
            configuration: configuration.seq,
            had,
            rows: rows.into_iter().map(Arc::new).collect(),
        });
        Ok(())
    }
}
