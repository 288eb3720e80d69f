//! Ruling R7 as properties over generated configurations, and the answers that follow.

use std::collections::BTreeSet;
use std::sync::Arc;

use policy::{Candidate, Decision, Document, Platform, Reason, Resolution, Stream, answer, differences, resolve};
use proptest::prelude::*;
use uuid::Uuid;

const PLATFORMS: [&str; 3] = ["", r#","applicablePlatforms":["Win32"]"#, r#","applicablePlatforms":["Mac","Web"]"#];

/// Documents over few units, so that they collide.
fn document() -> impl Strategy<Value = Option<Arc<Document>>> {
    let setting = (0..4_u8, 0..3_u8, 0..3_usize, any::<bool>(), 0..3_u32);
    let settings = prop::collection::btree_map((0..4_u8, 0..3_u8), setting, 0..6);
    prop::option::of(settings.prop_map(|settings| {
        let texts: Vec<String> = settings
            .into_iter()
            .map(|((unit, element), (_, _, platforms, enabled, value))| {
                format!(
                    r#"{{"settingId":"a;{unit}-{element}","parentSettingId":"a;{unit}","enabled":{enabled},"type":"REG_DWORD","value":"{value}"{}}}"#,
                    PLATFORMS[platforms]
                )
            })
            .collect();
        let text = format!("[{}]", texts.join(","));
        Arc::new(Document::parse(text.as_bytes()).expect("a good document"))
    }))
}

/// Candidates with unique ids and priorities.
fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    prop::collection::vec((document(), document()), 0..6).prop_map(|documents| {
        let candidate = |(at, (policies, preferences)): (usize, (_, _))| Candidate {
            id: Uuid::from_u128(at as u128 * 7 % 13),
            priority: i32::try_from(at).expect("few") * 2,
            reasons: vec![Reason::Group(format!("g{at}").into())],
            policies,
            preferences,
        };
        documents.into_iter().enumerate().map(candidate).collect()
    })
}

fn platform() -> impl Strategy<Value = Platform> {
    prop::sample::select(&Platform::ALL[..])
}

/// What a stream says of a unit, without those who lost.
fn outcome(decisions: &[Decision]) -> Vec<(String, Uuid, usize)> {
    let of = |decision: &Decision| {
        (decision.parent_setting_id.to_string(), decision.winner.configuration, decision.winner.settings.len())
    };
    decisions.iter().map(of).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_order_of_candidates_does_not_count(
        (candidates, shuffled) in candidates().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        platform in platform(),
    ) {
        prop_assert_eq!(resolve(&candidates, platform), resolve(&shuffled, platform));
    }

    #[test]
    fn giving_a_candidate_twice_changes_nothing(candidates in candidates(), platform in platform()) {
        let twice = [candidates.clone(), candidates.clone()].concat();
        prop_assert_eq!(resolve(&candidates, platform), resolve(&twice, platform));
    }

    #[test]
    fn removing_a_loser_changes_nothing(candidates in candidates(), platform in platform()) {
        let all = resolve(&candidates, platform);
        let decided = |resolution: &Resolution| -> BTreeSet<Uuid> {
            let both = resolution.policies.iter().chain(&resolution.preferences);
            both.map(|decision| decision.winner.configuration).collect()
        };
        let winners = decided(&all);
        for loser in candidates.iter().filter(|candidate| !winners.contains(&candidate.id)) {
            let rest: Vec<Candidate> = candidates.iter().filter(|other| other.id != loser.id).cloned().collect();
            let without = resolve(&rest, platform);
            prop_assert_eq!(outcome(&without.policies), outcome(&all.policies));
            prop_assert_eq!(outcome(&without.preferences), outcome(&all.preferences));
            prop_assert!(differences(&all, &without).is_empty());
        }
    }

    #[test]
    fn a_lower_priority_never_changes_what_is_there(
        candidates in candidates(), platform in platform(), policies in document(), preferences in document(),
    ) {
        let before = resolve(&candidates, platform);
        let id = Uuid::from_u128(99);
        let lower = Candidate { id, priority: 1_000, reasons: Vec::new(), policies, preferences };
        let after = resolve(&[candidates, vec![lower]].concat(), platform);
        for (before, after) in [(&before.policies, &after.policies), (&before.preferences, &after.preferences)] {
            let kept: Vec<_> = outcome(after).into_iter().filter(|(_, by, _)| *by != id).collect();
            prop_assert_eq!(kept, outcome(before));
        }
    }

    #[test]
    fn a_unit_comes_from_one_configuration_and_one_stream(candidates in candidates(), platform in platform()) {
        let resolution = resolve(&candidates, platform);
        let mut units = BTreeSet::new();
        for (_, decision) in resolution.sent() {
            prop_assert!(units.insert(&decision.parent_setting_id), "{decision:?} twice");
            let lowest = decision.losers.iter().map(|loser| loser.priority).min();
            prop_assert!(lowest.is_none_or(|lowest| decision.winner.priority < lowest));
            for setting in &decision.winner.settings {
                prop_assert!(setting.applies_to(platform) && setting.parent_setting_id == decision.parent_setting_id);
            }
        }
        // Nothing that somebody configured for the platform is forgotten.
        let asked = candidates.iter().flat_map(|candidate| [&candidate.policies, &candidate.preferences]).flatten();
        let settings = asked.flat_map(|document| document.settings()).filter(|setting| setting.applies_to(platform));
        let wanted: BTreeSet<_> = settings.map(|setting| &setting.parent_setting_id).collect();
        prop_assert_eq!(units, wanted);
    }

    #[test]
    fn equal_answers_have_equal_hashes_and_no_others(one in candidates(), other in candidates(), platform in platform()) {
        let render = |candidates: &[Candidate]| answer(&resolve(candidates, platform), platform, |_| 90);
        let (one, other) = (render(&one), render(&other));
        let value = |body: &str| body.split_once("\"value\":").map(|(_, value)| value.to_owned());
        prop_assert_eq!(one.hash == other.hash, value(&one.body) == value(&other.body));
        let parsed: serde_json::Value = serde_json::from_str(&one.body).expect("JSON");
        prop_assert_eq!(parsed["value"].as_array().map(|elements| !elements.is_empty()), Some(one.has_settings));
    }
}

