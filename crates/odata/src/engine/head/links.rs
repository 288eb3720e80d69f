//! What of a URL goes on to the next page: the path and every option but those that say where a page starts and ends.

use std::sync::Arc;

use crate::engine::tokens::{Continuation, TokenSeal, fingerprint};
use crate::error::Error;
use crate::syntax::SystemOption;

/// The part of a URL that a next link repeats, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    path: Arc<str>,
    /// Options joined with `&`.
    options: String,
}

impl Carried {
    /// From a path without slashes around it and the raw query.
    pub(crate) fn new(path: &Arc<str>, raw_query: &str) -> Self {
        let mut options = String::new();
        for option in raw_query.split('&').filter(|option| !option.is_empty()) {
            let name = option.split('=').next().unwrap_or("").replace("%24", "$");
            let stays = !matches!(
                SystemOption::by_name(&name),
                Some(SystemOption::SkipToken | SystemOption::Top | SystemOption::Skip)
            );
            if stays {
                if !options.is_empty() {
                    options.push('&');
                }
                // A URL may hold these though RFC 3986 does not; a link must not.
                options.push_str(&option.replace('"', "%22").replace('<', "%3C").replace('>', "%3E"));
            }
        }
        Self { path: Arc::clone(path), options }
    }

    fn fingerprint(&self) -> u64 {
        fingerprint([&*self.path, &self.options])
    }

    pub(crate) fn open(&self, token: &str, tokens: &dyn TokenSeal) -> Result<Continuation, Error> {
        Continuation::open(token, self.fingerprint(), tokens)
    }

    /// The absolute link to what follows.
    pub(crate) fn link(
        &self,
        root: &str,
        position: &Arc<[u8]>,
        top: Option<u64>,
        page_size: Option<u32>,
        tokens: &dyn TokenSeal,
    ) -> String {
        let position = Arc::clone(position);
        let continuation = Continuation { fingerprint: self.fingerprint(), top, page_size, position };
        let mut link = format!("{root}/{}?", self.path);
        link.push_str(&self.options);
        if !self.options.is_empty() {
            link.push('&');
        }
        link + "$skiptoken=" + &continuation.seal(tokens)
    }
}
