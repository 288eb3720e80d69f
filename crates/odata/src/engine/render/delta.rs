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
            let mut url = place_text(&collection);
            push_record_key(&mut url, &self.model, &removed.record, self.key_style());
            writer.comma();
            match (is_graph(self.settings.profile), head.version) {
                (false, Version::V4_0) => self.deleted_entity(writer, head, removed, &url),
                (graph, _) => tombstone(writer, removed, (!graph).then_some(&*url)),
            }
        }
        writer.out.push(b']');
    }

    /// `{"@odata.context":"…/$deletedEntity","id":"…","reason":"deleted"}` (OData 4.0).
    fn deleted_entity(&self, writer: &mut Writer<'_>, head: &Head, removed: &Removed, id: &str) {
        let mut context = format!("{}/$metadata#", head.root);
        self.set_fragment(&mut context, head);
        context.push_str("/$deletedEntity");
        writer.out.push(b'{');
        writer.annotation("", "odata.context", &context);
        for (name, text) in [("id", id), ("reason", if removed.deleted { "deleted" } else { "changed" })] {
            writer.member(name);
            crate::json::push_string(&mut writer.out, text);
        }
        writer.out.push(b'}');
    }
}

/// `{"@removed":{"reason":"deleted"},"@id":"…",…key…}` (OData 4.01; Graph has it without the id).
fn tombstone(writer: &mut Writer<'_>, removed: &Removed, id: Option<&str>) {
    writer.out.extend_from_slice(b"{\"@removed\":{\"reason\":");
    writer.out.extend_from_slice(if removed.deleted { b"\"deleted\"}" } else { b"\"changed\"}" });
    if let Some(id) = id {
        writer.annotation("", "id", id);
    }
    let outer = std::mem::replace(&mut writer.format.level, Level::None);
    writer.members(&removed.record, &[&Projection::default()], &|_| {});
    writer.format.level = outer;
    writer.out.push(b'}');
}
