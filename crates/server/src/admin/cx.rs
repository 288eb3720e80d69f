//! What every handler of the admin plane has at hand: who asks, what of, when, and the tenant's snapshot.
//! Reading and committing go through here, so that no handler can forget the tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use odata::edm::DateTimeOffset;
use odata::engine::Head;
use odata::{Error, Record};
use store::{
    Caller, ClientConfiguration, ClientConfigurationId, Command, Commit, Committed, Conditional, ConfigurationId,
    OfficeConfiguration, Precondition, StatusPage, StatusQuery, Store, StoreError, Summary, TenantSnapshot,
};
use tokio::sync::Semaphore;

use super::error::{commit_error, store_error};
use super::etag;
use super::office::OfficeModel;
use super::parts::Parts;
use super::represent::{self, Computed};
use super::resource::{Estate, Resource, not_found};
use crate::client::Intervals;
use crate::documents::Documents;
use crate::env::IdSource;

/// The circumstances of one operation.
pub(crate) struct Cx<'a> {
    /// The bound model.
    pub office: &'a OfficeModel,
    /// Where things are kept.
    pub store: &'a dyn Store,
    /// Where new ids come from.
    pub ids: &'a dyn IdSource,
    /// Who asks; every call of the store takes it.
    pub caller: &'a Caller,
    /// The bound head.
    pub head: &'a Head,
    /// What the path addresses.
    pub resource: &'a Resource,
    /// The instant of this request.
    pub now: DateTimeOffset,
    /// The tenant as this request sees it.
    pub snapshot: Arc<TenantSnapshot>,
    /// Most rows of one page.
    pub page_size_max: u32,
    /// When clients are told to come back.
    pub intervals: Intervals,
    /// Payloads that were read before.
    pub documents: &'a Documents,
    /// Turns of queries over configurations that look at check-ins.
    pub computed_queries: &'a Semaphore,
    /// Whether the store was asked for a change: what it says then is said of the tenant's newest version, whatever `snapshot` is.
    pub was_asked: AtomicBool,
}

