//! Shapes on the earth and in the plane: WKT (as literals write it) and GeoJSON (as bodies do) to coordinates.
//! Measures nothing.

use crate::json::{Json, JsonKind, parse};
use crate::limits::GEO_DEPTH_MAX;
use crate::model::Primitive;

/// The reference system of all of geography here: what positions on the earth are given in.
pub(crate) const GEOGRAPHY_SRID: u32 = 4326;

/// A position: longitude and latitude, or x and y. Heights are read and not kept.
pub(crate) type Point = (f64, f64);

/// A shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shape {
    Point(Point),
    Line(Vec<Point>),
    /// The outer ring, then the holes.
    Polygon(Vec<Vec<Point>>),
    MultiPoint(Vec<Shape>),
    MultiLine(Vec<Shape>),
    MultiPolygon(Vec<Shape>),
    Collection(Vec<Shape>),
}

impl Shape {
    /// From either text form; `None` when it is neither. `SRID=…;` before WKT is given beside it.
    pub(crate) fn read(text: &str) -> Option<(Option<u32>, Self)> {
        if text.starts_with('{') {
            let json = parse(text.as_bytes()).ok()?;
            return Some((None, from_json(&json, 0)?));
        }
        let (srid, rest) = match text.get(..5) {
            Some(prefix) if prefix.eq_ignore_ascii_case("SRID=") => {
                let (number, rest) = text[5..].split_once(';')?;
                (Some(number.parse().ok()?), rest)
            }
            _ => (None, text),
        };
        let mut wkt = Wkt { rest };
        let shape = wkt.tagged(0)?;
        wkt.spaces();
        wkt.rest.is_empty().then_some((srid, shape))
    }

    /// From a GeoJSON tree; `None` when it is none.
    pub(crate) fn from_tree(json: &Json<'_>) -> Option<Self> {
        from_json(json, 0)
    }

    /// The type of the shape.
    pub(crate) fn primitive(&self, geometry: bool) -> Primitive {
        let (earth, plane) = match self {
            Self::Point(_) => (Primitive::GeographyPoint, Primitive::GeometryPoint),
            Self::Line(_) => (Primitive::GeographyLineString, Primitive::GeometryLineString),
            Self::Polygon(_) => (Primitive::GeographyPolygon, Primitive::GeometryPolygon),
            Self::MultiPoint(_) => (Primitive::GeographyMultiPoint, Primitive::GeometryMultiPoint),
            Self::MultiLine(_) => (Primitive::GeographyMultiLineString, Primitive::GeometryMultiLineString),
            Self::MultiPolygon(_) => (Primitive::GeographyMultiPolygon, Primitive::GeometryMultiPolygon),
            Self::Collection(_) => (Primitive::GeographyCollection, Primitive::GeometryCollection),
        };
        if geometry { plane } else { earth }
    }
}

struct Wkt<'t> {
    rest: &'t str,
}

impl Wkt<'_> {
    fn spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }

    fn eat(&mut self, wanted: char) -> Option<()> {
        self.spaces();
        self.rest = self.rest.strip_prefix(wanted)?;
        Some(())
    }

    fn number(&mut self) -> Option<f64> {
        self.spaces();
        let end = self.rest.find([' ', ',', ')']).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        text.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// `x y`, with a height and a measure that are not kept.
    fn position(&mut self) -> Option<Point> {
        let at = (self.number()?, self.number()?);
        for _ in 0..2 {
            self.spaces();
            if self.rest.starts_with([',', ')']) {
                break;
            }
            self.number()?;
        }
        Some(at)
    }

    /// `(item,item,…)`.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.eat('(')?;
        let mut items = vec![item(self)?];
        while self.eat(',').is_some() {
            items.push(item(self)?);
        }
        self.eat(')')?;
        Some(items)
    }

    fn point(&mut self) -> Option<Shape> {
        self.eat('(')?;
        let at = self.position()?;
        self.eat(')')?;
        Some(Shape::Point(at))
    }

    fn line(&mut self) -> Option<Vec<Point>> {
        self.list(Self::position).filter(|points| points.len() > 1)
    }

    fn polygon(&mut self) -> Option<Shape> {
        self.list(|wkt| wkt.list(Self::position).filter(|ring| is_ring(ring))).map(Shape::Polygon)
    }

    fn tagged(&mut self, depth: usize) -> Option<Shape> {
        if depth > GEO_DEPTH_MAX {
            return None;
        }
        self.spaces();
        let end = self.rest.find(['(', ' '])?;
        let name = self.rest[..end].to_ascii_lowercase();
        self.rest = &self.rest[end..];
        match name.as_str() {
            "point" => self.point(),
            "linestring" => self.line().map(Shape::Line),
            "polygon" => self.polygon(),
            "multipoint" => self.list(Self::point).map(Shape::MultiPoint),
            "multilinestring" => self.list(|wkt| wkt.line().map(Shape::Line)).map(Shape::MultiLine),
            "multipolygon" => self.list(Self::polygon).map(Shape::MultiPolygon),
            "collection" | "geometrycollection" => self.list(|wkt| wkt.tagged(depth + 1)).map(Shape::Collection),
            _ => None,
        }
    }
}

