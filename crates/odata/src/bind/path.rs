//! Resource paths: segment by segment from the container to what the URL addresses.

use std::sync::Arc;

use super::crossjoin;
use super::implied;
use super::key::{self, Given};
use super::operation;
use super::scope::{Binder, Outside};
use super::types::{related, structured, type_by_name};
use crate::engine::{Segment, Target, TargetKind};
use crate::error::{Error, ErrorKind};
use crate::expr::ExprType;
use crate::model::{
    AnyKind, ContainerChildKind, EdmType, Member, MemberKind, Model, OperationId, Primitive, TypeId, TypeRef,
    is_identifier,
};
use crate::plan::Filter;
use crate::syntax::ast::{Argument, Expr};
use crate::syntax::{Query, RawPath, RawSegment};

/// The walk along a path.
pub(super) struct Walk<'a> {
    model: &'a Model,
    query: &'a Query,
    segments: Vec<Segment>,
    kind: TargetKind,
    ty: Option<TypeRef>,
    /// The type that the last navigation property started from.
    owner: Option<TypeId>,
    /// Nothing may follow (`$count`, `$value`, `$ref`).
    closed: bool,
}

pub(super) fn unknown(name: &str) -> Error {
    Error::new(ErrorKind::UnknownSegment, format!("Resource not found for the segment '{name}'."))
}

/// Counts the position of a segment's error from the start of the path.
fn in_path(error: Error, start: usize) -> Error {
    if error.target.as_deref().is_some_and(|target| target != "path") {
        return error;
    }
    let position = start + error.position.unwrap_or(0);
    error.at("path").at_position(position)
}

fn not_offered(name: &str) -> Error {
    Error::new(ErrorKind::NotImplemented, format!("The segment '{name}' is not offered."))
}

impl<'a> Walk<'a> {
    pub(super) fn bind(model: &'a Model, path: &RawPath, query: &'a Query) -> Result<Target, Error> {
        let mut walk = Self {
            model,
            query,
            segments: Vec::with_capacity(path.len()),
            kind: TargetKind::ServiceDocument,
            ty: None,
            owner: None,
            closed: false,
        };
        let mut at = 0;
        while let Some(segment) = path.segment(at) {
            let start = path.offset(at);
            at += 1;
            let taken = if walk.segments.is_empty() && walk.kind == TargetKind::ServiceDocument {
                walk.first(segment).map(|()| 0)
            } else if walk.closed {
                Err(walk.beyond_end(segment))
            } else {
                walk.next(segment, path, at)
            };
            at += taken.map_err(|error| in_path(error, start))?;
        }
        Ok(Target { segments: walk.segments, kind: walk.kind, ty: walk.ty })
    }

    fn first(&mut self, segment: RawSegment<'_>) -> Result<(), Error> {
        let name = segment.name();
        match name {
            "$metadata" | "$batch" if name == segment.text() => {
                self.kind = if name == "$batch" { TargetKind::Batch } else { TargetKind::Metadata };
                self.closed = true;
                return Ok(());
            }
            "$all" if name == segment.text() => {
                self.segments.push(Segment::All);
                self.at(TargetKind::EntityCollection, any(AnyKind::Entity));
                return Ok(());
            }
            "$crossjoin" => return self.crossjoin(segment),
            "$entity" => return Err(not_offered(name)),
            _ => {}
        }
        let child = self.model.container.by_name.get(name).copied().ok_or_else(|| unknown(segment.text()))?;
        let Some(declared) = self.model.container.children.get(usize::from(child)) else { return Err(unknown(name)) };
        let pairs = arguments(segment)?;
        self.segments.push(Segment::Root { child, name: declared.name.clone() });
        match &declared.kind {
            ContainerChildKind::EntitySet { ty, .. } => {
                self.at(TargetKind::EntityCollection, single(*ty, true));
                self.keys(&pairs)
            }
            ContainerChildKind::Singleton { ty, .. } => {
                if !pairs.is_empty() {
                    return Err(Error::bad_request(format!("The singleton '{name}' takes no key.")).at("path"));
                }
                self.at(TargetKind::Entity, single(*ty, false));
                Ok(())
            }
            ContainerChildKind::Import { operations, .. } => self.operation(operations, name, &pairs),
        }
    }

