//! `GET …/assignments/delta()`: what was made, changed and deleted. Once the client configuration is deleted it is 404.

use odata::Error;
use odata::engine::Outcome;
use odata::plan::CollectionQuery;
use store::{AssignmentId, ClientConfigurationId, Tracked};

use super::value;
use crate::admin::cx::Cx;
use crate::admin::resource::Estate;
use crate::admin::tracking;

/// One page.
///
/// # Errors
/// As [`tracking::changes`].
pub(crate) async fn delta(
    cx: &mut Cx<'_>,
    estate: Estate,
    client: ClientConfigurationId,
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let of = Tracked::Assignments(cx.configuration_id(estate), client);
    let changes = tracking::changes(cx, of, query).await?;
    let (_, owner) = cx.client(estate, client)?;
    let present = changes.present.iter().filter_map(|id| owner.assignment(AssignmentId(*id)));
    let members = &cx.office.assignment;
    let items = present.map(|row| value(cx, row)).collect();
    Ok(tracking::page(cx, &changes, items, (members.ty.id, members.id)))
}
