//! What a projection lets through. Several projections on one value (`a/b,a/c`) let through what any of them does.

use std::sync::Arc;

use crate::model::{EdmType, KeyRef, Model, TypeId};
use crate::plan::{CollectionQuery, ExpandItem, Projection, SelectItem};
use crate::value::{Record, Value};

/// What the views say of a member.
pub(crate) enum Selected<'v> {
    No,
    Whole,
    /// Only parts of its value.
    Parts(Vec<&'v Projection>),
}

pub(crate) fn selected<'v>(view: &[&'v Projection], number: u16, ty: TypeId, model: &Model) -> Selected<'v> {
    let mut parts = Vec::new();
    for projection in view {
        let Some(select) = &projection.select else { return Selected::Whole };
        for item in select {
            match item {
                SelectItem::All => return Selected::Whole,
                SelectItem::Member { cast, member, nested } if *member == number && is_of(*cast, ty, model) => {
                    match nested {
                        None => return Selected::Whole,
                        Some(nested) => parts.push(&nested.projection),
                    }
                }
                _ => {}
            }
        }
    }
    match (view.is_empty(), parts.is_empty()) {
        (true, _) => Selected::Whole,
        (false, true) => Selected::No,
        (false, false) => Selected::Parts(parts),
    }
}

/// What is shown of a complex property: what is selected of it, and what is expanded inside it whether it is selected or not.
pub(crate) fn shown_inside<'v>(view: &[&'v Projection], number: u16, ty: TypeId, model: &Model) -> Selected<'v> {
    const WHOLE: &Projection = &Projection { compute: Vec::new(), select: None, expand: Vec::new(), media: false };
    let chosen = selected(view, number, ty, model);
    let items = view.iter().flat_map(|projection| &projection.expand);
    let mut below: Vec<&Projection> = items
        .filter(|item| item.member == number && is_of(item.cast, ty, model))
        .map(|item| &item.query.projection)
        .collect();
    match chosen {
        chosen if below.is_empty() => chosen,
        Selected::No => Selected::Parts(below),
        Selected::Whole => {
            below.push(WHOLE);
            Selected::Parts(below)
        }
        Selected::Parts(mut parts) => {
            parts.append(&mut below);
            Selected::Parts(parts)
        }
    }
}

/// Whether the views select a member by its name.
pub(crate) fn is_named(view: &[&Projection], number: u16, ty: TypeId, model: &Model) -> bool {
    let items = view.iter().filter_map(|projection| projection.select.as_ref()).flatten();
    items.into_iter().any(
        |item| matches!(item, SelectItem::Member { cast, member, .. } if *member == number && is_of(*cast, ty, model)),
    )
}

/// Whether the views let every part of an entity's key through, so that its id can be told from them.
pub(crate) fn shows_key(view: &[&Projection], record: &Record, model: &Model) -> bool {
    let is_whole = view.is_empty() || view.iter().any(|projection| projection.select.is_none());
    let is_shown = |part: &KeyRef| {
        let first = part.path.first();
        first.is_none_or(|member| !matches!(selected(view, *member, record.type_id, model), Selected::No))
    };
    is_whole || model.key_of(record.type_id).iter().all(is_shown)
}

/// What the views say of a property that the type does not declare.
pub(crate) enum SelectedDynamic<'v> {
    No,
    Whole,
    /// Only what these paths lead to in its value.
    Parts(Vec<&'v [Arc<str>]>),
}

pub(crate) fn selected_dynamic<'v>(view: &[&'v Projection], name: &str) -> SelectedDynamic<'v> {
    let mut parts = Vec::new();
    for projection in view {
        let Some(select) = &projection.select else { return SelectedDynamic::Whole };
        for item in select {
            match item {
                SelectItem::All => return SelectedDynamic::Whole,
                SelectItem::Dynamic(selected) if **selected == *name => return SelectedDynamic::Whole,
                SelectItem::DynamicPart(selected, path) if **selected == *name => parts.push(&**path),
                _ => {}
            }
        }
    }
    match (view.is_empty(), parts.is_empty()) {
        (true, _) => SelectedDynamic::Whole,
        (false, true) => SelectedDynamic::No,
        (false, false) => SelectedDynamic::Parts(parts),
    }
}

/// What paths of names select of a value of a type.
pub(crate) fn parts_of(model: &Model, ty: TypeId, paths: &[&[Arc<str>]]) -> Projection {
    let select = paths.iter().filter_map(|path| part_of(model, ty, path)).collect();
    Projection { select: Some(select), ..Projection::default() }
}

fn part_of(model: &Model, ty: TypeId, path: &[Arc<str>]) -> Option<SelectItem> {
    let Some((name, rest)) = path.split_first() else { return Some(SelectItem::All) };
    if name.contains('.') {
        return model.type_by_name(name).filter(|cast| model.is_a(ty, *cast)).and_then(|_| part_of(model, ty, rest));
    }
    let Some((member, declared)) = model.structured(ty)?.member(name) else {
        let name = Arc::clone(name);
        return Some(if rest.is_empty() {
            SelectItem::Dynamic(name)
        } else {
            SelectItem::DynamicPart(name, rest.into())
        });
    };
    let nested = match (rest, declared.ty.base) {
        ([], _) => None,
        (rest, EdmType::Named(inner)) => {
            let projection = parts_of(model, inner, &[rest]);
            Some(Box::new(CollectionQuery { projection, ..CollectionQuery::default() }))
        }
        _ => return None,
    };
    Some(SelectItem::Member { cast: None, member, nested })
}

pub(crate) fn expanded<'v>(view: &[&'v Projection], number: u16, ty: TypeId, model: &Model) -> Option<&'v ExpandItem> {
    let mut items = view.iter().flat_map(|projection| &projection.expand);
    items.find(|item| item.member == number && is_of(item.cast, ty, model))
}

/// Whether a member under a cast is a member of the type at all.
fn is_of(cast: Option<TypeId>, ty: TypeId, model: &Model) -> bool {
    cast.is_none_or(|cast| model.is_a(ty, cast))
}

/// The count of an expanded collection, when it was asked for and is known.
pub(crate) fn count_of(record: &Record, number: u16, value: Option<&Value>, item: Option<&ExpandItem>) -> Option<u64> {
    let item = item.filter(|item| item.query.count || item.count_only)?;
    if let Some((_, count)) = record.counts.iter().find(|(member, _)| *member == number) {
        return Some(*count);
    }
    let whole = item.query.skip == 0 && item.query.top.is_none() && record.next_links.iter().all(|(m, _)| *m != number);
    value.and_then(Value::as_collection).filter(|_| whole).map(|items| items.len() as u64)
}
