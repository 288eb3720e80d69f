//! The resource paths of a model, to a bounded depth: each a target of the engine, so that what is said of its methods is
//! what the engine does. Knows no schema.

use std::sync::Arc;

use super::capability::Place;
use crate::engine::{Segment, Target, TargetKind};
use crate::limits::OPENAPI_DEPTH_MAX;
use crate::model::{
    ContainerChildKind, EdmType, Member, Model, OperationId, Primitive, StructuredType, TypeId, TypeRef,
};
use crate::profile::Profile;

/// A path template and what the engine knows at its end.
#[derive(Debug, Clone)]
pub(super) struct Resource<'m> {
    /// `/officeConfigurations/{officeConfiguration-id}`.
    pub(super) template: String,
    /// Names and types of what stands in braces.
    pub(super) parameters: Vec<(String, TypeRef)>,
    pub(super) target: Target,
    /// Where capabilities are declared.
    pub(super) place: Place<'m>,
    /// The operation called at the end.
    pub(super) operation: Option<OperationId>,
    /// Names without keys, for the operation's id.
    pub(super) names: Vec<String>,
}

impl Resource<'_> {
    fn extend(&mut self, text: &str) {
        self.template.push_str(text);
    }
}

/// Every path, in the order of the model.
pub(super) fn all(model: &Model, profile: Profile) -> Vec<Resource<'_>> {
    let mut walk = Walk { model, profile, out: Vec::new() };
    for (number, child) in (0..).zip(&model.container.children) {
        let root = Segment::Root { child: number, name: Arc::clone(&child.name) };
        let at = Resource {
            template: format!("/{}", child.name),
            parameters: Vec::new(),
            target: Target { segments: vec![root], kind: TargetKind::ServiceDocument, ty: None },
            place: Place { child, members: Vec::new() },
            operation: None,
            names: vec![child.name.to_string()],
        };
        match &child.kind {
            ContainerChildKind::EntitySet { ty, .. } => walk.entities(&at, *ty, 0),
            ContainerChildKind::Singleton { ty, .. } => walk.entity(&at, *ty, 0),
            ContainerChildKind::Import { operations, .. } => {
                for id in operations {
                    walk.call(&at, *id, "");
                }
            }
        }
    }
    walk.out
}

struct Walk<'m> {
    model: &'m Model,
    profile: Profile,
    out: Vec<Resource<'m>>,
}

impl<'m> Walk<'m> {
    fn keep(&mut self, mut at: Resource<'m>, kind: TargetKind, ty: TypeRef) {
        at.target.kind = kind;
        at.target.ty = Some(ty);
        self.out.push(at);
    }

    /// A collection of entities, its count, its operations, and one of them.
    fn entities(&mut self, at: &Resource<'m>, id: TypeId, depth: usize) {
        self.keep(at.clone(), TargetKind::EntityCollection, single(id, true));
        self.count(at, single(id, true));
        self.operations(at, id, true);
        let Some(ty) = self.model.structured(id).filter(|ty| !ty.key.is_empty()) else { return };
        let mut one = at.clone();
        one.target.segments.push(Segment::Key(Vec::new()));
        self.key(&mut one, ty);
        self.entity(&one, id, depth);
    }

    fn key(&self, at: &mut Resource<'m>, ty: &'m StructuredType) {
        let mut parts = Vec::new();
        for key in &ty.key {
            let Some(declared) = key_type(self.model, ty, &key.path) else { continue };
            let mut name = format!("{}-{}", ty.short_name(), key.name);
            while at.parameters.iter().any(|(known, _)| *known == name) {
                name.push_str("-of");
            }
            let quoted = matches!(self.model.primitive_of(declared), Some((Primitive::String, _)));
            let value = if quoted { format!("'{{{name}}}'") } else { format!("{{{name}}}") };
            let text = if ty.key.len() == 1 { value } else { format!("{}={value}", key.name) };
            parts.push(text);
            at.parameters.push((name, declared.clone()));
        }
        match (self.profile, at.parameters.last()) {
            (Profile::Graph, Some((name, _))) if ty.key.len() == 1 => at.extend(&format!("/{{{name}}}")),
            _ => at.extend(&format!("({})", parts.join(","))),
        }
    }

