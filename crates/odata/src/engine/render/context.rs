//! Context URLs (OData 4.01 part 1, section 10): what a body says of its own type.

use std::fmt::Write as _;

use super::inside::with_inside;
use super::links::entity_set_path;
use crate::engine::Engine;
use crate::engine::address::{KeyStyle, path, type_of};
use crate::engine::canonical::{canonical, is_entity_set};
use crate::engine::head::{Head, Version, called, is_graph};
use crate::engine::target::{Segment, TargetKind};
use crate::model::{ContainerChild, ContainerChildKind, EdmType, Member, Model, TypeId};
use crate::plan::{CollectionQuery, ExpandItem, Projection, RowProperty, SelectItem};
use crate::value::Record;

/// What of the target the body is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Shown<'r> {
    /// One entity, of this actual type.
    Entity(TypeId),
    /// One entity with all that stands inside it, asked for or not.
    Deep(&'r Record),
    /// A page of entities or values, or one value.
    Value,
    /// Entities that were added, changed or removed.
    Changes,
    /// References instead of entities.
    References { collection: bool },
}

impl Engine {
    /// The context URL of an answer to `head`.
    pub(crate) fn context_url(&self, head: &Head, shown: Shown<'_>) -> String {
        let mut url = format!("{}/$metadata#", head.root);
        match shown {
            Shown::References { collection } => {
                url.push_str(if collection { "Collection($ref)" } else { "$ref" });
                return url;
            }
            Shown::Entity(actual) => self.entity_fragment(&mut url, head, actual, &head.query.projection),
            Shown::Deep(record) => {
                let projection = with_inside(&self.model, record, &head.query.projection);
                self.entity_fragment(&mut url, head, record.type_id, &projection);
            }
            Shown::Value => self.value_fragment(&mut url, head),
            Shown::Changes => {
                self.changes_fragment(&mut url, head);
                url.push_str("/$delta");
            }
        }
        url
    }

    fn entity_fragment(&self, url: &mut String, head: &Head, actual: TypeId, projection: &Projection) {
        let model = &*self.model;
        let Some(declared) = head.declared_type() else { return };
        if called(&head.target).is_some() && !self.push_result_set(url, head) {
            let _ = write!(url, "{}", model.named(actual).name());
            push_projection(url, model, declared, (projection, &[]), self.context_version(head));
            return;
        }
        let whole = canonical(model, &head.target.segments);
        let mut segments = whole.as_slice();
        while let Some((Segment::Cast(_) | Segment::Key(_) | Segment::AlternateKey(_) | Segment::Ref, rest)) =
            segments.split_last()
        {
            segments = rest;
        }
        if called(&head.target).is_none() {
            url.push_str(&path(model, segments, KeyStyle::Parentheses));
        }
        // By key, just created in the collection, or what a navigation property leads to; a singleton is whole by itself.
        let is_of_collection = head.target.kind == TargetKind::EntityCollection
            || matches!(
                last_but_casts(head),
                Some(Segment::Key(_) | Segment::AlternateKey(_) | Segment::Operation { .. })
            )
            || (whole != head.target.segments && is_entity_set(model, segments));
        // The type stands in the URL where it is not the one that the set is declared with.
        let of_set = type_of(model, segments).unwrap_or(declared);
        if actual != of_set {
            let _ = write!(url, "/{}", model.named(actual).name());
        }
        push_projection(url, model, actual, (projection, &[]), self.context_version(head));
        if is_of_collection {
            url.push_str("/$entity");
        }
    }

