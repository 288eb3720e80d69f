//! Domain to engine: stored things as records of the office model. Reads nothing and decides nothing; what is computed
//! (summaries, status rows) is given.

use std::sync::Arc;

use odata::model::TypeId;
use odata::{Record, RecordBuilder, StreamInfo, Value};
use store::{
    Assignment, CheckinStatus, ClientConfiguration, ClientKind, OfficeConfiguration, Payload, Stamp, Summary, Target,
};
use uuid::Uuid;

use super::etag;
use super::office::{OfficeModel, TypeMembers};

/// What a configuration's record shows beside its own row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Computed {
    /// First page of its check-in statuses; `None` leaves the member out.
    pub statuses: Option<Vec<Value>>,
    /// Where the rest of them starts.
    pub next: Option<Arc<[u8]>>,
    /// Its summary; `None` leaves the member out.
    pub summary: Option<Summary>,
    /// The UTC day that a computed summary depends on.
    pub day: Option<i32>,
}

/// An officeConfiguration.
pub(crate) fn configuration(office: &OfficeModel, row: &OfficeConfiguration, computed: Computed) -> Record {
    let members = &office.configuration;
    let mut record = entity(members.ty);
    record.etag = Some(etag::computed(row.stamp.version, row.status_version, computed.day));
    record.set(members.id, id(row.id.0));
    stamp(&mut record, members.created, members.modified, &row.stamp);
    show(office, &mut record, members.statuses, members.summary, computed);
    record
}

/// The tenant's default officeConfiguration before anything was written (R2).
pub(crate) fn unwritten_configuration(office: &OfficeModel, default_id: Uuid) -> Record {
    let members = &office.configuration;
    let mut record = entity(members.ty);
    record.etag = Some(etag::computed(0, 0, None));
    record.set(members.id, id(default_id));
    record.set(members.created, Value::Null);
    record.set(members.modified, Value::Null);
    let computed = Computed {
        statuses: Some(Vec::new()),
        next: None,
        summary: Some(Summary { succeeded: 0, failed: 0 }),
        day: None,
    };
    show(office, &mut record, members.statuses, members.summary, computed);
    record
}

/// A client configuration, without its assignments.
pub(crate) fn client(
    office: &OfficeModel,
    row: &ClientConfiguration,
    estate: &OfficeConfiguration,
    computed: Computed,
) -> Record {
    let members = &office.client;
    let mut record = entity(match row.kind {
        ClientKind::Windows => members.windows,
        ClientKind::WindowsSecurity => members.security,
    });
    record.etag = Some(etag::computed(row.stamp.version, estate.status_version, computed.day));
    record.set(members.id, id(row.id.0));
    stamp(&mut record, members.created, members.modified, &row.stamp);
    record.set(members.display_name, text(row.display_name.as_ref()));
    record.set(members.description, text(row.description.as_ref()));
    record.set(members.priority, Value::Int(row.priority.into()));
    record.set(members.policy_payload, stream(row.policy_payload.as_deref()));
    record.set(members.user_preference_payload, stream(row.user_preference_payload.as_deref()));
    show(office, &mut record, members.statuses, members.summary, computed);
    record
}

/// An assignment.
pub(crate) fn assignment(office: &OfficeModel, row: &Assignment) -> Record {
    let members = &office.assignment;
    let mut record = entity(members.ty);
    record.etag = Some(etag::plain(row.stamp.version));
    record.set(members.id, id(row.id.0));
    stamp(&mut record, members.created, members.modified, &row.stamp);
    record.set(members.target, row.target.as_ref().map_or(Value::Null, |given| target(office, given)));
    record
}

/// What is left of an entity that is gone: its key, by its type and the member.
pub(crate) fn key(office: &OfficeModel, (ty, member): (TypeId, u16), given: Uuid) -> Record {
    RecordBuilder::new(&office.model, ty).set(member, id(given)).build()
}

/// A check-in status.
pub(crate) fn status(office: &OfficeModel, row: &CheckinStatus) -> Value {
    let members = &office.status;
    let mut record = entity(members.ty);
    record.set(members.user_principal_name, text(row.user_principal_name.as_ref()));
    record.set(members.device_name, text(row.device_name.as_ref()));
    record.set(members.device_platform, text(row.device_platform.as_ref()));
    record.set(members.device_platform_version, text(row.device_platform_version.as_ref()));
    record.set(members.was_successful, Value::Boolean(row.was_successful));
    record.set(members.user_id, Value::String(Arc::clone(&row.user_id)));
    record.set(members.checkin, Value::DateTimeOffset(row.checkin));
    record.set(members.error_message, text(row.error_message.as_ref()));
    let applied = row.applied_policies.iter().flatten().map(|policy| Value::String(Arc::clone(policy))).collect();
    record.set(members.applied_policies, Value::Collection(Arc::new(applied)));
    Value::Record(Arc::new(record))
}

/// A check-in summary.
pub(crate) fn summary(office: &OfficeModel, given: Summary) -> Value {
    let members = &office.summary;
    let mut record = entity(members.ty);
    record.set(members.succeeded, Value::Int(given.succeeded.into()));
    record.set(members.failed, Value::Int(given.failed.into()));
    Value::Record(Arc::new(record))
}

fn show(office: &OfficeModel, record: &mut Record, statuses: u16, sums: u16, computed: Computed) {
    if let Some(rows) = computed.statuses {
        record.set(statuses, Value::Collection(Arc::new(rows)));
        record.next_links.extend(computed.next.map(|next| (statuses, next)));
    }
    if let Some(given) = computed.summary {
        record.set(sums, summary(office, given));
    }
}

fn target(office: &OfficeModel, given: &Target) -> Value {
    let record = match given {
        Target::Abstract => entity(office.target.base),
        Target::AllUsers => entity(office.target.all_users),
        Target::Group { group_id } => {
            let mut record = entity(office.target.group);
            record.set(office.target.group_id, Value::String(Arc::clone(group_id)));
            record
        }
    };
    Value::Record(Arc::new(record))
}

fn stream(payload: Option<&Payload>) -> Value {
    payload.map_or(Value::Null, |stored| {
        Value::Stream(Arc::new(StreamInfo {
            media_type: Arc::clone(&stored.media_type),
            etag: Some(etag::plain(stored.version)),
            length: stored.len,
            inline: None,
        }))
    })
}

fn entity(ty: TypeMembers) -> Record {
    Record::new(ty.id, ty.count)
}

fn stamp(record: &mut Record, created: u16, modified: u16, given: &Stamp) {
    record.set(created, Value::DateTimeOffset(given.created));
    record.set(modified, Value::DateTimeOffset(given.modified));
}

fn id(given: Uuid) -> Value {
    let mut buffer = Uuid::encode_buffer();
    Value::from(&*given.hyphenated().encode_lower(&mut buffer))
}

fn text(given: Option<&Arc<str>>) -> Value {
    given.map_or(Value::Null, |text| Value::String(Arc::clone(text)))
}
