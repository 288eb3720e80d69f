//! Expressions that leave the row: navigation properties that a source knows, `$root`, what `$search` looks at.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use odata::edm::DateTimeOffset;
use odata::engine::{Operation, Outcome};
use odata::exec::memory::{Call, Context, EvalError, Reader, Related, Rows, Source, matches, page_in};
use odata::model::{EdmType, Model, TypeId};
use odata::syntax::{Query, RawPath};
use odata::{Error, ErrorKind, Record, RecordBuilder, Value, bind, csdl};

const MODEL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns">
    <EntityType Name="Item"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>
      <Property Name="name" Type="Edm.String"/><Property Name="note" Type="Edm.String"/>
      <Property Name="wholeId" Type="Edm.Int32"/>
      <NavigationProperty Name="whole" Type="ns.Item"/><NavigationProperty Name="parts" Type="Collection(ns.Item)"/>
      <Annotation Term="Org.OData.Aggregation.V1.RecursiveHierarchy" Qualifier="H"><Record>
        <PropertyValue Property="NodeProperty" PropertyPath="id"/>
        <PropertyValue Property="ParentNavigationProperty" NavigationPropertyPath="whole"/></Record></Annotation>
    </EntityType>
    <Function Name="Shifted" IsBound="true"><Parameter Name="item" Type="ns.Item"/><Parameter Name="by" Type="Edm.Int32"/>
      <ReturnType Type="Edm.Int32"/></Function>
    <Function Name="Whole" IsBound="true"><Parameter Name="item" Type="ns.Item"/><ReturnType Type="ns.Item"/></Function>
    <Function Name="Lost" IsBound="true"><Parameter Name="item" Type="ns.Item"/><ReturnType Type="Edm.Int32"/></Function>
    <Action Name="Break" IsBound="true"><Parameter Name="item" Type="ns.Item"/></Action>
    <EntityContainer Name="C"><EntitySet Name="Items" EntityType="ns.Item"/><Singleton Name="Best" Type="ns.Item"/>
    </EntityContainer></Schema></edmx:DataServices></edmx:Edmx>"#;

/// A car of wheel (with a screw) and seat.
struct Garage(Vec<Arc<Record>>);

impl Garage {
    fn by(&self, member: u16, value: Value) -> Rows<'_> {
        let found = self.0.iter().zip(0..).filter(move |(item, _)| item.get(member) == Some(&value));
        Box::new(found.map(|(item, rank)| (rank, Arc::clone(item))))
    }
}

impl Source for Garage {
    fn rows(&self, _child: u16) -> Rows<'_> {
        Box::new((0..).zip(self.0.iter().cloned()))
    }

    fn entity(&self, _child: u16, key: &[Value]) -> Option<Arc<Record>> {
        match key {
            [] => self.0.last().cloned(),
            [id, ..] => self.by(0, id.clone()).next().map(|(_, item)| item),
        }
    }

    fn related(&self, owner: &Record, member: u16) -> Related<'_> {
        let of = |member| owner.get(member).cloned().unwrap_or(Value::Null);
        if member == 4 { Related::One(self.entity(0, &[of(3)])) } else { Related::Many(self.by(3, of(0))) }
    }

    fn call(&self, call: &Call<'_>) -> Result<Value, Error> {
        let item = call.binding.and_then(Value::as_record).unwrap();
        match (call.operation.0, item.get(0), call.parameters) {
            (0, Some(Value::Int(id)), [Some(Value::Int(by))]) => Ok(Value::Int(id + by)),
            (0, _, [Some(Value::Null)]) => Ok(Value::Null),
            (1, ..) => {
                Ok(self.entity(0, &[item.get(3).cloned().unwrap_or(Value::Null)]).map_or(Value::Null, Value::Record))
            }
            _ => Err(Error::new(ErrorKind::Unavailable, "It is lost.")),
        }
    }

    fn is_searched(&self, _ty: TypeId, member: u16) -> bool {
        member == 1
    }
}

fn garage() -> (Model, Garage) {
    let model = csdl::read(MODEL).unwrap();
    let ty = model.type_by_name("ns.Item").unwrap();
    let item = |id: i32, name: &str, whole: Option<i32>| {
        let record = RecordBuilder::new(&model, ty).set(0, id).set(1, name).set(2, "made of steel");
        Arc::new(record.set(3, Value::from(whole)).build())
    };
    let items =
        vec![item(1, "car", None), item(2, "wheel", Some(1)), item(3, "seat", Some(1)), item(4, "screw", Some(2))];
    (model, Garage(items))
}

