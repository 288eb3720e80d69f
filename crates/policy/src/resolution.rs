//! Ruling R7: from candidates to what a user gets on a platform, with the reason for each setting. One pure function. The order in which
//! candidates come does not count, nor how often one does.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::Arc;

use uuid::Uuid;

use crate::document::{Document, Settings, Unit};
use crate::platform::Platform;

/// Why a configuration applies to a user.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// It is assigned to all users.
    AllUsers,
    /// It is assigned to this group of the user.
    Group(Arc<str>),
}

/// A configuration that applies to a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its id.
    pub id: Uuid,
    /// 0 is the highest.
    pub priority: i32,
    /// Why it applies.
    pub reasons: Vec<Reason>,
    /// `policyPayload`, where it is a settings document.
    pub policies: Option<Arc<Document>>,
    /// `userPreferencePayload`, where it is a settings document.
    pub preferences: Option<Arc<Document>>,
}

/// Which of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Settings that users cannot change.
    Policy,
    /// Settings that users can change.
    Preference,
}

/// What a configuration says of a unit of merging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Whose it is.
    pub configuration: Uuid,
    /// Its priority.
    pub priority: i32,
    /// Why the configuration applies.
    pub reasons: Arc<[Reason]>,
    /// The settings of the unit on the platform.
    pub settings: Settings,
}

/// A unit of merging (`parentSettingId`) and who decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The unit.
    pub parent_setting_id: Arc<str>,
    /// Whose settings are sent.
    pub winner: Claim,
    /// Whose are not, by priority.
    pub losers: Vec<Claim>,
    /// Of a preference: a policy decides the unit, so that it is not sent.
    pub is_overruled: bool,
}

/// What a user gets on a platform, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resolution {
    /// Decisions of the policy stream, by unit.
    pub policies: Vec<Decision>,
    /// Decisions of the preference stream, by unit.
    pub preferences: Vec<Decision>,
}

impl Resolution {
    /// The decisions whose settings are sent, by stream and unit.
    ///
    /// ```
    /// # let document = |text: &str| policy::Document::parse(text.as_bytes()).ok().map(Into::into);
    /// use policy::{Candidate, Platform, Stream, resolve};
    ///
    /// let one = Candidate {
    ///     id: uuid::Uuid::from_u128(1),
    ///     priority: 0,
    ///     reasons: Vec::new(),
    ///     policies: document(r#"[{"settingId":"a;both"}]"#),
    ///     preferences: document(r#"[{"settingId":"a;both"},{"settingId":"a;own"}]"#),
    /// };
    /// let resolution = resolve(&[one], Platform::Web);
    /// let sent: Vec<_> = resolution.sent().map(|(stream, decision)| (stream, &*decision.parent_setting_id)).collect();
    /// assert_eq!(sent, [(Stream::Policy, "a;both"), (Stream::Preference, "a;own")]);
    /// ```
    pub fn sent(&self) -> impl Iterator<Item = (Stream, &Decision)> {
        let policies = self.policies.iter().map(|decision| (Stream::Policy, decision));
        let preferences = self.preferences.iter().filter(|decision| !decision.is_overruled);
        policies.chain(preferences.map(|decision| (Stream::Preference, decision)))
    }

    /// The ids of the configurations that give at least one setting that is sent, in order, each once: `appliedPolicies`.
    ///
    /// ```
    /// assert!(policy::resolve(&[], policy::Platform::Mac).applied().is_empty());
    /// ```
    pub fn applied(&self) -> Vec<Uuid> {
        let mut ids: Vec<Uuid> = self.sent().map(|(_, decision)| decision.winner.configuration).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

/// Merges what the candidates say (ruling R7): only settings for the platform count; of each unit the candidate with the lowest priority
/// number wins whole; the streams merge apart, and a unit that is decided in both is sent as policy only.
///
/// ```
/// # let document = |text: &str| policy::Document::parse(text.as_bytes()).ok().map(std::sync::Arc::new);
/// use policy::{Candidate, Platform, resolve};
/// use uuid::Uuid;
///
/// let candidate = |id, text: &str| Candidate {
///     id: Uuid::from_u128(id),
///     priority: i32::try_from(id).unwrap_or_default(),
///     reasons: Vec::new(),
///     policies: document(text),
///     preferences: None,
/// };
/// let first = candidate(1, r#"[{"settingId":"a;x","enabled":false}]"#);
/// let second = candidate(2, r#"[{"settingId":"a;x"},{"settingId":"a;y"}]"#);
/// let resolution = resolve(&[second, first], Platform::Ios);
/// assert!(!resolution.policies[0].winner.settings[0].enabled, "a disabled policy competes");
/// assert_eq!(resolution.applied().len(), 2, "a setting of only one applies");
/// ```
pub fn resolve(candidates: &[Candidate], platform: Platform) -> Resolution {
    let candidates = in_order(candidates);
    let policies = decide(&candidates, platform, |candidate| candidate.policies.as_deref());
    let mut preferences = decide(&candidates, platform, |candidate| candidate.preferences.as_deref());
    for preference in &mut preferences {
        let unit = &preference.parent_setting_id;
        preference.is_overruled = policies.binary_search_by(|policy| policy.parent_setting_id.cmp(unit)).is_ok();
    }
    Resolution { policies, preferences }
}

/// Highest first, each configuration once with all reasons that were given for it.
fn in_order(candidates: &[Candidate]) -> Vec<(&Candidate, Arc<[Reason]>)> {
    let mut sorted: Vec<&Candidate> = candidates.iter().collect();
    sorted.sort_by_key(|candidate| (candidate.priority, candidate.id));
    let same = sorted.chunk_by(|one, other| one.id == other.id);
    same.map(|same| {
        let mut reasons: Vec<Reason> = same.iter().flat_map(|candidate| &candidate.reasons).cloned().collect();
        reasons.sort_unstable();
        reasons.dedup();
        (same[0], reasons.into())
    })
    .collect()
}

/// A unit among those that were met, by the hash that it has already.
struct Met<'d>(&'d Unit);

impl Hash for Met<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.hash);
    }
}

impl PartialEq for Met<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0.hash == other.0.hash && self.0.id == other.0.id
    }
}

impl Eq for Met<'_> {}

/// Takes the hash that a key has.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

fn decide<'c>(
    candidates: &[(&'c Candidate, Arc<[Reason]>)],
    platform: Platform,
    stream: impl Fn(&'c Candidate) -> Option<&'c Document>,
) -> Vec<Decision> {
    let mut met: HashMap<Met<'c>, usize, BuildHasherDefault<AsItIs>> = HashMap::default();
    let mut decisions: Vec<Decision> = Vec::new();
    for (candidate, reasons) in candidates {
        let Some(document) = stream(candidate) else { continue };
        for (unit, settings) in document.units(platform) {
            let (configuration, priority) = (candidate.id, candidate.priority);
            let claim = Claim { configuration, priority, reasons: Arc::clone(reasons), settings };
            match met.entry(Met(unit)) {
                Entry::Occupied(place) => decisions[*place.get()].losers.push(claim),
                Entry::Vacant(place) => {
                    place.insert(decisions.len());
                    let parent_setting_id = Arc::clone(&unit.id);
                    decisions.push(Decision {
                        parent_setting_id,
                        winner: claim,
                        losers: Vec::new(),
                        is_overruled: false,
                    });
                }
            }
        }
    }
    // Stable, for it is quick where much is in order already, as the units of each document are.
    decisions.sort_by(|one, other| one.parent_setting_id.cmp(&other.parent_setting_id));
    decisions
}
