//! The identities that the store knows: tenants, the things in them, and who is asking. It must never make an
//! id by chance: ids come in with the command.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

macro_rules! guid {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }
    };
}

guid!(
    /// A tenant (the `tid` of a token). Everything stored belongs to exactly one.
    TenantId
);
guid!(
    /// An officeConfiguration.
    ConfigurationId
);
guid!(
    /// An officeClientConfiguration.
    ClientConfigurationId
);
guid!(
    /// An assignment of a client configuration.
    AssignmentId
);

/// Who calls. Every call of the store takes one, so a query across tenants cannot be expressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The only tenant whose data the call can see.
    pub tenant: TenantId,
    /// Who it is within the tenant (user or application), for the change log.
    pub actor: Arc<str>,
}

/// Namespace of the ids of default configurations. Changing it would orphan every stored default one.
const DEFAULT_CONFIGURATION_NAMESPACE: Uuid = Uuid::from_u128(0x5d0c_6f0e_8a53_4c1b_9d43_0f1c_0ff1_cec0);

/// The id of a tenant's default configuration (ruling R2): derived from the tenant's id, so that it is the same
/// before the configuration is written, afterwards, and after it was deleted.
pub fn default_configuration_id(tenant: TenantId) -> ConfigurationId {
    ConfigurationId(Uuid::new_v5(&DEFAULT_CONFIGURATION_NAMESPACE, tenant.0.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r2_the_default_id_is_stable_and_differs_between_tenants() {
        let one = default_configuration_id(TenantId(Uuid::from_u128(1)));
        let two = default_configuration_id(TenantId(Uuid::from_u128(2)));
        assert_ne!(one, two);
        assert_eq!(one.to_string(), "cf218fb1-34be-5fff-86b4-2a5ab9c88530");
    }
}
