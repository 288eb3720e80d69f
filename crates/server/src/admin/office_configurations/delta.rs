//! `GET /officeConfigurations/delta()`: what was made, changed and deleted. A client's check-in is no change of a configuration: it moves
//! neither its version nor its time.

use std::sync::Arc;

use odata::engine::Outcome;
use odata::plan::CollectionQuery;
use odata::{Error, Value};
use store::{ConfigurationId, Tracked};

use crate::admin::cx::Cx;
use crate::admin::{collection, tracking};

/// One page.
///
/// # Errors
/// As [`tracking::changes`].
pub(crate) async fn delta(cx: &mut Cx<'_>, query: &CollectionQuery) -> Result<Outcome, Error> {
    let changes = tracking::changes(cx, Tracked::Configurations, query).await?;
    let members = &cx.office.configuration;
    let shown = collection::wanted(&query.projection, None, members.statuses, members.summary);
    let mut items = Vec::with_capacity(changes.present.len());
    for row in changes.present.iter().filter_map(|id| changes.snapshot.configuration(ConfigurationId(*id))) {
        items.push(Value::Record(Arc::new(cx.configuration_record(row, shown).await?)));
    }
    Ok(tracking::page(cx, &changes, items, (members.ty.id, members.id)))
}