    /// One entity, what is worth an address of its own in it, and what it leads to.
    fn entity(&mut self, at: &Resource<'m>, id: TypeId, depth: usize) {
        self.keep(at.clone(), TargetKind::Entity, single(id, false));
        self.operations(at, id, false);
        let Some(ty) = self.model.structured(id) else { return };
        for (number, member) in (0..).zip(&ty.members) {
            let next = Self::behind(at, number, member);
            if !member.is_navigation() {
                self.property(&next, member);
            } else if depth < OPENAPI_DEPTH_MAX
                && let EdmType::Named(target) = member.ty.base
            {
                // What is linked has an address of its own in its set: one step is enough.
                let deeper = if member.is_containment() { depth + 1 } else { OPENAPI_DEPTH_MAX };
                if member.ty.collection {
                    self.entities(&next, target, deeper);
                } else {
                    self.entity(&next, target, deeper);
                }
            }
        }
    }

    fn behind(at: &Resource<'m>, number: u16, member: &'m Member) -> Resource<'m> {
        let mut next = at.clone();
        let name = Arc::clone(&member.name);
        next.extend(&format!("/{name}"));
        next.names.push(name.to_string());
        next.place.members.push(member);
        next.target.segments.push(if member.is_navigation() {
            Segment::Navigation { member: number, name }
        } else {
            Segment::Property { member: number, name }
        });
        next
    }

    /// Streams, complex values and collections; a plain value is read with its entity.
    fn property(&mut self, at: &Resource<'m>, member: &Member) {
        let structured = matches!(member.ty.base, EdmType::Named(id) if self.model.structured(id).is_some());
        if member.ty.collection {
            self.keep(at.clone(), TargetKind::ValueCollection, member.ty.clone());
            self.count(at, member.ty.clone());
        } else if member.is_stream() {
            self.keep(at.clone(), TargetKind::Stream, member.ty.clone());
        } else if structured {
            self.keep(at.clone(), TargetKind::Complex, member.ty.clone());
        }
    }

    fn count(&mut self, at: &Resource<'m>, ty: TypeRef) {
        if !at.place.may(self.model, "CountRestrictions", "Countable") {
            return;
        }
        let mut count = at.clone();
        count.template += "/$count";
        count.names.push("count".to_owned());
        count.target.segments.push(Segment::Count);
        self.keep(count, TargetKind::Count, ty);
    }

    fn operations(&mut self, at: &Resource<'m>, id: TypeId, collection: bool) {
        for operation in self.model.operations_bound_to(EdmType::Named(id), collection) {
            self.call(at, operation, "/");
        }
    }

    /// An operation at the end; functions with their parameters in the path.
    fn call(&mut self, at: &Resource<'m>, id: OperationId, separator: &str) {
        let operation = self.model.operation(id);
        let mut next = at.clone();
        if operation.is_bound {
            let is_default = self.model.default_namespaces.iter().any(|space| **space == *operation.namespace());
            let name = if is_default { operation.short_name() } else { &operation.name };
            next.extend(&format!("{separator}{name}"));
            next.names.push(operation.short_name().to_owned());
        }
        if !operation.is_action {
            let mut parts = Vec::new();
            for parameter in operation.own_parameters() {
                let is_text = match self.model.primitive_of(&parameter.ty) {
                    Some((primitive, _)) => matches!(primitive, Primitive::String | Primitive::Duration),
                    // A member of an enumeration.
                    None => true,
                };
                let name = &parameter.name;
                parts.push(match (parameter.ty.collection, is_text) {
                    // What has no text form in a path is given as an alias.
                    (true, _) => format!("{name}=@{name}"),
                    (false, true) => format!("{name}='{{{name}}}'"),
                    (false, false) => format!("{name}={{{name}}}"),
                });
                next.parameters.push((name.to_string(), parameter.ty.clone()));
            }
            if operation.is_bound || !parts.is_empty() {
                next.extend(&format!("({})", parts.join(",")));
            }
        }
        next.operation = Some(id);
        next.target.segments.push(Segment::Operation { id, parameters: Vec::new() });
        next.target.kind = if operation.is_action { TargetKind::Action } else { TargetKind::Function };
        next.target.ty.clone_from(&operation.returns);
        self.out.push(next);
    }
}

/// A use of a named type.
fn single(id: TypeId, collection: bool) -> TypeRef {
    TypeRef { base: EdmType::Named(id), collection, nullable: false, facets: crate::model::Facets::default() }
}

fn key_type<'m>(model: &'m Model, ty: &'m StructuredType, path: &[u16]) -> Option<&'m TypeRef> {
    let (first, rest) = path.split_first()?;
    let member = ty.members.get(usize::from(*first))?;
    match (rest.is_empty(), member.ty.base) {
        (true, _) => Some(&member.ty),
        (false, EdmType::Named(id)) => key_type(model, model.structured(id)?, rest),
        _ => None,
    }
}
