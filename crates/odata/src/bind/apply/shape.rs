//! What rows show after `$apply`: the projection that an answer is written and described by.

use crate::bind::scope::RowType;
use crate::expr::Step;
use crate::model::{EdmType, Model, TypeId};
use crate::plan::{CollectionQuery, ExpandItem, Projection, SelectItem};

/// Members that are left, related values as expanded, and what was made. All members need no projection.
pub(in crate::bind) fn projection(model: &Model, ty: Option<TypeId>, row: &RowType) -> Projection {
    let Some(members) = &row.members else { return Projection::default() };
    let mut projection =
        ty.map_or_else(Projection::default, |ty| of_paths(model, ty, members.iter().map(Vec::as_slice)));
    projection.select.get_or_insert_default();
    let made = row.dynamic.iter().map(|property| SelectItem::Dynamic(property.name.clone()));
    projection.select.get_or_insert_default().extend(made);
    projection
}

/// The members that paths lead to and through.
pub(super) fn of_paths<'p>(model: &Model, ty: TypeId, paths: impl Iterator<Item = &'p [Step]>) -> Projection {
    let mut projection = Projection { select: Some(Vec::new()), ..Projection::default() };
    paths.for_each(|path| insert(model, ty, None, path, &mut projection));
    projection
}

fn insert(model: &Model, ty: TypeId, cast: Option<TypeId>, path: &[Step], into: &mut Projection) {
    let (number, rest) = match path {
        [Step::Cast(target), rest @ ..] => return insert(model, *target, Some(*target), rest, into),
        [Step::Member(number), rest @ ..] => (*number, rest),
        _ => return,
    };
    let Some(member) = model.structured(ty).and_then(|ty| ty.members.get(usize::from(number))) else { return };
    let inner = |query: &mut CollectionQuery| {
        if let EdmType::Named(inner) = member.ty.base {
            query.projection.select.get_or_insert_default();
            insert(model, inner, None, rest, &mut query.projection);
        }
    };
    if member.is_navigation() {
        let place =
            into.expand.iter().position(|item| item.member == number && item.cast == cast).unwrap_or_else(|| {
                into.expand.push(ExpandItem::plain(cast, number));
                into.expand.len() - 1
            });
        if !rest.is_empty() {
            inner(&mut into.expand[place].query);
        }
        return;
    }
    let select = into.select.get_or_insert_default();
    let known = select.iter_mut().find_map(|item| match item {
        SelectItem::Member { cast: known, member, nested } if *known == cast && *member == number => Some(nested),
        _ => None,
    });
    match (known, rest.is_empty()) {
        // Whole once, whole for good.
        (Some(nested), true) => *nested = None,
        (Some(Some(nested)), false) => inner(nested),
        (Some(None), false) => {}
        (None, whole) => {
            let mut nested = (!whole).then(Box::<CollectionQuery>::default);
            if let Some(nested) = &mut nested {
                inner(nested);
            }
            select.push(SelectItem::Member { cast, member: number, nested });
        }
    }
}
