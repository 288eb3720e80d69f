//! Expressions: operators, literals, lists. Each operand is bound, then brought to a common type.

use super::constant;
use super::scope::Binder;
use super::types::{Class, Rank, class_of, type_by_name, type_text};
use crate::error::Error;
use crate::expr::{ArithmeticOp, CompareOp, Expr, ExprType, Node};
use crate::model::{EdmType, Facets, Primitive, TypeRef};
use crate::syntax::ast::{self, Builtin, ExprKind, SegmentKind, Span};
use crate::value::Value;

const BOOLEAN: ExprType = ExprType::primitive(Primitive::Boolean);

impl Binder<'_> {
    /// Binds an expression of any type.
    pub(super) fn expr(&mut self, tree: &ast::Expr<'_>) -> Result<Expr, Error> {
        self.count_node(tree.span)?;
        match &tree.kind {
            ExprKind::Literal(literal) => {
                constant::literal(self.model, literal).map_err(|message| self.error(tree.span, message))
            }
            ExprKind::Path(path) => self.path(path, tree.span),
            ExprKind::And(left, right) => {
                let node = Node::And(Box::new(self.predicate(left)?), Box::new(self.predicate(right)?));
                Ok(Expr { node, ty: BOOLEAN })
            }
            ExprKind::Or(left, right) => {
                let node = Node::Or(Box::new(self.predicate(left)?), Box::new(self.predicate(right)?));
                Ok(Expr { node, ty: BOOLEAN })
            }
            ExprKind::Not(operand) => Ok(Expr { node: Node::Not(Box::new(self.predicate(operand)?)), ty: BOOLEAN }),
            ExprKind::Compare(op, left, right) => self.compare(*op, left, right),
            ExprKind::Arithmetic(op, left, right) => self.arithmetic(*op, left, right, tree.span),
            ExprKind::Negate(operand) => self.negate(operand),
            ExprKind::Has(left, right) => self.has(left, right, tree.span),
            ExprKind::InList(left, items) => match &left.kind {
                ExprKind::Array(parts) => self.in_lists(parts, items, tree.span),
                _ => self.in_list(left, items),
            },
            ExprKind::In(left, right) => self.in_collection(left, right),
            ExprKind::Call(Builtin::Function(function), arguments) => self.call(*function, arguments, tree.span),
            ExprKind::Call(Builtin::Cast, arguments) => self.cast(arguments, tree.span, false),
            ExprKind::Call(Builtin::IsOf, arguments) => self.cast(arguments, tree.span, true),
            ExprKind::Call(Builtin::IsDefined, arguments) => self.is_defined(arguments, tree.span),
            ExprKind::Case(branches) => self.case(branches, tree.span),
            ExprKind::Array(items) => self.array(items),
            ExprKind::Object(_) => Err(self.not_offered(tree.span, "An object literal here")),
        }
    }

    /// Binds an expression that must be Boolean (or null, or of a type known only at run time).
    pub(super) fn predicate(&mut self, tree: &ast::Expr<'_>) -> Result<Expr, Error> {
        let bound = self.expr(tree)?;
        let fits = !bound.ty.collection
            && matches!(class_of(self.model, bound.ty), Class::Open | Class::Plain(Primitive::Boolean));
        if fits {
            return Ok(bound);
        }
        let found = type_text(self.model, bound.ty);
        Err(self.error(tree.span, format!("An expression of type 'Edm.Boolean' is expected, not of '{found}'.")))
    }

    fn compare(&mut self, op: CompareOp, left: &ast::Expr<'_>, right: &ast::Expr<'_>) -> Result<Expr, Error> {
        let span = Span { start: left.span.start, end: right.span.end };
        let (left_bound, right_bound) = match (self.is_object(left), self.is_object(right)) {
            (true, false) => {
                let right = self.expr(right)?;
                (self.object(left, right.ty)?, right)
            }
            (false, true) => {
                let left = self.expr(left)?;
                let right = self.object(right, left.ty)?;
                (left, right)
            }
            _ => (self.expr(left)?, self.expr(right)?),
        };
        let (left, right) = self.unify(left_bound, right_bound, span, compare_name(op))?;
        let ordered = !matches!(op, CompareOp::Eq | CompareOp::Ne);
        for side in [&left, &right] {
            let class = class_of(self.model, side.ty);
            let comparable = match class {
                Class::Plain(Primitive::Stream) => false,
                Class::Plain(primitive) => !ordered || !(primitive.is_geo() || primitive == Primitive::Binary),
                Class::Structured(_) => !ordered,
                _ => true,
            };
            if !comparable {
                let ty = type_text(self.model, side.ty);
                return Err(
                    self.error(span, format!("A value of type '{ty}' cannot be compared with '{}'.", op_text(op)))
                );
            }
        }
        Ok(Expr { node: Node::Compare(op, Box::new(left), Box::new(right)), ty: BOOLEAN })
    }

    /// Whether a tree is an object literal, or an alias of one.
    fn is_object(&self, tree: &ast::Expr<'_>) -> bool {
        match &tree.kind {
            ExprKind::Object(_) => true,
            ExprKind::Path(ast::Path { root: ast::Root::At(name), segments }) if segments.is_empty() => {
                let text = self.outside.query.and_then(|query| query.alias(name));
                text.is_some_and(|text| text.trim_start().starts_with('{'))
            }
            _ => false,
        }
    }

    /// An object literal, as a value of the type of what it is compared with.
    fn object(&mut self, tree: &ast::Expr<'_>, ty: ExprType) -> Result<Expr, Error> {
        self.count_node(tree.span)?;
        let (Some(base), Some(query)) = (ty.base.filter(|_| !ty.collection), self.outside.query) else {
            return Err(self.not_offered(tree.span, "An object literal here"));
        };
        let wanted = TypeRef { base, collection: false, nullable: false, facets: Facets::default() };
        let value = super::key::constant_of(self.model, &wanted, tree, query);
        let value = value.map_err(|error| error.at(self.option).at_position(tree.span.start as usize))?;
        Ok(Expr { node: Node::Literal(value), ty })
    }

    /// Brings two operands to one type.
    pub(super) fn unify(&self, left: Expr, right: Expr, span: Span, kind: &str) -> Result<(Expr, Expr), Error> {
        let model = self.model;
        for side in [&left, &right] {
            if side.ty.collection {
                let ty = type_text(model, side.ty);
                return Err(
                    self.error(span, format!("A collection ('{ty}') cannot be compared; use any, all or $count."))
                );
            }
        }
        let mut left = left;
        let mut right = right;
        if let Some(base) = left.ty.base {
            right = constant::adapt(model, right, base).map_err(|message| self.error(span, message))?;
        }
        if let Some(base) = right.ty.base {
            left = constant::adapt(model, left, base).map_err(|message| self.error(span, message))?;
        }
        match (class_of(model, left.ty), class_of(model, right.ty)) {
            (Class::Number(a), Class::Number(b)) => {
                let rank = a.max(b);
                Ok((self.promote(left, rank), self.promote(right, rank)))
            }
            (Class::Plain(Primitive::Date), Class::Plain(Primitive::DateTimeOffset)) => {
                Ok((cast_to(left, Primitive::DateTimeOffset), right))
            }
            (Class::Plain(Primitive::DateTimeOffset), Class::Plain(Primitive::Date)) => {
                Ok((left, cast_to(right, Primitive::DateTimeOffset)))
            }
            (Class::Structured(a), Class::Structured(b)) if super::types::related(model, a, b) => Ok((left, right)),
            (a, b) if a == b || a == Class::Open || b == Class::Open => Ok((left, right)),
            (Class::Plain(a), Class::Plain(b)) if a.is_geo() && b.is_geo() => Ok((left, right)),
            _ => {
                let (a, b) = (type_text(model, left.ty), type_text(model, right.ty));
                Err(self.error(
                    span,
                    format!(
                        "A binary operator with incompatible types was detected. Found operand types '{a}' and '{b}' for operator kind '{kind}'."
                    ),
                ))
            }
        }
    }

    /// The number as one of a rank; integers among themselves need no change.
    pub(super) fn promote(&self, expr: Expr, rank: Rank) -> Expr {
        let primitive = match rank {
            Rank::Integer => return expr,
            Rank::Decimal => Primitive::Decimal,
            Rank::Double => Primitive::Double,
        };
        if class_of(self.model, expr.ty) == Class::Number(rank) {
            return expr;
        }
        let to = EdmType::Primitive(primitive);
        if let Node::Literal(value) = &expr.node
            && let Some(value) = crate::expr::convert::convert(self.model, value, expr.ty.base, to)
        {
            return Expr { node: Node::Literal(value), ty: ExprType::single(to) };
        }
        cast_to(expr, primitive)
    }

    fn negate(&mut self, operand: &ast::Expr<'_>) -> Result<Expr, Error> {
        let bound = self.expr(operand)?;
        match class_of(self.model, bound.ty) {
            Class::Open | Class::Number(_) | Class::Plain(Primitive::Duration) if !bound.ty.collection => {
                let ty = bound.ty;
                Ok(Expr { node: Node::Negate(Box::new(bound)), ty })
            }
            _ => {
                let ty = type_text(self.model, bound.ty);
                Err(self.error(operand.span, format!("'-' takes a number or a duration, not '{ty}'.")))
            }
        }
    }

    fn arithmetic(
        &mut self,
        op: ArithmeticOp,
        left: &ast::Expr<'_>,
        right: &ast::Expr<'_>,
        span: Span,
    ) -> Result<Expr, Error> {
        use Primitive::{Date, DateTimeOffset, Duration};
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        let classes = (class_of(self.model, left.ty), class_of(self.model, right.ty));
        let give = |left: Expr, right: Expr, ty: ExprType| {
            Ok(Expr { node: Node::Arithmetic(op, Box::new(left), Box::new(right)), ty })
        };
        let plain = |ty: Primitive| ExprType::primitive(ty);
        if !left.ty.collection && !right.ty.collection {
            let untyped = left.ty == ExprType::UNTYPED || right.ty == ExprType::UNTYPED;
            match (op, classes) {
                // What has no meaning for the values is null.
                (_, (a, b)) if untyped && calculates(a) && calculates(b) => {
                    return give(left, right, ExprType::UNTYPED);
                }
                (_, (Class::Number(a), Class::Number(b))) => {
                    let mut rank = a.max(b);
                    if op == ArithmeticOp::DivBy && rank == Rank::Integer {
                        rank = Rank::Decimal;
                    }
                    let ty = match rank {
                        Rank::Integer => plain(Primitive::Int64),
                        Rank::Decimal => plain(Primitive::Decimal),
                        Rank::Double => plain(Primitive::Double),
                    };
                    return give(self.promote(left, rank), self.promote(right, rank), ty);
                }
                (_, (Class::Open, Class::Number(_))) => {
                    let ty = right.ty;
                    return give(left, right, ty);
                }
                (_, (Class::Number(_), Class::Open)) => {
                    let ty = left.ty;
                    return give(left, right, ty);
                }
                (_, (Class::Open, Class::Open)) => return give(left, right, ExprType::NULL),
                (
                    ArithmeticOp::Add | ArithmeticOp::Sub,
                    (Class::Plain(at @ (Date | DateTimeOffset | Duration)), Class::Plain(Duration)),
                ) => return give(left, right, plain(at)),
                (ArithmeticOp::Sub, (Class::Plain(a @ (Date | DateTimeOffset)), Class::Plain(b))) if a == b => {
                    return give(left, right, plain(Duration));
                }
                (ArithmeticOp::Mul, (Class::Number(_), Class::Plain(Duration)))
                | (
                    ArithmeticOp::Mul | ArithmeticOp::Div | ArithmeticOp::DivBy,
                    (Class::Plain(Duration), Class::Number(_)),
                ) => return give(left, right, plain(Duration)),
                _ => {}
            }
        }
        let (a, b) = (type_text(self.model, left.ty), type_text(self.model, right.ty));
        Err(self.error(
            span,
            format!(
                "A binary operator with incompatible types was detected. Found operand types '{a}' and '{b}' for operator kind '{op:?}'."
            ),
        ))
    }

    fn has(&mut self, left: &ast::Expr<'_>, right: &ast::Expr<'_>, span: Span) -> Result<Expr, Error> {
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        let (left, right) = self.unify(left, right, span, "Has")?;
        if !matches!(class_of(self.model, left.ty), Class::Enum(_) | Class::Open) {
            let ty = type_text(self.model, left.ty);
            return Err(self.error(span, format!("'has' takes an enumeration, not '{ty}'.")));
        }
        Ok(Expr { node: Node::Has(Box::new(left), Box::new(right)), ty: BOOLEAN })
    }

    fn in_list(&mut self, left: &ast::Expr<'_>, items: &[ast::Expr<'_>]) -> Result<Expr, Error> {
        let mut left = self.expr(left)?;
        let mut alternatives = Vec::with_capacity(items.len());
        for item in items {
            let bound = if self.is_object(item) { self.object(item, left.ty)? } else { self.expr(item)? };
            let span = item.span;
            let (new_left, alternative) = self.unify(left, bound, span, "Equal")?;
            left = new_left;
            alternatives.push(alternative);
        }
        // A later alternative may have promoted the left side; bring the earlier ones along.
        if let Class::Number(rank) = class_of(self.model, left.ty) {
            alternatives = alternatives.into_iter().map(|item| self.promote(item, rank)).collect();
        }
        Ok(Expr { node: Node::In(Box::new(left), alternatives), ty: BOOLEAN })
    }

    /// `[a,b] in [[1,2],[3,4]]`: all parts are equal to those of one list.
    fn in_lists(&mut self, parts: &[ast::Expr<'_>], lists: &[ast::Expr<'_>], span: Span) -> Result<Expr, Error> {
        let mut found = Expr { node: Node::Literal(Value::Boolean(false)), ty: BOOLEAN };
        for list in lists {
            let values = match &list.kind {
                ExprKind::Array(values) if values.len() == parts.len() && !parts.is_empty() => values,
                _ => return Err(self.error(list.span, format!("A list of {} values is expected here.", parts.len()))),
            };
            let mut all: Option<Expr> = None;
            for (part, value) in parts.iter().zip(values) {
                self.count_node(span)?;
                let equal = self.compare(CompareOp::Eq, part, value)?;
                all = Some(match all {
                    Some(all) => Expr { node: Node::And(Box::new(all), Box::new(equal)), ty: BOOLEAN },
                    None => equal,
                });
            }
            if let Some(all) = all {
                found = Expr { node: Node::Or(Box::new(found), Box::new(all)), ty: BOOLEAN };
            }
        }
        Ok(found)
    }

    fn in_collection(&mut self, left: &ast::Expr<'_>, right: &ast::Expr<'_>) -> Result<Expr, Error> {
        let span = Span { start: left.span.start, end: right.span.end };
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        if !right.ty.collection && right.ty != ExprType::NULL && right.ty != ExprType::UNTYPED {
            let ty = type_text(self.model, right.ty);
            return Err(self.error(span, format!("A list or a collection is expected after 'in', not '{ty}'.")));
        }
        let element = right.ty.base;
        let left = match element {
            Some(element) => constant::adapt(self.model, left, element).map_err(|message| self.error(span, message))?,
            None => left,
        };
        let (a, b) = (class_of(self.model, left.ty), class_of(self.model, ExprType { collection: false, ..right.ty }));
        if a != b && a != Class::Open && b != Class::Open {
            let (a, b) = (type_text(self.model, left.ty), type_text(self.model, right.ty));
            return Err(self.error(span, format!("A value of type '{a}' cannot be in '{b}'.")));
        }
        Ok(Expr { node: Node::In(Box::new(left), vec![right]), ty: BOOLEAN })
    }

    fn case(&mut self, branches: &[(ast::Expr<'_>, ast::Expr<'_>)], span: Span) -> Result<Expr, Error> {
        let mut conditions = Vec::with_capacity(branches.len());
        let mut values = Vec::with_capacity(branches.len());
        for (condition, value) in branches {
            conditions.push(self.predicate(condition)?);
            values.push(self.expr(value)?);
        }
        let ty = self.common(&mut values).map_err(|(a, b)| {
            let (a, b) = (type_text(self.model, a), type_text(self.model, b));
            self.error(span, format!("The branches of 'case' give '{a}' and '{b}'."))
        })?;
        let arguments = conditions.into_iter().zip(values).flat_map(|(condition, value)| [condition, value]).collect();
        Ok(Expr { node: Node::Call(crate::expr::Function::Case, arguments), ty })
    }

    /// Brings values to one type: numbers to the highest rank. Gives two that have none in common.
    fn common(&self, values: &mut Vec<Expr>) -> Result<ExprType, (ExprType, ExprType)> {
        if values.iter().any(|value| value.ty == ExprType::UNTYPED) {
            return Ok(ExprType::UNTYPED);
        }
        let mut ty = ExprType::NULL;
        let mut rank = None;
        for value in values.iter().filter(|value| value.ty.base.is_some()) {
            let class = class_of(self.model, value.ty);
            match (class_of(self.model, ty), class) {
                _ if ty.base.is_none() => ty = value.ty,
                (Class::Number(_), Class::Number(_)) if ty.collection == value.ty.collection => {}
                (a, b) if a == b && ty.collection == value.ty.collection => {}
                _ => return Err((ty, value.ty)),
            }
            if let Class::Number(this) = class {
                rank = rank.max(Some(this));
            }
        }
        if let Some(rank) = rank.filter(|_| !ty.collection) {
            *values = values.drain(..).map(|value| self.promote(value, rank)).collect();
            if let Some(highest) = values.iter().find(|value| class_of(self.model, value.ty) == Class::Number(rank)) {
                ty = highest.ty;
            }
        }
        Ok(ty)
    }

    /// `[a,b]`.
    fn array(&mut self, items: &[ast::Expr<'_>]) -> Result<Expr, Error> {
        let mut elements = Vec::with_capacity(items.len());
        for item in items {
            let bound = self.expr(item)?;
            if bound.ty.collection {
                return Err(self.error(item.span, "A collection cannot be an element of another one."));
            }
            elements.push(bound);
        }
        let span = items.first().map_or(Span::default(), |item| item.span);
        let ty = self.common(&mut elements).map_err(|(a, b)| {
            let (a, b) = (type_text(self.model, a), type_text(self.model, b));
            self.error(span, format!("The elements of the collection are of types '{a}' and '{b}'."))
        })?;
        let ty = ExprType { collection: true, ..ty };
        if !elements.iter().all(|element| matches!(element.node, Node::Literal(_))) {
            return Ok(Expr { node: Node::List(elements), ty });
        }
        let values: Vec<_> = elements
            .into_iter()
            .filter_map(|element| if let Node::Literal(value) = element.node { Some(value) } else { None })
            .collect();
        Ok(Expr { node: Node::Literal(values.into()), ty })
    }

    /// `cast(expr,Type)`, `cast(Type)`, and `isof` likewise.
    fn cast(&mut self, arguments: &[ast::Expr<'_>], span: Span, is_of: bool) -> Result<Expr, Error> {
        let (operand, ty) = match arguments {
            [ty] => (self.here(), ty),
            [operand, ty] => (self.expr(operand)?, ty),
            _ => return Err(self.error(span, "'cast' and 'isof' take an expression and a type.")),
        };
        let to = self.type_argument(ty)?;
        let open = operand.ty == ExprType::NULL || operand.ty == ExprType::UNTYPED;
        if to.collection != operand.ty.collection && !open {
            let (a, b) = (type_text(self.model, operand.ty), type_text(self.model, to));
            return Err(self.error(span, format!("'{a}' is never '{b}': one of them is a collection.")));
        }
        if let (Class::Structured(from), Some(EdmType::Named(target))) = (class_of(self.model, operand.ty), to.base)
            && self.model.structured(target).is_some()
            && !super::types::related(self.model, from, target)
        {
            let (a, b) = (type_text(self.model, operand.ty), type_text(self.model, to));
            return Err(self.error(span, format!("The types '{a}' and '{b}' are not related.")));
        }
        let operand = Box::new(operand);
        Ok(if is_of {
            Expr { node: Node::IsOf(operand, to), ty: BOOLEAN }
        } else {
            Expr { node: Node::Cast(operand, to), ty: to }
        })
    }

    fn type_argument(&self, tree: &ast::Expr<'_>) -> Result<ExprType, Error> {
        let unknown =
            |name: &str| self.error(tree.span, format!("A type named '{name}' could not be resolved by the model."));
        let ExprKind::Path(ast::Path { root: ast::Root::Implicit, segments }) = &tree.kind else {
            return match &tree.kind {
                ExprKind::Literal(ast::Literal::String(name)) => {
                    type_by_name(self.model, name).map(ExprType::single).ok_or_else(|| unknown(name))
                }
                _ => Err(self.error(tree.span, "A type name is expected.")),
            };
        };
        match segments.as_slice() {
            [ast::Segment { kind: SegmentKind::Name(name, None), .. }] => {
                type_by_name(self.model, name).map(ExprType::single).ok_or_else(|| unknown(name))
            }
            [ast::Segment { kind: SegmentKind::Name("Collection", Some(arguments)), .. }] if arguments.len() == 1 => {
                Ok(ExprType { collection: true, ..self.type_argument(&arguments[0].value)? })
            }
            _ => Err(self.error(tree.span, "A type name is expected.")),
        }
    }
}

/// Whether there is arithmetic for values of a class.
fn calculates(class: Class) -> bool {
    use Primitive::{Date, DateTimeOffset, Duration};
    matches!(class, Class::Open | Class::Number(_) | Class::Plain(Date | DateTimeOffset | Duration))
}

fn cast_to(expr: Expr, primitive: Primitive) -> Expr {
    let ty = ExprType::primitive(primitive);
    Expr { node: Node::Cast(Box::new(expr), ty), ty }
}

fn compare_name(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "Equal",
        CompareOp::Ne => "NotEqual",
        CompareOp::Gt => "GreaterThan",
        CompareOp::Ge => "GreaterThanOrEqual",
        CompareOp::Lt => "LessThan",
        CompareOp::Le => "LessThanOrEqual",
    }
}

fn op_text(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "eq",
        CompareOp::Ne => "ne",
        CompareOp::Gt => "gt",
        CompareOp::Ge => "ge",
        CompareOp::Lt => "lt",
        CompareOp::Le => "le",
    }
}
