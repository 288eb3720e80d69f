//! Names of clusters, as the configuration file and the directory have them.

use std::fmt;

use crate::limits::MAX_CLUSTER_NAME;

/// The name of a cluster: letters a–z, digits and hyphens, and no hyphen first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClusterName(String);

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is no name of a cluster: it has up to {MAX_CLUSTER_NAME} of a–z, 0–9 and -, and does not begin with -"
)]
pub struct NoClusterName {
    given: String,
}

impl ClusterName {
    /// The text as it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClusterName {
    type Error = NoClusterName;

    fn try_from(given: String) -> Result<Self, NoClusterName> {
        let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = !given.is_empty()
            && given.len() <= MAX_CLUSTER_NAME
            && !given.starts_with('-')
            && given.bytes().all(is_fit);
        if is_name { Ok(Self(given)) } else { Err(NoClusterName { given }) }
    }
}

impl fmt::Display for ClusterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_plain() {
        let name = |text: &str| ClusterName::try_from(text.to_owned()).is_ok();
        assert!(name("a") && name("eu-2") && name("0") && name(&"x".repeat(MAX_CLUSTER_NAME)));
        let long = "x".repeat(MAX_CLUSTER_NAME + 1);
        for text in ["", "-a", "A", "a b", "a_b", "ä", "a/b", "a\n", long.as_str()] {
            assert!(!name(text), "{text:?}");
        }
    }
}
