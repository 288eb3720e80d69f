//! Compares a tenant in two stores by what they answer to everybody, and by their change logs: the first difference is named with its place. It must
//! never know how either of them keeps anything.

use std::fmt::{self, Debug};

use futures_util::future::try_join;
use odata::edm::DateTimeOffset;

use super::source::{LoggedCommit, Source, patiently};
use super::{Progress, Report, Tell, TransferError, caller};
use crate::domain::{CheckinStatus, ClientConfiguration, OfficeConfiguration, Payload, PayloadKind, Stamp};
use crate::error::StoreError;
use crate::ids::{Caller, ClientConfigurationId, TenantId};
use crate::limits::COPIED_ROWS;
use crate::snapshot::TenantSnapshot;
use crate::status::{StatusPage, StatusQuery};

/// Where two stores differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Whose.
    pub tenant: TenantId,
    /// Which thing.
    pub place: String,
    /// What of it.
    pub what: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tenant {}: {}, {}", self.tenant, self.place, self.what)
    }
}

/// Compares a tenant, and counts what is the same.
pub(super) async fn tenant(
    from: &dyn Source,
    to: &dyn Source,
    tenant: TenantId,
    today: i32,
    tell: &Tell<'_>,
    report: &mut Report,
) -> Result<(), TransferError> {
    let mut pair = Pair { from, to, caller: caller(tenant), tell, report };
    let (one, other) = pair.both(|store| store.snapshot(&pair.caller)).await?;
    pair.snapshots(&one, &other)?;
    for configuration in one.configurations() {
        for client in configuration.clients.iter() {
            pair.payloads(configuration, client).await?;
        }
        pair.statuses(configuration).await?;
        pair.summaries(configuration, today).await?;
    }
    pair.logs().await?;
    pair.report.tenants += 1;
    Ok(())
}

struct Pair<'p> {
    from: &'p dyn Source,
    to: &'p dyn Source,
    caller: Caller,
    tell: &'p Tell<'p>,
    report: &'p mut Report,
}

