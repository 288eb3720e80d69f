//! What changes for a user between two resolutions, setting by setting: the answer of a what-if.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::document::Setting;
use crate::resolution::{Resolution, Stream};

/// A setting as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// In which stream.
    pub stream: Stream,
    /// By which configuration.
    pub configuration: Uuid,
    /// The setting.
    pub setting: Arc<Setting>,
}

/// A setting that is sent otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `settingId`
    pub setting_id: Arc<str>,
    /// As it was; `None`: it was not sent.
    pub before: Option<Sent>,
    /// As it would be; `None`: it would not be sent.
    pub after: Option<Sent>,
}

/// The settings that are sent otherwise, by id. That another configuration gives the same is a difference, too.
///
/// ```
/// use policy::{Platform, differences, resolve};
///
/// let resolution = resolve(&[], Platform::Windows);
/// assert!(differences(&resolution, &resolution).is_empty());
/// ```
pub fn differences(before: &Resolution, after: &Resolution) -> Vec<Difference> {
    let mut settings: BTreeMap<Arc<str>, (Option<Sent>, Option<Sent>)> = BTreeMap::new();
    for (id, sent) in sent(before) {
        settings.entry(id).or_default().0 = Some(sent);
    }
    for (id, sent) in sent(after) {
        settings.entry(id).or_default().1 = Some(sent);
    }
    let differs = settings.into_iter().filter(|(_, (before, after))| before != after);
    differs.map(|(setting_id, (before, after))| Difference { setting_id, before, after }).collect()
}

fn sent(resolution: &Resolution) -> impl Iterator<Item = (Arc<str>, Sent)> {
    resolution.sent().flat_map(|(stream, decision)| {
        let configuration = decision.winner.configuration;
        let settings = decision.winner.settings.iter();
        settings.map(move |setting| {
            (Arc::clone(&setting.setting_id), Sent { stream, configuration, setting: Arc::clone(setting) })
        })
    })
}
