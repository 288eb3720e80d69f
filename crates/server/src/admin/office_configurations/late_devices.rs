//! `GET …/lateDevices()` — check-ins of devices that should have come again by now and did not (R14).
//!
//! Each client was told when to come back: sooner where it got settings. A device that only fetches what it has does so too.

use odata::engine::{Outcome, Page};
use odata::expr::{Expr, ExprType, Node, Step};
use odata::model::EdmType;
use odata::plan::{CollectionQuery, OrderBy};
use odata::{Error, bind};
use store::{CheckinStatus, Continuation, StatusQuery};

use crate::admin::cx::Cx;
use crate::admin::represent;
use crate::admin::resource::Estate;
use crate::admin::simulated::minutes_before;
use crate::admin::tracking::refuse_options;

/// A page, the longest overdue first.
///
/// # Errors
/// 404, 501 for options that do not apply.
pub(crate) async fn late_devices(cx: &Cx<'_>, estate: Estate, query: &CollectionQuery) -> Result<Outcome, Error> {
    refuse_options(query, "lateDevices()")?;
    let Some(row) = cx.estate(estate)? else { return Ok(Outcome::Collection(Page::default())) };
    let due = minutes_before(cx.now, cx.intervals.with_policies.min(cx.intervals.without_policies));
    let status = &cx.office.status;
    let filter = bind::filter(&cx.office.model, EdmType::Named(status.ty.id), &format!("checkinDateTime lt {due}"))?;
    let by_time = Expr {
        node: Node::Path { root: 0, steps: vec![Step::Member(status.checkin)] },
        ty: ExprType::primitive(odata::model::Primitive::DateTimeOffset),
    };
    let size = u64::from(query.page_size.unwrap_or(cx.page_size_max).min(cx.page_size_max));
    let limit = query.top.map_or(size, |top| top.min(size));
    let asked = StatusQuery {
        filter: Some(filter),
        order: vec![OrderBy { expr: by_time, descending: false }],
        after: query.after.clone().map(Continuation),
        ..StatusQuery::all(row.id, usize::try_from(limit).unwrap_or(usize::MAX))
    };
    let page = cx.statuses(asked).await?;
    let all_given = query.top.is_some_and(|top| top <= limit);
    let late = page.rows.iter().filter(|row| is_late(cx, row));
    Ok(Outcome::Collection(Page {
        items: late.map(|row| represent::status(cx.office, row)).collect(),
        next: page.next.filter(|_| !all_given).map(|next| next.0),
        ..Page::default()
    }))
}

/// Whether the interval that the device was told with its last check-in is over.
fn is_late(cx: &Cx<'_>, row: &CheckinStatus) -> bool {
    let has_settings = row.applied_policies.as_ref().is_some_and(|applied| !applied.is_empty());
    let told = if has_settings { cx.intervals.with_policies } else { cx.intervals.without_policies };
    row.checkin.ticks() < minutes_before(cx.now, told).ticks()
}
