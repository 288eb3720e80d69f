//! Which methods a target takes, by its kind, the model's annotations and the profile. Knows no headers.

use http::Method;

use crate::engine::address::{owner_type, type_of};
use crate::engine::reference::written;
use crate::engine::target::{Segment, Target, TargetKind};
use crate::model::{
    Annotation, AnnotationValue, ContainerChild, ContainerChildKind, EdmType, MemberKind, Model, TypeId,
};
use crate::profile::Profile;

const OPTIMISTIC_CONCURRENCY: &str = "Org.OData.Core.V1.OptimisticConcurrency";

/// The methods of a target, in the order that `Allow` names them. OPTIONS is understood beside them. `changes` says whether
/// whole collections can be changed.
pub(crate) fn allowed(model: &Model, profile: Profile, changes: bool, target: &Target) -> Vec<Method> {
    let mut methods = match target.kind {
        TargetKind::Action | TargetKind::Batch => return vec![Method::POST],
        _ if matches!(target.segments.first(), Some(Segment::All | Segment::CrossJoin(_))) => {
            return vec![Method::GET, Method::HEAD];
        }
        TargetKind::Members if changes => return of_members(model, target),
        _ => vec![Method::GET, Method::HEAD],
    };
    match target.kind {
        TargetKind::EntityCollection => {
            if is_insertable(model, target) {
                methods.push(Method::POST);
            }
            if changes && is_changeable(model, target) {
                methods.push(Method::PATCH);
                if profile == Profile::Strict {
                    methods.push(Method::PUT);
                }
            }
        }
        TargetKind::Entity => {
            let is_singleton = is_root(target);
            if is_singleton && may(model, target, "InsertRestrictions", "Insertable", false) {
                methods.push(Method::POST);
            }
            if may(model, target, "UpdateRestrictions", "Updatable", true) {
                methods.push(Method::PATCH);
                if profile == Profile::Strict {
                    methods.push(Method::PUT);
                }
            }
            if may(model, target, "DeleteRestrictions", "Deletable", !is_singleton) {
                methods.push(Method::DELETE);
            }
        }
        TargetKind::Primitive | TargetKind::Complex | TargetKind::ValueCollection | TargetKind::RawValue
            if is_settable(model, target) =>
        {
            let strict = profile == Profile::Strict;
            let is_dynamic = target.segments.iter().any(|segment| matches!(segment, Segment::Dynamic { .. }));
            // A raw value does not say what type it has.
            if is_dynamic && target.kind == TargetKind::RawValue {
                return methods;
            }
            // Graph has no raw writes and no appending.
            if target.kind != TargetKind::RawValue || strict {
                methods.push(Method::PUT);
            }
            if target.kind == TargetKind::Complex || (target.kind == TargetKind::Primitive && strict) {
                methods.push(Method::PATCH);
            }
            if target.kind == TargetKind::ValueCollection && strict {
                methods.push(Method::POST);
            }
            if target.kind != TargetKind::RawValue || strict {
                methods.push(Method::DELETE);
            }
        }
        TargetKind::Stream => {
            let is_updatable = may(model, target, "UpdateRestrictions", "Updatable", true);
            let is_media = type_of(model, &target.segments).is_some();
            if is_updatable {
                methods.push(Method::PUT);
            }
            // The media of an entity go with it.
            if if is_media { may(model, target, "DeleteRestrictions", "Deletable", true) } else { is_updatable } {
                methods.push(Method::DELETE);
            }
        }
        TargetKind::Reference => references(model, profile, target, &mut methods),
        _ => {}
    }
    methods
}

/// What may be done to every member of a collection. Elements of a property are changed as the property is.
fn of_members(model: &Model, target: &Target) -> Vec<Method> {
    let are_entities = match target.ty.as_ref().map(|ty| ty.base) {
        Some(EdmType::Named(id)) => model.structured(id).is_some_and(|ty| ty.is_entity),
        _ => false,
    };
    let may = |term, property, flag| {
        if are_entities {
            may(model, target, term, property, true) && may(model, target, term, flag, true)
        } else {
            is_settable(model, target)
        }
    };
    let mut methods = Vec::new();
    if may("UpdateRestrictions", "Updatable", "FilterSegmentSupported") {
        methods.push(Method::PATCH);
    }
    if may("DeleteRestrictions", "Deletable", "FilterSegmentSupported") {
        methods.push(Method::DELETE);
    }
    methods
}

/// What may be written to the references of a navigation property. Contained entities have no life of their own, so a
/// reference to them cannot come or go.
fn references(model: &Model, profile: Profile, target: &Target, methods: &mut Vec<Method>) {
    let Some((at, has_key)) = written(&target.segments) else { return };
    let Segment::Navigation { member, .. } = target.segments[at] else { return };
    let owner = type_of(model, &target.segments[..at]).and_then(|id| model.structured(id));
    let Some(property) = owner.and_then(|ty| ty.members.get(usize::from(member))) else { return };
    let holder = Target { segments: target.segments[..at].to_vec(), ..target.clone() };
    if property.is_containment() || !may(model, &holder, "UpdateRestrictions", "Updatable", true) {
        return;
    }
    match (property.ty.collection, has_key) {
        // Graph does not replace them all.
        (true, false) if profile == Profile::Graph => methods.extend([Method::POST, Method::DELETE]),
        (true, false) => methods.extend([Method::POST, Method::PUT, Method::DELETE]),
        (true, true) => methods.push(Method::DELETE),
        (false, _) if property.ty.nullable => methods.extend([Method::PUT, Method::DELETE]),
        (false, _) => methods.push(Method::PUT),
    }
}

