//! `aggregate(…)`: what is aggregated, on which way there, by which method.

use super::super::scope::{Binder, Computed, RowType, Variable};
use super::super::types::{Class, Rank, class_of, type_by_name, type_text};
use super::{Applier, at};
use crate::error::Error;
use crate::expr::{Expr, ExprType};
use crate::model::Primitive;
use crate::plan::{Aggregate, From, Method, Transformation};
use crate::syntax::apply as ast;
use crate::syntax::ast::{ExprKind, Name, Path, Root, Segment, SegmentKind, Span};

impl Applier<'_> {
    pub(super) fn aggregate(&self, items: &[ast::Aggregate<'_>], row: &mut RowType) -> Result<Transformation, Error> {
        let mut made = RowType { members: Some(Vec::new()), ..RowType::of(row.ty) };
        let mut bound = Vec::with_capacity(items.len());
        for item in items {
            let aggregate = self.item(item, row, &made)?;
            let ty = ExprType { base: aggregate.ty, collection: false };
            made.dynamic.push(Computed::value(aggregate.name.clone(), ty));
            bound.push(aggregate);
        }
        *row = made;
        Ok(Transformation::Aggregate(bound))
    }

    fn item(&self, item: &ast::Aggregate<'_>, row: &RowType, made: &RowType) -> Result<Aggregate, Error> {
        let mut binder = self.binder(row);
        let aggregate = binder.aggregated(item)?;
        let Some(alias) = &item.alias else {
            return Err(binder.error(item.expr.span, "'as' and a name are expected."));
        };
        self.binder(made).unused(alias.text, at(alias))?;
        Ok(Aggregate { name: alias.text.into(), ..aggregate })
    }
}

impl Binder<'_> {
    /// What is aggregated of the elements that names start from, and how. It has no name yet.
    pub(in crate::bind) fn aggregated(&mut self, item: &ast::Aggregate<'_>) -> Result<Aggregate, Error> {
        let span = item.expr.span;
        let (implicit, variables) = (self.implicit, self.variables.len());
        let (through, operand) = match &item.expr.kind {
            ExprKind::Path(path) if path.root == Root::Implicit => self.measure(path, span)?,
            _ => (Vec::new(), Some(self.expr(&item.expr)?)),
        };
        self.implicit = implicit;
        self.variables.truncate(variables);
        let method = match (&item.method, &operand) {
            (None, None) => Method::Count,
            (Some(name), Some(_)) => self.method_of(name)?,
            (Some(name), None) => return Err(self.error(at(name), "'$count' takes no method.")),
            (None, Some(_)) => return Err(self.error(span, "A method is expected: 'with sum', 'with average', ….")),
        };
        let mut result = self.result(method, operand.as_ref().map_or(ExprType::NULL, |operand| operand.ty), span)?;
        let mut from = Vec::with_capacity(item.from.len());
        for by in &item.from {
            let Some(name) = &by.method else {
                return Err(self.error(span, "A method is expected after 'from'."));
            };
            let keys = by.by.iter().map(|key| self.grouping_property(key)).collect::<Result<Vec<_>, _>>()?;
            let next = self.method_of(name)?;
            result = self.result(next, result, span)?;
            from.push(From { keys, method: next });
        }
        Ok(Aggregate { name: "".into(), ty: result.base, through, operand, method, from })
    }

    /// The type of an aggregated value.
    fn result(&self, method: Method, operand: ExprType, span: Span) -> Result<ExprType, Error> {
        let class = class_of(self.model, operand);
        let decimal = ExprType::primitive(Primitive::Decimal);
        let double = ExprType::primitive(Primitive::Double);
        let ordered =
            |primitive: Primitive| !primitive.is_geo() && !matches!(primitive, Primitive::Stream | Primitive::Binary);
        let fits = match (method, class) {
            (Method::Count | Method::CountDistinct, _) => Some(decimal),
            (_, Class::Open) => Some(ExprType::NULL),
            (Method::Sum, Class::Number(Rank::Double))
            | (Method::Average, Class::Number(Rank::Double | Rank::Integer)) => Some(double),
            (Method::Sum | Method::Average, Class::Number(_)) => Some(decimal),
            (Method::Min | Method::Max, Class::Number(_) | Class::Enum(_)) => Some(operand),
            (Method::Min | Method::Max, Class::Plain(primitive)) if ordered(primitive) => Some(operand),
            _ => None,
        };
        fits.ok_or_else(|| {
            let ty = type_text(self.model, operand);
            let method = format!("{method:?}").to_lowercase();
            self.error(span, format!("A value of type '{ty}' cannot be aggregated with '{method}'."))
        })
    }

    fn method_of(&self, name: &Name<'_>) -> Result<Method, Error> {
        let known = [
            ("sum", Method::Sum),
            ("min", Method::Min),
            ("max", Method::Max),
            ("average", Method::Average),
            ("countdistinct", Method::CountDistinct),
        ];
        if let Some((_, method)) = known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.text)) {
            return Ok(*method);
        }
        if name.text.contains('.') {
            return Err(self.not_offered(at(name), &format!("The aggregation method '{}'", name.text)));
        }
        Err(self.error(at(name), format!("The aggregation method '{}' is not known.", name.text)))
    }

    /// A path to what is aggregated: the collections on the way, and the operand relative to the last one's elements;
    /// none for `$count`.
    fn measure(&mut self, path: &Path<'_>, span: Span) -> Result<(Vec<Expr>, Option<Expr>), Error> {
        let mut through = Vec::new();
        let mut here = self.here();
        for (place, segment) in path.segments.iter().enumerate() {
            self.count_node(segment.span)?;
            let last = place + 1 == path.segments.len();
            match &segment.kind {
                SegmentKind::Count(None) if last && (place == 0 || here.ty.collection) => {
                    if place > 0 {
                        through.push(here);
                    }
                    return Ok((through, None));
                }
                SegmentKind::Name(name, None) => {
                    let is_cast = || matches!(type_by_name(self.model, name), Some(crate::model::EdmType::Named(_)));
                    if here.ty.collection && !is_cast() {
                        here = self.enter(here, &mut through, segment)?;
                    }
                    here = self.step(here, name, segment.span)?;
                }
                SegmentKind::Name(name, Some(arguments)) if last => {
                    let [argument] = &arguments[..] else {
                        return Err(self.error(segment.span, "One expression is expected in the parentheses."));
                    };
                    here = self.step(here, name, segment.span)?;
                    self.enter(here, &mut through, segment)?;
                    return Ok((through, Some(self.expr(&argument.value)?)));
                }
                _ => {
                    let operand = self.walk(here, &path.segments[place..])?;
                    return Ok((through, Some(operand)));
                }
            }
        }
        if here.ty.collection {
            let Some(segment) = path.segments.last() else { return Err(self.error(span, "A property is expected.")) };
            here = self.enter(here, &mut through, segment)?;
        }
        Ok((through, Some(here)))
    }

    /// Goes into the elements of a collection for the rest of the expression.
    fn enter(&mut self, collection: Expr, through: &mut Vec<Expr>, segment: &Segment<'_>) -> Result<Expr, Error> {
        let element = self.element(&collection, segment.span)?;
        let root = self.next_root(segment.span)?;
        self.variables.push(Variable { name: String::new(), root, ty: element });
        self.implicit = Some((root, element));
        through.push(collection);
        Ok(self.here())
    }
}
