//! Answers that span entity sets: `$all`, whose entities say where they live, and `$crossjoin`, whose rows are links.

use crate::engine::Engine;
use crate::engine::address::push_record_key;
use crate::engine::head::Head;
use crate::engine::outcome::Page;
use crate::engine::target::{Segment, Target};
use crate::json::{Level, Writer, push_string};
use crate::model::{ContainerChild, ContainerChildKind, EdmType, TypeId};
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

    /// An entity with its own context, as the request's URL does not tell its set.
    fn located(&self, writer: &mut Writer<'_>, head: &Head, entity: &Record) {
        let declared = match head.target.ty.as_ref().map(|ty| ty.base) {
            Some(EdmType::Named(id)) => id,
            _ => NO_TYPE,
        };
        let home = self.home(entity);
        let place = |url: &mut String| {
            url.push_str(&head.root);
            let Some(child) = home else { return };
            url.push('/');
            url.push_str(&child.name);
            if matches!(child.kind, ContainerChildKind::EntitySet { .. }) {
                push_record_key(url, &self.model, entity, self.key_style());
            }
        };
        let mut lead =
            if writer.format.short_names { b"\"@context\":".to_vec() } else { b"\"@odata.context\":".to_vec() };
        if let Some(child) = home {
            push_string(&mut lead, &self.own_context(head, child, entity.type_id));
        }
        let is_told = writer.format.level != Level::None && home.is_some();
        let lead = String::from_utf8(lead).ok().filter(|_| is_told);
        writer.record(entity, declared, &[&head.query.projection], &place, lead.as_deref());
    }

    /// The entities of one row: links, or what is expanded.
    fn combination(&self, writer: &mut Writer<'_>, head: &Head, row: &Record) {
        let Some(Segment::CrossJoin(sets)) = head.target.segments.first() else { return };
        writer.out.push(b'{');
        // Rows that transformations made show what these gave.
        if head.query.apply.as_ref().is_some_and(|apply| apply.rows.members.is_some()) {
            row.dynamic.iter().for_each(|property| writer.dynamic_property(property, &[]));
            writer.out.push(b'}');
            return;
        }
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
        row.dynamic.iter().skip(sets.len()).for_each(|property| writer.dynamic_property(property, &[]));
        writer.out.push(b'}');
    }

    /// The first entity set of an entity's type, or the singleton that it is.
    fn home(&self, entity: &Record) -> Option<&ContainerChild> {
        let fits = |ty: TypeId| self.model.is_a(entity.type_id, ty);
        let mut children = self.model.container.children.iter();
        let is_set =
            |child: &&ContainerChild| matches!(child.kind, ContainerChildKind::EntitySet { ty, .. } if fits(ty));
        let singleton =
            |child: &&ContainerChild| matches!(child.kind, ContainerChildKind::Singleton { ty, .. } if fits(ty));
        children.clone().find(is_set).or_else(|| children.find(singleton))
    }
}
