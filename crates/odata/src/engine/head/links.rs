//! What of a URL goes on to the next page and to the next delta request: the path and every option but those that say where
//! a page starts and ends.

use std::sync::Arc;

use crate::engine::tokens::{Continuation, TokenSeal, fingerprint, open_state, seal_state};
use crate::error::Error;
use crate::syntax::SystemOption;

/// The part of a URL that a next link repeats, as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Carried {
    path: Arc<str>,
    /// Options joined with `&`.
    options: String,
    /// `$deltatoken=…`, which a next link repeats and a delta link does not.
    delta: String,
}

impl Carried {
    /// From a path without slashes around it and the raw query.
    pub(crate) fn new(path: &Arc<str>, raw_query: &str) -> Self {
        let mut carried = Self { path: Arc::clone(path), options: String::new(), delta: String::new() };
        for option in raw_query.split('&').filter(|option| !option.is_empty()) {
            let name = option.split('=').next().unwrap_or("").replace("%24", "$");
            match SystemOption::by_name(&name) {
                Some(SystemOption::SkipToken | SystemOption::Top | SystemOption::Skip) => {}
                Some(SystemOption::DeltaToken) => option.clone_into(&mut carried.delta),
                _ => {
                    if !carried.options.is_empty() {
                        carried.options.push('&');
                    }
                    // A URL may hold these though RFC 3986 does not; a link must not.
                    let clean = option.replace('"', "%22").replace('<', "%3C").replace('>', "%3E");
                    carried.options.push_str(&clean);
                }
            }
        }
        carried
    }

    pub(crate) fn open(&self, token: &str, tokens: &dyn TokenSeal) -> Result<Continuation, Error> {
        Continuation::open(token, fingerprint([&*self.path, &self.options, &self.delta]), tokens)
    }

    pub(crate) fn open_delta(&self, token: &str, tokens: &dyn TokenSeal) -> Result<Arc<[u8]>, Error> {
        open_state(token, fingerprint([&*self.path, &self.options]), tokens)
    }

    /// The absolute link to what follows; its fingerprint is filled in here.
    pub(crate) fn link(&self, root: &str, continuation: Continuation, tokens: &dyn TokenSeal) -> String {
        let fingerprint = fingerprint([&*self.path, &self.options, &self.delta]);
        let token = Continuation { fingerprint, ..continuation }.seal(tokens);
        self.absolute(root, &[&self.delta, &format!("$skiptoken={token}")])
    }

    /// The absolute link to what will have changed since a state.
    pub(crate) fn delta_link(&self, root: &str, state: &[u8], tokens: &dyn TokenSeal) -> String {
        let token = seal_state(state, fingerprint([&*self.path, &self.options]), tokens);
        self.absolute(root, &[&format!("$deltatoken={token}")])
    }

    /// The absolute URL without any token.
    pub(crate) fn defining(&self, root: &str) -> String {
        self.absolute(root, &[])
    }

    fn absolute(&self, root: &str, more: &[&str]) -> String {
        let mut link = format!("{root}/{}", self.path);
        let mut separator = '?';
        for part in std::iter::once(&*self.options).chain(more.iter().copied()).filter(|part| !part.is_empty()) {
            link.push(separator);
            link.push_str(part);
            separator = '&';
        }
        link
    }
}
