// What examples of open types share, included by a hidden line of each: a model with one, an engine that serves it, and a plant.

use odata::engine::{Engine, Head, Settings, Unsealed};
use odata::{DynamicProperty, Error, Model, Profile, Record, RecordBuilder};

pub const CSDL: &str = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
  <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="garden"><EntityType Name="plant" OpenType="true">
    <Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/></EntityType>
    <EntityContainer Name="c"><EntitySet Name="plants" EntityType="garden.plant"/></EntityContainer></Schema>
  </edmx:DataServices></edmx:Edmx>"#;

pub fn model() -> Model {
    odata::csdl::read(CSDL).expect("a good model")
}

pub fn engine() -> Engine {
    Engine::new(model().into(), Settings::new(Profile::Strict))
}

/// The head of a request: `GET /plants`; a write has a body in JSON.
pub fn head(engine: &Engine, request: &str) -> Result<Head, Error> {
    let (method, url) = request.split_once(' ').expect("a method and a URL");
    let mut headers = http::HeaderMap::new();
    headers.insert("content-type", http::HeaderValue::from_static("application/json"));
    engine.head(&method.parse().expect("a method"), url, &headers, "https://example.org", &Unsealed)
}

/// A plant that has a colour.
pub fn rose(model: &Model) -> Record {
    let plant = model.type_by_name("garden.plant").expect("declared");
    let mut rose = RecordBuilder::new(model, plant).set(0, 1).build();
    rose.set_dynamic(DynamicProperty { name: "colour".into(), ty: None, value: "red".into() });
    rose
}
