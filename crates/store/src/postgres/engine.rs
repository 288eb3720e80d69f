//! What all parts of the store work with: connections, the tenants in memory, and how the one is read into the other. It must never write.

use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use uuid::Uuid;

use super::connect::{Pool, Session};
use super::control::Control;
use super::failure::Failure;
use super::health::Trouble;
use super::hints::Hints;
use super::loaded::{Counts, Known, Loaded};
use super::replicas::Untidy;
use super::retry::{Attempts, Ids};
use super::standing::Standing;
use super::tx::{Mode, Tx};
use super::{fleet, load};
use crate::changes::Retention;
use crate::ids::TenantId;
use crate::limits::{CONFIRM_DEADLINE, READ_DEADLINE};
use crate::observer::Observer;
use crate::snapshot::TenantSnapshot;

pub(super) struct Engine {
    pub(super) pool: Pool,
    pub(super) control: Control,
    pub(super) loaded: Loaded,
    pub(super) ids: Ids,
    pub(super) trouble: Trouble,
    pub(super) untidy: Untidy,
    pub(super) hints: Hints,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) retention: Retention,
    loading: [tokio::sync::Mutex<()>; LOADING_LOCKS],
}

/// Locks that keep two readers from loading one tenant at the same time.
const LOADING_LOCKS: usize = 16;

/// What check-ins add to a tenant: it has no version that would say whether it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counting {
    /// Asked for.
    Now,
    /// As it was when the tenant was read.
    AsKnown,
}

/// What a read does in its transaction, with the tenant as it is there.
pub(super) type Reading<'w, T> = BoxFuture<'w, Result<T, Failure>>;

impl Engine {
    pub(super) fn new(
        pool: Pool,
        control: Control,
        budget: usize,
        ids: Ids,
        observer: Arc<dyn Observer>,
        retention: Retention,
    ) -> Self {
        let loading = std::array::from_fn(|_| tokio::sync::Mutex::default());
        let (loaded, trouble) = (Loaded::new(budget), Trouble::default());
        let (untidy, hints) = (Untidy::default(), Hints::default());
        Self { pool, control, loaded, ids, trouble, untidy, hints, observer, retention, loading }
    }

    /// Has a connection ready that knows the tables, so that whoever asks first need not wait for one.
    pub(super) async fn warm(&self) -> Result<(), Failure> {
        let nobody = TenantId(Uuid::nil());
        let (tx, _) = Tx::begin(&self.pool, nobody, Mode::Look).await?;
        load::snapshot(&tx, nobody, 1).await?;
        fleet::counts(&*tx, nobody).await?;
        fleet::newest(&*tx, nobody, 0).await?;
        tx.end();
        self.control.standing(nobody).await?;
        Ok(())
    }

    /// The tenant as the primary has it now.
    pub(super) async fn confirmed(&self, tenant: TenantId, counting: Counting) -> Result<Known, Failure> {
        let Some(known) = self.loaded.find(tenant) else { return self.load(tenant, 0).await };
        if known.recorded.is_empty() || counting == Counting::AsKnown {
            let standing = self.standing(tenant).await?;
            if let Err(gone) = standing.may_be_read() {
                self.loaded.forget(tenant);
                return Err(gone);
            }
            let version = standing.version;
            // By now it may be even newer.
            return match self.loaded.find(tenant) {
                Some(known) if known.version() >= version => Ok(known),
                _ => self.load(tenant, version).await,
            };
        }
        // What check-ins add has no version: it is asked for too.
        self.read(tenant, |_, known| Box::pin(async move { Ok(known.clone()) })).await
    }

    /// Where the tenant stands on the primary; the connection may have ended while nobody asked.
    async fn standing(&self, tenant: TenantId) -> Result<Standing, Failure> {
        let mut attempts = Attempts::new(&self.ids, CONFIRM_DEADLINE);
        loop {
            match self.control.standing(tenant).await {
                Err(failure) => attempts.after(failure).await?,
                standing => return standing,
            }
        }
    }

    /// Loads a tenant into memory, unless it has come there at this version meanwhile.
    pub(super) async fn load(&self, tenant: TenantId, at_least: u64) -> Result<Known, Failure> {
        let lock = usize::try_from(tenant.0.as_u128() % (LOADING_LOCKS as u128)).unwrap_or(0);
        let _one_at_a_time = self.loading[lock].lock().await;
        if at_least > 0
            && let Some(known) = self.loaded.find(tenant).filter(|known| known.version() >= at_least)
        {
            return Ok(known);
        }
        self.read(tenant, |_, known| Box::pin(async move { Ok(known.clone()) })).await
    }

    /// Reads one state of the database, together with the tenant as it is in that state.
    pub(super) async fn read<T: Send>(
        &self,
        tenant: TenantId,
        work: impl for<'w> Fn(&'w Tx, &'w Known) -> Reading<'w, T> + Sync,
    ) -> Result<T, Failure> {
        let began = Instant::now();
        let mut attempts = Attempts::new(&self.ids, READ_DEADLINE);
        let mut mode = Mode::Read;
        loop {
            let left = READ_DEADLINE.saturating_sub(began.elapsed());
            let read = tokio::time::timeout(left, self.read_once(tenant, mode, &work)).await;
            match read.unwrap_or(Err(Failure::Late)) {
                Err(Failure::Late) if mode == Mode::Read && began.elapsed() < READ_DEADLINE => {
                    tracing::debug!("a read takes long; it is begun anew, planned for many rows");
                    mode = Mode::ReadMany;
                }
                Err(Failure::Gone) => {
                    self.loaded.forget(tenant);
                    return Err(Failure::Gone);
                }
                Err(failure) => attempts.after(failure).await?,
                read => return read,
            }
        }
    }

    async fn read_once<T: Send>(
        &self,
        tenant: TenantId,
        mode: Mode,
        work: &(impl for<'w> Fn(&'w Tx, &'w Known) -> Reading<'w, T> + Sync),
    ) -> Result<T, Failure> {
        let epoch = self.loaded.epoch();
        let expected = self.loaded.find(tenant).is_some_and(|known| !known.recorded.is_empty());
        let (tx, standing, counts) =
            Tx::begin_with(&self.pool, tenant, mode, |session| counts(session, tenant, expected)).await?;
        let version = standing.unwrap_or_default().version;
        let (base, recorded) = match self.loaded.find(tenant) {
            Some(known) if known.version() == version => (known.base, known.recorded),
            _ => {
                let base = if version == 0 {
                    TenantSnapshot::empty(tenant)
                } else {
                    load::snapshot(&tx, tenant, version).await?
                };
                let known = Known::read(base, &Counts::new());
                (known.base, known.recorded)
            }
        };
        let counts = if recorded.is_empty() || expected { counts } else { fleet::counts(&*tx, tenant).await? };
        let known = Known::new(base, recorded, &counts);
        self.loaded.keep(known.clone(), epoch);
        let done = work(&tx, &known).await?;
        tx.end();
        Ok(done)
    }
}

/// What check-ins add to a tenant, where they are expected to add something.
pub(super) fn counts(
    session: &Session,
    tenant: TenantId,
    expected: bool,
) -> BoxFuture<'_, Result<Counts, tokio_postgres::Error>> {
    if expected { fleet::counts(session, tenant).boxed() } else { ready(Ok(Counts::new())).boxed() }
}
