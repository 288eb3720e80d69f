//! Built-in functions of collections and of shapes: which arguments they take and what they give.

use super::constant;
use super::scope::Binder;
use super::types::{Class, class_of, type_text};
use crate::error::Error;
use crate::expr::geo::{GEOGRAPHY_SRID, Shape};
use crate::expr::{Expr, ExprType, Function, Node};
use crate::model::{EdmType, Primitive};
use crate::syntax::ast::{self, Span};
use crate::value::Value;

impl Binder<'_> {
    /// Functions that texts have too, of which the first argument turned out to be a collection; and those of sets.
    pub(super) fn collection_call(
        &self,
        function: Function,
        mut bound: Vec<Expr>,
        trees: &[ast::Expr<'_>],
    ) -> Result<Expr, Error> {
        let span_of = |place: usize| trees.get(place).map_or(Span::default(), |tree| tree.span);
        let name = function.name();
        let expected = |place: usize, what: &str, found: ExprType| {
            let found = type_text(self.model, found);
            self.error(span_of(place), format!("The function '{name}' expects {what} here, not '{found}'."))
        };
        let first = bound[0].ty;
        let may_be = |ty: ExprType| ty.collection || ty.base.is_none() || ty == ExprType::UNTYPED;
        if !may_be(first) {
            return Err(expected(0, "a collection", first));
        }
        if matches!(function, Function::Length | Function::Substring) {
            let ty = if function == Function::Length { ExprType::primitive(Primitive::Int32) } else { first };
            return Ok(Expr { node: Node::Call(function, bound), ty });
        }
        if let Some(second) = bound.get(1).filter(|second| !may_be(second.ty)) {
            return Err(expected(1, "a collection", second.ty));
        }
        for (this, other) in [(1, 0), (0, 1)] {
            if let Some(to) = bound[other].ty.base {
                let adapted = constant::adapt_elements(self.model, bound[this].clone(), to);
                bound[this] = adapted.map_err(|message| self.error(span_of(this), message))?;
            }
        }
        let classes = (class_of(self.model, bound[0].ty), class_of(self.model, bound[1].ty));
        let comparable = match classes {
            (Class::Number(_), Class::Number(_)) | (Class::Open, _) | (_, Class::Open) => true,
            (a, b) => a == b,
        };
        if !comparable {
            return Err(expected(1, &format!("'{}'", type_text(self.model, bound[0].ty)), bound[1].ty));
        }
        let ty = match function {
            Function::Concat => bound[0].ty,
            Function::IndexOf => ExprType::primitive(Primitive::Int32),
            _ => ExprType::primitive(Primitive::Boolean),
        };
        Ok(Expr { node: Node::Call(function, bound), ty })
    }

    /// `geo.distance`, `geo.length`, `geo.intersects`.
    pub(super) fn geo_call(&mut self, function: Function, trees: &[ast::Expr<'_>], span: Span) -> Result<Expr, Error> {
        let name = function.name();
        let wanted = if function == Function::GeoLength { 1 } else { 2 };
        if trees.len() != wanted {
            let given = trees.len();
            return Err(self.error(span, format!("The function '{name}' takes {wanted} arguments, not {given}.")));
        }
        let mut bound = Vec::with_capacity(wanted);
        let mut plane = None;
        for tree in trees {
            let argument = self.expr(tree)?;
            let fits = !argument.ty.collection
                && match class_of(self.model, argument.ty) {
                    Class::Open => true,
                    Class::Plain(primitive) if primitive.is_geo() => {
                        let is_plane = primitive.short_name().starts_with("Geom");
                        takes(function, primitive.short_name()) && *plane.get_or_insert(is_plane) == is_plane
                    }
                    _ => false,
                };
            if !fits {
                let found = type_text(self.model, argument.ty);
                return Err(self.error(tree.span, format!("The function '{name}' does not take '{found}' here.")));
            }
            let foreign =
                |text: &str| Shape::read(text).is_some_and(|(srid, _)| srid.is_some_and(|srid| srid != GEOGRAPHY_SRID));
            if plane != Some(true) && matches!(&argument.node, Node::Literal(Value::Geo(text)) if foreign(text)) {
                return Err(self.not_offered(tree.span, "A reference system other than 4326"));
            }
            bound.push(argument);
        }
        let gives = if function == Function::GeoIntersects { Primitive::Boolean } else { Primitive::Double };
        let shape_of = |argument: &Expr| match argument.ty.base {
            Some(EdmType::Primitive(primitive)) => &primitive.short_name()["Geo".len()..],
            _ => "",
        };
        if function == Function::GeoIntersects && bound.iter().all(|one| shape_of(one).ends_with("Point")) {
            return Err(self.error(span, "The function 'geo.intersects' takes a point and a polygon."));
        }
        Ok(Expr { node: Node::Call(function, bound), ty: ExprType::primitive(gives) })
    }
}

/// Whether a function takes a shape; a type that leaves the shape open is seen at run time.
fn takes(function: Function, ty: &str) -> bool {
    let shape = ty.trim_start_matches("Geography").trim_start_matches("Geometry");
    match (function, shape) {
        (_, "") => true,
        (Function::GeoDistance, shape) => shape == "Point",
        (Function::GeoLength, shape) => shape == "LineString",
        (_, shape) => matches!(shape, "Point" | "Polygon"),
    }
}
