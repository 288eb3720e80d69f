//! From stored client configurations to the candidates of a resolution: which apply to somebody with some groups, and what their payloads
//! say. Both planes ask here, so that what is explained is what is delivered.

use std::sync::Arc;

use bytes::Bytes;
use policy::{Candidate, Document, DocumentError, Reason, Stream};
use store::{Assignment, Caller, ClientConfiguration, ConfigurationId, PayloadKind, Store, StoreError, Target};
use uuid::Uuid;

use crate::documents::Documents;

/// A client configuration, perhaps otherwise than it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// As it is stored.
    pub client: Arc<ClientConfiguration>,
    /// 0 is the highest.
    pub priority: i32,
    /// Whom it is for.
    pub targets: Vec<Target>,
    /// Bytes in place of the stored policies.
    pub policies: Option<Bytes>,
    /// Bytes in place of the stored preferences.
    pub preferences: Option<Bytes>,
}

/// A payload of a configuration that applies, and takes no part (ruling R6).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ignored {
    pub configuration: Uuid,
    pub stream: Stream,
    pub why: DocumentError,
}

/// What applies to somebody.
#[derive(Debug, Default)]
pub(crate) struct Applying {
    pub candidates: Vec<Candidate>,
    pub ignored: Vec<Ignored>,
}

impl From<&Arc<ClientConfiguration>> for Draft {
    fn from(client: &Arc<ClientConfiguration>) -> Self {
        let targets = client.assignments.iter().filter_map(|assignment| Assignment::clone(assignment).target).collect();
        let (policies, preferences) = (None, None);
        Self { client: Arc::clone(client), priority: client.priority, targets, policies, preferences }
    }
}

impl Draft {
    /// Why it applies to somebody with these groups; empty when it does not.
    fn reasons(&self, groups: &[Arc<str>]) -> Vec<Reason> {
        let reason = |target: &Target| match target {
            Target::AllUsers => Some(Reason::AllUsers),
            Target::Group { group_id } => {
                let id = group(group_id);
                groups.contains(&id).then_some(Reason::Group(id))
            }
            // It applies to nobody.
            Target::Abstract => None,
        };
        self.targets.iter().filter_map(reason).collect()
    }
}

/// What of the drafts applies to somebody with these groups, spelt as [`group`] spells them.
///
/// # Errors
/// When a payload cannot be read.
pub(crate) async fn applying(
    documents: &Documents,
    store: &dyn Store,
    caller: &Caller,
    configuration: ConfigurationId,
    drafts: &[Draft],
    groups: &[Arc<str>],
) -> Result<Applying, StoreError> {
    let mut found = Applying::default();
    for draft in drafts {
        let reasons = draft.reasons(groups);
        if reasons.is_empty() {
            continue;
        }
        let mut read = async |which, given: &Option<Bytes>| {
            let read = match given {
                Some(bytes) => Some(Document::parse(bytes).map(Arc::new)),
                None => documents.of(store, caller, configuration, &draft.client, which).await?,
            };
            Ok::<_, StoreError>(read.transpose().unwrap_or_else(|why| {
                let stream = if which == PayloadKind::Policy { Stream::Policy } else { Stream::Preference };
                found.ignored.push(Ignored { configuration: draft.client.id.0, stream, why });
                None
            }))
        };
        let policies = read(PayloadKind::Policy, &draft.policies).await?;
        let preferences = read(PayloadKind::UserPreference, &draft.preferences).await?;
        let (id, priority) = (draft.client.id.0, draft.priority);
        found.candidates.push(Candidate { id, priority, reasons, policies, preferences });
    }
    Ok(found)
}

/// A group as tokens spell it: a GUID in lower case, anything else as it is.
pub(crate) fn group(id: &Arc<str>) -> Arc<str> {
    if Uuid::try_parse(id).is_ok() { id.to_ascii_lowercase().into() } else { Arc::clone(id) }
}
