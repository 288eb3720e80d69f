//! `$select` and `$expand`: names against the type, with what is asked inside them.

use std::sync::Arc;

use super::operation;
use super::options::{self, Shape};
use super::scope::{Outside, RowType};
use super::types::{related, structured, type_by_name};
use crate::error::{Error, ErrorKind};
use crate::expr::{ExprType, Step};
use crate::limits::{EXPAND_DEPTH_MAX, EXPAND_LEVELS_MAX, PROJECTION_ITEMS_MAX};
use crate::model::{EdmType, Member, MemberKind, Model, StructuredType, TypeId, is_identifier};
use crate::plan::{CollectionQuery, ExpandItem, Projection, SelectItem};
use crate::syntax::SystemOption;
use crate::syntax::ast::{self, Name};

/// Binds `$select` and `$expand` of a value of type `element`.
pub(super) fn bind<'a>(
    model: &'a Model,
    element: EdmType,
    options: &'a ast::Options<'a>,
    row: &RowType,
    outside: Outside<'a>,
    depth: usize,
) -> Result<Projection, Error> {
    let mut projection = Projection::default();
    let Some((id, _)) = structured(model, element) else { return Ok(projection) };
    let binder = Projector { model, row: ExprType::single(element), outside, depth };
    if let Some(items) = &options.select {
        let mut select = Vec::with_capacity(items.len());
        for item in items {
            match &item.path[..] {
                [name] if row.dynamic(name.text).is_some() => select.push(SelectItem::Dynamic(name.text.into())),
                _ => binder.select(id, &item.path, item, &mut select)?,
            }
            match select.last() {
                Some(SelectItem::Member { member, .. }) => {
                    left(row, &[Step::Member(*member)], "$select", item.path.first())?;
                }
                Some(SelectItem::Dynamic(name) | SelectItem::DynamicPart(name, _))
                    if row.applied && row.dynamic(name).is_none() =>
                {
                    let position = item.path.first().map_or(0, |name| name.position);
                    let error = Error::bad_request("The property is not part of what $apply gives.").at("$select");
                    return Err(error.at_position(position));
                }
                _ => {}
            }
        }
        projection.select = Some(select);
    }
    // What is named on its own stands as it is named there, and `*` is the rest.
    let is_star = |item: &&ast::ExpandItem<'_>| item.path.last().is_some_and(|name| name.text == "*");
    let (stars, named): (Vec<_>, Vec<_>) = options.expand.iter().partition(is_star);
    for item in named.into_iter().chain(stars) {
        if item.path.first().is_some_and(|name| name.text == "$value") {
            binder.media(id, item)?;
            projection.media = true;
            continue;
        }
        let path = binder.expand(id, &item.path, item, &mut projection.expand)?;
        left(row, &path, "$expand", item.path.first())?;
    }
    Ok(projection)
}

/// Refuses a member that `$apply` did not leave.
fn left(row: &RowType, path: &[Step], option: &'static str, name: Option<&Name<'_>>) -> Result<(), Error> {
    if row.holds(path) {
        return Ok(());
    }
    let error = Error::bad_request("The property is not part of what $apply gives.").at(option);
    Err(error.at_position(name.map_or(0, |name| name.position)))
}

#[derive(Clone, Copy)]
struct Projector<'a> {
    model: &'a Model,
    /// What is projected.
    row: ExprType,
    outside: Outside<'a>,
    depth: usize,
}

/// A name resolved below a type: the casts that led to it and the member.
struct Found<'a> {
    cast: Option<TypeId>,
    number: u16,
    member: &'a Member,
    rest: usize,
}

