//! Which handler answers which operation on which resource: the admin plane's table of contents.

use odata::engine::{Operation, Outcome};
use odata::model::{OperationId, TypeId};
use odata::plan::{CollectionQuery, Projection, SelectItem};
use odata::{Error, ErrorKind, Record, Value};
use store::ClientKind;

use super::cx::Cx;
use super::office_configurations::client_configurations::{self as clients, assignments, payload};
use super::office_configurations::{self as configurations, tenant_checkin_statuses as statuses};
use super::property;
use super::resource::{Estate, Place, Tail};
use super::strict;

/// Documents, which need no caller.
///
/// # Errors
/// The engine bound something else: a fault of ours.
pub(crate) fn document(operation: &Operation) -> Result<Outcome, Error> {
    match operation {
        Operation::ServiceDocument => Ok(Outcome::ServiceDocument),
        Operation::Metadata => Ok(Outcome::Metadata),
        Operation::Options => Ok(Outcome::Options),
        _ => Err(not_here()),
    }
}

/// The stored type of the addressed entity: a PATCH need not name it.
pub(crate) fn stored_type(cx: &Cx<'_>) -> Option<TypeId> {
    let office = cx.office;
    match cx.resource.place {
        Place::Configuration(_) => Some(office.configuration.ty.id),
        Place::Client(estate, client, _) => {
            let (_, row) = cx.client(estate, client).ok()?;
            Some(match row.kind {
                ClientKind::Windows => office.client.windows.id,
                ClientKind::WindowsSecurity => office.client.security.id,
            })
        }
        Place::Assignment(..) => Some(office.assignment.ty.id),
        Place::Configurations | Place::Clients(..) | Place::Assignments(..) => None,
    }
}

/// Executes an operation.
///
/// # Errors
/// What the handler gives.
pub(crate) async fn execute(cx: &mut Cx<'_>, operation: Operation) -> Result<Outcome, Error> {
    let place = cx.resource.place;
    if cx.head.prefer().handling_strict
        && let Operation::Create(record) | Operation::Update { record, .. } = &operation
    {
        strict::record(&cx.office.model, record)?;
    }
    match operation {
        Operation::Create(record) => create(cx, place, &record).await,
        // Boxed, so that creations, of which hundreds wait for the disk at once, need no room for the others.
        other => Box::pin(execute_other(cx, place, other)).await,
    }
}

async fn execute_other(cx: &mut Cx<'_>, place: Place, operation: Operation) -> Result<Outcome, Error> {
    match operation {
        Operation::ServiceDocument | Operation::Metadata | Operation::Options => document(&operation),
        Operation::Update { record, replace: false } => update(cx, place, &record, false).await,
        Operation::Delete => delete(cx, place).await,
        Operation::Invoke { operation, parameters, query } => invoke(cx, place, operation, &parameters, &query).await,
        Operation::WriteStream { media_type, bytes } => {
            let (estate, client, which) = cx.resource.payload(cx.office).ok_or_else(not_here)?;
            payload::put(cx, estate, client, which, media_type, bytes).await
        }
        Operation::DeleteStream => {
            let (estate, client, which) = cx.resource.payload(cx.office).ok_or_else(not_here)?;
            payload::delete(cx, estate, client, which).await
        }
        Operation::ReadStream => {
            let (estate, client, which) = cx.resource.payload(cx.office).ok_or_else(not_here)?;
            payload::get(cx, estate, client, which).await
        }
        Operation::SetProperty(value) => property::set(cx, value).await,
        Operation::ClearProperty => property::set(cx, property::cleared(cx)).await,
        Operation::Create(_) => Err(not_here()),
        read => self::read(cx, place, read).await,
    }
}

async fn read(cx: &Cx<'_>, place: Place, operation: Operation) -> Result<Outcome, Error> {
    if !cx.resource.tail.is_empty() {
        return read_behind(cx, place, operation).await;
    }
    match (place, operation) {
        (Place::Configurations, Operation::ReadCollection(query)) => configurations::list(cx, &query).await,
        (Place::Configurations, Operation::Count(query)) => configurations::count(cx, &query).await,
        (Place::Configuration(estate), Operation::ReadEntity(projection)) => {
            configurations::get(cx, estate, &projection).await
        }
        (Place::Clients(estate, cast), Operation::ReadCollection(query)) => {
            clients::list(cx, estate, cast, &query).await
        }
        (Place::Clients(estate, cast), Operation::Count(query)) => clients::count(cx, estate, cast, &query).await,
        (Place::Client(estate, client, cast), Operation::ReadEntity(projection)) => {
            clients::get(cx, estate, client, cast, &projection).await
        }
        (Place::Assignments(estate, client), Operation::ReadCollection(query)) => {
            assignments::list(cx, estate, client, &query)
        }
        (Place::Assignments(estate, client), Operation::Count(query)) => assignments::count(cx, estate, client, &query),
        (Place::Assignment(estate, client, assignment), Operation::ReadEntity(_)) => {
            assignments::get(cx, estate, client, assignment)
        }
        _ => Err(not_here()),
    }
}

