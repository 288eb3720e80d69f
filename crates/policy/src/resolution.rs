//! Ruling R7: from candidates to what a user gets on a platform, with the reason for each setting. One pure function. The order in which
//! candidates come does not count, nor how often one does.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use crate::document::{Document, Setting};
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
    pub reasons: Vec<Reason>,
    /// The settings of the unit on the platform.
    pub settings: Vec<Arc<Setting>>,
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
fn in_order(candidates: &[Candidate]) -> Vec<Candidate> {
    let mut sorted: Vec<Candidate> = candidates.to_vec();
    sorted.sort_by_key(|candidate| (candidate.priority, candidate.id));
    sorted.dedup_by(|later, earlier| {
        let is_same = later.id == earlier.id;
        if is_same {
            earlier.reasons.append(&mut later.reasons);
        }
        is_same
    });
    for candidate in &mut sorted {
        candidate.reasons.sort_unstable();
        candidate.reasons.dedup();
    }
    sorted
}

fn decide(
    candidates: &[Candidate],
    platform: Platform,
    stream: impl Fn(&Candidate) -> Option<&Document>,
) -> Vec<Decision> {
    let mut units: BTreeMap<&str, Vec<Claim>> = BTreeMap::new();
    for candidate in candidates {
        let settings = stream(candidate).map_or(&[][..], Document::settings);
        for setting in settings.iter().filter(|setting| setting.applies_to(platform)) {
            let claims = units.entry(&setting.parent_setting_id).or_default();
            match claims.last_mut().filter(|claim| claim.configuration == candidate.id) {
                Some(claim) => claim.settings.push(Arc::clone(setting)),
                None => claims.push(Claim {
                    configuration: candidate.id,
                    priority: candidate.priority,
                    reasons: candidate.reasons.clone(),
                    settings: vec![Arc::clone(setting)],
                }),
            }
        }
    }
    let decision = |claims: Vec<Claim>| {
        let mut claims = claims.into_iter();
        let winner = claims.next()?;
        let parent_setting_id = Arc::clone(&winner.settings.first()?.parent_setting_id);
        Some(Decision { parent_setting_id, winner, losers: claims.collect(), is_overruled: false })
    };
    units.into_values().filter_map(decision).collect()
}
