//! What stands inside an entity that was written with related ones: the projection that a request would have had to ask for
//! it. Knows no request.

use crate::model::{EdmType, Member, Model};
use crate::plan::{ExpandItem, Projection};
use crate::value::{Record, Value};

/// What was asked for, and what the entity holds beside it.
pub(super) fn with_inside(model: &Model, entity: &Record, asked: &Projection) -> Projection {
    let mut projection = asked.clone();
    for item in inside(model, &[entity]) {
        if !projection.expand.iter().any(|known| known.member == item.member) {
            projection.expand.push(item);
        }
    }
    projection
}

/// An item for each navigation property that any of the entities (or complex values) holds, as deep as any of them does.
fn inside(model: &Model, entities: &[&Record]) -> Vec<ExpandItem> {
    let mut items: Vec<ExpandItem> = Vec::new();
    for entity in entities {
        let members = model.structured(entity.type_id).map_or(&[][..], |ty| &ty.members);
        for (number, member) in (0_u16..).zip(members).filter(|(_, member)| leads_inside(model, member)) {
            if entity.get(number).is_none() || items.iter().any(|item| item.member == number) {
                continue;
            }
            let held = entities.iter().filter_map(|entity| entity.get(number)).flat_map(records);
            let expand = inside(model, &held.collect::<Vec<_>>());
            let mut item = ExpandItem::plain(None, number);
            if !member.is_navigation() {
                if expand.is_empty() {
                    continue;
                }
                item = ExpandItem::inside(None, number);
            }
            item.query.projection.expand = expand;
            items.push(item);
        }
    }
    items
}

/// Whether a member is a navigation property, or a complex one that may have some.
fn leads_inside(model: &Model, member: &Member) -> bool {
    member.is_navigation() || matches!(member.ty.base, EdmType::Named(id) if model.structured(id).is_some())
}

/// The entities of a navigation property's value, or the complex ones of a property's.
fn records(value: &Value) -> Vec<&Record> {
    match value {
        Value::Record(record) => vec![record],
        Value::Collection(items) => items.iter().filter_map(Value::as_record).collect(),
        _ => Vec::new(),
    }
}
