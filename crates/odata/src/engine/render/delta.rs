//! Delta responses: entities that are gone. What was added or changed is written like any other entity.

use super::place_text;
use crate::engine::Engine;
use crate::engine::address::push_record_key;
use crate::engine::head::{Head, Version, called, is_graph};
use crate::engine::outcome::{Page, Removed};
use crate::json::{Level, Place, Writer};
use crate::plan::Projection;

/// Whether a page tells changes: what was asked with a `$deltatoken`, and whatever Graph's `delta()` gives.
pub(super) fn is_delta(engine: &Engine, head: &Head, page: &Page) -> bool {
    let by_function = is_graph(engine.settings.profile) && called(&head.target).is_some() && page.delta.is_some();
    head.query.since.is_some() || by_function || !page.removed.is_empty()
}

impl Engine {
    /// Appends the entities that are gone to the array that was just closed.
    pub(super) fn removed(&self, writer: &mut Writer<'_>, head: &Head, page: &Page, collection: Place<'_>) {
        if page.removed.is_empty() {
            return;
        }
        let closed = writer.out.pop();
        debug_assert_eq!(closed, Some(b']'), "an array was just written");
        for removed in &page.removed {
            writer.comma();
            self.tombstone(writer, head, removed, collection, None);
        }
        writer.out.push(b']');
    }

    /// An entity that is gone. `more` is what is said of it beside, without a comma.
    pub(super) fn tombstone(
        &self,
        writer: &mut Writer<'_>,
        head: &Head,
        removed: &Removed,
        collection: Place<'_>,
        more: Option<&str>,
    ) {
        let mut url = place_text(&collection);
        let plain = url.len();
        push_record_key(&mut url, &self.model, &removed.record, self.key_style());
        // What never had a key has no id.
        let id = Some(&*url).filter(|url| url.len() > plain);
        writer.out.push(b'{');
        match (is_graph(self.settings.profile), head.version) {
            (false, Version::V4_0) => self.deleted_entity(writer, head, removed, id),
            (graph, _) => {
                if !graph && writer.format.level == Level::Full {
                    writer.annotation("", "odata.context", &self.deleted_context(head));
                }
                removal(writer, removed, id.filter(|_| !graph));
            }
        }
        if let Some(more) = more {
            writer.comma();
            writer.out.extend_from_slice(more.as_bytes());
        }
        writer.out.push(b'}');
    }

    fn deleted_context(&self, head: &Head) -> String {
        let mut context = format!("{}/$metadata#", head.root);
        self.set_fragment(&mut context, head);
        context.push_str("/$deletedEntity");
        context
    }

    /// `{"@odata.context":"…/$deletedEntity","id":"…","reason":"deleted"}` (OData 4.0).
    fn deleted_entity(&self, writer: &mut Writer<'_>, head: &Head, removed: &Removed, id: Option<&str>) {
        writer.annotation("", "odata.context", &self.deleted_context(head));
        let reason = if removed.deleted { "deleted" } else { "changed" };
        for (name, text) in [("id", id), ("reason", Some(reason))] {
            let Some(text) = text else { continue };
            writer.member(name);
            crate::json::push_string(&mut writer.out, text);
        }
    }
}

/// `"@removed":{"reason":"deleted"},"@id":"…",…key…` (OData 4.01; Graph has it without the id).
fn removal(writer: &mut Writer<'_>, removed: &Removed, id: Option<&str>) {
    writer.comma();
    writer.out.extend_from_slice(b"\"@removed\":{\"reason\":");
    writer.out.extend_from_slice(if removed.deleted { b"\"deleted\"}" } else { b"\"changed\"}" });
    if let Some(id) = id {
        writer.annotation("", "id", id);
    }
    let outer = std::mem::replace(&mut writer.format.level, Level::None);
    writer.members(&removed.record, &[&Projection::default()], &|_| {});
    writer.format.level = outer;
}
