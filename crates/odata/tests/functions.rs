//! Built-in functions and operators of OData 4.01 over values in memory.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use odata::edm::{DateTimeOffset, Duration};
use odata::exec::memory::{Context, EvalError, matches};
use odata::model::{EdmType, Model};
use odata::{ErrorKind, Record, Value, bind, csdl};

const MODEL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns">
    <TypeDefinition Name="Day" UnderlyingType="Edm.Date"/>
    <EnumType Name="Color"><Member Name="Red" Value="0"/><Member Name="Blue" Value="1"/></EnumType>
    <EntityType Name="Row"><Key><PropertyRef Name="id"/></Key>
      <Property Name="id" Type="Edm.Int32" Nullable="false"/>
      <Property Name="tags" Type="Collection(Edm.String)" Nullable="false"/>
      <Property Name="numbers" Type="Collection(Edm.Int32)" Nullable="false"/>
      <Property Name="place" Type="Edm.GeographyPoint"/>
      <Property Name="route" Type="Edm.GeographyLineString"/>
      <Property Name="area" Type="Edm.GeographyPolygon"/>
      <Property Name="spot" Type="Edm.GeometryPoint"/>
      <Property Name="span" Type="Edm.Duration"/>
      <Property Name="at" Type="Edm.DateTimeOffset"/>
      <Property Name="day" Type="ns.Day"/>
      <Property Name="color" Type="ns.Color"/>
      <Property Name="colors" Type="Collection(ns.Color)" Nullable="false"/>
      <Property Name="price" Type="Edm.Decimal"/>
      <Property Name="ratio" Type="Edm.Double"/>
      <Property Name="none" Type="Edm.String"/>
    </EntityType></Schema></edmx:DataServices></edmx:Edmx>"#;

fn model() -> (Model, EdmType) {
    let model = csdl::read(MODEL).unwrap();
    let ty = EdmType::Named(model.type_by_name("ns.Row").unwrap());
    (model, ty)
}

