//! Rows inside rows, which `$apply` made: of what type they are, where they live, and their context URLs.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::context::push_projection;
use crate::engine::Engine;
use crate::engine::address::{KeyStyle, path};
use crate::engine::canonical::{canonical, target_set};
use crate::engine::head::{Head, Version};
use crate::json::Told;
use crate::model::{ContainerChildKind, EdmType, TypeId};
use crate::plan::{CollectionQuery, Nested, Origin, RowProperty};

/// A collection of rows that rows are nested in.
struct Around<'a> {
    ty: Option<TypeId>,
    /// Its part of a context URL.
    fragment: &'a str,
    /// The entity set that it is.
    set: Option<&'a str>,
}

struct Telling<'e> {
    engine: &'e Engine,
    head: &'e Head,
    version: Version,
    told: HashMap<Arc<str>, Option<Told>>,
}

impl Engine {
    /// What is known of the rows inside those of an answer, by the names of their properties. Names that mean different rows at
    /// different places are told nothing of.
    pub(super) fn nested_rows(&self, head: &Head) -> HashMap<Arc<str>, Option<Told>> {
        if !applies(&head.query) {
            return HashMap::new();
        }
        let version = self.context_version(head);
        let mut telling = Telling { engine: self, head, version, told: HashMap::new() };
        let fragment = path(&self.model, &canonical(&self.model, &head.target.segments), KeyStyle::Parentheses);
        let set = fragment.as_str();
        let set = self.model.child(set).is_some().then_some(set);
        telling.query(&head.query, &Around { ty: head.declared_type(), fragment: &fragment, set });
        telling.told
    }
}

/// Whether rows are transformed anywhere.
fn applies(query: &CollectionQuery) -> bool {
    query.apply.is_some() || query.projection.expand.iter().any(|item| applies(&item.query))
}

impl Telling<'_> {
    fn query(&mut self, query: &CollectionQuery, around: &Around<'_>) {
        if let Some(apply) = &query.apply {
            self.rows(&apply.rows.dynamic, around);
        }
        for item in query.projection.expand.iter().filter(|item| applies(&item.query)) {
            let Some(owner) = item.cast.or(around.ty) else { continue };
            let engine = self.engine;
            let member = engine.model.structured(owner).and_then(|ty| ty.members.get(usize::from(item.member)));
            let Some(EdmType::Named(ty)) = member.map(|member| member.ty.base) else { continue };
            let set = target_set(&engine.model, owner, item.member);
            let fragment = set.map_or_else(|| self.fragment_of_type(ty, true), str::to_owned);
            self.query(&item.query, &Around { ty: Some(ty), fragment: &fragment, set });
        }
    }

    fn rows(&mut self, made: &[RowProperty], around: &Around<'_>) {
        for property in made {
            let Some(nested) = &property.nested else { continue };
            let engine = self.engine;
            let set = match nested.origin {
                Origin::Rows => around.set,
                Origin::Member(member) => around.ty.and_then(|owner| target_set(&engine.model, owner, member)),
                Origin::Set(child) => engine.model.container.children.get(usize::from(child)).map(|child| &*child.name),
                Origin::Elsewhere => None,
            };
            let fragment = match (nested.origin, set) {
                (Origin::Rows, _) => around.fragment.to_owned(),
                (_, Some(set)) => set.to_owned(),
                (_, None) => self.fragment_of_type(nested.ty, property.collection),
            };
            let told = self.told_of(property, nested, &fragment, set);
            match self.told.get_mut(&property.name) {
                Some(known) if known.as_ref() == Some(&told) => {}
                Some(known) => *known = None,
                None => {
                    self.told.insert(property.name.clone(), Some(told));
                }
            }
            self.rows(&nested.rows.dynamic, &Around { ty: Some(nested.ty), fragment: &fragment, set });
        }
    }

    fn told_of(&self, property: &RowProperty, nested: &Nested, fragment: &str, set: Option<&str>) -> Told {
        let mut context = format!("{}/$metadata#{fragment}", self.head.root);
        let shown = (&nested.projection, &nested.rows.dynamic[..]);
        push_projection(&mut context, &self.engine.model, nested.ty, shown, self.version);
        if !property.collection && set.is_some() {
            context.push_str("/$entity");
        }
        // An entity in a row of a `$crossjoin` is of the set that it is named by.
        let context = (!matches!(nested.origin, Origin::Set(_))).then_some(context);
        let is_set = |set: &&str| {
            let child = self.engine.model.child(set);
            child.is_some_and(|(_, child)| matches!(child.kind, ContainerChildKind::EntitySet { .. }))
        };
        let set = set.filter(is_set).map(|set| format!("{}/{set}", self.head.root));
        Told { context, ty: nested.ty, projection: nested.projection.clone(), set }
    }

    fn fragment_of_type(&self, ty: TypeId, collection: bool) -> String {
        let mut fragment = String::new();
        let name = self.engine.model.named(ty).name();
        let _ = if collection { write!(fragment, "Collection({name})") } else { write!(fragment, "{name}") };
        fragment
    }
}
