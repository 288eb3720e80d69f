//! Annotations that stand apart from what they annotate, and what the understood ones mean for the model.

use std::sync::Arc;

use super::Reader;
use super::annotations::annotations_of;
use super::xml::Element;
use crate::csdl::CsdlError;
use crate::csdl::vocabulary::{COMPUTED, COMPUTED_DEFAULT_VALUE, IMMUTABLE, OPTIONAL_PARAMETER};
use crate::model::{Annotation, EdmType, MemberKind, Model, NamedType, Operation, TypeId};

/// Where the annotations of an `Annotations` element go.
enum Place {
    /// To an element of the model.
    Moved,
    /// They stay where they are: the target has no place for them, or is not of this document.
    Kept,
    /// The target should be in this document and is not.
    Unknown,
}

impl<'a> Reader<'a> {
    /// Moves annotations to their targets.
    pub(super) fn attach_annotations(&mut self) -> Result<(), CsdlError> {
        for (schema, element) in std::mem::take(&mut self.targeted) {
            element.only(&["Target", "Qualifier"])?;
            let target = element.required("Target")?;
            let mut annotations = annotations_of(element)?;
            for annotation in &mut annotations {
                // A qualifier of the whole group applies to each.
                annotation.qualifier = annotation.qualifier.take().or(element.attribute("Qualifier").map(Arc::from));
            }
            match self.attach(target, &annotations, element) {
                Place::Moved => {}
                Place::Kept => self.model.schemas[schema].targeted.push((target.into(), annotations)),
                Place::Unknown => return Err(element.unknown("annotation target", target)),
            }
        }
        Ok(())
    }

    fn attach(&mut self, target: &str, annotations: &[Annotation], element: Element<'a>) -> Place {
        // A signature may hold slashes in no case, so the first one ends the model element.
        let (head, rest) = target.split_once('/').map_or((target, None), |(head, rest)| (head, Some(rest)));
        let (name, signature) = match head.split_once('(') {
            Some((name, rest)) => (name, Some(rest.trim_end_matches(')'))),
            None => (head, None),
        };
        let name = self.model.resolve_name(name).into_owned();
        if let Some(id) = self.model.type_names.get(name.as_str()).copied() {
            return self.attach_to_type(id, rest, annotations, element);
        }
        if self.model.operations.iter().any(|op| *op.name == *name) {
            return attach_to_operations(&mut self.model, &name, signature, rest, annotations);
        }
        let container = &mut self.model.container;
        if name.strip_suffix(&*container.name).and_then(|ns| ns.strip_suffix('.')) == Some(&*container.namespace) {
            return match rest {
                None => extend(&mut container.annotations, annotations),
                Some(child) => match container.by_name.get(child) {
                    Some(index) => extend(&mut container.children[usize::from(*index)].annotations, annotations),
                    None => Place::Unknown,
                },
            };
        }
        let Some((namespace, short)) = name.rsplit_once('.') else { return Place::Unknown };
        match self.model.schemas.iter_mut().find(|schema| *schema.namespace == *namespace) {
            None => Place::Kept,
            Some(schema) => match schema.terms.iter_mut().find(|term| *term.name == *short) {
                Some(term) if rest.is_none() => extend(&mut term.annotations, annotations),
                _ => Place::Unknown,
            },
        }
    }

    fn attach_to_type(
        &mut self,
        id: TypeId,
        rest: Option<&str>,
        annotations: &[Annotation],
        element: Element<'a>,
    ) -> Place {
        match (&mut self.model.types[id.0 as usize], rest) {
            (NamedType::Structured(ty), None) => extend(&mut ty.annotations, annotations),
            (NamedType::Enum(ty), None) => extend(&mut ty.annotations, annotations),
            (NamedType::Definition(ty), None) => extend(&mut ty.annotations, annotations),
            (NamedType::Structured(_), Some(path)) if path.contains(['/', '@', '$']) => Place::Kept,
            (NamedType::Structured(ty), Some(name)) => {
                if let Some(member) = ty.members.iter_mut().find(|member| *member.name == *name) {
                    return extend(&mut member.annotations, annotations);
                }
                // Inherited, if at all: known when inheritance is resolved.
                self.inherited.push((id, name.into(), annotations.to_vec(), element));
                Place::Kept
            }
            (NamedType::Enum(ty), Some(name)) => match ty.members.iter().position(|(known, _)| **known == *name) {
                Some(place) => extend(&mut ty.member_annotations[place], annotations),
                None => Place::Unknown,
            },
            (NamedType::Definition(_), Some(_)) => Place::Unknown,
        }
    }