impl<'a> Projector<'a> {
    fn select(
        &self,
        id: TypeId,
        path: &[Name<'_>],
        item: &'a ast::SelectItem<'a>,
        into: &mut Vec<SelectItem>,
    ) -> Result<(), Error> {
        let Some(first) = path.first() else { return Ok(()) };
        if first.text == "*" && path.len() == 1 {
            into.push(SelectItem::All);
            return Ok(());
        }
        if path.iter().any(|name| name.text.starts_with('@')) {
            into.push(SelectItem::Annotation);
            return Ok(());
        }
        let names_operation = item.parameters.is_some()
            || first.text.strip_suffix(".*").is_some_and(|namespace| self.is_namespace(namespace))
            || (path.len() == 1 && self.is_operation(id, first.text));
        if names_operation && self.member_below(id, path, "$select").is_err() {
            let last = path.last().map_or(first.text, |name| name.text);
            into.push(SelectItem::Operation(operation::selected(self.model, last, item.parameters.as_deref())));
            return Ok(());
        }
        if self.is_dynamic(id, first.text) {
            if item.options.is_some() {
                return Err(dynamic_not_offered(first.position, "with options"));
            }
            into.push(match path {
                [only] => SelectItem::Dynamic(only.text.into()),
                [_, rest @ ..] => self.dynamic_part(first, rest)?,
                [] => return Ok(()),
            });
            return Ok(());
        }
        let found = self.member_below(id, path, "$select")?;
        let rest = &path[found.rest..];
        let is_navigation = matches!(found.member.kind, MemberKind::Navigation(_));
        let inner = structured(self.model, found.member.ty.base);
        let nested = match (rest, inner) {
            ([], _) => self.select_options(&found, item)?,
            ([_, ..], Some((inner, _))) if !is_navigation => {
                let mut below = Vec::new();
                self.select_below(inner, rest, item, &mut below)?;
                Some(Box::new(CollectionQuery {
                    projection: Projection { select: (!below.is_empty()).then_some(below), ..Projection::default() },
                    ..CollectionQuery::default()
                }))
            }
            ([next, ..], _) => {
                let ty = self.model.type_name(found.member.ty.base);
                return Err(not_found("$select", next, ty));
            }
        };
        merge(into, found.cast, found.number, nested);
        Ok(())
    }

    /// What is selected of a value whose type is not known: names that its properties could have, and complex types.
    fn dynamic_part(&self, first: &Name<'_>, rest: &[Name<'_>]) -> Result<SelectItem, Error> {
        let is_complex = |name: &str| {
            let ty = type_by_name(self.model, name).and_then(|ty| structured(self.model, ty));
            ty.is_some_and(|(_, ty)| !ty.is_entity)
        };
        if rest.len() > EXPAND_DEPTH_MAX {
            let message = format!("What is selected lies deeper than {EXPAND_DEPTH_MAX} levels.");
            return Err(Error::bad_request(message).at("$select").at_position(first.position));
        }
        if let Some(name) = rest.iter().find(|name| !is_identifier(name.text) && !is_complex(name.text)) {
            return Err(not_found("$select", name, first.text));
        }
        let names = rest.iter().map(|name| Arc::from(name.text)).collect();
        Ok(SelectItem::DynamicPart(first.text.into(), names))
    }

    /// Whether a name is that of a property that an open type does not declare. A type of the name wins, where a cast to it can
    /// succeed.
    fn is_dynamic(&self, id: TypeId, name: &str) -> bool {
        let is_cast = |ty: EdmType| structured(self.model, ty).is_some_and(|(to, _)| related(self.model, id, to));
        self.model.structured(id).is_some_and(|ty| ty.is_open && ty.member(name).is_none())
            && is_identifier(name)
            && !type_by_name(self.model, name).is_some_and(is_cast)
    }

