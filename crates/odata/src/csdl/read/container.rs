//! The entity container: sets, singletons, imports and their bindings.

use std::sync::Arc;

use super::Reader;
use super::annotations::annotation;
use super::xml::Element;
use crate::csdl::{CsdlError, CsdlFault};
use crate::limits::CSDL_MEMBERS_MAX;
use crate::model::{Annotation, ContainerChild, ContainerChildKind, EdmType, Member, OperationId, TypeId};

impl<'a> Reader<'a> {
    pub(super) fn read_container(&mut self) -> Result<(), CsdlError> {
        let Some(element) = self.container else { return Ok(()) };
        if element.attribute("Extends").is_some() {
            return Err(element.misused(
                "entity container",
                element.identifier("Name")?,
                "extends another one: not offered",
            ));
        }
        element.only(&["Name"])?;
        self.model.container.name = element.identifier("Name")?.into();
        for child in element.children() {
            if child.name() == "Annotation" {
                let annotation = annotation(child)?;
                self.model.container.annotations.push(annotation);
                continue;
            }
            let read = self.child(child)?;
            let index = u16::try_from(self.model.container.children.len()).map_err(|_| {
                child.fault(CsdlFault::TooMany { what: "children of the container", max: CSDL_MEMBERS_MAX })
            })?;
            if self.model.container.by_name.insert(Arc::clone(&read.name), index).is_some() {
                return Err(child.duplicate("child of the container", &read.name));
            }
            self.model.container.children.push(read);
        }
        Ok(())
    }

    fn child(&self, element: Element<'a>) -> Result<ContainerChild, CsdlError> {
        let (bindings, annotations) = content(element)?;
        let (kind, listed) = match element.name() {
            "EntitySet" => {
                element.only(&["Name", "EntityType", "IncludeInServiceDocument"])?;
                let ty = self.entity_type(element, "EntityType")?;
                (ContainerChildKind::EntitySet { ty, bindings }, true)
            }
            "Singleton" => {
                element.only(&["Name", "Type", "Nullable"])?;
                let ty = self.entity_type(element, "Type")?;
                let nullable = element.flag("Nullable")?.unwrap_or(false);
                (ContainerChildKind::Singleton { ty, nullable, bindings }, true)
            }
            "ActionImport" => {
                element.only(&["Name", "Action", "EntitySet"])?;
                (self.import(element, "Action", true)?, false)
            }
            "FunctionImport" => {
                element.only(&["Name", "Function", "EntitySet", "IncludeInServiceDocument"])?;
                (self.import(element, "Function", false)?, false)
            }
            _ => return Err(element.unexpected()),
        };
        Ok(ContainerChild {
            name: element.identifier("Name")?.into(),
            kind,
            in_service_document: element.flag("IncludeInServiceDocument")?.unwrap_or(listed),
            annotations,
        })
    }

    fn entity_type(&self, element: Element<'a>, attribute: &'static str) -> Result<TypeId, CsdlError> {
        let name = element.required(attribute)?;
        let id = self.named_type(element, name)?;
        if self.model.structured(id).is_some_and(|ty| ty.is_entity) {
            Ok(id)
        } else {
            Err(element.misused("type", name, "is not an entity type"))
        }
    }

    fn import(
        &self,
        element: Element<'a>,
        attribute: &'static str,
        is_action: bool,
    ) -> Result<ContainerChildKind, CsdlError> {
        let name = element.required(attribute)?;
        let full = self.model.resolve_name(name);
        let operations: Vec<OperationId> = (0..)
            .map(OperationId)
            .zip(&self.model.operations)
            .filter(|(_, op)| !op.is_bound && op.is_action == is_action && *op.name == *full)
            .map(|(id, _)| id)
            .collect();
        if operations.is_empty() {
            return Err(element.unknown(if is_action { "unbound action" } else { "unbound function" }, name));
        }
        Ok(ContainerChildKind::Import { operations, entity_set: element.attribute("EntitySet").map(Arc::from) })
    }

    /// What needs whole types: entity sets have keys, bindings lead from a navigation property to a set.
    pub(super) fn check_container(&self) -> Result<(), CsdlError> {
        let Some(container) = self.container else { return Ok(()) };
        let elements = container.children().filter(|child| child.name() != "Annotation");
        for (element, child) in elements.zip(&self.model.container.children) {
            match &child.kind {
                ContainerChildKind::EntitySet { ty, .. } if self.model.key_of(*ty).is_empty() => {
                    return Err(element.misused("entity set", &child.name, "has a type without a key"));
                }
                ContainerChildKind::EntitySet { ty, bindings } | ContainerChildKind::Singleton { ty, bindings, .. } => {
                    for (path, target) in bindings {
                        if !self.member_at(*ty, path).is_some_and(Member::is_navigation) {
                            return Err(element.unknown("navigation property", path));
                        }
                        self.check_target(element, target)?;
                    }
                }
                ContainerChildKind::Import { entity_set, .. } => {
                    if let Some(target) = entity_set {
                        self.check_target(element, target)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn check_target(&self, element: Element<'a>, target: &str) -> Result<(), CsdlError> {
        let container = &self.model.container;
        let own = format!("{}.{}/", container.namespace, container.name);
        let resolved = target.split_once('/').map(|(head, rest)| format!("{}/{rest}", self.model.resolve_name(head)));
        let path = resolved.as_deref().and_then(|path| path.strip_prefix(&own)).unwrap_or(target);
        let name = path.split('/').next().unwrap_or(path);
        match self.model.child(name) {
            Some((_, child)) if !matches!(child.kind, ContainerChildKind::Import { .. }) => Ok(()),
            _ => Err(element.unknown("entity set or singleton", target)),
        }
    }

    /// The member at the end of a path of members and casts, starting at a structured type.
    pub(super) fn member_at(&self, start: TypeId, path: &str) -> Option<&Member> {
        let (mut at, mut found) = (Some(start), None);
        for step in path.split('/') {
            let here = self.model.structured(at?)?;
            if step.contains('.') {
                at = self.model.type_names.get(self.model.resolve_name(step).as_ref()).copied();
                continue;
            }
            let (_, member) = here.member(step)?;
            found = Some(member);
            at = if let EdmType::Named(id) = member.ty.base { Some(id) } else { None };
        }
        found
    }
}

/// `(navigation path, target)` of each binding.
type Bindings = Vec<(Arc<str>, Arc<str>)>;

/// What sets, singletons and imports may hold: bindings (imports none) and annotations.
fn content(element: Element<'_>) -> Result<(Bindings, Vec<Annotation>), CsdlError> {
    let (mut bindings, mut annotations) = (Vec::new(), Vec::new());
    for child in element.children() {
        match child.name() {
            "NavigationPropertyBinding" if !element.name().ends_with("Import") => {
                child.only(&["Path", "Target"])?;
                bindings.push((child.required("Path")?.into(), child.required("Target")?.into()));
            }
            "Annotation" => annotations.push(annotation(child)?),
            _ => return Err(child.unexpected()),
        }
    }
    Ok((bindings, annotations))
}
