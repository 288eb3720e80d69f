//! Keys that a path need not spell out: parts implied by referential constraints, and alternate keys.

use super::types::structured;
use crate::engine::Segment;
use crate::model::{AnnotationValue, KeyRef, MemberKind, Model, StructuredType, TypeId};
use crate::value::Value;

const ALTERNATE_KEYS: &str = "Org.OData.Core.V1.AlternateKeys";

/// For each part of the key of `target`, the value that the path tells already: behind `Products(1)/Descriptions` the
/// constraint of the partner says which parts repeat the key of the product.
pub(crate) fn parts(
    model: &Model,
    segments: &[Segment],
    owner: Option<TypeId>,
    target: &StructuredType,
) -> Vec<Option<Value>> {
    known(model, segments, owner, target).unwrap_or_else(|| vec![None; target.key.len()])
}

fn known(
    model: &Model,
    segments: &[Segment],
    owner: Option<TypeId>,
    target: &StructuredType,
) -> Option<Vec<Option<Value>>> {
    let owner = model.structured(owner?)?;
    let mut behind = segments.iter().rev().filter(|segment| !matches!(segment, Segment::Cast(_)));
    let (Some(Segment::Navigation { member, .. }), Some(Segment::Key(key))) = (behind.next(), behind.next()) else {
        return None;
    };
    let MemberKind::Navigation(navigation) = &owner.members.get(usize::from(*member))?.kind else { return None };
    let (_, partner) = target.member(navigation.partner.as_deref()?)?;
    let MemberKind::Navigation(back) = &partner.kind else { return None };
    let part = |wanted: &KeyRef| {
        let (_, referenced) = back.constraints.iter().find(|(dependent, _)| *dependent == wanted.path_text)?;
        let place = owner.key.iter().position(|part| part.path_text == *referenced)?;
        key.get(place).cloned()
    };
    Some(target.key.iter().map(part).collect())
}

/// The alternate key of a type that has exactly these parts.
pub(super) fn alternate(model: &Model, ty: &StructuredType, names: &[&str]) -> Option<Vec<KeyRef>> {
    let own = std::iter::once(ty);
    let lineage = own.chain(ty.ancestors.iter().filter_map(|id| model.structured(*id)));
    let keys = lineage.filter_map(|ty| model.annotation(&ty.annotations, ALTERNATE_KEYS));
    let keys = keys.filter_map(|keys| if let AnnotationValue::Collection(keys) = keys { Some(keys) } else { None });
    keys.flatten().find_map(|key| {
        let Some(AnnotationValue::Collection(parts)) = key.property("Key") else { return None };
        let parts: Option<Vec<KeyRef>> = parts.iter().map(|part| key_ref(model, ty, part)).collect();
        let fits =
            |parts: &Vec<KeyRef>| parts.len() == names.len() && parts.iter().all(|part| names.contains(&&*part.name));
        parts.filter(fits)
    })
}

fn key_ref(model: &Model, ty: &StructuredType, part: &AnnotationValue) -> Option<KeyRef> {
    let text = part.property("Name")?.as_text()?;
    let mut owner = ty;
    let mut path = Vec::new();
    for name in text.split('/') {
        let (number, member) = owner.member(name)?;
        path.push(number);
        owner = structured(model, member.ty.base).map_or(owner, |(_, inner)| inner);
    }
    let name = part.property("Alias").and_then(AnnotationValue::as_text).unwrap_or(text);
    Some(KeyRef { name: name.into(), path, path_text: text.into() })
}