/// A ring is closed and spans an area.
fn is_ring(points: &[Point]) -> bool {
    points.len() > 3 && points.first() == points.last()
}

fn from_json(json: &Json<'_>, depth: usize) -> Option<Shape> {
    if depth > GEO_DEPTH_MAX {
        return None;
    }
    let JsonKind::Object(members) = &json.kind else { return None };
    let member = |name: &str| members.iter().find(|member| member.name == name).map(|member| &member.value);
    let JsonKind::String(kind) = &member("type")?.kind else { return None };
    if kind == "GeometryCollection" {
        return items(member("geometries")?, |shape| from_json(shape, depth + 1)).map(Shape::Collection);
    }
    let at = member("coordinates")?;
    match kind.as_ref() {
        "Point" => position(at).map(Shape::Point),
        "LineString" => line(at).map(Shape::Line),
        "Polygon" => polygon(at),
        "MultiPoint" => items(at, |at| position(at).map(Shape::Point)).map(Shape::MultiPoint),
        "MultiLineString" => items(at, |at| line(at).map(Shape::Line)).map(Shape::MultiLine),
        "MultiPolygon" => items(at, polygon).map(Shape::MultiPolygon),
        _ => None,
    }
}

/// GeoJSON as the WKT that a literal or a raw value is written in (`Point(1 2)`), heights and digits kept.
pub(crate) fn wkt(geo_json: &str) -> Option<String> {
    let json = parse(geo_json.as_bytes()).ok()?;
    Shape::from_tree(&json)?;
    let mut out = String::new();
    push_wkt(&mut out, &json)?;
    Some(out)
}

fn push_wkt(out: &mut String, json: &Json<'_>) -> Option<()> {
    let JsonKind::Object(members) = &json.kind else { return None };
    let member = |name: &str| members.iter().find(|member| member.name == name).map(|member| &member.value);
    let JsonKind::String(kind) = &member("type")?.kind else { return None };
    if kind == "GeometryCollection" {
        let JsonKind::Array(shapes) = &member("geometries")?.kind else { return None };
        out.push_str("Collection");
        return push_list(out, shapes, push_wkt);
    }
    out.push_str(kind);
    let coordinates = member("coordinates")?;
    match (kind.as_ref(), &coordinates.kind) {
        ("MultiPoint", JsonKind::Array(points)) => {
            push_list(out, points, |out, point| push_list(out, std::slice::from_ref(point), push_coordinates))
        }
        ("Point", _) => push_list(out, std::slice::from_ref(coordinates), push_coordinates),
        _ => push_coordinates(out, coordinates),
    }
}

/// A position, or a list of them at any depth.
fn push_coordinates(out: &mut String, json: &Json<'_>) -> Option<()> {
    let JsonKind::Array(items) = &json.kind else { return None };
    if items.iter().any(|item| matches!(item.kind, JsonKind::Array(_))) {
        return push_list(out, items, push_coordinates);
    }
    for (index, item) in items.iter().enumerate() {
        let JsonKind::Number(text) = item.kind else { return None };
        if index > 0 {
            out.push(' ');
        }
        out.push_str(text);
    }
    Some(())
}