    fn crossjoin(&mut self, segment: RawSegment<'_>) -> Result<(), Error> {
        let names = segment.crossjoin().unwrap_or_else(|| Ok(Vec::new())).map_err(|error| error.into_error("path"))?;
        let mut sets: Vec<(u16, Arc<str>)> = Vec::with_capacity(names.len());
        for name in names {
            let child = self.model.container.by_name.get(name).copied();
            let child = child.filter(|child| crossjoin::entity_type(self.model, *child).is_some());
            let child = child.ok_or_else(|| unknown(name))?;
            if sets.iter().any(|(known, _)| *known == child) {
                let message = format!("The entity set '{name}' stands in '$crossjoin' more than once.");
                return Err(Error::bad_request(message).at("path"));
            }
            sets.push((child, name.into()));
        }
        if sets.is_empty() {
            return Err(Error::bad_request("'$crossjoin' needs entity sets.").at("path"));
        }
        self.segments.push(Segment::CrossJoin(sets));
        self.at(TargetKind::ValueCollection, any(AnyKind::Complex));
        Ok(())
    }

    /// What follows where nothing may follow, but an action behind `$each`.
    fn beyond_end(&self, segment: RawSegment<'_>) -> Error {
        let member = self.ty.as_ref().filter(|_| matches!(self.segments.last(), Some(Segment::Each)));
        let candidates = member.map(|ty| operation::bound_to(self.model, &ty.element(), segment.name()));
        if candidates.is_some_and(|found| !found.is_empty()) {
            return not_offered(segment.name());
        }
        unknown(segment.text())
    }

    /// What follows `$all` and `$crossjoin`: a count, and of all entities those of a type.
    fn beyond(&mut self, segment: RawSegment<'_>) -> Result<(), Error> {
        if segment.text() == "$count" {
            return self.system(segment).map(drop);
        }
        if segment.text() == "$query" {
            return Err(not_offered(segment.text()));
        }
        let of_type = matches!(self.segments[..], [Segment::All]).then(|| type_by_name(self.model, segment.text()));
        match of_type.flatten() {
            Some(EdmType::Named(id)) if self.is_entity(EdmType::Named(id)) => {
                self.segments.push(Segment::Cast(id));
                self.at(TargetKind::EntityCollection, single(id, true));
                Ok(())
            }
            _ => Err(unknown(segment.text())),
        }
    }

    /// Binds a segment after the first; gives how many further segments were taken (parts of a key).
    fn next(&mut self, segment: RawSegment<'_>, path: &RawPath, after: usize) -> Result<usize, Error> {
        let name = segment.name();
        if matches!(self.segments.first(), Some(Segment::All | Segment::CrossJoin(_))) {
            return self.beyond(segment).map(|()| 0);
        }
        if let Some(filtered) = segment.filter() {
            let (predicate, keys) = filtered.map_err(|error| error.into_error("path"))?;
            self.filter(&predicate)?;
            return self.keys(&keys).map(|()| 0);
        }
        if name.starts_with('$') && self.system(segment)? {
            return Ok(0);
        }
        let Some(ty) = self.ty.clone() else { return Err(unknown(segment.text())) };
        if self.returned() && !self.composable() {
            return Err(unknown(segment.text()));
        }
        let structure = structured(self.model, ty.base);
        if let (Some((_, structure)), false) = (structure, ty.collection)
            && let Some((number, member)) = structure.member(name)
        {
            let pairs = arguments(segment)?;
            self.member(number, &member.kind, &member.name.clone(), &member.ty.clone(), &pairs)?;
            return Ok(0);
        }
        if let Some((id, _)) = structure
            && self.cast(id, &ty, segment)?
        {
            return Ok(0);
        }
        let candidates = operation::bound_to(self.model, &ty, name);
        if !candidates.is_empty() {
            let pairs = arguments(segment)?;
            self.operation(&candidates, name, &pairs)?;
            return Ok(0);
        }
        if structure.is_some_and(|(_, structure)| structure.is_open && !ty.collection) && is_identifier(segment.text())
        {
            self.segments.push(Segment::Dynamic { name: segment.text().into() });
            self.at(TargetKind::Primitive, TypeRef::single(EdmType::Any(AnyKind::Untyped)));
            return Ok(0);
        }
        if matches!(self.segments.last(), Some(Segment::Dynamic { .. })) {
            return self.below_dynamic(segment).map(|()| 0);
        }
        if self.kind == TargetKind::EntityCollection {
            return self.key_segments(segment, path, after);
        }
        match segment.text().parse() {
            Ok(place) if self.kind == TargetKind::ValueCollection && self.is_ordered() => {
                if matches!(self.segments.last(), Some(Segment::Cast(_))) {
                    return Err(not_offered(segment.text()));
                }
                self.index(place, &ty);
            }
            _ => return Err(unknown(segment.text())),
        }
        Ok(0)
    }

