//! What the operations of ruling R14 share: who is asked about, and settings as values of the model. It decides nothing of what applies.

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use odata::{Error, Value};
use policy::{Claim, Decision, Platform, Reason, Resolution, Setting, Stream};
use uuid::Uuid;

use super::cx::Cx;
use super::error::store_error;
use super::resource::Estate;
use crate::applying::{self, Applying, Draft};

/// Somebody on a platform, with groups.
pub(crate) struct Somebody {
    pub platform: Platform,
    pub groups: Vec<Arc<str>>,
}

impl Somebody {
    /// From the first parameters of the operations: `platform`, `userId`, `groupIds`. Nothing here knows the groups of a user by its id:
    /// that is for people to read, until there is a directory.
    ///
    /// # Errors
    /// 400 names the parameter.
    pub(crate) fn of(parameters: &[Option<Value>]) -> Result<Self, Error> {
        // The members of the enumeration are numbered in this order.
        let number = match parameters.first() {
            Some(Some(Value::Enum(number))) => usize::try_from(*number).ok(),
            _ => None,
        };
        let platform = number.and_then(|number| Platform::ALL.get(number)).copied();
        let platform = platform.ok_or_else(|| Error::bad_request("A platform is expected.").at("platform"))?;
        Ok(Self { platform, groups: groups(parameters.get(2).and_then(Option::as_ref)) })
    }
}

/// Groups as tokens spell them.
pub(crate) fn groups(given: Option<&Value>) -> Vec<Arc<str>> {
    let given = given.and_then(Value::as_collection).unwrap_or(&[]);
    given.iter().filter_map(Value::as_str).map(|id| applying::group(&id.into())).collect()
}

/// The client configurations of an estate as they are.
///
/// # Errors
/// 404.
pub(crate) fn drafts(cx: &Cx<'_>, estate: Estate) -> Result<Vec<Draft>, Error> {
    let found = cx.estate(estate)?;
    Ok(found.into_iter().flat_map(|row| row.clients.by_priority()).map(Draft::from).collect())
}

/// What of drafts applies to somebody with these groups.
///
/// # Errors
/// As the store's.
pub(crate) async fn applying(
    cx: &Cx<'_>,
    estate: Estate,
    drafts: &[Draft],
    groups: &[Arc<str>],
) -> Result<Applying, Error> {
    let id = cx.configuration_id(estate);
    applying::applying(cx.documents, cx.store, cx.caller, id, drafts, groups).await.map_err(store_error)
}

/// The settings that are sent, with the configuration that gives each.
pub(crate) fn effective(cx: &Cx<'_>, resolution: &Resolution) -> Vec<Value> {
    let sent = resolution.sent();
    sent.flat_map(|(stream, decision)| {
        let by = decision.winner.configuration;
        decision.winner.settings.iter().map(move |setting| setting_value(cx, stream, by, setting))
    })
    .collect()
}

/// A setting that is sent.
pub(crate) fn setting_value(cx: &Cx<'_>, stream: Stream, by: Uuid, setting: &Setting) -> Value {
    let data = setting.data.as_ref();
    cx.office.policies.effective.value([
        text(&setting.setting_id),
        text(&setting.parent_setting_id),
        stream_name(stream),
        Value::Boolean(setting.enabled),
        data.map_or(Value::Null, |data| Value::from(data.ty.name())),
        data.map_or(Value::Null, |data| text(&data.value)),
        some(setting.value_name.as_ref()),
        some(setting.key.as_ref().or(setting.reg_key_full_path.as_ref())),
        id(by),
    ])
}

/// A decision with its reasons.
pub(crate) fn decision(cx: &Cx<'_>, estate: Estate, stream: Stream, decided: &Decision) -> Value {
    let losers = decided.losers.iter().map(|loser| claim(cx, estate, loser)).collect::<Vec<_>>();
    cx.office.policies.decision.value([
        text(&decided.parent_setting_id),
        stream_name(stream),
        Value::Boolean(!decided.is_overruled),
        claim(cx, estate, &decided.winner),
        losers.into(),
    ])
}

fn claim(cx: &Cx<'_>, estate: Estate, claim: &Claim) -> Value {
    let row = cx.client(estate, store::ClientConfigurationId(claim.configuration)).ok();
    let name = row.and_then(|(_, client)| client.display_name.clone());
    let assigned = claim.reasons.iter().map(|reason| match reason {
        Reason::AllUsers => Value::from("allUsers"),
        Reason::Group(id) => text(id),
    });
    let settings = claim.settings.iter().map(|setting| {
        let data = setting.data.as_ref();
        cx.office.policies.value.value([
            text(&setting.setting_id),
            Value::Boolean(setting.enabled),
            data.map_or(Value::Null, |data| Value::from(data.ty.name())),
            data.map_or(Value::Null, |data| text(&data.value)),
        ])
    });
    cx.office.policies.claim.value([
        id(claim.configuration),
        some(name.as_ref()),
        Value::Int(claim.priority.into()),
        assigned.collect::<Vec<_>>().into(),
        settings.collect::<Vec<_>>().into(),
    ])
}

/// `policy` or `preference`
pub(crate) fn stream_name(stream: Stream) -> Value {
    Value::from(match stream {
        Stream::Policy => "policy",
        Stream::Preference => "preference",
    })
}

/// An id as text.
pub(crate) fn id(given: Uuid) -> Value {
    Value::String(given.to_string().into())
}

/// A text.
pub(crate) fn text(given: &Arc<str>) -> Value {
    Value::String(Arc::clone(given))
}

fn some(given: Option<&Arc<str>>) -> Value {
    given.map_or(Value::Null, text)
}

/// So many minutes before an instant.
pub(crate) fn minutes_before(at: DateTimeOffset, minutes: u32) -> DateTimeOffset {
    const TICKS_PER_MINUTE: i64 = 600_000_000;
    DateTimeOffset::from_ticks(at.ticks() - i64::from(minutes) * TICKS_PER_MINUTE).unwrap_or(at)
}