    fn value_fragment(&self, url: &mut String, head: &Head) {
        let model = &*self.model;
        let Some(ty) = head.target.ty.as_ref() else { return };
        let spans_sets = super::spanning::spans_sets(&head.target);
        if spans_sets || (called(&head.target).is_some() && !self.push_result_set(url, head)) {
            let _ = write!(url, "{}", ty.display(model));
        } else if called(&head.target).is_none() {
            url.push_str(&path(model, &canonical(model, &head.target.segments), KeyStyle::Parentheses));
            let mut behind =
                head.target.segments.iter().rev().filter(|s| !matches!(s, Segment::Each | Segment::Filter(_)));
            if let Some(Segment::Cast(cast)) = behind.next() {
                let _ = write!(url, "/{}", model.named(*cast).name());
            }
        }
        if let EdmType::Named(id) = ty.base {
            push_projection(url, model, id, (&head.query.projection, made_by(&head.query)), self.context_version(head));
        }
    }

    /// The set (or contained collection) whose changes are told.
    pub(super) fn set_fragment(&self, url: &mut String, head: &Head) {
        let segments = &head.target.segments;
        let end = segments.iter().position(|segment| matches!(segment, Segment::Operation { .. } | Segment::Cast(_)));
        url.push_str(&path(&self.model, &segments[..end.unwrap_or(segments.len())], KeyStyle::Parentheses));
    }

    /// The collection whose changes are told: that which a function `delta` is bound to, or the target itself.
    pub(super) fn changes_fragment(&self, url: &mut String, head: &Head) {
        let segments = &head.target.segments;
        match segments.iter().position(|segment| matches!(segment, Segment::Operation { .. })) {
            Some(at) if at > 0 => {
                url.push_str(&path(&self.model, &segments[..at], KeyStyle::Parentheses));
                if let Some(declared) = head.declared_type() {
                    push_projection(
                        url,
                        &self.model,
                        declared,
                        (&head.query.projection, &[]),
                        self.context_version(head),
                    );
                }
            }
            _ => self.value_fragment(url, head),
        }
    }

    /// Whose rules context URLs follow: Graph tells of what is expanded as 4.01 does.
    pub(super) fn context_version(&self, head: &Head) -> Version {
        if is_graph(self.settings.profile) { Version::V4_01 } else { head.version }
    }

    /// The context URL of an entity that stands among entities of other sets.
    pub(super) fn own_context(&self, head: &Head, child: &ContainerChild, ty: TypeId) -> String {
        let mut url = format!("{}/$metadata#{}", head.root, child.name);
        let (of_set, end) = match child.kind {
            ContainerChildKind::EntitySet { ty, .. } => (ty, "/$entity"),
            ContainerChildKind::Singleton { ty, .. } => (ty, ""),
            ContainerChildKind::Import { .. } => (ty, ""),
        };
        if ty != of_set {
            let _ = write!(url, "/{}", self.model.named(ty).name());
        }
        url.push_str(end);
        url
    }

    /// The entity set of an operation's result, where its import or its path names one. Whether it did.
    fn push_result_set(&self, url: &mut String, head: &Head) -> bool {
        if let Some(segments) = entity_set_path(&self.model, head) {
            url.push_str(&path(&self.model, &segments, KeyStyle::Parentheses));
            return true;
        }
        let Some(Segment::Root { child, .. }) = head.target.segments.first() else { return false };
        let Some(child) = self.model.container.children.get(usize::from(*child)) else { return false };
        let ContainerChildKind::Import { entity_set: Some(set), .. } = &child.kind else { return false };
        url.push_str(set);
        true
    }
}

/// The last segment that is no cast.
fn last_but_casts(head: &Head) -> Option<&Segment> {
    head.target.segments.iter().rev().find(|segment| !matches!(segment, Segment::Cast(_)))
}

/// Whether a context URL tells of an expanded item: not of references and counts, and `+` stands for the further levels.
fn is_told(item: &ExpandItem) -> bool {
    !item.reference && !item.count_only && !item.repeated
}

/// `(id,displayName,assignments())`, nothing for the default projection.
pub(super) fn push_projection(
    url: &mut String,
    model: &Model,
    ty: TypeId,
    (projection, made): (&Projection, &[RowProperty]),
    version: Version,
) {
    let items = told(model, ty, (projection, made), version);
    if !items.is_empty() {
        let _ = write!(url, "({})", items.join(","));
    }
}

