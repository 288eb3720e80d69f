//! `GET …/effectivePolicies(platform='windows',groupIds=[…])` — what a user with these groups gets (R7, R14).

use odata::engine::Outcome;
use odata::exec::memory;
use odata::plan::CollectionQuery;
use odata::{Error, Value};

use crate::admin::cx::Cx;
use crate::admin::resource::Estate;
use crate::admin::simulated::{self, Somebody};

/// The settings, in the order in which a client gets them.
///
/// # Errors
/// 400 names the parameter, 404.
pub(crate) async fn effective_policies(
    cx: &Cx<'_>,
    estate: Estate,
    parameters: &[Option<Value>],
    query: &CollectionQuery,
) -> Result<Outcome, Error> {
    let somebody = Somebody::of(parameters)?;
    let drafts = simulated::drafts(cx, estate)?;
    let found = simulated::applying(cx, estate, &drafts, &somebody.groups).await?;
    let settings = simulated::effective(cx, &policy::resolve(&found.candidates, somebody.platform));
    let page = memory::page(&cx.office.model, (0..).zip(settings), query, cx.now)?;
    Ok(Outcome::Collection(page))
}