fn candidate(id: u128, priority: i32, policies: &str, preferences: &str) -> Candidate {
    let document = |text: &str| (!text.is_empty()).then(|| Arc::new(Document::parse(text.as_bytes()).expect("good")));
    let (policies, preferences) = (document(policies), document(preferences));
    Candidate { id: Uuid::from_u128(id), priority, reasons: vec![Reason::AllUsers], policies, preferences }
}

#[test]
fn r7_an_answer_has_policies_first_and_preferences_second() {
    let one = candidate(
        1,
        0,
        r#"[{"settingId":"office16;L_A","type":"REG_DWORD","value":"1","valueName":"a","key":"common","extra":[1, 2]}]"#,
        r#"[{"settingId":"office16;L_A"},{"settingId":"office16;L_B","enabled":false}]"#,
    );
    let answer = answer(&resolve(&[one], Platform::Windows), Platform::Windows, |_| 90);
    let value = r#""value":[{"policyType":1,"priority":0,"policiesPayload":[{"app":"office16","platform":"Win32","settingId":"office16;L_A","parentSettingId":"office16;L_A","type":"REG_DWORD","value":"1","valueName":"a","key":"common","extra":[1,2]}]},{"policyType":2,"priority":0,"policiesPayload":[{"app":"office16","platform":"Win32","settingId":"office16;L_B","parentSettingId":"office16;L_B","enabled":false}]}]}"#;
    assert_eq!(answer.body, format!(r#"{{"policiesHash":"{}","fetchInterval":90,{value}"#, answer.hash));
}

#[test]
fn r7_preferences_alone_stand_behind_an_empty_element_of_policies() {
    let one = candidate(1, 0, "", r#"[{"settingId":"a;b"}]"#);
    let answer = answer(&resolve(&[one], Platform::Mac), Platform::Mac, |_| 90);
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(body["value"][0]["policiesPayload"], serde_json::json!([]));
    assert_eq!(body["value"][1]["policiesPayload"][0]["platform"], "Mac");
}

#[test]
fn the_hash_covers_the_interval() {
    let resolution = resolve(&[], Platform::Web);
    let hash = |minutes| answer(&resolution, Platform::Web, |_| minutes).hash;
    assert_ne!(hash(90), hash(1440));
    assert_eq!(hash(90), hash(90));
}

#[test]
fn a_difference_names_both_sides() {
    let before = resolve(&[candidate(1, 5, r#"[{"settingId":"a;x"},{"settingId":"a;y"}]"#, "")], Platform::Web);
    let higher = candidate(2, 1, r#"[{"settingId":"a;x","enabled":false}]"#, r#"[{"settingId":"a;z"}]"#);
    let after = resolve(&[candidate(1, 5, r#"[{"settingId":"a;x"}]"#, ""), higher], Platform::Web);
    let found = differences(&before, &after);
    let told: Vec<_> = found
        .iter()
        .map(|difference| {
            let by =
                |sent: &Option<policy::Sent>| sent.as_ref().map(|sent| (sent.configuration.as_u128(), sent.stream));
            (&*difference.setting_id, by(&difference.before), by(&difference.after))
        })
        .collect();
    let policy = |by| Some((by, Stream::Policy));
    assert_eq!(
        told,
        [("a;x", policy(1), policy(2)), ("a;y", policy(1), None), ("a;z", None, Some((2, Stream::Preference))),]
    );
}
