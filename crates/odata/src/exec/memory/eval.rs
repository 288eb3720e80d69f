//! Evaluation of a bound expression. Values are borrowed from the row and from the expression wherever they can be.

use std::borrow::Cow;
use std::cell::Cell;

use super::compare::compare;
use super::search::Terms;
use super::{Context, EvalError, arithmetic, function};
use crate::expr::convert::{convert, primitive_of};
use crate::expr::{Expr, ExprType, Function, IT, Node, THESE};
use crate::limits::ELEMENTS_VISITED_MAX;
use crate::model::{AnyKind, EdmType, Model, Primitive};
use crate::value::Value;

pub(super) static NULL: Value = Value::Null;

/// The row and the lambda variables in scope, innermost first.
pub(super) struct Frame<'f, 'v> {
    root: u8,
    value: &'v Value,
    outer: Option<&'f Frame<'f, 'v>>,
    /// Elements of collections looked at for the row; counted in its own frame.
    visited: Cell<u32>,
}

impl<'v> Frame<'_, 'v> {
    pub(super) fn row(value: &'v Value) -> Self {
        Self { root: 0, value, outer: None, visited: Cell::new(0) }
    }

    /// The element of a collection that is walked, under a number of its own.
    pub(super) fn inner<'s>(&'s self, root: u8, value: &'v Value) -> Frame<'s, 'v> {
        Frame { root, value, outer: Some(self), visited: Cell::new(0) }
    }

    /// Goes on to an element of a collection, as long as there is time for it.
    pub(super) fn visit<'s>(&'s self, root: u8, value: &'v Value) -> Result<Frame<'s, 'v>, EvalError> {
        self.spend(1)?;
        Ok(self.inner(root, value))
    }

    /// Counts elements that are looked at for the row.
    pub(super) fn spend(&self, elements: usize) -> Result<(), EvalError> {
        let mut frame = self;
        while let Some(outer) = frame.outer {
            frame = outer;
        }
        let visited = frame.visited.get().saturating_add(u32::try_from(elements).unwrap_or(u32::MAX));
        frame.visited.set(visited);
        if visited > ELEMENTS_VISITED_MAX { Err(EvalError::TooMuch) } else { Ok(()) }
    }

    pub(super) fn find(&self, root: u8) -> &'v Value {
        let mut frame = self;
        while frame.root != root {
            let Some(outer) = frame.outer else { return &NULL };
            frame = outer;
        }
        frame.value
    }
}

/// Whether values declared with one type are of another: the same, the type under a definition, or any primitive.
fn is_primitive_of(model: &Model, declared: Option<EdmType>, to: EdmType) -> bool {
    match (declared, to) {
        (_, EdmType::Any(kind)) => matches!(kind, AnyKind::Primitive | AnyKind::Untyped),
        (Some(declared), to) => {
            declared == to || matches!(to, EdmType::Primitive(wanted) if primitive_of(model, declared) == Some(wanted))
        }
        (None, _) => false,
    }
}

/// Whether a value is of a type, of which only the value tells.
fn is_kind_of(value: &Value, to: EdmType) -> bool {
    use Primitive as P;
    match (value, to) {
        (_, EdmType::Any(kind)) => matches!(kind, AnyKind::Primitive | AnyKind::Untyped),
        (Value::Int(number), EdmType::Primitive(primitive)) => primitive.is_integer() && primitive.holds(*number),
        (Value::Geo(_), EdmType::Primitive(primitive)) => primitive.is_geo(),
        (Value::Boolean(_), EdmType::Primitive(P::Boolean))
        | (Value::Double(_), EdmType::Primitive(P::Double))
        | (Value::Decimal(_), EdmType::Primitive(P::Decimal))
        | (Value::String(_), EdmType::Primitive(P::String))
        | (Value::Guid(_), EdmType::Primitive(P::Guid))
        | (Value::Date(_), EdmType::Primitive(P::Date))
        | (Value::TimeOfDay(_), EdmType::Primitive(P::TimeOfDay))
        | (Value::Duration(_), EdmType::Primitive(P::Duration))
        | (Value::DateTimeOffset(_), EdmType::Primitive(P::DateTimeOffset))
        | (Value::Binary(_), EdmType::Primitive(P::Binary)) => true,
        _ => false,
    }
}

fn as_truth(value: &Value) -> Option<bool> {
    if let Value::Boolean(truth) = value { Some(*truth) } else { None }
}

pub(super) type Held<'v> = Result<Cow<'v, Value>, EvalError>;

