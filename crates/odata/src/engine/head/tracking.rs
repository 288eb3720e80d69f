//! What of a request that asks for later changes can be promised: `$expand` only of what the set announces. Knows no state.

use super::called;
use crate::engine::target::{Segment, Target};
use crate::model::{AnnotationValue, EdmType, Model, TypeId};
use crate::plan::Projection;

/// Whether changes of all that is expanded are told with those of a set's entities: its `Capabilities.ChangeTracking` names each
/// path in `ExpandableProperties`. A function that tells changes answers for itself.
pub(super) fn covers_expanded(model: &Model, target: &Target, projection: &Projection) -> bool {
    if projection.expand.is_empty() || called(target).is_some() {
        return true;
    }
    let ty = target.ty.as_ref().and_then(|ty| if let EdmType::Named(id) = ty.base { Some(id) } else { None });
    let Some((ty, announced)) = ty.zip(announced(model, target)) else { return false };
    let mut wanted = Vec::new();
    paths(model, ty, projection, "", &mut wanted);
    wanted.iter().all(|path| announced.iter().any(|known| known == path))
}

/// The paths that the set announces, without casts.
fn announced(model: &Model, target: &Target) -> Option<Vec<String>> {
    let Some(Segment::Root { child, .. }) = target.segments.first() else { return None };
    let child = model.container.children.get(usize::from(*child))?;
    let said = model.annotation(&child.annotations, "Org.OData.Capabilities.V1.ChangeTracking")?;
    let AnnotationValue::Record(_, members) = said else { return None };
    let (_, value) = members.iter().find(|(name, _)| **name == *"ExpandableProperties")?;
    let AnnotationValue::Collection(paths) = value else { return None };
    let text = |path: &AnnotationValue| match path {
        AnnotationValue::Path { text, .. } | AnnotationValue::Constant { text, .. } => Some(without_casts(text)),
        _ => None,
    };
    Some(paths.iter().filter_map(text).collect())
}

fn without_casts(path: &str) -> String {
    path.split('/').filter(|step| !step.contains('.')).collect::<Vec<_>>().join("/")
}

/// The path of every navigation property that is expanded, at any depth.
fn paths(model: &Model, ty: TypeId, projection: &Projection, before: &str, into: &mut Vec<String>) {
    for item in &projection.expand {
        let owner = model.structured(item.cast.unwrap_or(ty));
        let Some(member) = owner.and_then(|owner| owner.members.get(usize::from(item.member))) else { continue };
        let path = if before.is_empty() { member.name.to_string() } else { format!("{before}/{}", member.name) };
        if let (EdmType::Named(base), false) = (member.ty.base, item.query.projection.expand.is_empty()) {
            paths(model, item.target_cast.unwrap_or(base), &item.query.projection, &path, into);
        }
        // A stream is part of its entity.
        if member.is_navigation() {
            into.push(path);
        }
    }
}
