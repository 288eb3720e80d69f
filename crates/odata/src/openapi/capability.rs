//! What the Capabilities annotations of the model say of a set, a singleton or a collection below one. Absent says yes, as
//! the vocabulary does.

use crate::model::{AnnotationValue, ContainerChild, Member, Model};

const VOCABULARY: &str = "Org.OData.Capabilities.V1";

/// A collection or entity as annotations address it: a child of the container and the properties behind it.
#[derive(Debug, Clone)]
pub(super) struct Place<'m> {
    pub(super) child: &'m ContainerChild,
    pub(super) members: Vec<&'m Member>,
}

impl Place<'_> {
    /// A flag inside a record (`FilterRestrictions/Filterable`).
    pub(super) fn may(&self, model: &Model, term: &str, property: &str) -> bool {
        self.restriction(model, term).and_then(|value| value.property(property)?.as_bool()).unwrap_or(true)
    }

    /// A term that is a flag itself (`TopSupported`).
    pub(super) fn supports(&self, model: &Model, term: &str) -> bool {
        self.restriction(model, term).and_then(AnnotationValue::as_bool).unwrap_or(true)
    }

    /// Of the place itself, else of the path from the root.
    fn restriction(&self, model: &Model, term: &str) -> Option<&AnnotationValue> {
        let qualified = format!("{VOCABULARY}.{term}");
        let Some(last) = self.members.last() else { return model.annotation(&self.child.annotations, &qualified) };
        self.on_path(model, term).or_else(|| model.annotation(&last.annotations, &qualified))
    }

    fn on_path(&self, model: &Model, term: &str) -> Option<&AnnotationValue> {
        let path = self.members.iter().map(|member| &*member.name).collect::<Vec<_>>().join("/");
        let all = model.annotation(&self.child.annotations, &format!("{VOCABULARY}.NavigationRestrictions"))?;
        let AnnotationValue::Collection(restricted) = all.property("RestrictedProperties")? else { return None };
        let is_it = |record: &&AnnotationValue| {
            record.property("NavigationProperty").and_then(AnnotationValue::as_text) == Some(path.as_str())
        };
        restricted.iter().find(is_it)?.property(term)
    }
}
