//! Which cluster a tenant goes to: the routes that were asked for, in a bounded cache, and the choice for a tenant that is in none yet. It must never keep
//! a route that the directory did not give.

use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::name::ClusterName;
use crate::ids::TenantId;
use crate::limits::MAX_ROUTES;

/// Expected at first; it grows.
const ROUTES_EXPECTED: usize = 1_024;

/// The place of a cluster in the configuration.
pub(super) type At = usize;

/// Where tenants were when the directory was asked. One that moved since is told by its old cluster, which it has left.
pub(super) struct Routes(Cache<TenantId, At>);

impl Routes {
    pub(super) fn new() -> Self {
        Self(Cache::with_weighter(ROUTES_EXPECTED, MAX_ROUTES, UnitWeighter))
    }

    pub(super) fn get(&self, tenant: TenantId) -> Option<At> {
        self.0.get(&tenant)
    }

    pub(super) fn put(&self, tenant: TenantId, at: At) {
        self.0.insert(tenant, at);
    }

    pub(super) fn forget(&self, tenant: TenantId) {
        self.0.remove(&tenant);
    }
}

/// The cluster for a new tenant: rendezvous hashing, so that tenants spread evenly and every server would choose alike, whatever the order of the
/// clusters. The choice is written down; later ones do not depend on it.
pub(super) fn choose<'c>(
    tenant: TenantId,
    among: impl Iterator<Item = (At, &'c ClusterName)>,
) -> Option<(At, &'c ClusterName)> {
    let weight = |name: &ClusterName| {
        let digest = Sha256::new().chain_update(tenant.0.as_bytes()).chain_update(name.as_str());
        <[u8; 32]>::from(digest.finalize())
    };
    among.max_by_key(|(_, name)| weight(name))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn names(all: &[&str]) -> Vec<ClusterName> {
        all.iter().map(|name| ClusterName::try_from((*name).to_owned()).expect("a name")).collect()
    }

    fn chosen(tenant: u128, names: &[ClusterName]) -> &ClusterName {
        choose(TenantId(Uuid::from_u128(tenant)), names.iter().enumerate()).expect("one").1
    }

    #[test]
    fn the_choice_does_not_depend_on_order_and_a_further_cluster_only_takes_some() {
        let (three, turned, four) = (names(&["a", "b", "c"]), names(&["c", "a", "b"]), names(&["a", "b", "c", "d"]));
        let mut taken = 0;
        for tenant in 0..1_000 {
            assert_eq!(chosen(tenant, &three), chosen(tenant, &turned));
            let with_d = chosen(tenant, &four);
            if with_d.as_str() == "d" {
                taken += 1;
            } else {
                assert_eq!(with_d, chosen(tenant, &three));
            }
        }
        assert!((150..350).contains(&taken), "{taken} of 1,000 go to one of four");
    }

    #[test]
    fn where_none_takes_tenants_none_is_chosen() {
        assert!(choose(TenantId(Uuid::nil()), std::iter::empty()).is_none());
    }
}
