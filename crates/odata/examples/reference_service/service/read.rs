//! Reads: the crate's reader does them over the data as a source. What is left is change tracking.

use odata::engine::{Head, Operation, Outcome};
use odata::exec::memory::Reader;
use odata::plan::CollectionQuery;
use odata::{Error, Value};

use super::schema::{Schema, Set};
use super::store::Store;
use super::{delta, env};

/// Answers a read, a function included.
pub(crate) fn read(store: &Store, head: &Head, operation: &Operation) -> Result<Outcome, Error> {
    let target = head.target();
    match operation {
        Operation::ReadCollection(CollectionQuery { since: Some(state), .. }) => {
            return delta::since(store, state, head).map(Outcome::Collection);
        }
        Operation::Count(CollectionQuery { since: Some(state), .. }) => {
            let changes = delta::since(store, state, head)?;
            return Ok(Outcome::Count((changes.items.len() + changes.removed.len()) as u64));
        }
        _ => {}
    }
    let mut outcome = reader(store).read(target, operation)?;
    let is_tracked = target.segments.len() == 1 && Schema::root(&target.segments) == Some(Set::Products);
    if let Outcome::Collection(page) = &mut outcome
        && is_tracked
        && head.query().track_changes
        && page.next.is_none()
    {
        page.delta = Some(delta::state(store));
    }
    Ok(outcome)
}

/// What an action gave, under the query options of its call.
pub(crate) fn returned(store: &Store, value: Value, query: &CollectionQuery) -> Result<Outcome, Error> {
    reader(store).returned(value, query)
}

/// What a change made, with what `$expand` asks of the answer.
pub(crate) fn projected(store: &Store, head: &Head, outcome: Outcome) -> Result<Outcome, Error> {
    let projection = &head.query().projection;
    Ok(match outcome {
        Outcome::Created { record, path } => {
            Outcome::Created { record: reader(store).project(record, projection)?, path }
        }
        Outcome::Updated(record) => Outcome::Updated(reader(store).project(record, projection)?),
        Outcome::UpdatedMembers(members) => {
            let query = CollectionQuery { projection: projection.clone(), ..CollectionQuery::default() };
            Outcome::UpdatedMembers(reader(store).page(Box::new((0..).zip(members)), &query)?.items)
        }
        outcome => outcome,
    })
}

/// The crate's reader over the data.
pub(crate) fn reader(store: &Store) -> Reader<'_> {
    Reader { model: &store.schema.model, source: store, now: env::now() }
}
