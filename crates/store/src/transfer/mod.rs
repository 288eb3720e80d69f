//! Copies tenants whole from one store into a PostgreSQL database, so that an organisation can grow without losing anything, and compares two
//! stores. Nobody may change a tenant in its source meanwhile: whoever asks for a copy sees to that. It must never know SQL, nor write anywhere but
//! by `PostgresStore::arrive`, which puts a tenant there whole or not at all.

mod compare;
mod source;

use std::sync::Arc;

use crate::Store;
use crate::error::{CommitError, StoreError};
use crate::ids::{Caller, TenantId};
use crate::postgres::{Arrival, PostgresStore, State};
use crate::snapshot::TenantSnapshot;
pub use compare::Difference;
pub(crate) use source::patiently;
pub use source::{Counted, Fleet, LoggedCommit, Numbered, Source};

/// What is being done with a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It is there already, and is compared before anything is changed.
    Found,
    /// It is copied.
    Copying,
    /// It is compared.
    Comparing,
}

/// What is told while it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// A tenant's turn has come.
    Tenant {
        /// What is done with it.
        stage: Stage,
        /// Which.
        tenant: TenantId,
        /// Of those that have a turn in this stage, the how manieth, from 1.
        nth: usize,
        /// How many have one.
        of: usize,
    },
    /// So many more check-in rows are done.
    Rows(usize),
}

/// Who is told.
pub type Tell<'t> = dyn Fn(Progress) + Send + Sync + 't;

/// What is the same in both stores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Tenants.
    pub tenants: u64,
    /// Of those, how many were copied just now.
    pub copied: u64,
    /// officeConfigurations.
    pub configurations: u64,
    /// Client configurations.
    pub clients: u64,
    /// Check-in rows, those that an administrator wrote too.
    pub rows: u64,
    /// Bytes of payloads.
    pub payload_bytes: u64,
    /// Commits in the change logs.
    pub commits: u64,
}

/// Why a copy did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// A tenant is there already, and is another. Nothing was changed.
    #[error("tenant {} is in the destination already and is not the same: {}, {}; nothing was copied", .0.tenant, .0.place, .0.what)]
    Taken(Difference),
    /// Somebody else made the tenant in the destination meanwhile.
    #[error(
        "tenant {tenant} was made in the destination by somebody else meanwhile: let no service use it before the copy is done"
    )]
    Made {
        /// The tenant.
        tenant: TenantId,
    },
    /// What was compared is not the same.
    #[error("{0}")]
    Differs(Difference),
    /// One of the two could not be read.
    #[error("the {side} could not be read")]
    Read {
        /// Which: source or destination.
        side: &'static str,
        /// Why not.
        #[source]
        cause: StoreError,
    },
    /// The destination could not be written. Nothing of this tenant is there, unless the cause says that it is not known.
    #[error("tenant {tenant} could not be written")]
    Write {
        /// The tenant.
        tenant: TenantId,
        /// Why not.
        #[source]
        cause: CommitError,
    },
}

impl TransferError {
    fn source(cause: StoreError) -> Self {
        Self::Read { side: "source", cause }
    }

    fn destination(cause: StoreError) -> Self {
        Self::Read { side: "destination", cause }
    }
}

/// Who reads.
fn caller(tenant: TenantId) -> Caller {
    Caller { tenant, actor: Arc::from("copy") }
}

/// A copy of all tenants of a store.
pub struct Transfer<'t> {
    from: &'t dyn Source,
    to: &'t PostgresStore,
    becomes: State,
    today: i32,
    tell: &'t Tell<'t>,
    missing: Vec<TenantId>,
    report: Report,
}

impl<'t> Transfer<'t> {
    fn of(from: &'t dyn Source, to: &'t PostgresStore, becomes: State, today: i32, tell: &'t Tell<'t>) -> Self {
        Self { from, to, becomes, today, tell, missing: Vec::new(), report: Report::default() }
    }