/// The items of a list of what is selected and expanded.
fn told(model: &Model, ty: TypeId, (projection, made): (&Projection, &[RowProperty]), version: Version) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let name = |cast: Option<TypeId>, member: u16| -> Option<String> {
        let owner = model.structured(cast.unwrap_or(ty))?;
        let name = &owner.members.get(usize::from(member))?.name;
        Some(cast.map_or_else(|| name.to_string(), |_| format!("{}/{name}", owner.name)))
    };
    for item in projection.select.iter().flatten() {
        match item {
            SelectItem::All => items.push("*".to_owned()),
            SelectItem::Annotation => {}
            SelectItem::Dynamic(name) if is_nested(made, name) => items.push(format!("{name}()")),
            SelectItem::Operation(name) | SelectItem::Dynamic(name) => items.push(name.to_string()),
            SelectItem::DynamicPart(name, below) => items.push(format!("{name}/{}", below.join("/"))),
            SelectItem::Member { cast, member, nested } => {
                let Some(name) = name(*cast, *member) else { continue };
                let inner =
                    nested.as_ref().and_then(|nested| Some((nested, member_type(model, cast.unwrap_or(ty), *member)?)));
                match inner {
                    Some((nested, inner)) => {
                        let parts = told(model, inner, (&nested.projection, &[]), version);
                        // What is expanded inside a value that is selected whole stands beside it.
                        if nested.projection.select.is_none() || parts.is_empty() {
                            items.push(name.clone());
                        }
                        items.extend(parts.into_iter().map(|part| format!("{name}/{part}")));
                    }
                    None => items.push(name),
                }
            }
        }
    }
    if projection.select.is_none() {
        items.extend(made.iter().filter(|made| made.nested.is_some()).map(|made| format!("{}()", made.name)));
    }
    let is_stream =
        |item: &ExpandItem| member_of(model, item.cast.unwrap_or(ty), item.member).is_some_and(Member::is_stream);
    for item in projection.expand.iter().filter(|item| is_told(item) && !is_stream(item)) {
        let Some(mut text) = name(item.cast, item.member) else { continue };
        let inside = &item.query.projection;
        if let Some(inner) = complex_type(model, item.cast.unwrap_or(ty), item.member) {
            items.extend(told(model, inner, (inside, &[]), version).into_iter().map(|part| format!("{text}/{part}")));
            continue;
        }
        if version == Version::V4_0 && inside.select.is_none() && !inside.expand.iter().any(|item| !item.repeated) {
            // Where nothing is said of what is inside, 4.0 takes it from the request.
            continue;
        }
        if inside.expand.iter().any(|item| item.repeated) {
            text.push('+');
        }
        let before = text.len();
        if let Some(inner) = item.target_cast.or_else(|| member_type(model, item.cast.unwrap_or(ty), item.member)) {
            push_projection(&mut text, model, inner, (inside, made_by(&item.query)), version);
        }
        if text.len() == before {
            text.push_str("()");
        }
        items.push(text);
    }
    items.dedup();
    items
}

/// What `$apply` made.
pub(super) fn made_by(query: &CollectionQuery) -> &[RowProperty] {
    query.apply.as_ref().map_or(&[], |apply| &apply.rows.dynamic)
}

fn is_nested(made: &[RowProperty], name: &str) -> bool {
    made.iter().any(|made| *made.name == *name && made.nested.is_some())
}

fn member_of(model: &Model, ty: TypeId, member: u16) -> Option<&Member> {
    model.structured(ty)?.members.get(usize::from(member))
}

fn member_type(model: &Model, ty: TypeId, member: u16) -> Option<TypeId> {
    match member_of(model, ty, member)?.ty.base {
        EdmType::Named(id) => Some(id),
        _ => None,
    }
}

/// The type of a complex property.
fn complex_type(model: &Model, ty: TypeId, member: u16) -> Option<TypeId> {
    member_type(model, ty, member).filter(|_| member_of(model, ty, member).is_some_and(|it| !it.is_navigation()))
}
