//! How often a tenant, and an application within it, may call the plane (R11: more is 429). The only place that decides it, on every way a
//! request can take; it must never know what is asked.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, MonotonicClock};
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed, StateStore};
use governor::{Quota, RateLimiter};
use odata::{Error, ErrorKind};
use quick_cache::sync::Cache;
use uuid::Uuid;

use crate::auth::Principal;
use crate::config::{LimitsSection, RateSection};
use crate::limits::RATED_CALLERS_MAX;
use crate::metrics::Limited;

/// The rates that hold. Without any nothing is counted.
#[derive(Debug)]
pub(super) struct Rates {
    apps: Option<Limiter<App>>,
    tenants: Option<Limiter<Uuid>>,
}

/// An application in a tenant. Tokens that name none are one application.
type App = (Uuid, Option<Arc<str>>);

type Limiter<K> = RateLimiter<K, Kept<K>, MonotonicClock>;

impl Rates {
    pub(super) fn new(limits: &LimitsSection) -> Self {
        Self { apps: limits.admin_per_app.map(limiter), tenants: limits.admin_per_tenant.map(limiter) }
    }

    /// Counts one request of a caller, and says whether it is one too many.
    ///
    /// # Errors
    /// 429, with the time after which one is taken again; it is counted in `limited`.
    pub(super) fn admit(&self, caller: &Principal, limited: &Limited) -> Result<(), Error> {
        // The application first: what it is refused must not use up what its tenant's others have.
        if let Some(apps) = &self.apps {
            check(apps, &(caller.tenant, caller.app_id.clone())).inspect_err(|_| _ = limited.app.inc())?;
        }
        if let Some(tenants) = &self.tenants {
            check(tenants, &caller.tenant).inspect_err(|_| _ = limited.tenant.inc())?;
        }
        Ok(())
    }
}

fn limiter<K: Hash + Eq + Clone>(rate: RateSection) -> Limiter<K> {
    let quota = Quota::per_second(rate.requests_per_s).allow_burst(rate.burst);
    RateLimiter::new(quota, Kept(Cache::new(RATED_CALLERS_MAX)), MonotonicClock)
}

fn check<K: Hash + Eq + Clone>(limiter: &Limiter<K>, key: &K) -> Result<(), Error> {
    limiter.check_key(key).map_err(|early| too_many(early.wait_time_from(limiter.clock().now())))
}

/// 429. The wait is rounded up: who comes at its end is taken.
fn too_many(wait: Duration) -> Error {
    let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
    Error::new(ErrorKind::TooManyRequests, "Too many requests. Please retry again later.")
        .with_retry_after_s(seconds.max(1))
}

/// What each caller has used, for a bounded number of them: who has not called for long leaves first, and begins anew with a whole burst.
struct Kept<K>(Cache<K, Arc<InMemoryState>>);

impl<K> std::fmt::Debug for Kept<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").finish_non_exhaustive()
    }
}

impl<K: Hash + Eq + Clone> StateStore for Kept<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let state = match self.0.get(key) {
            Some(known) => known,
            None => {
                self.0.get_or_insert_with(key, || Ok::<_, std::convert::Infallible>(Arc::default())).unwrap_or_default()
            }
        };
        state.measure_and_replace(&NotKeyed::NonKey, decide)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::auth::{Access, Groups, Plane, PrincipalKind};

    fn caller(tenant: u128, app: Option<&str>) -> Principal {
        Principal {
            plane: Plane::Admin,
            tenant: Uuid::from_u128(tenant),
            kind: PrincipalKind::Application,
            user: None,
            app_id: app.map(Into::into),
            groups: Groups::Overage,
            access: Access::default(),
            expires: 0,
        }
    }

    /// One an hour is not given again while a test runs; a second is the longest that can be set, so bursts are what tests count.
    fn rate(burst: u32) -> Option<RateSection> {
        NonZeroU32::new(burst).map(|burst| RateSection { requests_per_s: NonZeroU32::MIN, burst })
    }

    #[test]
    fn more_callers_than_are_kept_do_not_take_more_room() {
        let limits = LimitsSection { admin_per_app: rate(1), admin_per_tenant: rate(1), ..LimitsSection::default() };
        let (rates, limited) = (Rates::new(&limits), Limited::default());
        let many = u128::try_from(RATED_CALLERS_MAX).expect("small") * 2;
        for tenant in 0..many {
            rates.admit(&caller(tenant, Some("app")), &limited).expect("its first");
        }
        let kept = rates.tenants.map(|limiter| limiter.into_state_store().0.len());
        assert!(kept.is_some_and(|kept| (1..=RATED_CALLERS_MAX).contains(&kept)), "{kept:?}");
    }

    #[test]
    fn what_an_application_is_refused_its_tenant_keeps() {
        let limits = LimitsSection { admin_per_app: rate(1), admin_per_tenant: rate(3), ..LimitsSection::default() };
        let (rates, limited) = (Rates::new(&limits), Limited::default());
        let admitted = |tenant, app| rates.admit(&caller(tenant, app), &limited).is_ok();
        assert!(admitted(1, Some("a")));
        for _ in 0..9 {
            rates.admit(&caller(1, Some("a")), &limited).expect_err("one too many");
        }
        assert_eq!([Some("b"), None, Some("c")].map(|app| admitted(1, app)), [true, true, false]);
        assert!(admitted(2, Some("a")), "another tenant's application of the same id is another");
        assert_eq!((limited.app.get(), limited.tenant.get()), (9, 1));
    }

    #[test]
    fn the_wait_is_rounded_up_and_never_nothing() {
        let told = |millis| too_many(Duration::from_millis(millis)).retry_after_s;
        assert_eq!([0, 1, 1_000, 1_001].map(told), [1, 1, 1, 2].map(Some));
    }
}
