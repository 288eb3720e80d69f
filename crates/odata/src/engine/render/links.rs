//! Links inside bodies: keys, next links of embedded collections, operations at full metadata.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::address::{path, push_record_key, type_of};
use crate::engine::canonical::{canonical, target_set};
use crate::engine::head::{Carried, Head, called, is_editable};
use crate::engine::target::Segment;
use crate::engine::tokens::{Continuation, TokenSeal};
use crate::json::{Context, Told, push_string};
use crate::model::{ContainerChildKind, EdmType, Model, TypeId};
use crate::value::Record;

/// What one answer's links are made with.
pub(crate) struct Links<'e> {
    engine: &'e Engine,
    request: Option<(&'e Head, &'e dyn TokenSeal)>,
    /// By the names of properties that `$apply` made; none where two of a name differ.
    nested: HashMap<Arc<str>, Option<Told>>,
}

impl<'e> Links<'e> {
    pub(crate) fn new(engine: &'e Engine, head: &'e Head, tokens: &'e dyn TokenSeal) -> Self {
        Self { engine, request: Some((head, tokens)), nested: engine.nested_rows(head) }
    }

    /// For what is rendered apart from a request: it has no links.
    pub(crate) fn detached(engine: &'e Engine) -> Self {
        Self { engine, request: None, nested: HashMap::new() }
    }
}

impl Engine {
    /// Where the entities live that an operation returned: the set that its import names or that holds their type, or
    /// what its `EntitySetPath` says. `None` when the target calls no operation or none of these is known.
    pub(super) fn result_path(&self, head: &Head) -> Option<String> {
        let model = &*self.model;
        called(&head.target)?;
        if let Some(Segment::Root { child, .. }) = head.target.segments.first()
            && let ContainerChildKind::Import { entity_set: Some(set), .. } =
                &model.container.children.get(usize::from(*child))?.kind
        {
            return Some(set.to_string());
        }
        if let Some(segments) = entity_set_path(model, head) {
            return Some(path(model, &segments, self.key_style()));
        }
        let declared = head.declared_type()?;
        model.container.children.iter().find_map(|child| match child.kind {
            ContainerChildKind::EntitySet { ty, .. } if model.is_a(declared, ty) => Some(child.name.to_string()),
            _ => None,
        })
    }
}

/// The collection that an operation says its result is of (`EntitySetPath`): that which it is bound to, or one that a
/// navigation property of what it is bound to leads to.
pub(super) fn entity_set_path(model: &Model, head: &Head) -> Option<Vec<Segment>> {
    let (id, _) = called(&head.target)?;
    let operation = model.operation(id);
    let mut steps =
        operation.entity_set_path.as_deref()?.split('/').skip(1).filter(|step| !step.contains('.')).peekable();
    let end = head.target.segments.iter().rposition(|segment| matches!(segment, Segment::Operation { .. }))?;
    let mut segments = head.target.segments[..end].to_vec();
    if steps.peek().is_none() {
        while matches!(segments.last(), Some(Segment::Key(_) | Segment::AlternateKey(_) | Segment::Cast(_))) {
            segments.pop();
        }
    }
    for step in steps {
        let (member, property) = model.structured(type_of(model, &segments)?)?.member(step)?;
        segments.push(Segment::Navigation { member, name: property.name.clone() });
    }
    Some(canonical(model, &segments))
}

impl Context for Links<'_> {
    fn next_link(&self, collection_url: &str, position: &[u8]) -> Option<String> {
        let (head, tokens) = self.request?;
        let path = collection_url.strip_prefix(&*head.root).unwrap_or(collection_url).trim_matches('/');
        let continuation = Continuation {
            fingerprint: 0,
            top: None,
            page_size: head.query.page_size,
            track_changes: false,
            position: position.into(),
        };
        Some(Carried::new(&path.into(), "").link(&head.root, continuation, tokens))
    }

    fn push_set(&self, url: &mut String, owner: TypeId, member: u16) -> bool {
        let Some((head, _)) = self.request else { return false };
        let Some(set) = target_set(&self.engine.model, owner, member) else { return false };
        url.push_str(&head.root);
        url.push('/');
        url.push_str(set);
        true
    }

    fn nested(&self, name: &str) -> Option<&Told> {
        if self.nested.is_empty() { None } else { self.nested.get(name)?.as_ref() }
    }

    fn push_key(&self, url: &mut String, record: &Record) {
        push_record_key(url, &self.engine.model, record, self.engine.key_style());
    }

    fn is_editable(&self, url: &str) -> bool {
        let Some((head, _)) = self.request else { return true };
        let path = url.strip_prefix(&*head.root).unwrap_or(url).trim_start_matches('/');
        // Of what is contained deeper nothing is known here.
        path.contains('/') || is_editable(&self.engine.model, path.split('(').next().unwrap_or(path))
    }

    fn operations(&self, out: &mut Vec<u8>, ty: TypeId, url: &str, selected: Option<&[&str]>) {
        push_operations(out, &self.engine.model, ty, false, url, selected);
    }
}

/// The actions and functions that can be called on a value of a type: `"#ns.name":{"title":…,"target":…}`; of those that
/// are selected only that they can be.
pub(super) fn push_operations(
    out: &mut Vec<u8>,
    model: &Model,
    ty: TypeId,
    collection: bool,
    url: &str,
    selected: Option<&[&str]>,
) {
    let mut known: HashSet<String> = HashSet::new();
    for operation in model.operations.iter().filter(|operation| operation.is_bound) {
        let Some(binding) = operation.parameters.first() else { continue };
        let EdmType::Named(bound) = binding.ty.base else { continue };
        if binding.ty.collection != collection || !model.is_a(ty, bound) {
            continue;
        }
        let mut name = operation.name.to_string();
        let mut target = format!("{url}/{name}");
        if !operation.is_action && operation.parameters.len() > 1 {
            // Which overload: by its parameters, to be filled in by the client.
            let names: Vec<&str> = operation.parameters[1..].iter().map(|parameter| &*parameter.name).collect();
            let aliases: Vec<String> = names.iter().map(|name| format!("{name}=@{name}")).collect();
            name = format!("{name}({})", names.join(","));
            target = format!("{target}({})", aliases.join(","));
        }
        let is_selected = |item: &&str| {
            let of_namespace = item.strip_suffix('*').is_some_and(|prefix| operation.name.starts_with(prefix));
            of_namespace || **item == *operation.name || **item == name
        };
        if selected.is_some_and(|items| !items.iter().any(is_selected)) || !known.insert(name.clone()) {
            continue;
        }
        if !matches!(out.last(), Some(b'{')) {
            out.push(b',');
        }
        push_string(out, &format!("#{name}"));
        if selected.is_some() {
            out.extend_from_slice(b":{}");
            continue;
        }
        out.extend_from_slice(b":{\"title\":");
        push_string(out, operation.short_name());
        out.extend_from_slice(b",\"target\":");
        push_string(out, &target);
        out.push(b'}');
    }
}
