//! What the targets ask: two models, one in each profile, with a little data of every type. Made from CSDL and JSON by the engine itself.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use http::{HeaderMap, HeaderValue, Method, header};
use odata::edm::DateTimeOffset;
use odata::engine::{Engine, Head, Operation, Outcome, Segment, Settings, Unsealed};
use odata::exec::memory::{Reader, Related, Rows, Source};
use odata::plan::CollectionQuery;
use odata::syntax::{Query, RawPath};
use odata::{Error, Profile, Record, Value, bind};

/// The model of the reference service.
pub(crate) const SHOP: &str = include_str!("../../examples/reference_service/model.csdl.xml");
/// What that one lacks: open types, containment, an order, a hierarchy, alternate keys, complex values that lead on.
pub(crate) const GARDEN: &str = include_str!("garden.csdl.xml");

/// Entities as they are posted, by set.
const SHOP_DATA: [(&str, &str); 4] = [
    ("Categories", r#"{"Name":"Garden","Description":"Outdoors"}"#),
    (
        "Products",
        r#"{"Name":"Spade","Price":12.5,"Rating":200,"Temperature":-10,"Quantity":7,"Weight":1.5,"Data":"AQID",
        "ReleaseDate":"2024-02-29","OpenTime":"09:30:00","ShippingTime":"P1DT2H","Status":"InStock,OnSale",
        "ShippingAddress":{"Street":"1 Way","City":"Ulm","State":"BW","PostalCode":"89073","Country":"DE"},
        "Location":{"type":"Point","coordinates":[9.99,48.4]}}"#,
    ),
    ("Products", r##"{"@odata.type":"#ComplianceService.SpecialProduct","Name":"Rake","Price":-0.5}"##),
    ("DecimalSamples", r#"{"Name":"pi","Amount":3.141592653589793238}"#),
];
const GARDEN_DATA: [(&str, &str); 3] = [
    (
        "Beds",
        r##"{"Row":1,"Column":"a","Tags":["x","y"],"Notes":[{"Text":"t","At":"2024-01-01T00:00:00Z","Mood":true}],"Kind":"Sunny","Area":1.25,
        "Colour":"red","Depth@odata.type":"#Decimal","Depth":0.5,"Free":[1,"x",{"a":[]}],"Since@odata.type":"#Date","Since":"2024-02-29",
        "Plants":[{"Number":1,"Name":"Rose"},{"Number":2}]}"##,
    ),
    (
        "Beds",
        r##"{"Row":2,"Column":"b","Tags":[],"Notes":[],"Colour":7,"Depth":{"@odata.type":"#garden.Note","Text":"d","Since":1}}"##,
    ),
    ("Parts", r#"{"Id":"root"}"#),
];

/// A model with its engine and its data.
pub(crate) struct World {
    pub(crate) engine: Engine,
    data: Data,
}

impl World {
    /// The service root.
    pub(crate) const ROOT: &str = "https://example.org/odata";

    /// Both.
    pub(crate) fn all() -> &'static [Self; 2] {
        static ALL: LazyLock<[World; 2]> = LazyLock::new(|| {
            let whole = |profile| Settings {
                compute: true,
                deep_updates: true,
                collection_changes: true,
                list_functions: true,
                ..Settings::new(profile)
            };
            [
                World::new(SHOP, &SHOP_DATA, whole(Profile::Strict)),
                World::new(GARDEN, &GARDEN_DATA, Settings { page_size_max: Some(2), ..whole(Profile::Graph) }),
            ]
        });
        &ALL
    }

    fn new(csdl: &str, entities: &[(&str, &str)], settings: Settings) -> Self {
        let model = odata::csdl::read(csdl).expect("a model");
        let mut world = Self { engine: Engine::new(model.into(), settings), data: Data::default() };
        for (set, body) in entities {
            let (head, operation) = world.bind(&Method::POST, &format!("/{set}"), body.as_bytes()).expect("an entity");
            let Operation::Create(mut record) = operation else { panic!("POST creates") };
            world.engine.complete(&mut record);
            let Segment::Root { child, .. } = head.target().segments[0] else { panic!("a set of the container") };
            world.data.0.entry(child).or_default().push(Arc::new(record));
        }
        world
    }

    /// Names of the sets with data.
    pub(crate) fn sets(&self) -> impl Iterator<Item = &str> {
        let children = &self.engine.model().container.children;
        self.data.0.keys().map(|set| &*children[usize::from(*set)].name)
    }

    /// `head` and `bind` of a request with a JSON body.
    pub(crate) fn bind(&self, method: &Method, path: &str, body: &[u8]) -> Result<(Head, Operation), Error> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let head = self.engine.head(method, path, &headers, Self::ROOT, &Unsealed)?;
        let operation = self.engine.bind(&head, body.to_vec().into(), None)?;
        Ok((head, operation))
    }

    /// The options of a read of a set, when they are sound.
    pub(crate) fn query(&self, set: &str, options: &str) -> Option<CollectionQuery> {
        let (model, query) = (self.engine.model(), Query::parse(options).ok()?);
        let target = bind::path(model, &RawPath::parse(set).ok()?, &query).ok()?;
        bind::query(model, &target, &query).ok()
    }

    /// Executes a read; a change answers with what it would store.
    pub(crate) fn perform(&self, head: &Head, operation: &Operation) -> Result<Outcome, Error> {
        let reader =
            Reader { model: self.engine.model(), source: &self.data, now: DateTimeOffset::from_unix_nanos(1 << 60) };
        match operation {
            Operation::Create(record) => {
                let mut record = record.clone();
                self.engine.complete(&mut record);
                let record = reader.project(Arc::new(record), &head.query().projection)?;
                Ok(Outcome::Created { record, path: "Created(1)".to_owned() })
            }
            Operation::Update { record, .. } => Ok(Outcome::Updated(Arc::new(record.clone()))),
            Operation::SetDynamic(property) => Ok(Outcome::DynamicProperty { property: property.clone(), etag: None }),
            Operation::SetProperty(value) => Ok(Outcome::Property { value: value.clone(), etag: None }),
            Operation::Invoke { operation, .. } if self.engine.model().operation(*operation).is_action => {
                Ok(Outcome::NoContent { etag: None })
            }
            Operation::ServiceDocument
            | Operation::Metadata
            | Operation::Options
            | Operation::ReadEntity(_)
            | Operation::ReadCollection(_)
            | Operation::Count(_)
            | Operation::ReadProperty(_)
            | Operation::ReadStream
            | Operation::Invoke { .. } => reader.read(head.target(), operation),
            _ => Ok(Outcome::NoContent { etag: None }),
        }
    }
}

/// Entities by the number of their set. Everything leads to everything of its type, so that paths and expansions find something.
#[derive(Default)]
struct Data(HashMap<u16, Vec<Arc<Record>>>);

impl Source for Data {
    fn rows(&self, child: u16) -> Rows<'_> {
        Box::new((0..).zip(self.0.get(&child).into_iter().flatten().cloned()))
    }

    fn entity(&self, child: u16, key: &[Value]) -> Option<Arc<Record>> {
        let rows = self.0.get(&child)?;
        rows.get(key.len() % rows.len()).cloned()
    }

    fn related(&self, owner: &Record, member: u16) -> Related<'_> {
        match Related::held(owner, member) {
            Related::One(None) => {
                let same = self.0.values().find(|rows| rows.iter().any(|row| row.type_id == owner.type_id));
                Related::Many(Box::new((0..).zip(same.into_iter().flatten().cloned())))
            }
            held => held,
        }
    }
}
