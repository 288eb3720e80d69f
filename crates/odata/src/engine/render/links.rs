//! Links inside bodies: keys, next links of embedded collections, operations at full metadata.

use crate::engine::Engine;
use crate::engine::address::push_record_key;
use crate::engine::head::{Carried, Head, called};
use crate::engine::target::Segment;
use crate::engine::tokens::{Continuation, TokenSeal};
use crate::json::{Context, push_string};
use crate::model::{ContainerChildKind, EdmType, TypeId};
use crate::value::Record;

/// What one answer's links are made with.
pub(crate) struct Links<'e> {
    engine: &'e Engine,
    request: Option<(&'e Head, &'e dyn TokenSeal)>,
}

impl<'e> Links<'e> {
    pub(crate) fn new(engine: &'e Engine, head: &'e Head, tokens: &'e dyn TokenSeal) -> Self {
        Self { engine, request: Some((head, tokens)) }
    }

    /// For what is rendered apart from a request: it has no links.
    pub(crate) fn detached(engine: &'e Engine) -> Self {
        Self { engine, request: None }
    }
}

impl Engine {
    /// Where the entities live that an operation returned: the set that its import names or that holds their type, or
    /// what its `EntitySetPath` says. `None` when the target calls no operation or none of these is known.
    pub(super) fn result_path(&self, head: &Head) -> Option<String> {
        let model = &*self.model;
        let (id, _) = called(&head.target)?;
        if let Some(Segment::Root { child, .. }) = head.target.segments.first()
            && let ContainerChildKind::Import { entity_set: Some(set), .. } =
                &model.container.children.get(usize::from(*child))?.kind
        {
            return Some(set.to_string());
        }
        if let Some((_, below)) = model.operation(id).entity_set_path.as_deref().and_then(|path| path.split_once('/')) {
            let (before, _) = head.path.rsplit_once('/')?;
            return Some(format!("{before}/{below}"));
        }
        let declared = head.declared_type()?;
        model.container.children.iter().find_map(|child| match child.kind {
            ContainerChildKind::EntitySet { ty, .. } if model.is_a(declared, ty) => Some(child.name.to_string()),
            _ => None,
        })
    }
}

impl Context for Links<'_> {
    fn next_link(&self, collection_url: &str, position: &[u8]) -> Option<String> {
        let (head, tokens) = self.request?;
        let path = collection_url.strip_prefix(&*head.root).unwrap_or(collection_url).trim_matches('/');
        let continuation = Continuation {
            fingerprint: 0,
            top: None,
            page_size: self.engine.settings.page_size_max,
            track_changes: false,
            position: position.into(),
        };
        Some(Carried::new(&path.into(), "").link(&head.root, continuation, tokens))
    }

    fn push_key(&self, url: &mut String, record: &Record) {
        push_record_key(url, &self.engine.model, record, self.engine.key_style());
    }

    fn operations(&self, out: &mut Vec<u8>, ty: TypeId, url: &str) {
        let model = &*self.engine.model;
        for operation in model.operations.iter().filter(|operation| operation.is_bound) {
            let Some(binding) = operation.parameters.first() else { continue };
            let EdmType::Named(bound) = binding.ty.base else { continue };
            // Overloads of functions would need templates with parameters; actions have one URL.
            if binding.ty.collection || !operation.is_action || !model.is_a(ty, bound) {
                continue;
            }
            if !matches!(out.last(), Some(b'{')) {
                out.push(b',');
            }
            push_string(out, &format!("#{}", operation.name));
            out.extend_from_slice(b":{\"title\":");
            push_string(out, operation.short_name());
            out.extend_from_slice(b",\"target\":");
            push_string(out, &format!("{url}/{}", operation.name));
            out.push(b'}');
        }
    }
}
