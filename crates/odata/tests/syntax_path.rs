//! URLs from text to bound targets and queries.

#![expect(clippy::unwrap_used, reason = "tests")]

use odata::engine::{Segment, Target, TargetKind};
use odata::model::Model;
use odata::plan::{CollectionQuery, SelectItem};
use odata::syntax::{Query, RawPath};
use odata::{Error, ErrorKind, Value, bind, csdl};

const GRAPH: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="my.graph" Alias="g">
    <EntityType Name="device" Abstract="true"><Key><PropertyRef Name="id"/></Key>
      <Property Name="id" Type="Edm.String" Nullable="false"/><Property Name="name" Type="Edm.String"/>
      <Property Name="blob" Type="Edm.Stream"/>
      <NavigationProperty Name="parts" Type="Collection(g.part)" ContainsTarget="true"/></EntityType>
    <EntityType Name="phone" BaseType="g.device"><Property Name="number" Type="Edm.String"/></EntityType>
    <EntityType Name="part"><Key><PropertyRef Name="line"/><PropertyRef Name="slot"/></Key>
      <Property Name="line" Type="Edm.Int32" Nullable="false"/><Property Name="slot" Type="Edm.String" Nullable="false"/>
    </EntityType>
    <Action Name="wipe" IsBound="true"><Parameter Name="it" Type="g.device"/></Action>
    <Action Name="reorder" IsBound="true"><Parameter Name="it" Type="Collection(g.device)"/></Action>
    <Function Name="late" IsBound="true"><Parameter Name="it" Type="Collection(g.device)"/>
      <Parameter Name="days" Type="Edm.Int32"/><ReturnType Type="Collection(g.device)"/></Function>
    <EntityContainer Name="C"><EntitySet Name="devices" EntityType="g.device"/><Singleton Name="me" Type="g.phone"/></EntityContainer>
    <Annotation Term="Org.OData.Core.V1.DefaultNamespace" Bool="true"/>
  </Schema></edmx:DataServices></edmx:Edmx>"#;

fn reference() -> Model {
    csdl::read(include_str!("csdl/reference.csdl.xml")).unwrap()
}

fn target(model: &Model, url: &str) -> Result<Target, Error> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    bind::path(model, &RawPath::parse(path)?, &Query::parse(query)?)
}

fn query(model: &Model, url: &str) -> Result<CollectionQuery, Error> {
    let text = url.split_once('?').map_or("", |(_, query)| query);
    bind::query(model, &target(model, url)?, &Query::parse(text)?)
}

fn key(target: &Target) -> Vec<Value> {
    target.segments.iter().find_map(|s| if let Segment::Key(values) = s { Some(values.clone()) } else { None }).unwrap()
}

#[test]
fn every_form_of_address_has_its_kind() {
    let model = csdl::read(GRAPH).unwrap();
    for (url, kind) in [
        ("", TargetKind::ServiceDocument),
        ("/", TargetKind::ServiceDocument),
        ("$metadata", TargetKind::Metadata),
        ("$batch", TargetKind::Batch),
        ("devices", TargetKind::EntityCollection),
        ("devices/", TargetKind::EntityCollection),
        ("devices/$count", TargetKind::Count),
        ("devices/$each", TargetKind::Members),
        ("devices/my.graph.phone/$filter(@f)/$each?@f=number eq '1'", TargetKind::Members),
        ("devices/$ref", TargetKind::Reference),
        ("devices/a1", TargetKind::Entity),
        ("devices('a1')", TargetKind::Entity),
        ("devices(id='a1')", TargetKind::Entity),
        ("devices(@k)?@k='a1'", TargetKind::Entity),
        ("devices/my.graph.phone", TargetKind::EntityCollection),
        ("devices/g.phone/a1", TargetKind::Entity),
        ("devices/phone('a1')", TargetKind::Entity),
        ("devices/a1/g.phone/number", TargetKind::Primitive),
        ("devices/my.graph.phone/$count", TargetKind::Count),
        ("devices/a1/name/$value", TargetKind::RawValue),
        ("devices/a1/blob", TargetKind::Stream),
        ("devices/a1/blob/$value", TargetKind::Stream),
        ("devices/a1/$ref", TargetKind::Reference),
        ("devices/a1/parts(line=1,slot='x')", TargetKind::Entity),
        ("devices/a1/parts/1/x", TargetKind::Entity),
        ("devices/a1/parts/$count", TargetKind::Count),
        ("devices/a1/wipe", TargetKind::Action),
        ("devices/a1/my.graph.wipe", TargetKind::Action),
        ("devices/a1/g.phone/g.wipe", TargetKind::Action),
        ("devices/reorder", TargetKind::Action),
        ("devices/late(days=3)", TargetKind::Function),
        ("devices/g.late(days=@d)?@d=3", TargetKind::Function),
        ("devices/late?days=3", TargetKind::Function),
        ("devices/late(days=3)/$count", TargetKind::Count),
        ("me", TargetKind::Entity),
        ("me/number", TargetKind::Primitive),
    ] {
        assert_eq!(target(&model, url).map(|target| target.kind), Ok(kind), "{url}");
    }
}