fn row(model: &Model, ty: EdmType) -> Value {
    let EdmType::Named(id) = ty else { unreachable!("a row is structured") };
    let structure = model.structured(id).unwrap();
    let mut record = Record::new(id, structure.members.len());
    let mut set = |name: &str, value: Value| record.set(structure.member(name).unwrap().0, value);
    let texts = |texts: &[&str]| Value::from(texts.iter().map(|text| Value::from(*text)).collect::<Vec<_>>());
    set("id", Value::Int(7));
    set("tags", texts(&["a", "b", "b", "c"]));
    set("numbers", Value::from([4, 1, 3].map(Value::Int).to_vec()));
    // Vienna; to Graz; a box around both.
    set("place", Value::Geo(r#"{"type":"Point","coordinates":[16.37,48.21]}"#.into()));
    set("route", Value::Geo(r#"{"type":"LineString","coordinates":[[16.37,48.21],[15.44,47.07]]}"#.into()));
    set("area", Value::Geo(r#"{"type":"Polygon","coordinates":[[[15,47],[17,47],[17,49],[15,49],[15,47]]]}"#.into()));
    set("spot", Value::Geo("Point(3 4)".into()));
    set("span", Value::Duration(Duration::parse("PT3H").unwrap()));
    set("at", Value::DateTimeOffset(DateTimeOffset::parse("2024-02-29T23:30:00+02:00").unwrap()));
    set("day", Value::Date(odata::edm::Date::from_ymd(2024, 2, 29).unwrap()));
    set("color", Value::Enum(1));
    set("colors", Value::from(vec![Value::Enum(0), Value::Enum(1)]));
    set("price", Value::Decimal(odata::edm::Decimal::parse("2.5").unwrap()));
    set("ratio", Value::Double(-0.5));
    set("none", Value::Null);
    Value::Record(Arc::new(record))
}

fn truth(text: &str) -> Result<bool, EvalError> {
    let (model, ty) = model();
    let filter = bind::filter(&model, ty, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let now = DateTimeOffset::parse("2025-01-01T00:00:00Z").unwrap();
    matches(&filter, &row(&model, ty), Context::new(&model, now))
}

fn all(expected: bool, filters: &[&str]) {
    for text in filters {
        assert_eq!(truth(text), Ok(expected), "{text}");
    }
}

#[test]
fn collections_are_searched_as_texts_are() {
    all(
        true,
        &[
            "contains(tags,[\"b\",\"b\"])",
            "contains(tags,[])",
            "startswith(tags,[\"a\",\"b\"]) and endswith(tags,[\"c\"])",
            "indexof(tags,[\"b\",\"c\"]) eq 2 and indexof(tags,[\"c\",\"b\"]) eq -1",
            "length(tags) eq 4 and length(numbers) eq 3",
            "length(concat(tags,[\"d\"])) eq 5 and endswith(concat(tags,[\"d\"]),[\"c\",\"d\"])",
            "startswith(substring(tags,1),[\"b\",\"b\"]) and length(substring(tags,1,2)) eq 2",
            "startswith(substring(tags,-2),[\"b\",\"c\"]) and length(substring(tags,9)) eq 0",
            "hassubset(numbers,[1,4]) and hassubset(numbers,[3,1,4]) and hassubset(numbers,[])",
            "hassubset(tags,[\"b\",\"b\"])",
            "hassubsequence(numbers,[4,3]) and hassubsequence(tags,[\"a\",\"c\"])",
            "hassubset(numbers,[1.0])",
            "hassubset(colors,[\"Blue\"])",
            "id in [6,7] and 'b' in tags",
        ],
    );
    all(
        false,
        &[
            "contains(tags,[\"a\",\"c\"])",
            "startswith(tags,[\"a\",\"b\",\"b\",\"c\",\"d\"])",
            "hassubset(numbers,[1,1])",
            "hassubset(tags,[\"b\",\"b\",\"b\"])",
            "hassubsequence(numbers,[3,4])",
            "hassubsequence(numbers,[1,1])",
        ],
    );
}

#[test]
fn distances_and_lengths_are_in_metres_on_the_earth_and_plain_in_the_plane() {
    all(
        true,
        &[
            // Vienna to Graz is about 145 km.
            "geo.distance(place,geography'SRID=4326;Point(15.44 47.07)') gt 144000",
            "geo.distance(place,geography'Point(15.44 47.07)') lt 146000",
            "geo.distance(place,geography'Point(16.37 48.21)') eq 0",
            "geo.length(route) eq geo.distance(place,geography'Point(15.44 47.07)')",
            "geo.distance(spot,geometry'Point(0 0)') eq 5",
            "geo.length(geometry'LineString(0 0,3 4,3 5)') eq 6",
            "geo.intersects(place,area) and geo.intersects(geography'Point(15 48)',area)",
            "geo.intersects(geography'Point(-179.5 0.5)',geography'Polygon((179 0,-179 0,-179 1,179 1,179 0))')",
            "geo.intersects(spot,geometry'Polygon((0 0,9 0,9 9,0 9,0 0))')",
            "place eq geography'Point(16.37 48.21)' and place ne geography'Point(16.37 48.22)'",
        ],
    );
    all(
        false,
        &[
            "geo.intersects(geography'Point(14.9 48)',area)",
            "geo.intersects(spot,geometry'Polygon((0 0,9 0,9 9,0 9,0 0),(2 2,2 5,5 5,5 2,2 2))')",
            "geo.intersects(geography'Point(0 0.5)',geography'Polygon((179 0,-179 0,-179 1,179 1,179 0))')",
        ],
    );
}

#[test]
fn durations_are_scaled_by_any_number() {
    all(
        true,
        &[
            "span mul 2 eq duration'PT6H' and 2 mul span eq duration'PT6H'",
            "span mul 1.5 eq duration'PT4H30M' and span div 1.5 eq duration'PT2H' and span divby 2 eq duration'PT1H30M'",
            "span mul price eq duration'PT7H30M' and span mul ratio eq duration'-PT1H30M'",
            "-span eq duration'-PT3H' and span add span eq duration'PT6H' and span sub span eq duration'PT0S'",
            "at add span eq 2024-03-01T00:30:00Z and at sub span eq 2024-02-29T18:30:00Z",
            "at sub 2024-02-29T21:00:00Z eq duration'PT30M'",
            "day add duration'P1D' eq 2024-03-01 and day sub 2024-02-01 eq duration'P28D'",
        ],
    );
    assert_eq!(truth("span mul 9e15 gt span"), Err(EvalError::Overflow));
    assert_eq!(truth("span div 0 gt span"), Err(EvalError::DivisionByZero));
    assert_eq!(truth("span div 0.0 gt span"), Err(EvalError::DivisionByZero));
    assert_eq!(truth("at add duration'P9999999D' gt at"), Err(EvalError::Overflow));
}

#[test]
fn every_primitive_is_cast_to_text_and_back() {
    all(
        true,
        &[
            "cast(at,Edm.String) eq '2024-02-29T23:30:00+02:00' and cast('2024-02-29T21:30:00Z',Edm.DateTimeOffset) eq at",
            "cast(day,Edm.String) eq '2024-02-29' and cast('2024-02-29',Edm.Date) eq day and cast('x',Edm.Date) eq null",
            "cast(span,Edm.String) eq 'PT3H' and cast('PT3H',Edm.Duration) eq span",
            "cast(true,Edm.String) eq 'true' and cast('true',Edm.Boolean) and cast(price,Edm.String) eq '2.5'",
            "cast(color,Edm.String) eq 'Blue' and cast('Blue',ns.Color) eq color and cast('Pink',ns.Color) eq null",
            "cast(price,Edm.Int32) eq 2 and cast(300,Edm.Byte) eq null and cast(-0.5,Edm.Int64) eq 0",
            "cast(0.1,Edm.Single) eq 0.1 and cast(cast(0.5,Edm.Single),Edm.Double) eq 0.5",
            "cast(at,Edm.Date) eq day and cast(at,Edm.TimeOfDay) eq 23:30:00",
            "cast(none,Edm.Int32) eq null",
        ],
    );
}

#[test]
fn isof_looks_at_the_declared_type() {
    all(
        true,
        &[
            "isof(id,Edm.Int32) and isof(day,Edm.Date) and isof(day,ns.Day) and isof(color,ns.Color)",
            "isof(price,Edm.PrimitiveType) and isof(ns.Row) and isof($it,ns.Row)",
        ],
    );
    all(false, &["isof(id,Edm.Int64)", "isof(id,Edm.String)", "isof(none,Edm.String)", "isof(color,Edm.Int32)"]);
}

#[test]
fn case_takes_the_first_true_branch_and_promotes_numbers() {
    all(
        true,
        &[
            "case(id gt 5:1,true:2.5) eq 1",
            "case(id gt 9:1,true:2.5) eq 2.5",
            "case(id gt 9:1) eq null",
            "case(none eq 'x':'a',none gt 'x':'b',true:'c') eq 'c'",
        ],
    );
}

#[test]
fn halves_are_rounded_away_from_zero() {
    all(
        true,
        &[
            "round(price) eq 3 and round(-2.5) eq -3 and round(2.4) eq 2 and round(-2.4) eq -2",
            "round(ratio) eq -1 and round(0.5e0) eq 1 and round(1.5e0) eq 2 and round(2.5e0) eq 3",
            "floor(-2.5) eq -3 and ceiling(-2.5) eq -2 and floor(ratio) eq -1 and ceiling(price) eq 3",
        ],
    );
}

#[test]
fn arguments_of_another_kind_are_refused_with_their_place() {
    let (model, ty) = model();
    for (text, position, message) in [
        ("contains(tags,'b')", 14, "The function 'contains' expects a collection here, not 'Edm.String'."),
        ("contains(none,tags)", 9, "The function 'contains' expects a collection here, not 'Edm.String'."),
        ("hassubset(none,tags)", 10, "The function 'hassubset' expects a collection here, not 'Edm.String'."),
        (
            "hassubset(tags,numbers)",
            15,
            "The function 'hassubset' expects 'Collection(Edm.String)' here, not 'Collection(Edm.Int32)'.",
        ),
        ("length(id) eq 1", 7, "The function 'length' expects Edm.String or a collection here, not 'Edm.Int32'."),
        ("trim(tags) eq 'a'", 5, "The function 'trim' expects Edm.String here, not 'Collection(Edm.String)'."),
        ("geo.length(place) eq 1", 11, "The function 'geo.length' does not take 'Edm.GeographyPoint' here."),
        ("geo.distance(place,spot) eq 1", 19, "The function 'geo.distance' does not take 'Edm.GeometryPoint' here."),
        ("geo.distance(place) eq 1", 0, "The function 'geo.distance' takes 2 arguments, not 1."),
        ("geo.intersects(place,place)", 0, "The function 'geo.intersects' takes a point and a polygon."),
        (
            "geo.length(geography'Circle(1 2)') eq 1",
            21,
            "Syntax error at position 21 in '$filter': expected a shape such as",
        ),
        (
            "hassubset(numbers,[1,\"a\"])",
            19,
            "The elements of the collection are of types 'Edm.Int32' and 'Edm.String'.",
        ),
        ("case(true:1,true:'a') eq 1", 0, "The branches of 'case' give 'Edm.Int32' and 'Edm.String'."),
        ("day add 1 gt day", 0, "A binary operator with incompatible types was detected."),
    ] {
        let error = bind::filter(&model, ty, text).unwrap_err();
        assert_eq!((error.kind, error.position), (ErrorKind::BadRequest, Some(position)), "{text}: {error}");
        assert!(error.message.starts_with(message), "{text}: {error}");
    }
    let elsewhere = "geo.distance(place,geography'SRID=4267;Point(1 2)') eq 1";
    assert_eq!(bind::filter(&model, ty, elsewhere).unwrap_err().kind, ErrorKind::NotImplemented);
}