    /// Of one tenant that is being moved: it is paused where it is, and becomes so where it goes. What an earlier move left there is replaced.
    pub(crate) fn of_moved(
        tenant: TenantId,
        from: &'t dyn Source,
        to: &'t PostgresStore,
        today: i32,
        tell: &'t Tell<'t>,
    ) -> Self {
        Self { missing: vec![tenant], ..Self::of(from, to, State::Paused, today, tell) }
    }

    /// Looks at what there is. A tenant that is in the destination already is compared: an interrupted copy is gone on with. Nothing is changed.
    /// `today` is the UTC day of the summaries that are compared, in days since 1970-01-01.
    ///
    /// # Errors
    /// When a tenant is in the destination and is another one, or something cannot be read.
    pub async fn begin(
        from: &'t dyn Source,
        to: &'t PostgresStore,
        today: i32,
        tell: &'t Tell<'t>,
    ) -> Result<Self, TransferError> {
        let mut transfer = Self::of(from, to, State::Here, today, tell);
        let mut found = Vec::new();
        for tenant in from.tenants().await.map_err(TransferError::source)? {
            let there = to.snapshot(&caller(tenant)).await.map_err(TransferError::destination)?;
            let list = if there.version() == 0 { &mut transfer.missing } else { &mut found };
            list.push(tenant);
        }
        transfer.compare(&found, Stage::Found).await.map_err(|error| match error {
            TransferError::Differs(difference) => TransferError::Taken(difference),
            other => other,
        })?;
        Ok(transfer)
    }

    /// Copies what is missing, tenant by tenant, and compares it with what is there then.
    ///
    /// # Errors
    /// At the first tenant that could not be copied, or is not the same afterwards. Those before it are there.
    pub async fn run(mut self) -> Result<Report, TransferError> {
        let missing = std::mem::take(&mut self.missing);
        for (at, tenant) in missing.iter().enumerate() {
            self.turn(Stage::Copying, *tenant, at, missing.len());
            let whole = self.from.snapshot(&caller(*tenant)).await.map_err(TransferError::source)?;
            self.copy(&whole).await?;
            self.report.copied += 1;
        }
        self.compare(&missing, Stage::Comparing).await?;
        Ok(self.report)
    }

    async fn copy(&self, whole: &TenantSnapshot) -> Result<(), TransferError> {
        let tenant = whole.tenant();
        match self.to.arrive(self.from, whole, self.becomes, self.tell).await {
            Ok(Arrival::Made) => Ok(()),
            Ok(Arrival::Taken) => Err(TransferError::Made { tenant }),
            Err(Refused::Source(cause)) => Err(TransferError::source(cause)),
            Err(Refused::Destination(cause)) => Err(TransferError::Write { tenant, cause }),
        }
    }

    async fn compare(&mut self, tenants: &[TenantId], stage: Stage) -> Result<(), TransferError> {
        for (at, tenant) in tenants.iter().enumerate() {
            self.turn(stage, *tenant, at, tenants.len());
            compare::tenant(self.from, self.to, *tenant, self.today, self.tell, &mut self.report).await?;
        }
        Ok(())
    }

    fn turn(&self, stage: Stage, tenant: TenantId, at: usize, of: usize) {
        (self.tell)(Progress::Tenant { stage, tenant, nth: at + 1, of });
    }
}

/// Why a tenant did not arrive.
#[derive(Debug)]
pub(crate) enum Refused {
    /// It could not be read where it comes from.
    Source(StoreError),
    /// It could not be written.
    Destination(CommitError),
}

/// Compares all tenants of a store with those of another one, which may have more. Reads only.
///
/// # Errors
/// At the first difference, which names its place, or when something cannot be read.
pub async fn compare(from: &dyn Source, to: &dyn Source, today: i32, tell: &Tell<'_>) -> Result<Report, TransferError> {
    let mut report = Report::default();
    let tenants = from.tenants().await.map_err(TransferError::source)?;
    for (at, tenant) in tenants.iter().enumerate() {
        tell(Progress::Tenant { stage: Stage::Comparing, tenant: *tenant, nth: at + 1, of: tenants.len() });
        compare::tenant(from, to, *tenant, today, tell, &mut report).await?;
    }
    Ok(report)
}
