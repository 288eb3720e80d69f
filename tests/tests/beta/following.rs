//! A client that follows a collection with `delta()`: it reads links and keeps a copy, as a real one does.

use std::collections::BTreeMap;

use e2e::Api;
use serde_json::Value;

use crate::{items, text};

/// A copy of a collection.
pub(crate) struct Copy {
    /// What is known, by id.
    pub(crate) entities: BTreeMap<String, Value>,
    /// Where to read on.
    pub(crate) link: String,
}

impl Copy {
    /// Of which nothing is known yet.
    pub(crate) fn at(url: &str) -> Self {
        Self { entities: BTreeMap::new(), link: url.to_owned() }
    }

    /// Everything from this URL on.
    #[track_caller]
    pub(crate) fn of(api: &Api, url: &str) -> Self {
        let mut copy = Self::at(url);
        copy.catch_up(api);
        copy
    }

    /// One page; false when it was the last of its round.
    #[track_caller]
    pub(crate) fn page(&mut self, api: &Api) -> bool {
        let page = api.get(&self.link).ok();
        for item in items(&page) {
            let id = text(item, "id").to_owned();
            if item["@removed"].is_null() {
                self.entities.insert(id, item.clone());
            } else {
                assert_eq!(item["@removed"]["reason"], "deleted");
                assert_eq!(item.as_object().map(serde_json::Map::len), Some(2), "{item}");
                self.entities.remove(&id);
            }
        }
        match (page["@odata.nextLink"].as_str(), page["@odata.deltaLink"].as_str()) {
            (Some(next), None) => {
                next.clone_into(&mut self.link);
                true
            }
            (None, Some(later)) => {
                later.clone_into(&mut self.link);
                false
            }
            _ => panic!("one link, and only one: {page}"),
        }
    }

    /// All pages of a round.
    #[track_caller]
    pub(crate) fn catch_up(&mut self, api: &Api) {
        while self.page(api) {}
    }

    /// What one page tells: ids that are there, and ids that are gone. It is the last of its round.
    #[track_caller]
    pub(crate) fn told(&mut self, api: &Api) -> (Vec<String>, Vec<String>) {
        let page = api.get(&self.link).ok();
        let (gone, there): (Vec<_>, Vec<_>) = items(&page).iter().partition(|item| item["@removed"].is_object());
        let ids = |items: Vec<&Value>| items.into_iter().map(|item| text(item, "id").to_owned()).collect();
        assert!(!self.page(api), "{page}");
        (ids(there), ids(gone))
    }

    /// Stops the test unless the copy is as the collection is.
    #[track_caller]
    pub(crate) fn is_as(&self, api: &Api, collection: &str) {
        let there = api.get(collection).ok();
        let there: BTreeMap<String, Value> =
            items(&there).iter().map(|item| (text(item, "id").to_owned(), item.clone())).collect();
        assert_eq!(self.entities, there);
    }
}