impl<'p> Pair<'p> {
    /// Asks both at once.
    async fn both<T, F>(&self, ask: impl Fn(&'p dyn Source) -> F) -> Result<(T, T), TransferError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let one = async { patiently(|| ask(self.from)).await.map_err(TransferError::source) };
        let other = async { patiently(|| ask(self.to)).await.map_err(TransferError::destination) };
        try_join(one, other).await
    }

    fn differs(&self, place: impl Into<String>, what: impl Into<String>) -> TransferError {
        TransferError::Differs(Difference { tenant: self.caller.tenant, place: place.into(), what: what.into() })
    }

    /// Two short values.
    fn same<T: PartialEq + Debug>(&self, place: &str, what: &str, one: &T, other: &T) -> Result<(), TransferError> {
        if one == other {
            return Ok(());
        }
        Err(self.differs(place, format!("{what}: {one:?} in the source, {other:?} in the destination")))
    }

    fn snapshots(&mut self, one: &TenantSnapshot, other: &TenantSnapshot) -> Result<(), TransferError> {
        let place = "the tenant itself";
        self.same(place, "version", &one.version(), &other.version())?;
        self.same(place, "next place in the order", &one.next_seq(), &other.next_seq())?;
        self.same(place, "officeConfigurations", &one.len(), &other.len())?;
        for (one, other) in one.configurations().zip(other.configurations()) {
            self.configurations(one, other)?;
        }
        if one != other {
            return Err(self.differs(place, "it is not the same"));
        }
        Ok(())
    }

    fn configurations(&mut self, one: &OfficeConfiguration, other: &OfficeConfiguration) -> Result<(), TransferError> {
        let place = format!("officeConfiguration {}", one.id);
        self.same(&place, "id", &one.id, &other.id)?;
        self.same(&place, "place in the order", &one.seq, &other.seq)?;
        self.same(&place, "when it was made and changed", &written(one.stamp), &written(other.stamp))?;
        self.same(&place, "written summary", &one.written_summary, &other.written_summary)?;
        let recorded = (&one.has_checkins_from_clients, &other.has_checkins_from_clients);
        self.same(&place, "whether clients checked in", recorded.0, recorded.1)?;
        self.same(&place, "version of the check-in rows", &one.status_version, &other.status_version)?;
        self.same(&place, "number of check-in rows", &one.status_count, &other.status_count)?;
        self.same(&place, "client configurations", &one.clients.len(), &other.clients.len())?;
        for (one, other) in one.clients.iter().zip(other.clients.iter()) {
            let place = format!("client configuration {}", one.id);
            self.same(&place, "id", &one.id, &other.id)?;
            self.same(&place, "when it was made and changed", &written(one.stamp), &written(other.stamp))?;
            if let Some(what) = differing_part(one, other) {
                return Err(self.differs(place, format!("{what} is not the same")));
            }
            self.report.clients += 1;
        }
        self.report.configurations += 1;
        Ok(())
    }

    async fn payloads(&mut self, of: &OfficeConfiguration, client: &ClientConfiguration) -> Result<(), TransferError> {
        for (which, name) in
            [(PayloadKind::Policy, "policyPayload"), (PayloadKind::UserPreference, "userPreferencePayload")]
        {
            if client.payload(which).is_none() {
                continue;
            }
            let (one, other) = self.both(|store| store.payload(&self.caller, of.id, client.id, which)).await?;
            let (one, one_bytes) = one.unzip();
            let (other, other_bytes) = other.unzip();
            let is_same = is_same_payload(one.as_ref(), other.as_ref());
            if !is_same || one_bytes != other_bytes {
                let place = format!("{name} of client configuration {}", client.id);
                let what = if is_same { "its bytes are not the same" } else { "it is not the same" };
                return Err(self.differs(place, what));
            }
            self.report.payload_bytes += one_bytes.map_or(0, |bytes| bytes.len() as u64);
        }
        Ok(())
    }

    /// All rows in the default order, page by page; a page ends where the other one's does, so that links go on alike.
    async fn statuses(&mut self, of: &OfficeConfiguration) -> Result<(), TransferError> {
        let mut query = StatusQuery { count: true, ..StatusQuery::all(of.id, COPIED_ROWS) };
        let mut passed = 0;
        loop {
            let (one, other) = self.both(|store| store.statuses(&self.caller, query.clone())).await?;
            self.pages(of, passed, &one, &other)?;
            passed += one.rows.len();
            (self.tell)(Progress::Rows(one.rows.len()));
            query.count = false;
            query.after = one.next;
            if query.after.is_none() {
                break;
            }
        }
        self.report.rows += passed as u64;
        Ok(())
    }

    fn pages(
        &self,
        of: &OfficeConfiguration,
        passed: usize,
        one: &StatusPage,
        other: &StatusPage,
    ) -> Result<(), TransferError> {
        for (at, (row, found)) in one.rows.iter().zip(&other.rows).enumerate() {
            if let Some(what) = differing_member(row, found) {
                let device = row.device_name.as_deref().unwrap_or_default();
                let place = format!(
                    "check-in row {} of officeConfiguration {} (user {}, device {device:?})",
                    passed + at + 1,
                    of.id,
                    row.user_id,
                );
                return Err(self.differs(place, format!("{what} is not the same")));
            }
        }
        let place = format!("check-in rows of officeConfiguration {} from row {} on", of.id, passed + 1);
        self.same(&place, "rows", &one.rows.len(), &other.rows.len())?;
        self.same(&place, "count", &one.count, &other.count)?;
        if one.next != other.next {
            return Err(self.differs(place, "the next page begins elsewhere"));
        }
        Ok(())
    }

    /// On the day and on the last one on which clients checked in, of the configuration and of each client configuration.
    async fn summaries(&self, of: &OfficeConfiguration, today: i32) -> Result<(), TransferError> {
        let (one, other) = self.both(|store| store.fleet(self.caller.tenant, of.id)).await?;
        let newest = |fleet: &Option<super::Fleet>| fleet.as_ref().map(|fleet| fleet.newest);
        let place = format!("officeConfiguration {}", of.id);
        self.same(&place, "latest day of its check-ins", &newest(&one), &newest(&other))?;
        let clients: Vec<Option<ClientConfigurationId>> =
            std::iter::once(None).chain(of.clients.iter().map(|client| Some(client.id))).collect();
        let latest = newest(&one).filter(|day| *day != today);
        for day in std::iter::once(today).chain(latest) {
            for client in &clients {
                let (one, other) = self.both(|store| store.summary(&self.caller, of.id, *client, day)).await?;
                let place = match client {
                    None => place.clone(),
                    Some(id) => format!("client configuration {id}"),
                };
                self.same(&place, "summary", &one, &other)?;
            }
        }
        if one != other {
            return Err(self.differs(place, "what is counted of its check-ins by day is not the same"));
        }
        Ok(())
    }

    async fn logs(&mut self) -> Result<(), TransferError> {
        let tenant = self.caller.tenant;
        let (mut one, mut other) = (Log::of(self.from, tenant), Log::of(self.to, tenant));
        loop {
            let place = format!("change log behind version {}", one.after);
            let next = try_join(async { one.next().await.map_err(TransferError::source) }, async {
                other.next().await.map_err(TransferError::destination)
            });
            match next.await? {
                (None, None) => return Ok(()),
                (Some(one), Some(other)) => {
                    let place = format!("version {} in the change log", one.version);
                    self.same(&place, "version", &one.version, &other.version)?;
                    self.same(&place, "time", &one.ticks, &other.ticks)?;
                    // Not every store keeps U+0000 in a text.
                    self.same(&place, "who", &one.actor.replace('\0', ""), &other.actor.replace('\0', ""))?;
                    self.same(&place, "what changed", &one.changes, &other.changes)?;
                }
                (one, _) => {
                    let what = if one.is_some() { "it ends in the destination" } else { "it ends in the source" };
                    return Err(self.differs(place, what));
                }
            }
            self.report.commits += 1;
        }
    }
}

/// An instant with the form it was written in, which equal instants need not share.
fn told(at: DateTimeOffset) -> (i64, i32) {
    (at.ticks(), at.form())
}

/// The same of both instants of a stamp, and its version.
fn written(stamp: Stamp) -> ((i64, i32), (i64, i32), u64) {
    (told(stamp.created), told(stamp.modified), stamp.version)
}

fn is_same_payload(one: Option<&Payload>, other: Option<&Payload>) -> bool {
    one == other && one.map(|payload| told(payload.modified)) == other.map(|payload| told(payload.modified))
}

/// A change log, read in parts.
struct Log<'l> {
    of: &'l dyn Source,
    tenant: TenantId,
    after: u64,
    part: std::vec::IntoIter<LoggedCommit>,
}

