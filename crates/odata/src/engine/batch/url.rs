//! The URL of a request in a batch, as a path below the service root. Knows nothing of what the path means.

use std::fmt::Write as _;

use crate::profile::Profile;

/// Path and query below the root, with a slash before it and nothing in it that a URL may not hold. Taken are: relative to
/// the root, with or without a slash; with the root's own path before it; absolute.
///
/// # Errors
/// Why not.
pub(super) fn below_root(url: &str, root: &str, profile: Profile) -> Result<String, &'static str> {
    let (origin, root_path) = origin_and_path(root);
    let url = url.trim();
    if url.is_empty() {
        return Err("is empty");
    }
    if url.contains('#') {
        return Err("has a fragment");
    }
    if url.starts_with("//") {
        return Err("is not a URL of this service");
    }
    let below = if is_absolute(url) {
        let (own, path) = origin_and_path(url);
        if !same_origin(own, origin) {
            return Err("is not a URL of this service");
        }
        without_root(path, root_path).ok_or("is not a URL of this service")?
    } else if url.starts_with('/') {
        without_root(url, root_path).unwrap_or(url)
    } else {
        // The version without a slash before it can only be meant as the version.
        let versioned = || root_path.strip_prefix('/').and_then(|prefix| without_root(url, prefix));
        if profile == Profile::Graph { versioned().unwrap_or(url) } else { url }
    };
    Ok(clean(below.trim_start_matches('/')))
}

/// Whether a path without slashes around it is `$batch`.
pub(super) fn is_batch(path: &str) -> bool {
    path == "$batch" || path.strip_prefix("%24") == Some("batch")
}

/// The path below the root of an absolute URL that this service made; `None` for any other.
pub(super) fn own_path<'u>(url: &'u str, root: &str) -> Option<&'u str> {
    let below = url.strip_prefix(root)?;
    (below.is_empty() || below.starts_with('/')).then(|| below.trim_start_matches('/'))
}

fn without_root<'u>(path: &'u str, root_path: &str) -> Option<&'u str> {
    let below = path.strip_prefix(root_path)?;
    (below.is_empty() || below.starts_with(['/', '?'])).then_some(below)
}

/// A scheme and an authority stand before any path. A key may hold `://` in a string.
fn is_absolute(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    })
}

/// Scheme and authority, and what is behind them.
fn origin_and_path(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find(['/', '?']).map_or(url.len(), |at| authority + at);
    url.split_at(end)
}

fn same_origin(one: &str, other: &str) -> bool {
    let plain = |origin: &str| {
        let origin = origin.to_ascii_lowercase();
        let default = if origin.starts_with("https:") { ":443" } else { ":80" };
        origin.strip_suffix(default).map_or_else(|| origin.clone(), str::to_owned)
    };
    plain(one) == plain(other)
}

/// Percent-encodes what clients write plainly inside a batch and no URL holds: blanks, quotes, letters beyond ASCII.
fn clean(url: &str) -> String {
    let mut out = String::with_capacity(url.len() + 1);
    out.push('/');
    for byte in url.bytes() {
        if byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::below_root;
    use crate::profile::Profile;

    #[test]
    fn all_ways_to_write_a_url_of_this_service_are_one() {
        for url in [
            "items?$top=1",
            "/items?$top=1",
            "/beta/items?$top=1",
            "beta/items?$top=1",
            "https://example.org/beta/items?$top=1",
            "HTTPS://Example.org:443/beta/items?$top=1",
            " items?$top=1",
        ] {
            let below = below_root(url, "https://example.org/beta", Profile::Graph);
            assert_eq!(below.as_deref(), Ok("/items?$top=1"), "{url}");
        }
    }

    #[test]
    fn other_services_and_fragments_are_refused() {
        for url in [
            "https://elsewhere.org/beta/items",
            "http://example.org/beta/items",
            "https://example.org/betas/items",
            "https://example.org/items",
            "//elsewhere.org/beta/items",
            "items#1",
            "",
            "ftp://example.org/beta/items",
        ] {
            assert!(below_root(url, "https://example.org/beta", Profile::Graph).is_err(), "{url}");
        }
    }

    #[test]
    fn what_a_url_cannot_hold_is_encoded_and_nothing_else() {
        let below = below_root("items?$filter=name eq 'ä%20|' and a/b gt 1", "https://example.org", Profile::Strict);
        assert_eq!(below.as_deref(), Ok("/items?$filter=name%20eq%20'%C3%A4%20%7C'%20and%20a/b%20gt%201"));
        assert_eq!(below_root("items('a://b')", "https://h", Profile::Strict).as_deref(), Ok("/items('a://b')"));
    }
}
