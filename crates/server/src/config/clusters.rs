//! `[[clusters]]`: several PostgreSQL databases in the place of one. It must never know how tenants are spread over them.

use serde::{Deserialize, Deserializer};
use store::placed::ClusterName;

use super::DatabaseUrl;

/// One of `[[clusters]]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterSection {
    /// What it is called, for good.
    #[serde(deserialize_with = "name")]
    pub name: ClusterName,
    /// Where it is.
    pub database: DatabaseUrl,
    /// New tenants may be placed in it.
    #[serde(default = "by_default")]
    pub new_tenants: bool,
}

fn by_default() -> bool {
    true
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ClusterName, D::Error> {
    ClusterName::try_from(String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
}

/// Clusters of which no two have one name.
pub(super) fn clusters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ClusterSection>, D::Error> {
    let all = Vec::<ClusterSection>::deserialize(deserializer)?;
    let mut names = std::collections::BTreeSet::new();
    match all.iter().find(|cluster| !names.insert(&cluster.name)) {
        Some(twice) => Err(serde::de::Error::custom(format!("two are named `{}`", twice.name))),
        None => Ok(all),
    }
}