fn push_list(
    out: &mut String,
    items: &[Json<'_>],
    mut push: impl FnMut(&mut String, &Json<'_>) -> Option<()>,
) -> Option<()> {
    for (index, item) in items.iter().enumerate() {
        out.push(if index == 0 { '(' } else { ',' });
        push(out, item)?;
    }
    out.push_str(if items.is_empty() { "()" } else { ")" });
    Some(())
}

/// WKT as GeoJSON, heights and digits kept. A reference system that the text names is not part of it.
pub(crate) fn geo_json(text: &str) -> Option<String> {
    let (_, shape) = Shape::read(text).filter(|_| !text.starts_with('{'))?;
    let mut out = String::new();
    shape.push_geo_json(&mut out, &mut Wkt { rest: text })?;
    Some(out)
}

impl Shape {
    /// Writes the shape from the WKT that it was read from.
    fn push_geo_json(&self, out: &mut String, wkt: &mut Wkt<'_>) -> Option<()> {
        // The tag, and in front of the first one the reference system.
        wkt.rest = &wkt.rest[wkt.rest.find('(')?..];
        let (kind, lists, wrapped) = match self {
            Self::Collection(shapes) => {
                out.push_str(r#"{"type":"GeometryCollection","geometries":["#);
                for (index, shape) in shapes.iter().enumerate() {
                    wkt.eat(if index == 0 { '(' } else { ',' })?;
                    if index > 0 {
                        out.push(',');
                    }
                    shape.push_geo_json(out, wkt)?;
                }
                wkt.eat(')')?;
                out.push_str("]}");
                return Some(());
            }
            Self::Point(_) => ("Point", 0, true),
            Self::MultiPoint(_) => ("MultiPoint", 1, true),
            Self::Line(_) => ("LineString", 1, false),
            Self::MultiLine(_) => ("MultiLineString", 2, false),
            Self::Polygon(_) => ("Polygon", 2, false),
            Self::MultiPolygon(_) => ("MultiPolygon", 3, false),
        };
        out.push_str(r#"{"type":""#);
        out.push_str(kind);
        out.push_str(r#"","coordinates":"#);
        wkt.push_coordinates(out, lists, wrapped)?;
        out.push('}');
        Some(())
    }
}

impl Wkt<'_> {
    /// Writes a position, or lists of positions so many levels deep. Points have parentheses of their own.
    fn push_coordinates(&mut self, out: &mut String, lists: u8, wrapped: bool) -> Option<()> {
        if lists == 0 {
            if wrapped {
                self.eat('(')?;
            }
            self.push_position(out)?;
            return if wrapped { self.eat(')') } else { Some(()) };
        }
        self.eat('(')?;
        out.push('[');
        loop {
            self.push_coordinates(out, lists - 1, wrapped)?;
            if self.eat(',').is_none() {
                break;
            }
            out.push(',');
        }
        out.push(']');
        self.eat(')')
    }

    fn push_position(&mut self, out: &mut String) -> Option<()> {
        self.spaces();
        let end = self.rest.find([',', ')'])?;
        let (position, rest) = self.rest.split_at(end);
        self.rest = rest;
        out.push('[');
        for (index, number) in position.split(' ').filter(|number| !number.is_empty()).enumerate() {
            if index > 0 {
                out.push(',');
            }
            match parse(number.as_bytes()) {
                Ok(_) => out.push_str(number),
                // `.5` and `+1` are no numbers in JSON.
                Err(_) => out.push_str(&number.parse::<f64>().ok()?.to_string()),
            }
        }
        out.push(']');
        Some(())
    }
}

fn items<T>(json: &Json<'_>, item: impl FnMut(&Json<'_>) -> Option<T>) -> Option<Vec<T>> {
    let JsonKind::Array(elements) = &json.kind else { return None };
    elements.iter().map(item).collect()
}

fn position(json: &Json<'_>) -> Option<Point> {
    let numbers = items(json, |number| match number.kind {
        JsonKind::Number(text) => text.parse().ok(),
        _ => None,
    })?;
    Some((*numbers.first()?, *numbers.get(1)?))
}

fn line(json: &Json<'_>) -> Option<Vec<Point>> {
    items(json, position).filter(|points| points.len() > 1)
}

fn polygon(json: &Json<'_>) -> Option<Shape> {
    items(json, |ring| items(ring, position).filter(|ring| is_ring(ring))).map(Shape::Polygon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_shape_are_read_alike() {
        for (wkt, json) in [
            ("Point(142.1 64.1)", r#"{"type":"Point","coordinates":[142.1,64.1]}"#),
            ("SRID=4326;LineString(1 2,3 4.5 7)", r#"{"type":"LineString","coordinates":[[1,2],[3,4.5,7]]}"#),
            ("POLYGON((0 0,4 0,4 4,0 0))", r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]]]}"#),
            ("MultiPoint((1 2),(3 4))", r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#),
            ("MultiLineString((1 2,3 4))", r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}"#),
            (
                "Collection(Point(1 2))",
                r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#,
            ),
        ] {
            let shape = Shape::read(wkt).map(|(_, shape)| shape);
            assert!(shape.is_some(), "{wkt}");
            assert_eq!(shape, Shape::read(json).map(|(_, shape)| shape), "{wkt}");
        }
        assert_eq!(Shape::read("SRID=0;Point(1 2)"), Some((Some(0), Shape::Point((1.0, 2.0)))));
    }

    #[test]
    fn wkt_is_written_as_geo_json_that_reads_alike() {
        for (text, json) in [
            ("SRID=4326;Point(142.10 64.1 7)", r#"{"type":"Point","coordinates":[142.10,64.1,7]}"#),
            ("point( .5 +1 )", r#"{"type":"Point","coordinates":[0.5,1]}"#),
            ("LineString(1 2,3 4.5)", r#"{"type":"LineString","coordinates":[[1,2],[3,4.5]]}"#),
            ("Polygon((0 0,4 0,4 4,0 0))", r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]]]}"#),
            ("MultiPoint((1 2),(3 4))", r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#),
            (
                "MultiLineString((1 2,3 4),(5 6,7 8))",
                r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]],[[5,6],[7,8]]]}"#,
            ),
            (
                "MultiPolygon(((0 0,4 0,4 4,0 0)))",
                r#"{"type":"MultiPolygon","coordinates":[[[[0,0],[4,0],[4,4],[0,0]]]]}"#,
            ),
            (
                "Collection(Point(1 2),LineString(1 2,3 4))",
                r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]},{"type":"LineString","coordinates":[[1,2],[3,4]]}]}"#,
            ),
        ] {
            assert_eq!(geo_json(text).as_deref(), Some(json));
            let shape = |text: &str| Shape::read(text).map(|(_, shape)| shape);
            assert_eq!(shape(json), shape(text), "{text}");
        }
        for text in ["", "Point(1)", "Point(1 nan)", r#"{"type":"Point","coordinates":[1,2]}"#] {
            assert_eq!(geo_json(text), None, "{text}");
        }
    }

    #[test]
    fn geo_json_is_written_as_wkt_that_reads_alike() {
        for (json, text) in [
            (r#"{"type":"Point","coordinates":[142.10,64.1,7]}"#, "Point(142.10 64.1 7)"),
            (r#"{"type":"LineString","coordinates":[[1,2],[3,4.5]]}"#, "LineString(1 2,3 4.5)"),
            (r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]]]}"#, "Polygon((0 0,4 0,4 4,0 0))"),
            (r#"{"type":"MultiPoint","coordinates":[[1,2],[3,4]]}"#, "MultiPoint((1 2),(3 4))"),
            (r#"{"type":"MultiLineString","coordinates":[[[1,2],[3,4]]]}"#, "MultiLineString((1 2,3 4))"),
            (
                r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#,
                "Collection(Point(1 2))",
            ),
        ] {
            assert_eq!(wkt(json).as_deref(), Some(text));
            assert_eq!(Shape::read(json), Shape::read(text), "{text}");
        }
        assert_eq!(wkt(r#"{"type":"MultiPoint","coordinates":[]}"#).as_deref(), Some("MultiPoint()"));
        assert_eq!(wkt("{}"), None);
        assert_eq!(wkt("Point(1 2)"), None);
    }

    #[test]
    fn what_is_no_shape_is_refused() {
        let deep = "Collection(".repeat(10_000);
        for text in [
            "",
            "Point",
            "Point()",
            "Point(1)",
            "Point(1 2",
            "Point(1 2)x",
            "Point(NaN 1)",
            "SRID=x;Point(1 2)",
            "LineString(1 2)",
            "Polygon((0 0,1 1,2 2))",
            "Circle(1 2)",
            "{}",
            r#"{"type":"Point","coordinates":["1",2]}"#,
            &deep,
        ] {
            assert_eq!(Shape::read(text), None, "{}", text.get(..20).unwrap_or(text));
        }
    }
}