    /// What follows a property that no type declares: the type that its value has to have, or one of its value's properties,
    /// declared or not.
    fn below_dynamic(&mut self, segment: RawSegment<'_>) -> Result<(), Error> {
        let name = segment.text();
        if let Some(EdmType::Named(id)) = type_by_name(self.model, name)
            && self.model.structured(id).is_some_and(|ty| !ty.is_entity)
        {
            self.segments.push(Segment::Cast(id));
            self.at(TargetKind::Complex, TypeRef::single(EdmType::Named(id)));
            return Ok(());
        }
        if !is_identifier(name) {
            // An element by its place: whether the order counts, nobody says.
            return Err(if name.parse::<i64>().is_ok() { not_offered(name) } else { unknown(name) });
        }
        self.segments.push(Segment::Dynamic { name: name.into() });
        Ok(())
    }

    /// An element of an ordered collection of values.
    fn index(&mut self, place: i64, ty: &TypeRef) {
        self.segments.push(Segment::Index(place));
        let is_complex = structured(self.model, ty.base).is_some();
        self.at(if is_complex { TargetKind::Complex } else { TargetKind::Primitive }, ty.element());
    }

    /// Whether the property that the path has come to says that the order of its elements counts.
    fn is_ordered(&self) -> bool {
        let casts = self.segments.iter().rev().take_while(|segment| matches!(segment, Segment::Cast(_))).count();
        let declared = &self.segments[..self.segments.len() - casts];
        let Some((Segment::Property { member, .. }, before)) = declared.split_last() else { return false };
        let owner = crate::engine::type_of(self.model, before).and_then(|id| self.model.structured(id));
        let member = owner.and_then(|owner| owner.members.get(usize::from(*member)));
        let ordered =
            |member: &Member| self.model.annotation(&member.annotations, "Org.OData.Core.V1.Ordered").cloned();
        member.and_then(ordered).is_some_and(|ordered| ordered.as_bool() != Some(false))
    }

    /// `$filter(…)`: the elements that pass stand for the collection.
    fn filter(&mut self, predicate: &Expr<'_>) -> Result<(), Error> {
        let Some(ty) = self.ty.as_ref().filter(|ty| ty.collection && (!self.returned() || self.composable())) else {
            return Err(Error::bad_request("'$filter' does not apply to this resource.").at("path"));
        };
        let outside = Outside::of(self.query);
        let mut binder = Binder::new(self.model, "path", ExprType::single(ty.base), outside);
        let filter = Filter(binder.predicate(predicate)?);
        let kind = if self.is_entity(ty.base) { TargetKind::EntityCollection } else { TargetKind::ValueCollection };
        self.segments.push(Segment::Filter(filter));
        self.kind = kind;
        Ok(())
    }

    /// `$count`, `$value`, `$ref`, `$each` and those that are not offered; `false` leaves the segment to be a key.
    fn system(&mut self, segment: RawSegment<'_>) -> Result<bool, Error> {
        let collection = self.ty.as_ref().is_some_and(|ty| ty.collection);
        let misplaced =
            |what: &str| Err(Error::bad_request(format!("'{}' does not apply to {what}.", segment.text())).at("path"));
        let entities = self.ty.as_ref().is_some_and(|ty| self.is_entity(ty.base));
        match segment.text() {
            "$count" if collection => {
                self.segments.push(Segment::Count);
                self.kind = TargetKind::Count;
            }
            "$count" => return misplaced("a single resource"),
            "$ref" if entities && !self.returned() => {
                self.segments.push(Segment::Ref);
                self.kind = TargetKind::Reference;
            }
            "$each" if collection && !self.returned() => {
                self.segments.push(Segment::Each);
                self.kind = TargetKind::Members;
            }
            "$ref" | "$each" => return misplaced("this resource"),
            "$value" => match self.kind {
                TargetKind::Primitive => {
                    self.segments.push(Segment::Value);
                    self.kind = TargetKind::RawValue;
                }
                TargetKind::Function if !collection && !entities => {
                    self.segments.push(Segment::Value);
                    self.kind = TargetKind::RawValue;
                }
                // Bytes of a stream property: `/photo/$value` is `/photo`.
                TargetKind::Stream => self.segments.push(Segment::Value),
                TargetKind::Entity if self.has_stream() => {
                    self.segments.push(Segment::Value);
                    self.kind = TargetKind::Stream;
                }
                _ => return misplaced("this resource"),
            },
            "$query" => return Err(not_offered(segment.text())),
            text if self.kind == TargetKind::EntityCollection && !text.starts_with("$filter") => return Ok(false),
            text => return Err(unknown(text)),
        }
        self.closed = true;
        Ok(true)
    }

