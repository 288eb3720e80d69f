//! Entity tags: weak, made from versions. The first part is the version that preconditions compare inside the commit;
//! what follows only makes a computed representation's tag move when its rows or the day do.

use std::sync::Arc;

use odata::engine::EntityTags;
use store::Versions;

/// The tag of a thing that depends on its own version alone.
pub(crate) fn plain(version: u64) -> Arc<str> {
    format!("W/\"{version:x}\"").into()
}

/// The tag of a representation that also shows check-ins.
pub(crate) fn computed(version: u64, status_version: u64, day: Option<i32>) -> Arc<str> {
    match day {
        Some(day) => format!("W/\"{version:x}.{status_version:x}.{day:x}\"").into(),
        None => format!("W/\"{version:x}.{status_version:x}\"").into(),
    }
}

/// The versions that a precondition names. A tag that is not ours matches nothing.
pub(crate) fn versions(tags: &EntityTags) -> Versions {
    match tags {
        EntityTags::Any => Versions::Any,
        EntityTags::List(list) => Versions::List(list.iter().filter_map(|tag| version(tag)).collect()),
    }
}

fn version(tag: &str) -> Option<u64> {
    let first = tag.split('.').next()?;
    u64::from_str_radix(first, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_understood_again_and_a_foreign_one_matches_nothing() {
        let opaque = |tag: Arc<str>| tag.trim_start_matches("W/").trim_matches('"').to_owned();
        assert_eq!(version(&opaque(plain(300))), Some(300));
        assert_eq!(version(&opaque(computed(300, 7, Some(20_000)))), Some(300));
        assert_eq!(version("not-ours"), None);
    }
}
