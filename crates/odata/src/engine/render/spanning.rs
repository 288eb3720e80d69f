//! Answers that span entity sets: `$all`, whose entities say where they live, and `$crossjoin`, whose rows are links.

use crate::engine::Engine;
use crate::engine::address::push_record_key;
use crate::engine::head::Head;
use crate::engine::outcome::Page;
use crate::engine::target::{Segment, Target};
use crate::json::{Level, Writer, push_string, shows_key};
use crate::model::{ContainerChildKind, EdmType, TypeId};
use crate::value::{DynamicProperty, Record, Value};

/// Stands for `Edm.EntityType`, so that every entity names its type.
const NO_TYPE: TypeId = TypeId(u32::MAX);

/// Whether a target is of no one entity set.
pub(super) fn spans_sets(target: &Target) -> bool {
    matches!(target.segments.first(), Some(Segment::All | Segment::CrossJoin(_)))
}

impl Engine {
    pub(super) fn spanning(&self, writer: &mut Writer<'_>, head: &Head, page: &Page) {
        let is_all = matches!(head.target.segments.first(), Some(Segment::All));
        writer.out.push(b'[');
        for (place, item) in page.items.iter().enumerate() {
            if place > 0 {
                writer.out.push(b',');
            }
            match item {
                Value::Record(record) if is_all => self.located(writer, head, record),
                Value::Record(row) => self.combination(writer, head, row),
                _ => writer.out.extend_from_slice(b"null"),
            }
        }
        writer.out.push(b']');
    }

    /// An entity with its id, which the request's URL does not tell.
    fn located(&self, writer: &mut Writer<'_>, head: &Head, entity: &Record) {
        let declared = match head.target.ty.as_ref().map(|ty| ty.base) {
            Some(EdmType::Named(id)) => id,
            _ => NO_TYPE,
        };
        let place = |url: &mut String| url.push_str(&self.url_in_sets(head, entity));
        let mut lead = if writer.format.short_names { b"\"@id\":".to_vec() } else { b"\"@odata.id\":".to_vec() };
        push_string(&mut lead, &self.url_in_sets(head, entity));
        let view = [&head.query.projection];
        // Where the key is not shown, the writer tells the id of itself.
        let is_told = writer.format.level != Level::Minimal || !shows_key(&view, entity, &self.model);
        let lead = String::from_utf8(lead).ok().filter(|_| !is_told);
        writer.record(entity, declared, &view, &place, lead.as_deref());
    }

    /// The entities of one row: links, or what is expanded.
    fn combination(&self, writer: &mut Writer<'_>, head: &Head, row: &Record) {
        let Some(Segment::CrossJoin(sets)) = head.target.segments.first() else { return };
        writer.out.push(b'{');
        for (number, (DynamicProperty { name, value, .. }, (child, _))) in row.dynamic.iter().zip(sets).enumerate() {
            let Value::Record(entity) = value else { continue };
            let mut url = format!("{}/{name}", head.root);
            push_record_key(&mut url, &self.model, entity, self.key_style());
            let item = head.query.projection.expand.iter().find(|item| usize::from(item.member) == number);
            match (item, self.model.container.children.get(usize::from(*child)).map(|child| &child.kind)) {
                (Some(item), Some(ContainerChildKind::EntitySet { ty, .. })) => {
                    writer.member(name);
                    let place = |text: &mut String| text.push_str(&url);
                    writer.record(entity, *ty, &[&item.query.projection], &place, None);
                }
                _ if writer.format.level != Level::None => writer.annotation(name, "odata.navigationLink", &url),
                _ => {}
            }
        }
        writer.out.push(b'}');
    }

    /// The URL of an entity in the first entity set of its type, or of the singleton that it is.
    fn url_in_sets(&self, head: &Head, entity: &Record) -> String {
        let model = &*self.model;
        let fits = |ty: TypeId| model.is_a(entity.type_id, ty);
        let sets = model.container.children.iter();
        let set = sets.clone().find(|child| matches!(child.kind, ContainerChildKind::EntitySet { ty, .. } if fits(ty)));
        if let Some(set) = set {
            let mut url = format!("{}/{}", head.root, set.name);
            push_record_key(&mut url, model, entity, self.key_style());
            return url;
        }
        let mut singletons =
            sets.filter(|child| matches!(child.kind, ContainerChildKind::Singleton { ty, .. } if fits(ty)));
        singletons.next().map_or_else(|| head.root.to_string(), |child| format!("{}/{}", head.root, child.name))
    }
}