impl<'l> Log<'l> {
    fn of(of: &'l dyn Source, tenant: TenantId) -> Self {
        Self { of, tenant, after: 0, part: Vec::new().into_iter() }
    }

    async fn next(&mut self) -> Result<Option<LoggedCommit>, StoreError> {
        if self.part.as_slice().is_empty() {
            self.part = patiently(|| self.of.log(self.tenant, self.after)).await?.into_iter();
        }
        let next = self.part.next();
        self.after = next.as_ref().map_or(self.after, |commit| commit.version);
        Ok(next)
    }
}

/// When each of the assignments was made and changed.
fn assigned(client: &ClientConfiguration) -> impl Iterator<Item = ((i64, i32), (i64, i32), u64)> {
    client.assignments.iter().map(|assignment| written(assignment.stamp))
}

/// The first part of a client configuration that is not the same.
fn differing_part(one: &ClientConfiguration, other: &ClientConfiguration) -> Option<&'static str> {
    let parts = [
        ("its place in the order", one.seq == other.seq),
        ("its type", one.kind == other.kind),
        ("displayName", one.display_name == other.display_name),
        ("description", one.description == other.description),
        ("priority", one.priority == other.priority),
        ("policyPayload", is_same_payload(one.policy_payload.as_deref(), other.policy_payload.as_deref())),
        (
            "userPreferencePayload",
            is_same_payload(one.user_preference_payload.as_deref(), other.user_preference_payload.as_deref()),
        ),
        ("what it is assigned to", one.assignments == other.assignments),
        ("when it was assigned", assigned(one).eq(assigned(other))),
    ];
    parts.into_iter().find(|(_, is_same)| !is_same).map(|(part, _)| part)
}

/// The first member of a check-in row that is not the same.
fn differing_member(one: &CheckinStatus, other: &CheckinStatus) -> Option<&'static str> {
    let members = [
        ("userId", one.user_id == other.user_id),
        ("userPrincipalName", one.user_principal_name == other.user_principal_name),
        ("deviceName", one.device_name == other.device_name),
        ("devicePlatform", one.device_platform == other.device_platform),
        ("devicePlatformVersion", one.device_platform_version == other.device_platform_version),
        ("wasSuccessful", one.was_successful == other.was_successful),
        ("checkinDateTime", told(one.checkin) == told(other.checkin)),
        ("errorMessage", one.error_message == other.error_message),
        ("appliedPolicies", one.applied_policies == other.applied_policies),
    ];
    members.into_iter().find(|(_, is_same)| !is_same).map(|(member, _)| member)
}
