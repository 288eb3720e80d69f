//! `$index`: where in an ordered collection a new member goes (OData 4.01 part 1, 11.4.11). Knows no collection's members.

use http::Method;

use super::{Head, inapplicable};
use crate::engine::address::type_of;
use crate::engine::target::{Segment, Target, TargetKind};
use crate::error::{Error, ErrorKind};
use crate::model::Model;
use crate::syntax::{Query, SystemOption};

const POSITIONAL_INSERT: &str = "Org.OData.Core.V1.PositionalInsert";

/// The value of the option where it is given.
///
/// # Errors
/// 400 for a request that adds no member; 501 for a collection that the model does not let insert into.
pub(super) fn of(model: &Model, method: &Method, target: &Target, query: &Query) -> Result<Option<i64>, Error> {
    if query.text(SystemOption::Index).is_none() {
        return Ok(None);
    }
    let adds = matches!(target.kind, TargetKind::EntityCollection | TargetKind::ValueCollection);
    if *method != Method::POST || !adds {
        return Err(inapplicable(SystemOption::Index));
    }
    if !inserts(model, target) {
        let message = "Members of this collection have no places to insert at.";
        return Err(Error::new(ErrorKind::NotImplemented, message).at(SystemOption::Index.name()));
    }
    Ok(query.options()?.index)
}

/// Whether the collection says that members can be inserted at a place.
fn inserts(model: &Model, target: &Target) -> bool {
    let annotations = match target.segments.split_last() {
        Some((Segment::Root { child, .. }, _)) => {
            model.container.children.get(usize::from(*child)).map(|child| &child.annotations)
        }
        Some((Segment::Navigation { member, .. } | Segment::Property { member, .. }, before)) => {
            let owner = type_of(model, before).and_then(|id| model.structured(id));
            owner.and_then(|owner| owner.members.get(usize::from(*member))).map(|member| &member.annotations)
        }
        _ => None,
    };
    let found = annotations.and_then(|annotations| model.annotation(annotations, POSITIONAL_INSERT));
    found.is_some_and(|found| found.as_bool() != Some(false))
}

impl Head {
    /// Where in the target collection, which has `length` members, the new one goes: at its end, or where `$index` says.
    /// Only collections that the model annotates with `Core.PositionalInsert` are asked for another place than the end.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let head = shop::head(&engine, "POST /products(1)/words?$index=-2")?;
    /// assert_eq!(head.insert_position(3), Ok(2), "before the last");
    /// assert_eq!(shop::head(&engine, "POST /products(1)/words")?.insert_position(3), Ok(3));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 400: `$index` is no place of the collection.
    pub fn insert_position(&self, length: usize) -> Result<usize, Error> {
        let Some(index) = self.index else { return Ok(length) };
        // From the end, -1 is behind the last member.
        ordinal(index, length.saturating_add(1)).ok_or_else(|| {
            let message = format!("A collection of {length} members has no place {index} to insert at.");
            Error::bad_request(message).at(SystemOption::Index.name())
        })
    }
}

/// The place that an ordinal names in a collection of a length: from the start, or from the end where it is negative.
///
/// ```
/// use odata::engine::ordinal;
/// assert_eq!([0, 2, 3, -1, -3, -4].map(|place| ordinal(place, 3)), [Some(0), Some(2), None, Some(2), Some(0), None]);
/// ```
pub fn ordinal(place: i64, length: usize) -> Option<usize> {
    let from_end = usize::try_from(place.unsigned_abs()).ok();
    let place = if place < 0 { length.checked_sub(from_end?)? } else { from_end? };
    (place < length).then_some(place)
}
