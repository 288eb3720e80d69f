//! Engine to domain: records that were given, as typed commands' parts. Rules that a single value must keep are here
//! (a group target has a group, a limit on statuses); rules across stored things are the store's.

use std::sync::Arc;

use odata::{Error, Record, Value};
use store::{
    Change, CheckinStatus, ClientKind, NewAssignment, NewClient, NewPayload, SummaryPatch, Target, TargetPatch,
};

use super::office::OfficeModel;
use super::parts::{INLINE_MEDIA_TYPE, Parts};
use crate::limits;

/// The given members of an officeConfiguration.
#[derive(Debug, Default)]
pub(crate) struct GivenConfiguration {
    /// `id`, as text.
    pub id: Option<Arc<str>>,
    /// `tenantCheckinStatuses`.
    pub statuses: Option<Vec<CheckinStatus>>,
    /// `tenantUserCheckinSummary`; null makes it computed.
    pub summary: Change<Option<SummaryPatch>>,
    /// `clientConfigurations`, on create.
    pub clients: Vec<NewClient>,
}

/// Reads an officeConfiguration. A PATCH may give a summary in part; the store merges it.
///
/// # Errors
/// Names the place, with positions for statuses.
pub(crate) fn configuration(parts: &Parts<'_>, record: &Record) -> Result<GivenConfiguration, Error> {
    let members = &parts.office.configuration;
    let mut given = GivenConfiguration::default();
    if let Some(Value::String(id)) = record.get(members.id) {
        given.id = Some(Arc::clone(id));
    }
    match record.get(members.statuses) {
        Some(Value::Collection(values)) => given.statuses = Some(statuses(parts.office, values)?),
        Some(_) => given.statuses = Some(Vec::new()),
        None => {}
    }
    if let Some(value) = record.get(members.summary) {
        given.summary = Change::Set(value.as_record().map(|written| summary(parts.office, written)));
    }
    if let Some(Value::Collection(values)) = record.get(members.clients) {
        for (index, value) in values.iter().enumerate() {
            let at = |fault: Error| nested(fault, &format!("clientConfigurations/{index}"));
            given.clients.push(client(parts, as_record(value).map_err(at)?).map_err(at)?);
        }
    }
    Ok(given)
}

/// Reads a new client configuration with its assignments.
///
/// # Errors
/// Names the place.
pub(crate) fn client(parts: &Parts<'_>, record: &Record) -> Result<NewClient, Error> {
    let members = &parts.office.client;
    let kind = if parts.office.model.is_a(record.type_id, members.security.id) {
        ClientKind::WindowsSecurity
    } else {
        ClientKind::Windows
    };
    let mut assignments = Vec::new();
    if let Some(Value::Collection(values)) = record.get(members.assignments) {
        assignments = many_assignments(parts, values).map_err(|fault| nested(fault, "assignments"))?;
    }
    Ok(NewClient {
        id: parts.new_client_id(),
        kind,
        display_name: text(record, members.display_name),
        description: text(record, members.description),
        priority: priority(record, members.priority)?,
        policy_payload: payload(record, members.policy_payload),
        user_preference_payload: payload(record, members.user_preference_payload),
        assignments,
    })
}

/// The priority when one was given. Null is refused by the engine already.
///
/// # Errors
/// A negative priority: 0 is the highest (R8).
pub(crate) fn priority(record: &Record, member: u16) -> Result<Option<i32>, Error> {
    match record.get(member) {
        Some(Value::Int(number)) => match i32::try_from(*number) {
            Ok(number) if number >= 0 => Ok(Some(number)),
            _ => Err(Error::bad_request("A priority is 0 (the highest) or more.").at("priority")),
        },
        _ => Ok(None),
    }
}

/// A changed text member.
pub(crate) fn changed_text(record: &Record, member: u16) -> Change<Option<Arc<str>>> {
    match record.get(member) {
        None => Change::Keep,
        Some(_) => Change::Set(text(record, member)),
    }
}

/// A changed inline payload.
pub(crate) fn changed_payload(record: &Record, member: u16) -> Change<Option<NewPayload>> {
    match record.get(member) {
        None => Change::Keep,
        Some(_) => Change::Set(payload(record, member)),
    }
}

/// Assignments in the order given, each with a new id.
///
/// # Errors
/// Names the position.
pub(crate) fn many_assignments(parts: &Parts<'_>, values: &[Value]) -> Result<Vec<NewAssignment>, Error> {
    if values.len() > limits::ASSIGNMENTS_MAX {
        return Err(Error::bad_request(format!("At most {} assignments are taken.", limits::ASSIGNMENTS_MAX)));
    }
    let one = |(index, value): (usize, &Value)| {
        as_record(value).and_then(|record| assignment(parts, record)).map_err(|fault| nested(fault, &index.to_string()))
    };
    values.iter().enumerate().map(one).collect()
}

