//! What stands inside an entity that was written with related ones: the projection that a request would have had to ask for
//! it. Knows no request.

use crate::model::Model;
use crate::plan::{CollectionQuery, ExpandItem, Projection};
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

/// An item for each navigation property that any of the entities holds, as deep as any of them does.
fn inside(model: &Model, entities: &[&Record]) -> Vec<ExpandItem> {
    let mut items: Vec<ExpandItem> = Vec::new();
    for entity in entities {
        let members = model.structured(entity.type_id).map_or(&[][..], |ty| &ty.members);
        for (number, _) in (0_u16..).zip(members).filter(|(_, member)| member.is_navigation()) {
            if entity.get(number).is_none() || items.iter().any(|item| item.member == number) {
                continue;
            }
            let held = entities.iter().filter_map(|entity| entity.get(number)).flat_map(records);
            let expand = inside(model, &held.collect::<Vec<_>>());
            let projection = Projection { expand, ..Projection::default() };
            let query = CollectionQuery { projection, ..CollectionQuery::default() };
            items.push(ExpandItem {
                cast: None,
                member: number,
                target_cast: None,
                reference: false,
                count_only: false,
                levels: None,
                repeated: false,
                query,
            });
        }
    }
    items
}

/// The entities of a navigation property's value.
fn records(value: &Value) -> Vec<&Record> {
    match value {
        Value::Record(record) => vec![record],
        Value::Collection(items) => items.iter().filter_map(Value::as_record).collect(),
        _ => Vec::new(),
    }
}