#[test]
fn keys_are_data_whatever_they_hold() {
    let model = csdl::read(GRAPH).unwrap();
    for (url, expected) in [
        ("devices('O''Neil')", "O'Neil"),
        ("devices(%27O%27%27Neil%27)", "O'Neil"),
        ("devices/O'Neil", "O'Neil"),
        ("devices('a%2Fb')", "a/b"),
        ("devices/a%2Fb", "a/b"),
        ("devices('a+b')", "a+b"),
        ("devices/a(1)", "a(1)"),
        ("devices('$count')", "$count"),
        ("devices/Gr%C3%BC%C3%9Fe", "Grüße"),
    ] {
        assert_eq!(key(&target(&model, url).unwrap()), [Value::from(expected)], "{url}");
    }
    assert_eq!(key(&target(&model, "devices/x/parts/7/y").unwrap()), [Value::from("x")]);
    let target = target(&model, "me/parts(slot='y',line=7)").unwrap();
    assert_eq!(key(&target), [Value::Int(7), Value::from("y")]);
}

#[test]
fn what_the_model_does_not_have_is_an_unknown_segment() {
    let model = csdl::read(GRAPH).unwrap();
    for (url, segment) in [
        ("nope", "nope"),
        ("Devices", "Devices"),
        ("devices/a1/nope", "nope"),
        ("devices/a1/name/nope", "nope"),
        ("devices/$count/nope", "nope"),
        ("devices/a1/wipe/nope", "nope"),
        ("devices/a1/parts/x/y", "x"),
        ("devices/late(days=3)/name", "name"),
        ("$nope", "$nope"),
    ] {
        let error = target(&model, url).unwrap_err();
        assert_eq!(error.kind, ErrorKind::UnknownSegment, "{url}: {error}");
        assert_eq!(error.message, format!("Resource not found for the segment '{segment}'."), "{url}");
    }
}

#[test]
fn malformed_paths_are_bad_requests() {
    let model = csdl::read(GRAPH).unwrap();
    for url in [
        "devices//a1",
        "//",
        "devices('a1'",
        "devices('a'1')",
        "devices(5)",
        "devices(nope='x')",
        "devices()",
        "devices(null)",
        "devices/a1/parts(1)",
        "devices/a1/parts(line=1)",
        "devices/a1/g.part",
        "devices/g.part",
        "me('x')",
        "devices/a1/$count",
        "devices/a1/$value",
        "devices/%zz",
        "devices/%00",
        "devices/late(nope=3)",
        "devices/late",
        "devices/late(days='x')",
        "devices/late(days=99999999999)",
        "devices/a1/wipe(x=1)",
    ] {
        assert_eq!(target(&model, url).map_err(|error| error.kind), Err(ErrorKind::BadRequest), "{url}");
    }
    let long = "a/".repeat(100);
    assert_eq!(target(&model, &long).unwrap_err().kind, ErrorKind::BadRequest);
}

#[test]
fn what_is_legal_in_a_path_but_not_offered_says_so() {
    let model = csdl::read(GRAPH).unwrap();
    for url in ["$entity?$id=devices(1)", "devices/$query"] {
        assert_eq!(target(&model, url).map_err(|error| error.kind), Err(ErrorKind::NotImplemented), "{url}");
    }
}

