//! Where entities live: a path through navigation properties to the entity set that they lead to. Knows no request.

use std::sync::Arc;

use super::address::types_before;
use super::target::Segment;
use crate::model::{ContainerChild, ContainerChildKind, EdmType, MemberKind, Model, TypeId};

/// The canonical form of a path: what leads through a navigation property that is bound to an entity set (and contains
/// nothing) starts at that set, as soon as its key is known. Other paths come back as they are.
pub(crate) fn canonical(model: &Model, segments: &[Segment]) -> Vec<Segment> {
    let mut out: Vec<Segment> = Vec::with_capacity(segments.len());
    let mut root: Option<u16> = None;
    let mut since: Vec<&str> = Vec::new();
    for (index, (segment, before)) in types_before(model, segments).enumerate() {
        match segment {
            Segment::Root { child, .. } => root = Some(*child),
            Segment::Property { name, .. } => since.push(name),
            Segment::Navigation { member, name } => {
                since.push(name);
                let property = before.and_then(|id| model.structured(id)?.members.get(usize::from(*member)));
                let contains = property.is_none_or(crate::model::Member::is_containment);
                if !contains && let Some(target) = root.and_then(|root| bound(model, root, &since)) {
                    root = Some(target);
                    since.clear();
                    let collection = property.is_some_and(|property| property.ty.collection);
                    if names_entities(&segments[index + 1..], collection) {
                        let name = model.container.children[usize::from(target)].name.clone();
                        out.clear();
                        out.push(Segment::Root { child: target, name });
                        continue;
                    }
                }
            }
            Segment::Operation { .. } => root = None,
            _ => {}
        }
        out.push(segment.clone());
    }
    out
}

/// Whether what follows a navigation property needs no key that the path does not tell.
fn names_entities(behind: &[Segment], collection: bool) -> bool {
    let next = behind.iter().find(|segment| !matches!(segment, Segment::Cast(_)));
    match next {
        None | Some(Segment::Ref) => true,
        Some(
            Segment::Key(_)
            | Segment::AlternateKey(_)
            | Segment::Filter(_)
            | Segment::Each
            | Segment::Count
            | Segment::Operation { .. },
        ) => collection,
        _ => false,
    }
}

/// The set or singleton that a path below a child of the container is bound to.
fn bound(model: &Model, root: u16, path: &[&str]) -> Option<u16> {
    let fits = |bound: &str| bound.split('/').filter(|step| !step.contains('.')).eq(path.iter().copied());
    let bindings = bindings_of(model.container.children.get(usize::from(root))?);
    let (_, target) = bindings.iter().find(|(bound, _)| fits(bound))?;
    target_child(model, target)
}

fn bindings_of(child: &ContainerChild) -> &[(Arc<str>, Arc<str>)] {
    match &child.kind {
        ContainerChildKind::EntitySet { bindings, .. } | ContainerChildKind::Singleton { bindings, .. } => bindings,
        ContainerChildKind::Import { .. } => &[],
    }
}

/// A binding's target: a child of this container, by name or qualified name.
fn target_child(model: &Model, target: &str) -> Option<u16> {
    let name = match target.split_once('/') {
        Some((container, name)) if container.contains('.') => name,
        _ => target,
    };
    model.child(name).map(|(number, _)| number)
}

/// The name of the set that a navigation property leads to from wherever entities of a type live; `None` where sets differ
/// or none is bound.
pub(crate) fn target_set(model: &Model, owner: TypeId, member: u16) -> Option<&str> {
    let property = model.structured(owner)?.members.get(usize::from(member))?;
    let MemberKind::Navigation(navigation) = &property.kind else { return None };
    if navigation.contains_target {
        return None;
    }
    let mut found = None;
    for child in &model.container.children {
        let (ContainerChildKind::EntitySet { ty, .. } | ContainerChildKind::Singleton { ty, .. }) = child.kind else {
            continue;
        };
        let bindings =
            bindings_of(child).iter().filter(|(path, _)| leads_through(model, ty, path, owner, &property.name));
        for (_, target) in bindings {
            match (target_child(model, target), found) {
                (None, _) => {}
                (target, None) => found = target,
                (target, known) if target == known => {}
                _ => return None,
            }
        }
    }
    let child = &model.container.children[usize::from(found?)];
    matches!(child.kind, ContainerChildKind::EntitySet { .. }).then_some(&*child.name)
}

/// Whether the path of a binding, from a type, ends with the navigation property of an entity or complex type.
fn leads_through(model: &Model, from: TypeId, path: &str, owner: TypeId, property: &str) -> bool {
    let mut steps = path.split('/').collect::<Vec<_>>();
    if steps.pop() != Some(property) {
        return false;
    }
    let reached = steps.into_iter().try_fold(from, |at, step| {
        if step.contains('.') {
            return model.type_by_name(step);
        }
        match model.structured(at)?.member(step)?.1.ty.base {
            EdmType::Named(id) => Some(id),
            _ => None,
        }
    });
    reached.is_some_and(|reached| model.is_a(owner, reached) || model.is_a(reached, owner))
}

/// Whether a path is an entity set and nothing more, perhaps under a cast or a filter.
pub(crate) fn is_entity_set(model: &Model, segments: &[Segment]) -> bool {
    let narrows = |segment: &&Segment| matches!(segment, Segment::Cast(_) | Segment::Filter(_) | Segment::Each);
    let mut steps = segments.iter().filter(|segment| !narrows(segment));
    let (Some(Segment::Root { child, .. }), None) = (steps.next(), steps.next()) else { return false };
    let child = model.container.children.get(usize::from(*child));
    child.is_some_and(|child| matches!(child.kind, ContainerChildKind::EntitySet { .. }))
}