/// A new assignment.
///
/// # Errors
/// A group target without a group (R7).
pub(crate) fn assignment(parts: &Parts<'_>, record: &Record) -> Result<NewAssignment, Error> {
    let target = match record.get(parts.office.assignment.target) {
        Some(Value::Record(given)) => Some(target(parts.office, given)?),
        _ => None,
    };
    Ok(NewAssignment { id: parts.new_assignment_id(), target })
}

/// An assignment target.
///
/// # Errors
/// A group target whose `groupId` is absent, null or empty is 400 (R7).
pub(crate) fn target(office: &OfficeModel, record: &Record) -> Result<Target, Error> {
    if record.type_id == office.target.all_users.id {
        return Ok(Target::AllUsers);
    }
    if record.type_id != office.target.group.id {
        return Ok(Target::Abstract);
    }
    match text(record, office.target.group_id) {
        Some(group_id) if !group_id.trim().is_empty() => Ok(Target::Group { group_id }),
        _ => Err(no_group()),
    }
}

/// The given members of a target, to be merged with what is stored.
///
/// # Errors
/// A `groupId` that is null or empty (R7). One that was not given stays as stored.
pub(crate) fn target_patch(office: &OfficeModel, record: &Record) -> Result<TargetPatch, Error> {
    if record.type_id == office.target.group.id && record.get(office.target.group_id).is_none() {
        return Ok(TargetPatch::Group { group_id: None });
    }
    Ok(match target(office, record)? {
        Target::Abstract => TargetPatch::Abstract,
        Target::AllUsers => TargetPatch::AllUsers,
        Target::Group { group_id } => TargetPatch::Group { group_id: Some(group_id) },
    })
}

/// The fault of a group target without a group (R7).
pub(crate) fn no_group() -> Error {
    Error::bad_request("A group target names its group: 'groupId' is absent, null or empty.").at("target/groupId")
}

/// The given members of a summary.
fn summary(office: &OfficeModel, record: &Record) -> SummaryPatch {
    let count = |member| match record.get(member) {
        Some(Value::Int(number)) => Some(i32::try_from(*number).unwrap_or(i32::MAX)),
        _ => None,
    };
    SummaryPatch { succeeded: count(office.summary.succeeded), failed: count(office.summary.failed) }
}

/// Check-in statuses, whole (R4).
///
/// # Errors
/// More than the limit. Two of one identity are the store's to find.
pub(crate) fn statuses(office: &OfficeModel, values: &[Value]) -> Result<Vec<CheckinStatus>, Error> {
    const TARGET: &str = "tenantCheckinStatuses";
    if values.len() > limits::STATUSES_WRITTEN_MAX {
        let message = format!("At most {} statuses are written in one request.", limits::STATUSES_WRITTEN_MAX);
        return Err(Error::bad_request(message).at(TARGET));
    }
    let one = |(index, value)| {
        as_record(value)
            .map(|record| status(office, record))
            .map_err(|fault| nested(fault, &format!("{TARGET}/{index}")))
    };
    values.iter().enumerate().map(one).collect()
}

fn status(office: &OfficeModel, record: &Record) -> CheckinStatus {
    let members = &office.status;
    CheckinStatus {
        user_principal_name: text(record, members.user_principal_name),
        device_name: text(record, members.device_name),
        device_platform: text(record, members.device_platform),
        device_platform_version: text(record, members.device_platform_version),
        was_successful: matches!(record.get(members.was_successful), Some(Value::Boolean(true))),
        user_id: text(record, members.user_id).unwrap_or_default(),
        checkin: match record.get(members.checkin) {
            Some(Value::DateTimeOffset(at)) => *at,
            _ => odata::edm::DateTimeOffset::from_unix_nanos(0),
        },
        error_message: text(record, members.error_message),
        applied_policies: match record.get(members.applied_policies) {
            Some(Value::Collection(values)) => {
                Some(values.iter().filter_map(|value| value.as_str().map(Arc::from)).collect())
            }
            _ => None,
        },
    }
}

fn payload(record: &Record, member: u16) -> Option<NewPayload> {
    let Some(Value::Stream(stream)) = record.get(member) else { return None };
    let bytes = stream.inline.clone()?;
    Some(NewPayload::new(INLINE_MEDIA_TYPE, bytes))
}

fn text(record: &Record, member: u16) -> Option<Arc<str>> {
    if let Some(Value::String(text)) = record.get(member) { Some(Arc::clone(text)) } else { None }
}

fn as_record(value: &Value) -> Result<&Record, Error> {
    value.as_record().ok_or_else(|| Error::bad_request("An object is expected."))
}

/// Puts a fault's target below `outer`.
pub(crate) fn nested(mut fault: Error, outer: &str) -> Error {
    fault.target = Some(match fault.target {
        Some(inner) => format!("{outer}/{inner}"),
        None => outer.to_owned(),
    });
    fault
}