fn is_insertable(model: &Model, target: &Target) -> bool {
    let is_result = matches!(target.segments.last(), Some(Segment::Operation { .. }));
    !is_result && may(model, target, "InsertRestrictions", "Insertable", true)
}

/// Whether a collection can be changed as a whole: not one that a cast, a filter or a function made.
fn is_changeable(model: &Model, target: &Target) -> bool {
    let is_made = |segment: &Segment| {
        matches!(segment, Segment::Cast(_) | Segment::Filter(_) | Segment::Operation { .. } | Segment::All)
    };
    !target.segments.last().is_none_or(is_made)
        && may(model, target, "UpdateRestrictions", "Updatable", true)
        && may(model, target, "UpdateRestrictions", "DeltaUpdateSupported", true)
}

/// Whether the target is a child of the container itself (a singleton, an entity set), perhaps under a cast.
fn is_root(target: &Target) -> bool {
    let mut segments = target.segments.iter().filter(|segment| !matches!(segment, Segment::Cast(_)));
    matches!(segments.next(), Some(Segment::Root { .. })) && segments.next().is_none()
}

/// A property can be set by its URL unless the service computes it, it is (part of) the key, or it never changes.
fn is_settable(model: &Model, target: &Target) -> bool {
    let behind = |segment: &&Segment| {
        matches!(segment, Segment::Cast(_) | Segment::Value | Segment::Filter(_) | Segment::Each | Segment::Index(_))
    };
    let member = match target.segments.iter().rev().find(|segment| !behind(segment)) {
        Some(Segment::Property { member, .. }) => member,
        Some(Segment::Dynamic { .. }) => return may(model, target, "UpdateRestrictions", "Updatable", true),
        _ => return false,
    };
    let Some(ty) = owner_type(model, target).and_then(|owner| model.structured(owner)) else { return false };
    let is_key = ty.key.iter().any(|key| key.path.first() == Some(member));
    let free = matches!(
        ty.members.get(usize::from(*member)).map(|member| &member.kind),
        Some(MemberKind::Structural { computed: false, immutable: false, .. })
    );
    free && !is_key && may(model, target, "UpdateRestrictions", "Updatable", true)
}

/// Whether the target is an entity of a set (or a singleton) that announces optimistic concurrency, or a part of it, and
/// the method changes it.
pub(crate) fn needs_precondition(model: &Model, method: &Method, target: &Target) -> bool {
    let changes = matches!(*method, Method::PUT | Method::PATCH | Method::DELETE);
    let Some(Segment::Root { child, .. }) = target.segments.first() else { return false };
    let is_direct =
        !target.segments.iter().any(|s| matches!(s, Segment::Navigation { .. } | Segment::Operation { .. }));
    let child = model.container.children.get(usize::from(*child));
    let announces = |child: &ContainerChild| match model.annotation(&child.annotations, OPTIMISTIC_CONCURRENCY) {
        Some(AnnotationValue::Collection(properties)) => !properties.is_empty(),
        other => other.is_some(),
    };
    changes && is_direct && child.is_some_and(announces)
}

/// Whether the entities of a set or a singleton can be changed or deleted at all.
pub(crate) fn is_editable(model: &Model, child: &str) -> bool {
    let Some((_, child)) = model.child(child) else { return true };
    let may = |term, property, default| {
        let said = child.annotations.iter().find_map(|annotation| flag(annotation, term, property));
        said.unwrap_or(default)
    };
    let is_set = matches!(child.kind, ContainerChildKind::EntitySet { .. });
    may("UpdateRestrictions", "Updatable", true) || may("DeleteRestrictions", "Deletable", is_set)
}

/// Whether the set announces that it tracks changes.
pub(crate) fn tracks_changes(model: &Model, target: &Target) -> bool {
    let counted = target.segments.strip_suffix(&[Segment::Count]).unwrap_or(&target.segments);
    let collection = Target { segments: counted.to_vec(), ..target.clone() };
    is_root(&collection) && may(model, &collection, "ChangeTracking", "Supported", false)
}

/// What a capability says of the set or singleton that a direct child path ends in; `default` where it says nothing.
fn may(model: &Model, target: &Target, term: &str, property: &str, default: bool) -> bool {
    let Some(Segment::Root { child, .. }) = target.segments.first() else { return default };
    // What is contained deeper has restrictions of its own, which say nothing of the root.
    let is_direct =
        !target.segments[1..].iter().any(|s| matches!(s, Segment::Navigation { .. } | Segment::Operation { .. }));
    if !is_direct {
        return true;
    }
    let Some(child) = model.container.children.get(usize::from(*child)) else { return default };
    child.annotations.iter().find_map(|annotation| flag(annotation, term, property)).unwrap_or(default)
}

fn flag(annotation: &Annotation, term: &str, property: &str) -> Option<bool> {
    if annotation.term.rsplit('.').next() != Some(term) {
        return None;
    }
    let AnnotationValue::Record(_, members) = &annotation.value else { return None };
    members.iter().find(|(name, _)| **name == *property).map(|(_, value)| match value {
        AnnotationValue::Constant { text, .. } => &**text == "true",
        _ => true,
    })
}

/// The entity type of a container child that has one.
pub(crate) fn child_type(child: &ContainerChild) -> Option<TypeId> {
    match &child.kind {
        ContainerChildKind::EntitySet { ty, .. } | ContainerChildKind::Singleton { ty, .. } => Some(*ty),
        ContainerChildKind::Import { .. } => None,
    }
}