    fn member(
        &mut self,
        number: u16,
        kind: &MemberKind,
        name: &std::sync::Arc<str>,
        ty: &TypeRef,
        pairs: &[Vec<Argument<'_>>],
    ) -> Result<(), Error> {
        if let MemberKind::Navigation(_) = kind {
            self.segments.push(Segment::Navigation { member: number, name: name.clone() });
            self.owner = self.ty.as_ref().and_then(|ty| structured(self.model, ty.base)).map(|(id, _)| id);
            self.at(if ty.collection { TargetKind::EntityCollection } else { TargetKind::Entity }, ty.clone());
            return self.keys(pairs);
        }
        if !pairs.is_empty() {
            return Err(Error::bad_request(format!("The property '{name}' takes no key.")).at("path"));
        }
        self.segments.push(Segment::Property { member: number, name: name.clone() });
        let kind = if ty.collection {
            TargetKind::ValueCollection
        } else if structured(self.model, ty.base).is_some() {
            TargetKind::Complex
        } else if ty.base == EdmType::Primitive(Primitive::Stream) {
            TargetKind::Stream
        } else {
            TargetKind::Primitive
        };
        self.at(kind, ty.clone());
        Ok(())
    }

    /// A type segment; `false` when the name is no structured type.
    fn cast(&mut self, from: TypeId, ty: &TypeRef, segment: RawSegment<'_>) -> Result<bool, Error> {
        let name = segment.name();
        let Some(EdmType::Named(target)) = type_by_name(self.model, name) else { return Ok(false) };
        if self.model.structured(target).is_none() {
            return Ok(false);
        }
        if matches!(self.segments.last(), Some(Segment::Cast(_))) {
            return Err(unknown(segment.text()));
        }
        if !related(self.model, from, target) {
            // Without a dot it may as well be a key; with one it can only be meant as a type.
            if !name.contains('.') && ty.collection {
                return Ok(false);
            }
            let (a, b) = (self.model.named(from).name(), self.model.named(target).name());
            let message = format!("The types '{a}' and '{b}' are not related, so '{name}' cannot stand here.");
            return Err(Error::bad_request(message).at("path"));
        }
        let pairs = arguments(segment)?;
        self.segments.push(Segment::Cast(target));
        self.ty = Some(TypeRef { base: EdmType::Named(target), ..ty.clone() });
        self.keys(&pairs)?;
        Ok(true)
    }

    /// Keys in parentheses.
    fn keys(&mut self, pairs: &[Vec<Argument<'_>>]) -> Result<(), Error> {
        for pair in pairs {
            let entity = self.ty.as_ref().filter(|_| self.kind == TargetKind::EntityCollection);
            let Some((_, structure)) = entity.and_then(|ty| structured(self.model, ty.base)) else {
                return Err(Error::bad_request("A key does not fit here.").at("path"));
            };
            let names: Vec<&str> = pair.iter().filter_map(|argument| argument.name).collect();
            let is_key = |name: &&str| structure.key.iter().any(|part| *part.name == **name);
            if !names.is_empty()
                && !names.iter().all(is_key)
                && let Some(parts) = implied::alternate(self.model, structure, &names)
            {
                let open = vec![None; parts.len()];
                let values = key::in_parentheses(self.model, structure, &parts, &open, pair, self.query)?;
                self.keyed(Segment::AlternateKey(parts.into_iter().zip(values).collect()));
                continue;
            }
            let known = implied::parts(self.model, &self.segments, self.owner, structure);
            let values = key::in_parentheses(self.model, structure, &structure.key, &known, pair, self.query)?;
            self.keyed(Segment::Key(values));
        }
        Ok(())
    }

    fn keyed(&mut self, key: Segment) {
        self.segments.push(key);
        self.kind = TargetKind::Entity;
        if let Some(ty) = &mut self.ty {
            ty.collection = false;
        }
    }

    /// A key as segments, one for each of its parts.
    fn key_segments(&mut self, segment: RawSegment<'_>, path: &RawPath, after: usize) -> Result<usize, Error> {
        let base = self.ty.as_ref().map(|ty| ty.base);
        let Some((_, structure)) = base.and_then(|base| structured(self.model, base)) else {
            return Err(unknown(segment.text()));
        };
        let mut values = Vec::with_capacity(structure.key.len());
        let mut read = 0;
        let known = implied::parts(self.model, &self.segments, self.owner, structure);
        for (part, known) in structure.key.iter().zip(known) {
            if let Some(known) = known {
                values.push(known);
                continue;
            }
            let text = if read == 0 { Some(segment) } else { path.segment(after + read - 1) };
            let text = text.ok_or_else(|| unknown(segment.text()))?.text();
            let wanted = key::key_type(self.model, structure, part);
            let value = wanted.and_then(|wanted| key::as_segment(self.model, wanted, text));
            values.push(value.ok_or_else(|| unknown(text))?);
            read += 1;
        }
        if read == 0 {
            return Err(unknown(segment.text()));
        }
        self.keyed(Segment::Key(values));
        Ok(read - 1)
    }

    fn operation(&mut self, candidates: &[OperationId], name: &str, pairs: &[Vec<Argument<'_>>]) -> Result<(), Error> {
        let (first, rest) = match pairs.split_first() {
            Some((first, rest)) => (Some(first.as_slice()), rest),
            None => (None, pairs),
        };
        let given = Given { arguments: first };
        let id = operation::overload(self.model, candidates, &given, self.query, name)?;
        let chosen = self.model.operation(id);
        let mut parameters = Vec::new();
        if !chosen.is_action {
            for parameter in operation::own_parameters(chosen) {
                let value = match given.by_name(&parameter.name) {
                    Some(tree) => Some(key::constant_of(self.model, &parameter.ty, tree, self.query)?),
                    None => match operation::implicit_text(self.query, &parameter.name) {
                        Some(text) => {
                            Some(key::constant_text(self.model, &parameter.ty, text, &parameter.name, self.query)?)
                        }
                        None => None,
                    },
                };
                parameters.push(value);
            }
        }
        self.segments.push(Segment::Operation { id, parameters });
        self.kind = if chosen.is_action { TargetKind::Action } else { TargetKind::Function };
        self.ty.clone_from(&chosen.returns);
        if !rest.is_empty() {
            self.kind = TargetKind::EntityCollection;
            if !self.ty.as_ref().is_some_and(|ty| ty.collection && self.is_entity(ty.base)) {
                return Err(Error::bad_request("A key does not fit here.").at("path"));
            }
        }
        self.closed = chosen.is_action;
        self.keys(rest)
    }

    fn composable(&self) -> bool {
        let last = self.segments.iter().rev().find_map(|segment| match segment {
            Segment::Operation { id, .. } => Some(*id),
            _ => None,
        });
        last.is_some_and(|id| self.model.operation(id).is_composable)
    }

    /// Whether the place is the direct result of an operation.
    fn returned(&self) -> bool {
        matches!(self.kind, TargetKind::Function | TargetKind::Action)
    }

    fn at(&mut self, kind: TargetKind, ty: TypeRef) {
        self.kind = kind;
        self.ty = Some(ty);
    }

    fn is_entity(&self, base: EdmType) -> bool {
        structured(self.model, base).is_some_and(|(_, ty)| ty.is_entity)
    }

    fn has_stream(&self) -> bool {
        let base = self.ty.as_ref().map(|ty| ty.base);
        base.and_then(|base| structured(self.model, base)).is_some_and(|(_, ty)| ty.has_stream)
    }
}

fn any(kind: AnyKind) -> TypeRef {
    TypeRef { base: EdmType::Any(kind), collection: true, nullable: false, facets: crate::model::Facets::default() }
}

fn single(ty: TypeId, collection: bool) -> TypeRef {
    TypeRef { base: EdmType::Named(ty), collection, nullable: false, facets: crate::model::Facets::default() }
}

fn arguments(segment: RawSegment<'_>) -> Result<Vec<Vec<Argument<'_>>>, Error> {
    segment.arguments().map_err(|error| error.into_error("path"))
}