impl Context<'_> {
    /// The value of an expression.
    pub(super) fn value<'v>(&self, expr: &'v Expr, frame: &Frame<'_, 'v>) -> Held<'v> {
        Ok(match &expr.node {
            Node::Literal(value) => Cow::Borrowed(value),
            Node::Path { root: IT, steps } => {
                let it = self.it.ok_or(EvalError::NotOffered("$it"))?;
                Cow::Owned(self.path(it, steps).into_owned())
            }
            Node::Path { root: THESE, .. } => return Err(EvalError::NotOffered("$these")),
            Node::Path { root, steps } => self.path(frame.find(*root), steps),
            Node::Root { child, key } => Cow::Owned(self.root(*child, key.as_deref(), frame)?),
            Node::Keyed { source, key } => Cow::Owned(self.keyed(source, key, frame)?),
            Node::Invoke { operation, binding, parameters } => {
                Cow::Owned(self.invoke(*operation, binding.as_deref(), parameters, frame)?)
            }
            Node::Walk(from, steps) => match self.value(from, frame)? {
                Cow::Borrowed(from) => self.path(from, steps),
                Cow::Owned(from) => Cow::Owned(self.path(&from, steps).into_owned()),
            },
            Node::Open(of, name) => self.open(self.value(of, frame)?, name)?,
            Node::Arithmetic(op, left, right) => {
                let (left, right) = (self.value(left, frame)?, self.value(right, frame)?);
                Cow::Owned(arithmetic::binary(*op, &left, &right)?)
            }
            Node::Negate(operand) => Cow::Owned(arithmetic::negate(&*self.value(operand, frame)?)?),
            Node::Call(Function::Case, branches) => return self.case(branches, frame),
            Node::Call(function, arguments) => return self.call(*function, arguments, frame),
            Node::Cast(operand, to) => {
                let value = self.value(operand, frame)?;
                match to.base {
                    Some(element) if to.collection => Cow::Owned(self.elements_as(&value, operand.ty.base, element)),
                    Some(to) if !value.is_null() => {
                        Cow::Owned(convert(self.model, &value, operand.ty.base, to).unwrap_or(Value::Null))
                    }
                    _ => value,
                }
            }
            Node::Count { source, variable, filter } => {
                Cow::Owned(Value::Int(self.count(source, *variable, filter.as_deref(), frame)?))
            }
            Node::Filtered { source, variable, filter } => Cow::Owned(self.filtered(source, *variable, filter, frame)?),
            Node::List(elements) => {
                let values = elements.iter().map(|element| Ok(self.value(element, frame)?.into_owned()));
                Cow::Owned(values.collect::<Result<Vec<Value>, EvalError>>()?.into())
            }
            Node::Aggregate { source, variable, item } => Cow::Owned(self.aggregate(source, *variable, item, frame)?),
            _ => Cow::Owned(self.truth(expr, frame)?.map_or(Value::Null, Value::Boolean)),
        })
    }

    /// The truth of a Boolean expression; `None` is null.
    pub(super) fn truth(&self, expr: &Expr, frame: &Frame<'_, '_>) -> Result<Option<bool>, EvalError> {
        match &expr.node {
            Node::Compare(op, left, right) => {
                // What most filters are: a property against a constant, neither of them to be made.
                if let (Some(left), Some(right)) = (self.borrowed(left, frame), self.borrowed(right, frame)) {
                    return Ok(Some(compare(*op, left, right)));
                }
                let (left, right) = (self.value(left, frame)?, self.value(right, frame)?);
                Ok(Some(compare(*op, &left, &right)))
            }
            Node::Call(function, arguments) => {
                if let [left, right] = arguments.as_slice()
                    && let (Some(Value::String(left)), Some(Value::String(right))) =
                        (self.borrowed(left, frame), self.borrowed(right, frame))
                    && let Some(truth) = function::text_test(*function, left, right)
                {
                    return Ok(Some(truth));
                }
                Ok(as_truth(&*self.value(expr, frame)?))
            }
            Node::And(left, right) => match self.truth(left, frame)? {
                Some(false) => Ok(Some(false)),
                left => Ok(match (left, self.truth(right, frame)?) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                }),
            },
            Node::Or(left, right) => match self.truth(left, frame)? {
                Some(true) => Ok(Some(true)),
                left => Ok(match (left, self.truth(right, frame)?) {
                    (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                }),
            },
            Node::Not(operand) => Ok(self.truth(operand, frame)?.map(|truth| !truth)),
            Node::In(operand, alternatives) => self.is_in(operand, alternatives, frame).map(Some),
            Node::Has(left, right) => {
                let (left, right) = (self.value(left, frame)?, self.value(right, frame)?);
                Ok(match (&*left, &*right) {
                    (Value::Enum(flags), Value::Enum(wanted)) => Some(flags & wanted == *wanted),
                    _ => None,
                })
            }
            Node::Matches(text, pattern) => Ok(self.value(text, frame)?.as_str().map(|text| pattern.is_match(text))),
            Node::Lambda { all, source, variable, body } => {
                self.lambda(*all, source, *variable, body.as_deref(), frame).map(Some)
            }
            Node::IsOf(operand, to) => {
                let value = self.value(operand, frame)?;
                let is_of = |value: &Value| to.base.is_some_and(|to| self.is_of(value, operand.ty, to));
                Ok(Some(match value.as_collection() {
                    Some(elements) => to.collection && elements.iter().all(is_of),
                    None => !to.collection && is_of(&value),
                }))
            }
            Node::IsDefined(path) => self.is_defined(path, frame).map(Some),
            Node::Found(operand, search) => {
                Ok(Some(Terms::new(search).fit(&*self.value(operand, frame)?, self.source)))
            }
            Node::Literal(_)
            | Node::Path { .. }
            | Node::Root { .. }
            | Node::Keyed { .. }
            | Node::Invoke { .. }
            | Node::Walk(..)
            | Node::Open(..)
            | Node::Arithmetic(..)
            | Node::Negate(_)
            | Node::Cast(..)
            | Node::Filtered { .. }
            | Node::List(_)
            | Node::Aggregate { .. }
            | Node::Count { .. } => Ok(as_truth(&*self.value(expr, frame)?)),
        }
    }

    fn is_in(&self, operand: &Expr, alternatives: &[Expr], frame: &Frame<'_, '_>) -> Result<bool, EvalError> {
        let value = self.value(operand, frame)?;
        for alternative in alternatives {
            let other = self.value(alternative, frame)?;
            let equal = |other: &Value| compare(crate::expr::CompareOp::Eq, &value, other);
            let found = match other.as_collection() {
                Some(elements) => elements.iter().any(equal),
                None => equal(&other),
            };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn is_of(&self, value: &Value, declared: ExprType, to: EdmType) -> bool {
        match value {
            Value::Null | Value::Collection(_) => false,
            Value::Record(_) => convert(self.model, value, declared.base, to).is_some(),
            value if declared.base == ExprType::UNTYPED.base => is_kind_of(value, to),
            _ => is_primitive_of(self.model, declared.base, to),
        }
    }

    /// A collection with each element cast; null where one of them cannot be.
    fn elements_as(&self, value: &Value, from: Option<EdmType>, to: EdmType) -> Value {
        let cast = |element: &Value| match element {
            Value::Null => Some(Value::Null),
            element => convert(self.model, element, from, to),
        };
        let cast = value.as_collection().map(|elements| elements.iter().map(cast).collect::<Option<Vec<_>>>());
        cast.flatten().map_or(Value::Null, Value::from)
    }

    /// The elements for which a predicate is true.
    fn filtered(&self, source: &Expr, variable: u8, filter: &Expr, frame: &Frame<'_, '_>) -> Result<Value, EvalError> {
        let source = self.value(source, frame)?;
        let Some(elements) = source.as_collection() else { return Ok(Value::Null) };
        let mut kept = Vec::new();
        for element in elements {
            if self.truth(filter, &frame.visit(variable, element)?)? == Some(true) {
                kept.push(element.clone());
            }
        }
        Ok(kept.into())
    }

    /// `any` and `all`: an element counts when the body is true; null does not.
    fn lambda(
        &self,
        all: bool,
        source: &Expr,
        variable: u8,
        body: Option<&Expr>,
        frame: &Frame<'_, '_>,
    ) -> Result<bool, EvalError> {
        let source = self.value(source, frame)?;
        let elements = source.as_collection().unwrap_or_default();
        let Some(body) = body else { return Ok(!elements.is_empty()) };
        for element in elements {
            let inner = frame.visit(variable, element)?;
            if (self.truth(body, &inner)? == Some(true)) != all {
                return Ok(!all);
            }
        }
        Ok(all)
    }

    fn count(
        &self,
        source: &Expr,
        variable: u8,
        filter: Option<&Expr>,
        frame: &Frame<'_, '_>,
    ) -> Result<i64, EvalError> {
        let source = self.value(source, frame)?;
        let elements = source.as_collection().unwrap_or_default();
        let mut count = 0_i64;
        for element in elements {
            let inner = frame.visit(variable, element)?;
            let counts = match filter {
                Some(filter) => self.truth(filter, &inner)? == Some(true),
                None => true,
            };
            count += i64::from(counts);
        }
        Ok(count)
    }

    fn case<'v>(&self, branches: &'v [Expr], frame: &Frame<'_, 'v>) -> Held<'v> {
        for branch in branches.chunks_exact(2) {
            if self.truth(&branch[0], frame)? == Some(true) {
                return self.value(&branch[1], frame);
            }
        }
        Ok(Cow::Borrowed(&NULL))
    }
}