/// Properties: check-in rows go to the data plane, everything else is read off the entity.
async fn read_behind(cx: &Cx<'_>, place: Place, operation: Operation) -> Result<Outcome, Error> {
    let rows_of = match (place, cx.resource.property()) {
        (Place::Configuration(estate), Some(member)) if member == cx.office.configuration.statuses => {
            Some((estate, None))
        }
        (Place::Client(estate, client, _), Some(member)) if member == cx.office.client.statuses => {
            cx.client(estate, client)?;
            Some((estate, Some(client)))
        }
        _ => None,
    };
    match (rows_of, operation) {
        (Some((estate, client)), Operation::ReadCollection(query)) => statuses::list(cx, estate, client, &query).await,
        (Some((estate, client)), Operation::Count(query)) => statuses::count(cx, estate, client, &query).await,
        (_, operation) => property::read(cx, operation).await,
    }
}

/// The entity's record, for reading what stands behind it: nothing else is computed.
///
/// # Errors
/// 404.
pub(crate) async fn entity(cx: &Cx<'_>) -> Result<Record, Error> {
    let select = cx.resource.tail.first().and_then(|step| match step {
        Tail::Property(member) => Some(vec![SelectItem::Member { cast: None, member: *member, nested: None }]),
        Tail::Cast(_) => None,
    });
    let projection = Projection { select, ..Projection::default() };
    match cx.resource.place {
        Place::Configuration(estate) => configurations::record(cx, estate, &projection).await,
        Place::Client(estate, client, cast) => clients::record(cx, estate, client, cast, &projection).await,
        Place::Assignment(estate, client, assignment) => assignments::record(cx, estate, client, assignment),
        Place::Configurations | Place::Clients(..) | Place::Assignments(..) => Err(not_here()),
    }
}

async fn create(cx: &Cx<'_>, place: Place, record: &Record) -> Result<Outcome, Error> {
    match place {
        Place::Configurations => configurations::create(cx, record).await,
        Place::Configuration(Estate::Default) => configurations::create_default(cx, record).await,
        Place::Clients(estate, _) => clients::create(cx, estate, record).await,
        Place::Assignments(estate, client) => assignments::create(cx, estate, client, record).await,
        Place::Configuration(Estate::Id(_)) | Place::Client(..) | Place::Assignment(..) => Err(not_here()),
    }
}

/// Merges into the addressed entity; `replace` says that the complex values in `record` are whole.
///
/// # Errors
/// What the handler gives.
pub(crate) async fn update(cx: &mut Cx<'_>, place: Place, record: &Record, replace: bool) -> Result<Outcome, Error> {
    match place {
        Place::Configuration(estate) => configurations::update(cx, estate, record).await,
        Place::Client(estate, client, cast) => clients::update(cx, estate, client, cast, record).await,
        Place::Assignment(estate, client, assignment) => {
            assignments::update(cx, estate, client, assignment, record, replace).await
        }
        Place::Configurations | Place::Clients(..) | Place::Assignments(..) => Err(not_here()),
    }
}

async fn delete(cx: &Cx<'_>, place: Place) -> Result<Outcome, Error> {
    match place {
        Place::Configuration(estate) => configurations::delete(cx, estate).await,
        Place::Client(estate, client, cast) => {
            let nothing = Projection { select: Some(Vec::new()), ..Projection::default() };
            clients::record(cx, estate, client, cast, &nothing).await?;
            clients::delete(cx, estate, client).await
        }
        Place::Assignment(estate, client, assignment) => assignments::delete(cx, estate, client, assignment).await,
        Place::Configurations | Place::Clients(..) | Place::Assignments(..) => Err(not_here()),
    }
}

async fn invoke(
    cx: &mut Cx<'_>,
    place: Place,
    operation: OperationId,
    parameters: &[Option<Value>],
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    match (place, cx.office.model.operation(operation).short_name()) {
        (Place::Configurations, "delta") => configurations::delta(cx, query).await,
        (Place::Configuration(estate), "effectivePolicies") => {
            configurations::effective_policies(cx, estate, parameters, query).await
        }
        (Place::Configuration(estate), "explain") => configurations::explain(cx, estate, parameters).await,
        (Place::Configuration(estate), "lateDevices") => configurations::late_devices(cx, estate, query).await,
        (Place::Configuration(estate), "whatIf") => configurations::what_if(cx, estate, parameters).await,
        (Place::Clients(estate, cast), "delta") => clients::delta(cx, estate, cast, query).await,
        (Place::Assignments(estate, client), "delta") => assignments::delta(cx, estate, client, query).await,
        (Place::Client(estate, client, _), "assign") => assignments::assign(cx, estate, client, parameters).await,
        (Place::Clients(estate, _), "updatePriorities") => clients::update_priorities(cx, estate, parameters).await,
        _ => Err(not_here()),
    }
}

/// The engine bound what no handler answers: the model and this table disagree.
pub(crate) fn not_here() -> Error {
    Error::new(ErrorKind::NotImplemented, "This operation is not offered on this resource.")
}