#[test]
fn overloads_are_told_apart_by_parameter_names() {
    let model = reference();
    let parameters = |url: &str| {
        let target = target(&model, url).unwrap_or_else(|error| panic!("{url}: {error}"));
        match target.segments.last().unwrap() {
            Segment::Operation { parameters, .. } => parameters.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(parameters("GetTopProducts"), []);
    assert_eq!(parameters("GetTopProducts()"), []);
    assert_eq!(parameters("GetTopProducts(count=5)"), [Some(Value::Int(5))]);
    assert_eq!(parameters("GetTopProducts()?count=5"), [Some(Value::Int(5))]);
    assert_eq!(parameters("GetTopProducts?@count=5"), [Some(Value::Int(5))]);
    assert_eq!(parameters("GetTopProducts(category='x',count=@c)?@c=5"), [Some(Value::Int(5)), Some(Value::from("x"))]);
    assert_eq!(parameters("FindProducts(name='a',maxPrice=5)"), [Some(Value::from("a")), Some(Value::Double(5.0))]);
    let id = "00000000-0000-0000-0000-000000000001";
    assert_eq!(parameters(&format!("Products({id})/CalculatePrice(discount=1)")), [Some(Value::Double(1.0))]);
    assert_eq!(parameters(&format!("Products({id})/GetRelatedProducts")), []);
    assert!(target(&model, "GetTopProducts(nope=1)").is_err());
    // The argument is not an option of the result as well.
    assert_eq!(query(&model, "GetTopProducts()?count=5").unwrap(), CollectionQuery::default());
}

#[test]
fn options_are_bound_for_collections() {
    let model = reference();
    let bound = query(
        &model,
        "Products?$filter=Price gt 5&$orderby=Name desc,Price&$top=2&$skip=1&$count=true&$search=a OR b&$select=Name,ShippingAddress/City,ShippingAddress/Street&$expand=Category($select=Name),Descriptions($filter=LanguageKey eq 'EN';$top=1)",
    )
    .unwrap();
    assert!(bound.filter.is_some() && bound.search.is_some() && bound.count);
    assert_eq!((bound.order.len(), bound.order[0].descending, bound.top, bound.skip), (2, true, Some(2), 1));
    let select = bound.projection.select.unwrap();
    let [SelectItem::Member { nested: None, .. }, SelectItem::Member { nested: Some(address), .. }] = select.as_slice()
    else {
        panic!("{select:?}")
    };
    assert_eq!(address.projection.select.as_ref().map(Vec::len), Some(2));
    assert_eq!(bound.projection.expand.len(), 2);
    assert_eq!(bound.projection.expand[1].query.top, Some(1));
    // With or without `$`, in any case.
    assert_eq!(query(&model, "Products?TOP=2&filter=Price GT 5").unwrap().top, Some(2));
    assert_eq!(query(&model, "Products?$top=0").unwrap().top, Some(0));
    assert_eq!(query(&model, "Products?$expand=*").unwrap().projection.expand.len(), 3);
    assert_eq!(query(&model, "Products?$orderby=SpecialProduct/SpecialFeature").unwrap().order.len(), 1);
}

#[test]
fn options_that_are_malformed_or_do_not_fit_are_named() {
    let model = reference();
    let id = "00000000-0000-0000-0000-000000000001";
    for (url, option) in [
        ("Products?$top=-1", "$top"),
        ("Products?$top=1.5", "$top"),
        ("Products?$top=99999999999999999999", "$top"),
        ("Products?$top=", "$top"),
        ("Products?$skip=x", "$skip"),
        ("Products?$count=maybe", "$count"),
        ("Products?$nope=1", "$nope"),
        ("Products?$filter=true&filter=true", "$filter"),
        ("Products?$filter", "$filter"),
        ("Products?$filter=Name eq", "$filter"),
        ("Products?$orderby=Name sideways", "$orderby"),
        ("Products?$orderby=Nope", "$orderby"),
        ("Products?$orderby=Descriptions", "$orderby"),
        ("Products?$select=Nope", "$select"),
        ("Products?$select=Name/Nope", "$select"),
        ("Products?$expand=Nope", "$expand"),
        ("Products?$expand=Name", "$expand"),
        ("Products?$expand=Category,Category", "$expand"),
        ("Products?$expand=Category($filter=true)", "$filter"),
        ("Products?$expand=Category($nope=1)", "$expand"),
        ("Products?$search=\"open", "$search"),
        ("Products?$levels=2", "$levels"),
        ("Products/$count?$top=1", "$top"),
        ("Products?@a=1&@a=2", "@a"),
        ("Products?$filter=@a&@a=@b&@b=@a", "$filter"),
    ] {
        let error = query(&model, url).unwrap_err();
        assert_eq!((error.kind, error.target.as_deref()), (ErrorKind::BadRequest, Some(option)), "{url}: {error}");
    }
    for option in ["$filter=true", "$top=1", "$orderby=Name", "$count=true", "$skip=1", "$search=x"] {
        let error = query(&model, &format!("Products({id})?{option}")).unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadRequest, "{option}");
        let name = option.split('=').next().unwrap();
        assert_eq!(error.message, format!("The query option '{name}' cannot be applied to the requested resource."));
    }
    assert!(query(&model, &format!("Products({id})/Name?$select=Name")).is_err());
    assert_eq!(query(&model, "Products?$index=1").unwrap_err().kind, ErrorKind::NotImplemented);
}

#[test]
fn custom_options_are_ignored_and_encoded_names_are_known() {
    let model = reference();
    let bound = query(&model, "Products?source=sdk&%24top=3&x-y=&!special").unwrap();
    assert_eq!(bound, CollectionQuery { top: Some(3), ..CollectionQuery::default() });
    assert!(query(&model, "Products?$filter=contains(Name,'a%26b+c')").is_ok());
}

#[test]
fn options_nested_too_deeply_are_refused() {
    let model = reference();
    let deep = "Products?$expand=".to_owned() + &"RelatedProducts($expand=".repeat(60) + "Category" + &")".repeat(60);
    assert_eq!(query(&model, &deep).unwrap_err().kind, ErrorKind::BadRequest);
}
