//! Whose turn it is to change a tenant. Requests change it beside each other; a group of requests that others keep overtaking gets it for
//! itself, so that it comes to an end however busy the tenant is. Nothing is right because of this: the store checks what a group
//! builds on. Whatever else comes to change tenants while the service runs takes its turn here too.

use std::array;

use odata::Error;
use store::TenantId;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::time::timeout;

use super::error::unavailable;
use crate::limits::{GROUP_TURNS, TURN_WAIT_MAX};

/// The turns. Waiting is in order, and bounded.
#[derive(Debug)]
pub(super) struct Turns([RwLock<()>; GROUP_TURNS]);

impl Turns {
    pub(super) fn new() -> Self {
        Self(array::from_fn(|_| RwLock::new(())))
    }

    /// A change beside others.
    ///
    /// # Errors
    /// 503 when that takes too long.
    pub(super) async fn beside_others(&self, tenant: TenantId) -> Result<RwLockReadGuard<'_, ()>, Error> {
        let lock = self.of(tenant);
        if let Ok(turn) = lock.try_read() {
            return Ok(turn);
        }
        timeout(TURN_WAIT_MAX, lock.read()).await.map_err(|_| unavailable(1))
    }

    /// No other change begins before this is dropped, and those that had begun have ended.
    ///
    /// # Errors
    /// 503 when that takes too long.
    pub(super) async fn alone(&self, tenant: TenantId) -> Result<RwLockWriteGuard<'_, ()>, Error> {
        timeout(TURN_WAIT_MAX, self.of(tenant).write()).await.map_err(|_| unavailable(1))
    }

    fn of(&self, tenant: TenantId) -> &RwLock<()> {
        let number = tenant.0.as_u128() % (GROUP_TURNS as u128);
        &self.0[usize::try_from(number).unwrap_or(0)]
    }
}