impl Cx<'_> {
    /// What reading bodies into commands needs.
    pub(crate) fn parts(&self) -> Parts<'_> {
        Parts { office: self.office, ids: self.ids }
    }

    /// The id behind an estate.
    pub(crate) fn configuration_id(&self, estate: Estate) -> ConfigurationId {
        match estate {
            Estate::Default => self.snapshot.default_configuration_id(),
            Estate::Id(id) => id,
        }
    }

    /// Whether the estate is the tenant's default one, by either address.
    pub(crate) fn is_default(&self, estate: Estate) -> bool {
        self.configuration_id(estate) == self.snapshot.default_configuration_id()
    }

    /// The stored configuration of an estate; `None` is the default one before it was written (R2).
    ///
    /// # Errors
    /// 404 for any other that does not exist.
    pub(crate) fn estate(&self, estate: Estate) -> Result<Option<&Arc<OfficeConfiguration>>, Error> {
        match self.snapshot.configuration(self.configuration_id(estate)) {
            None if !self.is_default(estate) => Err(not_found()),
            found => Ok(found),
        }
    }

    /// A stored client configuration and its estate.
    ///
    /// # Errors
    /// 404.
    pub(crate) fn client(
        &self,
        estate: Estate,
        client: ClientConfigurationId,
    ) -> Result<(&Arc<OfficeConfiguration>, &Arc<ClientConfiguration>), Error> {
        let configuration = self.estate(estate)?.ok_or_else(not_found)?;
        let found = configuration.clients.get(client).ok_or_else(not_found)?;
        Ok((configuration, found))
    }

    /// The path of an estate below the service root, as the client addressed it.
    pub(crate) fn estate_path(estate: Estate) -> String {
        match estate {
            Estate::Default => "officeConfiguration".to_owned(),
            Estate::Id(id) => format!("officeConfigurations/{id}"),
        }
    }

    /// One command, conditional on the request's preconditions, durable when this returns.
    ///
    /// # Errors
    /// As the store's, mapped in one place.
    pub(crate) async fn commit(&self, command: Command) -> Result<Committed, Error> {
        let given = self.head.preconditions();
        let precondition = match (&given.if_match, &given.if_none_match) {
            (Some(tags), _) => Precondition::IfMatch(etag::versions(tags)),
            (None, Some(tags)) => Precondition::IfNoneMatch(etag::versions(tags)),
            (None, None) => Precondition::None,
        };
        let commands = vec![Conditional { precondition, command }];
        self.was_asked.store(true, Ordering::Relaxed);
        self.store.commit(self.caller, Commit::new(self.now, commands)).await.map_err(commit_error)
    }

    /// A configuration's record with what is computed of it, as far as `wanted` shows it.
    ///
    /// # Errors
    /// As the store's.
    pub(crate) async fn configuration_record(
        &self,
        row: &OfficeConfiguration,
        wanted: Wanted,
    ) -> Result<Record, Error> {
        let computed = self.computed(row, None, wanted).await?;
        Ok(represent::configuration(self.office, row, computed))
    }

    /// A client configuration's record with what is computed of it, as far as `wanted` shows it.
    ///
    /// # Errors
    /// As the store's.
    pub(crate) async fn client_record(
        &self,
        configuration: &OfficeConfiguration,
        row: &ClientConfiguration,
        wanted: Wanted,
    ) -> Result<Record, Error> {
        let computed = self.computed(configuration, Some(row.id), wanted).await?;
        Ok(represent::client(self.office, row, configuration, computed))
    }

    /// Check-in rows of a configuration of the snapshot. One that went since then has none any more.
    ///
    /// # Errors
    /// As the store's.
    pub(crate) async fn statuses(&self, query: StatusQuery) -> Result<StatusPage, Error> {
        match self.store.statuses(self.caller, query).await {
            Err(StoreError::NotFound { .. }) => Ok(StatusPage::default()),
            answer => answer.map_err(store_error),
        }
    }

    /// The summary of a configuration or of one of its client configurations, as written or computed (R5).
    ///
    /// # Errors
    /// As the store's.
    pub(crate) async fn summary(
        &self,
        row: &OfficeConfiguration,
        client: Option<ClientConfigurationId>,
    ) -> Result<Summary, Error> {
        if let Some(written) = row.summary_as_written(client) {
            return Ok(written);
        }
        if row.status_count == 0 {
            return Ok(Summary::default());
        }
        match self.store.summary(self.caller, row.id, client, self.now.unix_day()).await {
            Err(StoreError::NotFound { .. }) => Ok(Summary::default()),
            answer => answer.map_err(store_error),
        }
    }

    async fn computed(
        &self,
        row: &OfficeConfiguration,
        client: Option<ClientConfigurationId>,
        wanted: Wanted,
    ) -> Result<Computed, Error> {
        // Neither needs what the other one finds.
        let (page, summary) = futures_util::future::try_join(
            async {
                if !wanted.statuses || row.status_count == 0 {
                    return Ok(StatusPage::default());
                }
                let all = StatusQuery::all(row.id, self.page_size_max as usize);
                self.statuses(StatusQuery { applied_policy: client, ..all }).await
            },
            async { if wanted.summary { self.summary(row, client).await.map(Some) } else { Ok(None) } },
        )
        .await?;
        let mut computed = Computed { summary, ..Computed::default() };
        if wanted.statuses {
            computed.statuses = Some(page.rows.iter().map(|status| represent::status(self.office, status)).collect());
            computed.next = page.next.map(|next| next.0);
        }
        if wanted.day && row.summary_as_written(client).is_none() && row.status_count > 0 {
            computed.day = Some(self.now.unix_day());
        }
        Ok(computed)
    }
}

/// Which computed members a representation shows.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted {
    /// The check-in statuses.
    pub statuses: bool,
    /// The summary.
    pub summary: bool,
    /// The day, which the tag of a representation with a summary depends on.
    pub day: bool,
}

impl Wanted {
    /// All of it.
    pub(crate) const ALL: Self = Self { statuses: true, summary: true, day: true };

    /// What the answer to a change shows: all of it, or only its tag.
    pub(crate) fn after_change(head: &Head) -> Self {
        if head.leaves_entity_out() { Self { day: true, ..Self::default() } } else { Self::ALL }
    }
}