    /// What follows a complex property: a last cast selects everything.
    fn select_below(
        &self,
        id: TypeId,
        path: &[Name<'_>],
        item: &'a ast::SelectItem<'a>,
        into: &mut Vec<SelectItem>,
    ) -> Result<(), Error> {
        if let [only] = path
            && structured(self.model, EdmType::Named(id)).is_some_and(|(_, ty)| ty.member(only.text).is_none())
            && self.cast(id, only, "$select")?.is_some()
        {
            return Ok(());
        }
        self.select(id, path, item, into)
    }

    fn select_options(
        &self,
        found: &Found<'_>,
        item: &'a ast::SelectItem<'a>,
    ) -> Result<Option<Box<CollectionQuery>>, Error> {
        let Some(nested) = item.options.as_deref() else { return Ok(None) };
        if matches!(found.member.kind, MemberKind::Navigation(_)) {
            let name = &found.member.name;
            let message = format!("The navigation property '{name}' takes options in $expand, not in $select.");
            return Err(Error::bad_request(message).at("$select").at_position(item.path[0].position));
        }
        let query = self.nested(nested, found.member, Shape::of(self.model, found.member), "$select")?;
        Ok(Some(Box::new(query)))
    }

    fn nested(
        &self,
        nested: &'a ast::Options<'a>,
        member: &Member,
        shape: Shape,
        option: &str,
    ) -> Result<CollectionQuery, Error> {
        if self.depth + 1 > EXPAND_DEPTH_MAX {
            let message = format!("Options are nested deeper than {EXPAND_DEPTH_MAX} levels.");
            return Err(Error::bad_request(message).at(option));
        }
        let levels = option == "$expand" && !matches!(shape, Shape::Count | Shape::ReferenceCollection | Shape::Plain);
        let given = nested.given.iter().copied();
        let given: Vec<_> = given.filter(|given| !(levels && *given == SystemOption::Levels)).collect();
        options::check(shape, &given)?;
        options::bind(self.model, member.ty.base, nested, self.outside.inside(self.row, nested), self.depth + 1)
    }

    /// Checks that the media of the entity can be expanded.
    fn media(&self, id: TypeId, item: &ast::ExpandItem<'_>) -> Result<(), Error> {
        if item.options.is_none() && self.model.structured(id).is_some_and(|ty| ty.has_stream) {
            return Ok(());
        }
        let message = "'$value' stands by itself, for the media of a media entity.";
        Err(Error::bad_request(message).at("$expand").at_position(item.path.first().map_or(0, |name| name.position)))
    }

    /// Binds an item, or what is left of its path; gives the members that the path leads through.
    fn expand(
        &self,
        id: TypeId,
        path: &[Name<'_>],
        item: &'a ast::ExpandItem<'a>,
        into: &mut Vec<ExpandItem>,
    ) -> Result<Vec<Step>, Error> {
        let Some(first) = path.first() else { return Ok(Vec::new()) };
        if first.text.starts_with('@') {
            return Err(not_offered(first, "Expanding annotations"));
        }
        if first.text == "*" && path.len() == 1 {
            let Some(ty) = self.model.structured(id) else { return Ok(Vec::new()) };
            let navigations =
                ty.members.iter().zip(0_u16..).filter(|(m, _)| matches!(m.kind, MemberKind::Navigation(_)));
            for (member, number) in navigations {
                if !into.iter().any(|known| known.cast.is_none() && known.member == number) {
                    into.push(self.expanded(id, (None, number, member), None, item)?);
                }
            }
            return Ok(Vec::new());
        }
        let found = self.member_below(id, path, "$expand")?;
        let rest = &path[found.rest..];
        let step = Step::Member(found.number);
        if !matches!(found.member.kind, MemberKind::Navigation(_)) {
            if rest.is_empty()
                && found.member.is_stream()
                && item.options.is_none()
                && !item.reference
                && !item.count_only
            {
                into.push(self.expanded(id, (found.cast, found.number, found.member), None, item)?);
                return Ok(vec![step]);
            }
            if let ([_, ..], Some((inner, _))) = (rest, structured(self.model, found.member.ty.base)) {
                let mut steps = vec![step];
                steps.append(&mut self.expand_below(&found, inner, rest, item, into)?);
                return Ok(steps);
            }
            let message =
                format!("The property '{}' is not a navigation property and cannot be expanded.", found.member.name);
            return Err(Error::bad_request(message).at("$expand").at_position(first.position));
        }
        let target_cast = match (rest, structured(self.model, found.member.ty.base)) {
            ([], _) => None,
            ([cast], Some((target, ty))) => match self.cast(target, cast, "$expand")? {
                Some(cast) => Some(cast),
                None => return Err(not_found("$expand", cast, &ty.name)),
            },
            ([next, ..], _) => {
                return Err(not_found("$expand", next, self.model.type_name(found.member.ty.base)));
            }
        };
        if into.iter().any(|known| known.cast == found.cast && known.member == found.number) {
            let message = format!("The navigation property '{}' is expanded more than once.", found.member.name);
            return Err(Error::bad_request(message).at("$expand").at_position(first.position));
        }
        into.push(self.expanded(id, (found.cast, found.number, found.member), target_cast, item)?);
        Ok(vec![step])
    }

    /// What follows a complex property: all that is expanded below it stands in one item.
    fn expand_below(
        &self,
        found: &Found<'_>,
        inner: TypeId,
        rest: &[Name<'_>],
        item: &'a ast::ExpandItem<'a>,
        into: &mut Vec<ExpandItem>,
    ) -> Result<Vec<Step>, Error> {
        if self.depth + 1 > EXPAND_DEPTH_MAX {
            let message = format!("What is expanded lies deeper than {EXPAND_DEPTH_MAX} levels.");
            return Err(Error::bad_request(message).at("$expand").at_position(rest[0].position));
        }
        let same = |known: &ExpandItem| known.cast == found.cast && known.member == found.number;
        let place = into.iter().position(same).unwrap_or_else(|| {
            into.push(ExpandItem::inside(found.cast, found.number));
            into.len() - 1
        });
        let below = Self { depth: self.depth + 1, ..*self };
        below.expand(inner, rest, item, &mut into[place].query.projection.expand)
    }

    fn expanded(
        &self,
        owner: TypeId,
        (cast, number, member): (Option<TypeId>, u16, &Member),
        target_cast: Option<TypeId>,
        item: &'a ast::ExpandItem<'a>,
    ) -> Result<ExpandItem, Error> {
        let shape = match (item.count_only, item.reference) {
            (true, _) => Shape::Count,
            (_, true) if member.ty.collection => Shape::ReferenceCollection,
            (_, true) => Shape::Plain,
            _ => Shape::of(self.model, member),
        };
        if item.count_only && !member.ty.collection {
            let message = format!("'$count' does not apply to the single navigation property '{}'.", member.name);
            return Err(Error::bad_request(message).at("$expand"));
        }
        let nested = item.options.as_deref();
        let target = Member {
            ty: crate::model::TypeRef { base: target_cast.map_or(member.ty.base, EdmType::Named), ..member.ty.clone() },
            ..member.clone()
        };
        let query = match nested {
            Some(nested) => self.nested(nested, &target, shape, "$expand")?,
            None => CollectionQuery::default(),
        };
        let bound = ExpandItem {
            cast,
            member: number,
            target_cast,
            reference: item.reference,
            count_only: item.count_only,
            levels: nested.and_then(|nested| nested.levels),
            repeated: false,
            query,
        };
        match target.ty.base {
            EdmType::Named(target) => self.repeated(bound, cast.unwrap_or(owner), &member.name, target),
            _ => Ok(bound),
        }
    }

    /// `$levels`: the item stands below itself once for each further level, so that nobody else has to know of levels. One
    /// that does not lead to a type with the same property has no further level.
    fn repeated(&self, mut item: ExpandItem, owner: TypeId, name: &str, target: TypeId) -> Result<ExpandItem, Error> {
        let Some(wanted) = item.levels else { return Ok(item) };
        let inside = match self.model.structured(target).and_then(|ty| ty.member(name)) {
            Some((number, _)) => (None, number),
            None if self.model.is_a(owner, target) => (Some(owner), item.member),
            None => return Ok(item),
        };
        let room = PROJECTION_ITEMS_MAX / items_in(&item);
        let levels = match wanted {
            None => EXPAND_LEVELS_MAX.min(room).min(EXPAND_DEPTH_MAX.saturating_sub(self.depth)),
            Some(levels) => levels as usize,
        };
        if self.depth + levels > EXPAND_DEPTH_MAX || levels > room.max(1) {
            let message = format!("'$levels' goes deeper than {EXPAND_DEPTH_MAX} levels, or repeats too much.");
            return Err(Error::bad_request(message).at("$levels"));
        }
        let stands_there = |other: &ExpandItem| (other.cast, other.member) == inside;
        if item.query.projection.expand.iter().any(stands_there) {
            return Ok(item);
        }
        let level = ExpandItem { cast: inside.0, member: inside.1, levels: None, repeated: true, ..item.clone() };
        let mut below = None;
        for _ in 1..levels {
            let mut next = level.clone();
            next.query.projection.expand.extend(below);
            below = Some(next);
        }
        item.query.projection.expand.extend(below);
        Ok(item)
    }

    /// Follows casts and finds the member that the path names first.
    fn member_below(&self, id: TypeId, path: &[Name<'_>], option: &'static str) -> Result<Found<'a>, Error> {
        let mut at = id;
        let mut cast = None;
        for (place, name) in path.iter().enumerate() {
            let Some(ty) = self.model.structured(at) else { break };
            if let Some((number, member)) = ty.member(name.text) {
                return Ok(Found { cast, number, member, rest: place + 1 });
            }
            match self.cast(at, name, option)? {
                Some(target) if place + 1 < path.len() => {
                    cast = Some(target);
                    at = target;
                }
                _ if option == "$select" && place > 0 && ty.is_open => {
                    return Err(dynamic_not_offered(name.position, "of a derived type"));
                }
                _ => return Err(not_found(option, name, &ty.name)),
            }
        }
        Err(Error::bad_request("A property name is expected.").at(option))
    }

    /// The type that a name casts to, `None` when it is no structured type.
    fn cast(&self, from: TypeId, name: &Name<'_>, option: &'static str) -> Result<Option<TypeId>, Error> {
        let Some(EdmType::Named(target)) = type_by_name(self.model, name.text) else { return Ok(None) };
        if self.model.structured(target).is_none() {
            return Ok(None);
        }
        if related(self.model, from, target) {
            return Ok(Some(target));
        }
        let (a, b) = (self.model.named(from).name(), self.model.named(target).name());
        Err(Error::bad_request(format!("The types '{a}' and '{b}' are not related."))
            .at(option)
            .at_position(name.position))
    }

    /// Whether operations of a namespace, or of an alias of one, could be selected.
    fn is_namespace(&self, name: &str) -> bool {
        let name = self.model.aliases.get(name).map_or(name, |full| full);
        self.model.schemas.iter().any(|schema| *schema.namespace == *name)
    }

    fn is_operation(&self, id: TypeId, name: &str) -> bool {
        let own = |ty: &StructuredType| ty.member(name).is_some();
        !self.model.structured(id).is_some_and(own) && operation::named_like(self.model, name)
    }
}

impl Shape {
    /// The options that fit a member's value.
    fn of(model: &Model, member: &Member) -> Self {
        match (structured(model, member.ty.base).is_some(), member.ty.collection) {
            (true, true) => Self::StructuredCollection,
            (true, false) => Self::Structured,
            (false, true) => Self::ValueCollection,
            (false, false) => Self::Plain,
        }
    }
}

/// How many items an item is made of.
fn items_in(item: &ExpandItem) -> usize {
    1 + item.query.projection.expand.iter().map(items_in).sum::<usize>()
}

/// Adds a member; `a/b,a/c` is one member with two selected inside it.
fn merge(into: &mut Vec<SelectItem>, cast: Option<TypeId>, member: u16, nested: Option<Box<CollectionQuery>>) {
    for known in into.iter_mut() {
        let SelectItem::Member { cast: known_cast, member: known_member, nested: known_nested } = known else {
            continue;
        };
        if *known_cast != cast || *known_member != member {
            continue;
        }
        match (known_nested.as_mut(), nested) {
            (Some(first), Some(mut second)) => match (&mut first.projection.select, second.projection.select.take()) {
                (Some(wanted), Some(mut more)) => wanted.append(&mut more),
                (wanted, _) => *wanted = None,
            },
            _ => *known_nested = None,
        }
        return;
    }
    into.push(SelectItem::Member { cast, member, nested });
}

fn not_found(option: &'static str, name: &Name<'_>, ty: &str) -> Error {
    let message = format!(
        "Parsing OData Select and Expand failed: Could not find a property named '{}' on type '{ty}'.",
        name.text
    );
    Error::bad_request(message).at(option).at_position(name.position)
}

fn dynamic_not_offered(position: usize, what: &str) -> Error {
    let message = format!("Selecting a dynamic property {what} is not offered.");
    Error::new(ErrorKind::NotImplemented, message).at("$select").at_position(position)
}

fn not_offered(name: &Name<'_>, what: &str) -> Error {
    Error::new(ErrorKind::NotImplemented, format!("{what} is not offered.")).at("$expand").at_position(name.position)
}
