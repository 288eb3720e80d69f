//! Measures of shapes: on the earth as a sphere (great circles, metres), in the plane by Pythagoras.

use crate::expr::Function;
use crate::expr::geo::{Point, Shape};
use crate::value::Value;

/// Mean radius of the earth in metres (IUGG).
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// `geo.length`; null for what is no line.
pub(super) fn length(geometry: bool, text: &str) -> Value {
    match Shape::read(text) {
        Some((_, Shape::Line(points))) => {
            Value::Double(points.windows(2).map(|pair| distance(geometry, pair[0], pair[1])).sum())
        }
        _ => Value::Null,
    }
}

/// `geo.distance` of two points and `geo.intersects` of a point and a polygon; null for other shapes.
pub(super) fn of_two(function: Function, geometry: bool, a: &str, b: &str) -> Value {
    let (Some((_, a)), Some((_, b))) = (Shape::read(a), Shape::read(b)) else { return Value::Null };
    match (function, a, b) {
        (Function::GeoDistance, Shape::Point(a), Shape::Point(b)) => Value::Double(distance(geometry, a, b)),
        (Function::GeoIntersects, Shape::Point(point), Shape::Polygon(rings))
        | (Function::GeoIntersects, Shape::Polygon(rings), Shape::Point(point)) => {
            Value::Boolean(intersects(geometry, point, &rings))
        }
        _ => Value::Null,
    }
}

fn distance(geometry: bool, a: Point, b: Point) -> f64 {
    if geometry {
        return (a.0 - b.0).hypot(a.1 - b.1);
    }
    // The haversine formula, exact for near points where the cosine rule is not.
    let (from, to) = (a.1.to_radians(), b.1.to_radians());
    let half = |angle: f64| (angle / 2.0).sin().powi(2);
    let h = half(to - from) + from.cos() * to.cos() * half((b.0 - a.0).to_radians());
    2.0 * EARTH_RADIUS_M * h.sqrt().min(1.0).asin()
}

/// Inside the outer ring and in no hole; a point on a border intersects.
fn intersects(geometry: bool, point: Point, rings: &[Vec<Point>]) -> bool {
    let places = rings.iter().map(|ring| if geometry { place(point, ring) } else { place_on_earth(point, ring) });
    let mut inside = false;
    for (number, place) in places.enumerate() {
        match (number, place) {
            (_, Place::Border) => return true,
            (0, place) => inside = place == Place::Inside,
            (_, place) => inside &= place != Place::Inside,
        }
    }
    inside
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Inside,
    Border,
    Outside,
}

/// Rings that cross the 180th meridian are unrolled; the point is tried a whole turn to either side.
fn place_on_earth(point: Point, ring: &[Point]) -> Place {
    let mut unrolled: Vec<Point> = Vec::with_capacity(ring.len());
    for vertex in ring {
        let longitude = match unrolled.last() {
            None => vertex.0,
            Some(last) => last.0 + (vertex.0 - last.0 + 540.0).rem_euclid(360.0) - 180.0,
        };
        unrolled.push((longitude, vertex.1));
    }
    let turns = [0.0, 360.0, -360.0].map(|turn| place((point.0 + turn, point.1), &unrolled));
    turns.into_iter().find(|place| *place != Place::Outside).unwrap_or(Place::Outside)
}

/// By the number of edges that a ray to the right crosses.
fn place((x, y): Point, ring: &[Point]) -> Place {
    let mut inside = false;
    for pair in ring.windows(2) {
        let ((ax, ay), (bx, by)) = (pair[0], pair[1]);
        let side = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
        let within = x >= ax.min(bx) && x <= ax.max(bx) && y >= ay.min(by) && y <= ay.max(by);
        if side.abs() <= f64::EPSILON * (bx - ax).hypot(by - ay) && within {
            return Place::Border;
        }
        if (ay > y) != (by > y) && (side > 0.0) == (by > ay) {
            inside = !inside;
        }
    }
    if inside { Place::Inside } else { Place::Outside }
}