fn filtered(text: &str) -> Vec<String> {
    let (model, garage) = garage();
    let ty = EdmType::Named(model.type_by_name("ns.Item").unwrap());
    let filter = bind::filter(&model, ty, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let context = Context::new(&model, DateTimeOffset::from_unix_nanos(0)).with_source(&garage);
    let rows = garage.0.iter().filter(|row| matches(&filter, &Value::Record(Arc::clone(row)), context).unwrap());
    rows.map(|row| row.get(1).unwrap().as_str().unwrap().to_owned()).collect()
}

#[test]
fn navigation_properties_are_followed_where_the_record_does_not_hold_them() {
    for (text, names) in [
        ("whole/name eq 'car'", &["wheel", "seat"][..]),
        ("whole/whole/name eq 'car'", &["screw"]),
        ("whole eq null", &["car"]),
        ("whole/whole eq null", &["car", "wheel", "seat"]),
        ("parts/any()", &["car", "wheel"]),
        ("parts/any(p:p/parts/any(q:q/name eq 'screw'))", &["car"]),
        ("parts/$count eq 2", &["car"]),
        ("parts/$count($filter=startswith(name,'w')) eq 1", &["car"]),
        ("parts/all(p:p/whole/id eq $it/id) and parts/any()", &["car", "wheel"]),
        ("whole/parts/any(p:p/name eq 'seat')", &["wheel", "seat"]),
        ("wholeId eq $root/Items(2)/id", &["screw"]),
        ("name eq $root/Best/name", &["screw"]),
        ("$root/Items/any(i:i/wholeId eq $it/id)", &["car", "wheel"]),
        ("$root/Items/$count eq 4 and $root/Items(9) eq null and id eq $root/Items(id=3)/id", &["seat"]),
        ("$root/Items(4)/whole/whole/id eq id", &["car"]),
    ] {
        assert_eq!(filtered(text), names, "{text}");
    }
}

#[test]
fn functions_of_the_service_are_called_on_what_they_are_bound_to() {
    for (text, names) in [
        ("ns.Shifted(by=2) eq 4", &["wheel"][..]),
        ("ns.Shifted(by=wholeId) eq 4", &["seat"]),
        ("whole/ns.Shifted(by=1) eq 2", &["wheel", "seat"]),
        ("ns.Whole()/name eq 'car' and ns.Whole/name eq 'car'", &["wheel", "seat"]),
        ("ns.Whole()/ns.Whole()/parts/any(p:p/name eq 'seat')", &["screw"]),
        ("parts/any(p:p/ns.Shifted(by=-1) eq $it/id)", &["car"]),
    ] {
        assert_eq!(filtered(text), names, "{text}");
    }
    let (model, garage) = garage();
    let ty = EdmType::Named(model.type_by_name("ns.Item").unwrap());
    for (text, position, message) in [
        ("ns.Shifted(by='x') eq 1", 14, "The parameter 'by' is of type 'Edm.Int32', not 'Edm.String'."),
        ("ns.Shifted(by=name) eq 1", 14, "The parameter 'by' is of type 'Edm.Int32', not 'Edm.String'."),
        ("ns.Shifted(3) eq 1", 0, "The function 'ns.Shifted' takes its parameters by name."),
        ("ns.Shifted() eq 1", 0, "No overload of the function 'ns.Shifted' takes no parameters."),
        ("ns.Break() eq 1", 0, "The action 'ns.Break' cannot be called in an expression."),
        ("ns.Nothing() eq 1", 0, "An unknown function with name 'ns.Nothing' was found."),
    ] {
        let error = bind::filter(&model, ty, text).unwrap_err();
        assert_eq!((error.kind, error.position), (ErrorKind::BadRequest, Some(position)), "{text}: {error}");
        assert_eq!(error.message, message, "{text}");
    }
    let filter = bind::filter(&model, ty, "ns.Lost() eq 1").unwrap();
    let row = Value::Record(Arc::clone(&garage.0[0]));
    let context = Context::new(&model, DateTimeOffset::from_unix_nanos(0));
    assert_eq!(matches(&filter, &row, context), Err(EvalError::NotOffered("A function")));
    let error = matches(&filter, &row, context.with_source(&garage)).unwrap_err();
    assert_eq!(Error::from(error).kind, ErrorKind::Unavailable);
}

#[test]
fn what_is_no_child_of_the_service_is_refused_and_root_needs_a_source() {
    let (model, _) = garage();
    let id = model.type_by_name("ns.Item").unwrap();
    let ty = EdmType::Named(id);
    for (text, position) in [
        ("id eq $root", 6),
        ("id eq $root/Nothing/id", 12),
        ("id eq $root/Items('x')/id", 12),
        ("id eq $root/Best(1)/id", 12),
        ("id eq $root/Items(1)/nope", 21),
    ] {
        let error = bind::filter(&model, ty, text).unwrap_err();
        assert_eq!((error.kind, error.position), (ErrorKind::BadRequest, Some(position)), "{text}: {error}");
        assert_eq!(error.target.as_deref(), Some("$filter"));
    }
    let filter = bind::filter(&model, ty, "id eq $root/Items(1)/id").unwrap();
    let row = Value::from(RecordBuilder::new(&model, id).set(0, 1).build());
    let context = Context::new(&model, DateTimeOffset::from_unix_nanos(0));
    assert_eq!(matches(&filter, &row, context), Err(EvalError::NotOffered("$root")));
}

#[test]
fn a_search_looks_where_the_source_says() {
    let (model, garage) = garage();
    let target = bind::path(&model, &RawPath::parse("Items").unwrap(), &Query::default()).unwrap();
    let context = Context::new(&model, DateTimeOffset::from_unix_nanos(0)).with_source(&garage);
    for (search, wanted) in [
        ("WHE", 1),
        ("steel", 0),
        ("NOT steel", 4),
        ("car OR seat", 2),
        ("e AND NOT seat", 2),
        ("\"e w\"", 0),
        ("NOT (car OR seat)", 2),
    ] {
        let query = bind::query(&model, &target, &Query::parse(&format!("$search={search}")).unwrap()).unwrap();
        let rows = garage.rows(0).map(|(rank, row)| (rank, Value::Record(row)));
        assert_eq!(page_in(context, rows, &query).unwrap().items.len(), wanted, "{search}");
    }
}

/// Without the limit this takes 10^12 steps.
#[test]
fn loops_inside_loops_end() {
    let (model, _) = garage();
    let id = model.type_by_name("ns.Item").unwrap();
    let many =
        Garage((0..1_000).map(|number| Arc::new(RecordBuilder::new(&model, id).set(0, number).build())).collect());
    let text = "$root/Items/all(a:$root/Items/all(b:$root/Items/all(c:$root/Items/all(d:d/id ge 0))))";
    let filter = bind::filter(&model, EdmType::Named(id), text).unwrap();
    let context = Context::new(&model, DateTimeOffset::from_unix_nanos(0)).with_source(&many);
    assert_eq!(matches(&filter, &Value::Record(Arc::clone(&many.0[0])), context), Err(EvalError::TooMuch));
}

fn read(path: &str, options: &str, operation: impl Fn(odata::plan::CollectionQuery) -> Operation) -> Outcome {
    let (model, garage) = garage();
    let query = Query::parse(options).unwrap();
    let target = bind::path(&model, &RawPath::parse(path).unwrap(), &query).unwrap();
    let bound = bind::query(&model, &target, &query).unwrap_or_else(|error| panic!("{options}: {error}"));
    let reader = Reader { model: &model, source: &garage, now: DateTimeOffset::from_unix_nanos(0) };
    reader.read(&target, &operation(bound)).unwrap_or_else(|error| panic!("{options}: {error}"))
}

/// Names and values of what a record holds besides its type's members.
fn made(row: &Value) -> Vec<(&str, &Value)> {
    row.as_record().unwrap().dynamic.iter().map(|property| (&*property.name, &property.value)).collect()
}

#[test]
fn one_entity_and_what_is_expanded_in_it_are_computed_too() {
    let options = "$compute=length(whole/name) as chars,id add 1 as next&$select=id,next\
                   &$expand=whole($compute=id mul 2 as twice),parts($compute=id mul 3 as thrice;$filter=thrice gt 6)";
    let Outcome::Entity(wheel) = read("Items(2)", options, |query| Operation::ReadEntity(query.projection)) else {
        panic!("an entity")
    };
    let wheel = Value::Record(wheel);
    assert_eq!(made(&wheel), [("next", &Value::Int(3))]);
    let record = wheel.as_record().unwrap();
    assert_eq!(made(record.get(4).unwrap()), [("twice", &Value::Int(2))]);
    assert_eq!(made(&record.get(5).unwrap().as_collection().unwrap()[0]), [("thrice", &Value::Int(12))]);
}

#[test]
fn groups_by_related_entities_hold_what_they_were_grouped_by_and_nothing_else() {
    let options = "$apply=filter(whole ne null)/groupby((whole/name),aggregate(parts/$count as n,id with max as last))";
    let Outcome::Collection(page) = read("Items", options, Operation::ReadCollection) else { panic!("a page") };
    let decimal = |number: i64| Value::Decimal(odata::edm::Decimal::from(number));
    let [car, wheel] = &page.items[..] else { panic!("two groups: {:?}", page.items) };
    assert_eq!(made(car), [("n", &decimal(1)), ("last", &Value::Int(3))]);
    assert_eq!(made(wheel), [("n", &decimal(0)), ("last", &Value::Int(4))]);
    let whole = car.as_record().unwrap().get(4).unwrap().as_record().unwrap();
    assert_eq!((whole.get(1), whole.get(0), whole.get(5)), (Some(&Value::from("car")), None, None));
    assert_eq!(read("Items/$count", "$apply=groupby((wholeId))", Operation::Count), Outcome::Count(3));
}

#[test]
fn a_declared_hierarchy_is_climbed_descended_and_walked() {
    let names = |apply: &str| {
        let Outcome::Collection(page) = read("Items", &format!("$apply={apply}"), Operation::ReadCollection) else {
            panic!("a page")
        };
        let name = |row: &Value| row.as_record().unwrap().get(1).unwrap().as_str().unwrap().to_owned();
        page.items.iter().map(name).collect::<Vec<_>>()
    };
    for (apply, wanted) in [
        ("ancestors($root/Items,H,id,filter(name eq 'screw'))", &["car", "wheel"][..]),
        ("ancestors($root/Items,H,id,filter(name eq 'screw'),1)", &["wheel"]),
        ("ancestors($root/Items,H,id,filter(name eq 'screw'),1,keep start)", &["wheel", "screw"]),
        ("ancestors($root/Items,H,id,filter(contains(name,'e')))", &["car", "wheel"]),
        ("descendants($root/Items,H,id,filter(name eq 'car'))", &["wheel", "seat", "screw"]),
        ("descendants($root/Items,H,id,filter(name eq 'car'),1)", &["wheel", "seat"]),
        ("descendants($root/Items,H,id,filter(name eq 'wheel'),keep start)", &["wheel", "screw"]),
        ("descendants($root/Items,H,wholeId,filter(name eq 'wheel'))", &["screw"]),
        ("filter(id gt 1)/traverse($root/Items,H,id,preorder)", &["wheel", "screw", "seat"]),
        ("traverse($root/Items,H,id,preorder,name)", &["car", "seat", "wheel", "screw"]),
        ("traverse($root/Items,H,id,postorder,name desc)", &["screw", "wheel", "seat", "car"]),
        ("traverse($root/Items,H,id,preorder,filter(name eq 'wheel'))", &["wheel", "screw"]),
    ] {
        assert_eq!(names(apply), wanted, "{apply}");
    }
    let (model, _) = garage();
    let target = bind::path(&model, &RawPath::parse("Items").unwrap(), &Query::default()).unwrap();
    for (apply, kind) in [
        ("ancestors($root/Items,Other,id,filter(true))", ErrorKind::NotImplemented),
        ("traverse(parts,H,id,preorder)", ErrorKind::BadRequest),
        ("descendants($root/Items,H,nope,identity)", ErrorKind::BadRequest),
    ] {
        let query = Query::parse(&format!("$apply={apply}")).unwrap();
        let error = bind::query(&model, &target, &query).unwrap_err();
        assert_eq!((error.kind, error.target.as_deref()), (kind, Some("$apply")), "{apply}: {error}");
    }
}
