// What the examples in the documentation share, included by a hidden line of each: the model of `shop.csdl.xml`, engines that
// serve it, and three products. Only setting up stands here; what an example shows, it shows itself.

use std::sync::Arc;

use odata::edm::{DateTimeOffset, Decimal};
use odata::engine::{Batch, Engine, ErrorContext, Head, Operation, Outcome, Settings, Unsealed};
use odata::exec::memory::{Context, Related, Rows, Source};
use odata::model::EdmType;
use odata::plan::{CollectionQuery, Filter};
use odata::syntax::RelativeUrl;
use odata::{Error, Model, Profile, Record, RecordBuilder, Value, bind};

pub const CSDL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.csdl.xml"));
pub const ROOT: &str = "https://example.org";

pub fn model() -> Model {
    odata::csdl::read(CSDL).expect("a good model")
}

pub fn engine() -> Engine {
    engine_with(|_| {})
}

pub fn engine_with(choose: impl FnOnce(&mut Settings)) -> Engine {
    let mut settings = Settings::new(Profile::Strict);
    settings.compute = true;
    choose(&mut settings);
    Engine::new(model().into(), settings)
}

pub fn headers(lines: &[(&'static str, &str)]) -> http::HeaderMap {
    lines.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().expect("a value"))).collect()
}

/// The head of a request: `GET /products`; a write has a body in JSON and prefers to be answered with one.
pub fn head(engine: &Engine, request: &str) -> Result<Head, Error> {
    let (method, url) = request.split_once(' ').expect("a method and a URL");
    let headers = if matches!(method, "POST" | "PATCH" | "PUT") {
        headers(&[("content-type", "application/json"), ("prefer", "return=representation")])
    } else {
        http::HeaderMap::new()
    };
    engine.head(&method.parse().expect("a method"), url, &headers, ROOT, &Unsealed)
}

/// What a request asks: `PATCH /products(1)` with its body.
pub fn bind(engine: &Engine, request: &str, body: &'static str) -> Result<Operation, Error> {
    engine.bind(&head(engine, request)?, body.into(), None)
}

/// A batch in JSON.
pub fn batch(engine: &Engine, body: &'static str) -> Result<Batch, Error> {
    engine.batch("/$batch", &headers(&[("content-type", "application/json")]), ROOT, &body.into())
}

/// The body of the answer to a request.
pub fn text(engine: &Engine, request: &str, outcome: Outcome) -> Result<String, Error> {
    let response = engine.render(&head(engine, request)?, outcome, &Unsealed)?;
    Ok(String::from_utf8(response.into_body().into()).expect("JSON"))
}

/// A product by its number, name and price.
pub fn product(model: &Model, id: i32, name: &str, price: &str) -> Record {
    let ty = model.type_by_name("shop.product").expect("declared");
    let price = Value::Decimal(Decimal::parse(price).expect("a price"));
    RecordBuilder::new(model, ty).set_named("id", id).set_named("name", name).set_named("price", price).whole()
}

/// A predicate over products.
pub fn filter(model: &Model, text: &str) -> Filter {
    let product = model.type_by_name("shop.product").expect("declared");
    bind::filter(model, EdmType::Named(product), text).expect("a good filter")
}

/// What a read asks: `products?$top=1`.
pub fn query(model: &Model, url: &str) -> Result<CollectionQuery, Error> {
    let url = RelativeUrl::parse(url)?;
    bind::query(model, &bind::path(model, &url.path, &url.query)?, &url.query)
}

/// Evaluation at the beginning of 1970.
pub fn context(model: &Model) -> Context<'_> {
    Context::new(model, DateTimeOffset::from_unix_nanos(0))
}

/// Tea (1), cup (2) and pot (3).
pub fn products(model: &Model) -> Vec<Record> {
    [(1, "tea", "4.50"), (2, "cup", "3.00"), (3, "pot", "19.90")]
        .map(|(id, name, price)| product(model, id, name, price))
        .into()
}

/// The products with their ranks, as the executor in memory takes them.
pub fn rows(model: &Model) -> impl Iterator<Item = (u64, Value)> + use<> {
    (0..).zip(products(model).into_iter().map(Value::from))
}

/// The products as a source: all are in the category `kitchen`, the only one.
pub struct Shelves(Vec<Arc<Record>>, Arc<Record>);

pub fn shelves(model: &Model) -> Shelves {
    let category = model.type_by_name("shop.category").expect("declared");
    let kitchen = RecordBuilder::new(model, category).set(0, "kitchen").build();
    Shelves(products(model).into_iter().map(Arc::new).collect(), kitchen.into())
}

impl Source for Shelves {
    fn rows(&self, child: u16) -> Rows<'_> {
        if child == 0 {
            Box::new((0..).zip(self.0.iter().cloned()))
        } else {
            Box::new(std::iter::once((0, Arc::clone(&self.1))))
        }
    }

    fn entity(&self, child: u16, key: &[Value]) -> Option<Arc<Record>> {
        self.rows(child).map(|(_, entity)| entity).find(|entity| key.is_empty() || entity.get(0) == key.first())
    }

    fn related(&self, owner: &Record, _member: u16) -> Related<'_> {
        if owner.type_id == self.1.type_id { Related::Many(self.rows(0)) } else { Related::One(Some(self.1.clone())) }
    }
}

/// The answer to a request that fails.
pub fn refuse(engine: &Engine, error: &Error) -> http::Response<bytes::Bytes> {
    let headers = &http::HeaderMap::new();
    engine.render_error(error, &ErrorContext { date: "", request_id: "", client_request_id: "", headers })
}