    /// Gives the understood annotations their meaning. Own members only: inheritance copies it.
    pub(super) fn interpret(&mut self) -> Result<(), CsdlError> {
        for number in 0..self.model.types.len() {
            let NamedType::Structured(ty) = &mut self.model.types[number] else { continue };
            let mut members = std::mem::take(&mut ty.members);
            for member in &mut members {
                member.interpret(&self.model);
            }
            if let NamedType::Structured(ty) = &mut self.model.types[number] {
                ty.members = members;
            }
        }
        let mut operations = std::mem::take(&mut self.model.operations);
        for parameter in operations.iter_mut().flat_map(|operation| &mut operation.parameters) {
            // Present in any form, with a default value or without: the parameter may be left out.
            parameter.optional = self.model.annotation(&parameter.annotations, OPTIONAL_PARAMETER).is_some();
        }
        self.model.operations = operations;
        self.name_operations()
    }
}

impl crate::model::Member {
    /// Sets what the understood annotations of the member say.
    pub(super) fn interpret(&mut self, model: &Model) {
        if let MemberKind::Structural { computed, computed_default, immutable, .. } = &mut self.kind {
            *computed = model.is_tagged(&self.annotations, COMPUTED) || model.is_read_only(&self.annotations);
            *computed_default = model.is_tagged(&self.annotations, COMPUTED_DEFAULT_VALUE);
            *immutable = model.is_tagged(&self.annotations, IMMUTABLE);
        }
    }
}

/// Annotates every overload of a name, or the one with the signature (binding type and, for functions, parameter types).
fn attach_to_operations(
    model: &mut Model,
    name: &str,
    signature: Option<&str>,
    rest: Option<&str>,
    annotations: &[Annotation],
) -> Place {
    let chosen: Vec<usize> = (0..model.operations.len())
        .filter(|number| {
            let operation = &model.operations[*number];
            *operation.name == *name && signature.is_none_or(|signature| has_signature(model, operation, signature))
        })
        .collect();
    let mut place = Place::Unknown;
    for number in chosen {
        let operation = &mut model.operations[number];
        let annotated = match rest {
            None => Some(&mut operation.annotations),
            Some("$ReturnType") => operation.returns.as_ref().map(|_| &mut operation.return_annotations),
            Some(parameter) => operation
                .parameters
                .iter_mut()
                .find(|known| *known.name == *parameter)
                .map(|parameter| &mut parameter.annotations),
        };
        if let Some(annotated) = annotated {
            place = extend(annotated, annotations);
        }
    }
    place
}

fn has_signature(model: &Model, operation: &Operation, signature: &str) -> bool {
    let written = |text: &str| match text.trim().strip_prefix("Collection(") {
        Some(rest) => format!("Collection({})", model.resolve_name(rest.trim_end_matches(')'))),
        None => model.resolve_name(text.trim()).into_owned(),
    };
    let counted = if operation.is_action { usize::from(operation.is_bound) } else { operation.parameters.len() };
    let own: Vec<String> =
        operation.parameters[..counted].iter().map(|parameter| model.qualified_name(&parameter.ty)).collect();
    // The closing parenthesis of the last `Collection(…)` may have been cut with that of the signature.
    let given: Vec<String> = signature.split(',').filter(|part| !part.trim().is_empty()).map(written).collect();
    own == given
}

fn extend(to: &mut Vec<Annotation>, more: &[Annotation]) -> Place {
    for annotation in more {
        // What stands at the element itself wins over what is said of it elsewhere.
        if !to.iter().any(|known| known.term == annotation.term && known.qualifier == annotation.qualifier) {
            to.push(annotation.clone());
        }
    }
    Place::Moved
}

/// The type that a member leads to, when it is declared in this document.
pub(super) fn declared(ty: EdmType) -> Option<TypeId> {
    if let EdmType::Named(id) = ty { Some(id) } else { None }
}
