//! Paths in expressions: variables, properties, casts, `any`, `all`, `$count`, parameter aliases.

use super::key;
use super::scope::{Binder, Variable};
use super::types::{related, structured, type_by_name, type_text};
use crate::error::Error;
use crate::expr::{Expr, ExprType, IT, Node, Step};
use crate::limits::ALIAS_CHAIN_MAX;
use crate::model::{ContainerChildKind, EdmType, Primitive, StructuredType, TypeId};
use crate::syntax::ast::{self, Argument, Root, Segment, SegmentKind, Span};
use crate::syntax::{Query, parse_expression};
use crate::value::Value;

/// `$filter(…)` between a collection and what uses it.
struct Narrowed {
    variable: u8,
    predicate: Expr,
}

impl Binder<'_> {
    /// What names without a variable start from.
    pub(super) fn here(&self) -> Expr {
        let (root, ty) = self.implicit.unwrap_or((0, self.row.ty));
        Expr { node: Node::Path { root, steps: Vec::new() }, ty }
    }

    /// Binds a path.
    pub(super) fn path(&mut self, path: &ast::Path<'_>, span: Span) -> Result<Expr, Error> {
        let mut segments = path.segments.as_slice();
        let start = match &path.root {
            Root::Implicit => {
                if let Some((Segment { kind: SegmentKind::Name(name, None), .. }, rest)) = segments.split_first()
                    && let Some(variable) = self.variables.iter().rev().find(|variable| variable.name == **name)
                {
                    segments = rest;
                    Expr { node: Node::Path { root: variable.root, steps: Vec::new() }, ty: variable.ty }
                } else if let Some((Segment { kind: SegmentKind::Name(name, Some(arguments)), span }, rest)) =
                    segments.split_first()
                    && !self.leads_to_entities(&self.here(), name)
                    && let Some(called) = self.unbound(name, arguments, *span)?
                {
                    segments = rest;
                    called
                } else {
                    self.here()
                }
            }
            Root::It if self.closed && self.outside.it.is_none() => {
                return Err(self.not_offered(span, "$it inside an aggregate of '$these'"));
            }
            Root::It => {
                let (root, ty) = self.outside.it.map_or((0, self.row.ty), |it| (IT, it));
                Expr { node: Node::Path { root, steps: Vec::new() }, ty }
            }
            Root::This => self.here(),
            Root::Service => {
                let Some((first, rest)) = segments.split_first() else {
                    return Err(self.error(span, "The name of an entity set or a singleton is expected after '$root'."));
                };
                segments = rest;
                self.child(first)?
            }
            Root::These => return self.of_these(segments, span),
            Root::At(name) => self.alias(name, span)?,
            Root::Expr(inner) => self.expr(inner)?,
        };
        self.walk(start, segments)
    }

    /// `$root/Set`, `$root/Set(key)`, `$root/Singleton`.
    fn child(&self, segment: &Segment<'_>) -> Result<Expr, Error> {
        let unknown =
            || self.error(segment.span, "The name of an entity set or a singleton is expected after '$root'.");
        let SegmentKind::Name(name, arguments) = &segment.kind else { return Err(unknown()) };
        let container = &self.model.container;
        let child = container.by_name.get(*name).copied().ok_or_else(unknown)?;
        let (ty, is_set) = match &container.children.get(usize::from(child)).ok_or_else(unknown)?.kind {
            ContainerChildKind::EntitySet { ty, .. } => (*ty, true),
            ContainerChildKind::Singleton { ty, .. } => (*ty, false),
            ContainerChildKind::Import { .. } => {
                return Err(self.not_offered(segment.span, "A function in an expression"));
            }
        };
        let structure = self.model.structured(ty).ok_or_else(unknown)?;
        let key = match arguments {
            Some(arguments) if is_set => Some(self.key(structure, arguments, segment.span)?),
            Some(_) => return Err(self.error(segment.span, "A singleton takes no key.")),
            None => (!is_set).then(Vec::new),
        };
        let ty = ExprType { base: Some(EdmType::Named(ty)), collection: key.is_none() };
        Ok(Expr { node: Node::Root { child, key }, ty })
    }

    fn key(&self, ty: &StructuredType, arguments: &[Argument<'_>], span: Span) -> Result<Vec<Value>, Error> {
        let nothing = Query::default();
        let query = self.outside.query.unwrap_or(&nothing);
        let open = vec![None; ty.key.len()];
        let key = key::in_parentheses(self.model, ty, &ty.key, &open, arguments, query);
        key.map_err(|error| error.at(self.option).at_position(span.start as usize))
    }

    /// The entity of a collection that has a key.
    fn keyed(&self, entities: Expr, arguments: &[Argument<'_>], span: Span) -> Result<Expr, Error> {
        let element = self.element(&entities, span)?;
        let structure = element.base.and_then(|base| structured(self.model, base)).filter(|(_, ty)| ty.is_entity);
        let Some((_, structure)) = structure else {
            return Err(self.error(span, "A key does not fit here."));
        };
        let key = self.key(structure, arguments, span)?;
        Ok(Expr { node: Node::Keyed { source: Box::new(entities), key }, ty: element })
    }

    /// Whether a name is that of a navigation property to many entities, which can have a key behind it.
    fn leads_to_entities(&self, at: &Expr, name: &str) -> bool {
        let owner = at.ty.base.and_then(|base| structured(self.model, base)).filter(|_| !at.ty.collection);
        let member = owner.and_then(|(_, ty)| ty.member(name));
        member.is_some_and(|(_, member)| member.is_navigation() && member.ty.collection)
    }

    pub(super) fn walk(&mut self, start: Expr, segments: &[Segment<'_>]) -> Result<Expr, Error> {
        let mut at = start;
        let mut narrowed: Option<Narrowed> = None;
        for (place, segment) in segments.iter().enumerate() {
            self.count_node(segment.span)?;
            let last = place + 1 == segments.len();
            if !matches!(segment.kind, SegmentKind::Lambda { .. } | SegmentKind::Count(_))
                && let Some(narrowed) = narrowed.take()
            {
                at = filtered(at, narrowed);
            }
            match &segment.kind {
                SegmentKind::Name(name, None) => {
                    let called = self.function(&at, name, &[], segment.span)?;
                    at = if let Some(called) = called { called } else { self.step(at, name, segment.span)? };
                }
                SegmentKind::Name(name, Some(arguments)) => {
                    let called = self.function(&at, name, arguments, segment.span)?;
                    at = match called {
                        Some(called) => called,
                        None if self.leads_to_entities(&at, name) => {
                            let entities = self.step(at, name, segment.span)?;
                            self.keyed(entities, arguments, segment.span)?
                        }
                        None => return Err(self.called(&at, name, segment.span)),
                    };
                }
                SegmentKind::Lambda { all, body } if last => {
                    return self.lambda(at, *all, body.as_ref(), narrowed, segment.span);
                }
                SegmentKind::Count(options) if last => {
                    return self.count(at, options.as_deref(), narrowed, segment.span);
                }
                SegmentKind::Aggregate(item) if last => return self.aggregate(at, item, segment.span),
                SegmentKind::Filter(predicate) => {
                    let variable = self.next_root(segment.span)?;
                    let predicate =
                        self.over_elements(&at, variable, segment.span, |binder| binder.predicate(predicate))?;
                    narrowed = Some(Narrowed { variable, predicate });
                }
                SegmentKind::Count(_) | SegmentKind::Lambda { .. } | SegmentKind::Aggregate(_) => {
                    return Err(self.error(segment.span, "Nothing can follow here."));
                }
                SegmentKind::Annotation(_) => {
                    return Err(self.not_offered(segment.span, "An annotation in an expression"));
                }
                SegmentKind::Key(arguments) => at = self.keyed(at, arguments, segment.span)?,
            }
        }
        Ok(match narrowed {
            Some(narrowed) => filtered(at, narrowed),
            None => at,
        })
    }

    /// A property or a cast.
    pub(super) fn step(&self, at: Expr, name: &str, span: Span) -> Result<Expr, Error> {
        let owner = at.ty.base.and_then(|base| structured(self.model, base));
        let Some((id, owner)) = owner else {
            // A row of `$crossjoin` has nothing but these.
            if matches!(&at.node, Node::Path { root: 0, steps } if steps.is_empty())
                && let Some((number, ty)) = self.row.dynamic(name)
            {
                return self.extend(at, Step::Dynamic(number), ty, span);
            }
            if is_untyped(&at) {
                return self.open(at, name, span);
            }
            let ty = type_text(self.model, at.ty);
            return Err(self.error(span, format!("Could not find a property named '{name}' on type '{ty}'.")));
        };
        if let Some((number, member)) = owner.member(name) {
            if at.ty.collection {
                return Err(self.error(
                    span,
                    format!("The property '{name}' belongs to the elements of a collection; use any or all."),
                ));
            }
            let ty = ExprType { base: Some(member.ty.base), collection: member.ty.collection };
            return self.extend(at, Step::Member(number), ty, span);
        }
        if matches!(&at.node, Node::Path { root: 0, steps } if steps.is_empty())
            && let Some((number, ty)) = self.row.dynamic(name)
        {
            return self.extend(at, Step::Dynamic(number), ty, span);
        }
        let is_open = owner.is_open && !at.ty.collection && !name.contains('.');
        if let Some(EdmType::Named(target)) = type_by_name(self.model, name)
            && self.model.structured(target).is_some()
            && (!is_open || related(self.model, id, target))
        {
            return self.derive(at, id, target, span);
        }
        if super::operation::named_like(self.model, name) {
            return Err(self.not_offered(span, &format!("The operation '{name}' in an expression")));
        }
        if is_open {
            return self.open(at, name, span);
        }
        let ty = owner.name.clone();
        Err(self.error(span, format!("Could not find a property named '{name}' on type '{ty}'.")))
    }

    /// A property that no type declares. Rows that transformations made anew have none of their own.
    fn open(&self, at: Expr, name: &str, span: Span) -> Result<Expr, Error> {
        let is_of_row = matches!(&at.node, Node::Path { root: 0, steps } if steps.is_empty());
        if is_of_row && self.row.members.is_some() && !self.asks_whether_left {
            return Err(self.error(span, "The property is not part of what $apply gives."));
        }
        Ok(Expr { node: Node::Open(Box::new(at), name.into()), ty: ExprType::UNTYPED })
    }

    fn derive(&self, at: Expr, from: TypeId, target: TypeId, span: Span) -> Result<Expr, Error> {
        if !related(self.model, from, target) {
            let (a, b) = (self.model.named(from).name(), self.model.named(target).name());
            return Err(self.error(span, format!("The types '{a}' and '{b}' are not related.")));
        }
        let ty = ExprType { base: Some(EdmType::Named(target)), collection: at.ty.collection };
        self.extend(at, Step::Cast(target), ty, span)
    }

    fn extend(&self, at: Expr, step: Step, ty: ExprType, span: Span) -> Result<Expr, Error> {
        match at.node {
            Node::Path { root, mut steps } => {
                steps.push(step);
                if root == 0 && !self.asks_whether_left && !self.row.holds(&steps) {
                    return Err(self.error(span, "The property is not part of what $apply gives."));
                }
                Ok(Expr { node: Node::Path { root, steps }, ty })
            }
            // `cast(path,Type)/property` is the path with a cast in it.
            Node::Cast(inner, ExprType { base: Some(EdmType::Named(target)), .. })
                if matches!(inner.node, Node::Path { .. }) && self.model.structured(target).is_some() =>
            {
                let inner = self.extend(*inner, Step::Cast(target), at.ty, span)?;
                self.extend(inner, step, ty, span)
            }
            Node::Walk(from, mut steps) => {
                steps.push(step);
                Ok(Expr { node: Node::Walk(from, steps), ty })
            }
            node => {
                let from = Expr { node, ty: at.ty };
                Ok(Expr { node: Node::Walk(Box::new(from), vec![step]), ty })
            }
        }
    }

    fn called(&self, at: &Expr, name: &str, span: Span) -> Error {
        if super::operation::named_like(self.model, name) {
            return self.not_offered(span, &format!("The operation '{name}' in an expression"));
        }
        let owner = at.ty.base.and_then(|base| structured(self.model, base));
        if owner.is_some_and(|(_, ty)| ty.member(name).is_some()) {
            return self.error(span, format!("The property '{name}' takes no key."));
        }
        self.error(span, format!("An unknown function with name '{name}' was found."))
    }

    /// Binds something over the elements of a collection, whose names then need no variable.
    fn over_elements<T>(
        &mut self,
        collection: &Expr,
        variable: u8,
        span: Span,
        bind: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let element = self.element(collection, span)?;
        // An unnamed variable holds the number, so that inner lambdas get the next one.
        self.variables.push(Variable { name: String::new(), root: variable, ty: element });
        let outer = self.implicit.replace((variable, element));
        let bound = bind(self);
        self.implicit = outer;
        self.variables.pop();
        bound
    }

    pub(super) fn element(&self, collection: &Expr, span: Span) -> Result<ExprType, Error> {
        if collection.ty.collection || is_untyped(collection) {
            return Ok(ExprType { collection: false, ..collection.ty });
        }
        let ty = type_text(self.model, collection.ty);
        Err(self.error(span, format!("A collection is expected here, not '{ty}'.")))
    }

    fn lambda(
        &mut self,
        source: Expr,
        all: bool,
        body: Option<&(&str, Box<ast::Expr<'_>>)>,
        narrowed: Option<Narrowed>,
        span: Span,
    ) -> Result<Expr, Error> {
        let element = self.element(&source, span)?;
        let variable = self.next_root(span)?;
        let mut predicate = None;
        if let Some((name, body)) = body {
            self.variables.push(Variable { name: (*name).to_owned(), root: variable, ty: element });
            let bound = self.predicate(body);
            self.variables.pop();
            predicate = Some(bound?);
        }
        if let Some(Narrowed { predicate: narrow, variable: same }) = narrowed {
            debug_assert_eq!(same, variable, "both number the element of one collection");
            predicate = Some(narrow_lambda(all, narrow, predicate));
        }
        let node = Node::Lambda { all, source: Box::new(source), variable, body: predicate.map(Box::new) };
        Ok(Expr { node, ty: ExprType::primitive(Primitive::Boolean) })
    }

    fn count(
        &mut self,
        source: Expr,
        options: Option<&ast::Options<'_>>,
        narrowed: Option<Narrowed>,
        span: Span,
    ) -> Result<Expr, Error> {
        self.element(&source, span)?;
        let variable = self.next_root(span)?;
        let mut filter = narrowed.map(|narrowed| narrowed.predicate);
        if let Some(tree) = options.and_then(|options| options.filter.as_ref()) {
            let bound = self.over_elements(&source, variable, span, |binder| binder.predicate(tree))?;
            filter = Some(both(filter, bound));
        }
        if let Some(search) = options.and_then(|options| options.search.as_ref()) {
            let ty = self.element(&source, span)?;
            let element = Expr { node: Node::Path { root: variable, steps: Vec::new() }, ty };
            filter = Some(both(filter, boolean(Node::Found(Box::new(element), search.clone()))));
        }
        let node = Node::Count { source: Box::new(source), variable, filter: filter.map(Box::new) };
        Ok(Expr { node, ty: ExprType::primitive(Primitive::Int64) })
    }

    /// A parameter alias; one that nobody defines is null.
    fn alias(&mut self, name: &str, span: Span) -> Result<Expr, Error> {
        if name.contains(['.', '#']) {
            return Err(self.not_offered(span, "An annotation in an expression"));
        }
        if self.open_aliases.iter().any(|open| open == name) {
            return Err(self.error(span, format!("The parameter alias '{name}' refers to itself.")));
        }
        if self.open_aliases.len() == ALIAS_CHAIN_MAX {
            return Err(self.error(span, format!("More than {ALIAS_CHAIN_MAX} parameter aliases refer to each other.")));
        }
        self.open_aliases.push(name.to_owned());
        let (nested, query) = (self.outside.nested, self.outside.query);
        let bound = if let Some((_, tree)) = nested.iter().find(|(known, _)| *known == name) {
            self.expr(tree)
        } else if let Some(text) = query.and_then(|query| query.alias(name)) {
            let tree = parse_expression(text).map_err(|error| error.into_error(name))?;
            self.expr(&tree)
        } else {
            Ok(Expr { node: Node::Literal(Value::Null), ty: ExprType::NULL })
        };
        self.open_aliases.pop();
        bound
    }
}

/// The elements that a `$filter(…)` leaves, as a collection.
fn filtered(source: Expr, Narrowed { variable, predicate }: Narrowed) -> Expr {
    let ty = source.ty;
    Expr { node: Node::Filtered { source: Box::new(source), variable, filter: Box::new(predicate) }, ty }
}

/// `any`/`all` over the elements that a `$filter(…)` leaves.
fn narrow_lambda(all: bool, narrow: Expr, body: Option<Expr>) -> Expr {
    match (all, body) {
        (_, None) => narrow,
        (false, Some(body)) => boolean(Node::And(Box::new(narrow), Box::new(body))),
        // A null filter leaves the element out, as false does: `ne true` is exact where `not` would be null.
        (true, Some(body)) => {
            let truth = boolean(Node::Literal(Value::Boolean(true)));
            let left_out = boolean(Node::Compare(crate::expr::CompareOp::Ne, Box::new(narrow), Box::new(truth)));
            boolean(Node::Or(Box::new(left_out), Box::new(body)))
        }
    }
}

/// Whether only running tells what it is. A declared property of the type `Edm.Untyped` is kept as its JSON, into which
/// nothing looks.
fn is_untyped(expr: &Expr) -> bool {
    let is_declared = matches!(&expr.node, Node::Path { steps, .. } if matches!(steps.last(), Some(Step::Member(_))));
    expr.ty == ExprType::UNTYPED && !is_declared
}

fn both(first: Option<Expr>, second: Expr) -> Expr {
    match first {
        Some(first) => boolean(Node::And(Box::new(first), Box::new(second))),
        None => second,
    }
}

fn boolean(node: Node) -> Expr {
    Expr { node, ty: ExprType::primitive(Primitive::Boolean) }
}
