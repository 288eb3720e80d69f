//! Links inside bodies: keys, next links of embedded collections, operations at full metadata.

use std::sync::Arc;

use crate::engine::Engine;
use crate::engine::address::push_record_key;
use crate::engine::head::{Carried, Head};
use crate::engine::tokens::TokenSeal;
use crate::json::{Context, push_string};
use crate::model::{EdmType, TypeId};
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

impl Context for Links<'_> {
    fn next_link(&self, collection_url: &str, position: &[u8]) -> String {
        let Some((head, tokens)) = self.request else { return String::new() };
        let path = collection_url.strip_prefix(&*head.root).unwrap_or(collection_url).trim_matches('/');
        let position: Arc<[u8]> = position.into();
        Carried::new(&path.into(), "").link(&head.root, &position, None, self.engine.settings.page_size_max, tokens)
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
