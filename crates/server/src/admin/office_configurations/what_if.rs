//! `POST …/whatIf` — what a user would get otherwise if groups or client configurations were others (R14). It changes nothing.

use std::collections::{HashMap, HashSet};

use odata::engine::{Outcome, Page};
use odata::{Error, Record, Value};
use policy::{Document, Sent};
use store::{ClientConfigurationId, Target};
use uuid::Uuid;

use crate::admin::cx::Cx;
use crate::admin::resource::Estate;
use crate::admin::simulated::{self, Somebody};
use crate::applying::Draft;

/// The members of a `hypotheticalChange`, in the order in which the model declares them.
const ID: u16 = 0;
const PRIORITY: u16 = 1;
const POLICIES: u16 = 2;
const PREFERENCES: u16 = 3;
const GROUPS: u16 = 4;
const ALL_USERS: u16 = 5;

/// The settings that would be sent otherwise.
///
/// # Errors
/// 400 names the parameter or the change, 404.
pub(crate) async fn what_if(cx: &Cx<'_>, estate: Estate, parameters: &[Option<Value>]) -> Result<Outcome, Error> {
    let somebody = Somebody::of(parameters)?;
    let before = simulated::drafts(cx, estate)?;
    let mut after = before.clone();
    let changes = parameters.get(4).and_then(Option::as_ref).and_then(Value::as_collection).unwrap_or(&[]);
    change_all(&mut after, changes)?;
    let later = parameters.get(3).and_then(Option::as_ref).filter(|given| !given.is_null());
    let later = later.map_or_else(|| somebody.groups.clone(), |given| simulated::groups(Some(given)));
    let before = simulated::applying(cx, estate, &before, &somebody.groups).await?;
    let after = simulated::applying(cx, estate, &after, &later).await?;
    let resolve = |candidates| policy::resolve(candidates, somebody.platform);
    let differences = policy::differences(&resolve(&before.candidates), &resolve(&after.candidates));
    let sent = |sent: Option<Sent>| {
        sent.map_or(Value::Null, |sent| simulated::setting_value(cx, sent.stream, sent.configuration, &sent.setting))
    };
    let items = differences.into_iter().map(|one| {
        let setting = simulated::text(&one.setting_id);
        cx.office.policies.difference.value([setting, sent(one.before), sent(one.after)])
    });
    Ok(Outcome::Collection(Page { items: items.collect(), ..Page::default() }))
}

fn change_all(drafts: &mut [Draft], changes: &[Value]) -> Result<(), Error> {
    let mut changed = HashSet::new();
    for (at, change) in changes.iter().enumerate() {
        let refuse = |member: &str, message: String| Error::bad_request(message).at(format!("changes/{at}/{member}"));
        let Value::Record(change) = change else {
            return Err(Error::bad_request("A change is an object.").at(format!("changes/{at}")));
        };
        let id = change.get(ID).and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok());
        let draft = drafts.iter_mut().find(|draft| Some(draft.client.id) == id.map(ClientConfigurationId));
        let Some(draft) = draft else {
            return Err(refuse("configurationId", "No client configuration has this id.".to_owned()));
        };
        if !changed.insert(draft.client.id) {
            return Err(refuse("configurationId", "The client configuration is changed twice.".to_owned()));
        }
        change_one(draft, change, refuse)?;
    }
    let mut priorities = HashMap::new();
    for draft in &*drafts {
        if let Some(other) = priorities.insert(draft.priority, draft.client.id) {
            let message = format!("{other} and {} would have the same priority {}.", draft.client.id, draft.priority);
            return Err(Error::bad_request(message).at("changes"));
        }
    }
    Ok(())
}

fn change_one(draft: &mut Draft, change: &Record, refuse: impl Fn(&str, String) -> Error) -> Result<(), Error> {
    if let Some(Value::Int(priority)) = change.get(PRIORITY) {
        let priority = i32::try_from(*priority).ok().filter(|priority| *priority >= 0);
        draft.priority =
            priority.ok_or_else(|| refuse("priority", "A priority is 0 (the highest) or more.".to_owned()))?;
    }
    for (member, name, place) in [
        (POLICIES, "policyPayload", &mut draft.policies),
        (PREFERENCES, "userPreferencePayload", &mut draft.preferences),
    ] {
        if let Some(Value::Binary(bytes)) = change.get(member) {
            // Else it would silently take no part.
            Document::parse(bytes).map_err(|why| refuse(name, format!("It is no settings document. {why}")))?;
            *place = Some(bytes.to_vec().into());
        }
    }
    if let Some(groups) = change.get(GROUPS).and_then(Value::as_collection) {
        draft.targets.retain(|target| !matches!(target, Target::Group { .. }));
        let ids = groups.iter().filter_map(Value::as_str);
        draft.targets.extend(ids.map(|id| Target::Group { group_id: id.into() }));
    }
    if let Some(Value::Boolean(all)) = change.get(ALL_USERS) {
        draft.targets.retain(|target| *target != Target::AllUsers);
        draft.targets.extend(all.then_some(Target::AllUsers));
    }
    Ok(())
}
