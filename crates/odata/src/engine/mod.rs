//! The four steps of a request: `head` and `bind` in, `render` out; the application executes in between.
//! No status code or header is decided anywhere else.
//!
//! ```
//! use bytes::Bytes;
//! use http::{HeaderMap, Method};
//! use odata::engine::{Engine, Operation, Outcome, Settings, Unsealed};
//! use odata::{Profile, RecordBuilder};
//!
//! let model = odata::csdl::read(
//!     r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
//!       <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="shop">
//!         <EntityType Name="item"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>
//!         </EntityType><EntityContainer Name="c"><EntitySet Name="items" EntityType="shop.item"/></EntityContainer>
//!       </Schema></edmx:DataServices></edmx:Edmx>"#,
//! )
//! .expect("a good model");
//! let engine = Engine::new(model.into(), Settings::new(Profile::Strict));
//!
//! let head = engine.head(&Method::GET, "/items(7)", &HeaderMap::new(), "https://example.org", &Unsealed)?;
//! // Here the application looks at `head.access()` and `head.target()`, and reads a body if `head.body()` says so.
//! let Operation::ReadEntity(_projection) = engine.bind(&head, Bytes::new(), None)? else { panic!("a read") };
//! let item = head.target().ty.as_ref().map(|ty| ty.base);
//! # let Some(odata::model::EdmType::Named(item)) = item else { panic!("an entity") };
//! let record = RecordBuilder::new(engine.model(), item).set_named("id", 7).etag("W/\"1\"").build();
//! let response = engine.render(&head, Outcome::Entity(record.into()), &Unsealed)?;
//! assert_eq!(response.headers()["etag"], "W/\"1\"");
//! assert_eq!(
//!     response.body(),
//!     r#"{"@odata.context":"https://example.org/$metadata#items/$entity","@odata.etag":"W/\"1\"","id":7}"#,
//! );
//! # Ok::<(), odata::Error>(())
//! ```

mod address;
mod batch;
mod body;
mod canonical;
mod complete;
mod head;
mod operation;
mod outcome;
mod property;
mod reference;
mod render;
mod settings;
mod target;
mod tokens;

use std::sync::Arc;

use http::Method;

use crate::json::Shapes;
use crate::model::Model;

pub(crate) use address::type_of;
pub use batch::{Batch, BatchRun, BatchStep};
pub use head::{Access, BodyKind, Current, EntityTags, Head, Preconditions, Prefer, Return, ordinal};
pub(crate) use head::{allowed_methods, calls_delta, child_type, is_graph};
pub use operation::{MemberChange, Operation};
pub use outcome::{Changed, FailedOperation, Outcome, Page, Removed, StreamBody};
pub(crate) use reference::Resolver;
pub use render::ErrorContext;
pub use settings::Settings;
pub use target::{EntityReference, Segment, Target, TargetKind};
pub use tokens::{TokenSeal, Unsealed};

/// The engine of one service: a model and the application's choices. Immutable; share it.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// use odata::engine::{Engine, Operation, Outcome, Settings, Unsealed};
///
/// let engine = Engine::new(shop::model().into(), Settings::new(odata::Profile::Strict));
/// let head = shop::head(&engine, "GET /products/$count")?;
/// let Operation::Count(query) = engine.bind(&head, bytes::Bytes::new(), None)? else { panic!("a count") };
/// assert!(query.filter.is_none(), "the application counts all three");
/// assert_eq!(engine.render(&head, Outcome::Count(3), &Unsealed)?.body(), "3");
/// # Ok::<(), odata::Error>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    model: Arc<Model>,
    settings: Settings,
    shapes: Shapes,
    documents: render::Documents,
}

impl Engine {
    /// An engine for a model. What depends on the model alone is rendered here, once.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// use odata::engine::{Engine, Settings};
    ///
    /// let settings = Settings { page_size_max: Some(2), ..Settings::new(odata::Profile::Strict) };
    /// let engine = Engine::new(shop::model().into(), settings);
    /// assert_eq!(shop::head(&engine, "GET /products")?.query().page_size, Some(2));
    /// # Ok::<(), odata::Error>(())
    /// ```
    pub fn new(model: Arc<Model>, settings: Settings) -> Self {
        let shapes = Shapes::new(&model);
        let documents = render::Documents::new(&model, &settings);
        Self { model, settings, shapes, documents }
    }

    /// The model.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let product = engine.model().type_by_name("shop.product").expect("declared");
    /// let book = engine.model().type_by_name("shop.book").expect("declared");
    /// assert!(engine.model().is_a(book, product));
    /// ```
    pub fn model(&self) -> &Arc<Model> {
        &self.model
    }

    /// The settings.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// assert_eq!(engine.settings().page_size_max, Some(1_000));
    /// ```
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a request needs no identity: `$metadata` (which answers any method but GET and HEAD with 405) and OPTIONS.
    /// Ask it before authentication; it looks at nothing that could tell about data. `path_and_query` as in [`Self::head`].
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use http::Method;
    ///
    /// assert!(engine.is_document(&Method::GET, "/$metadata?$format=json"));
    /// assert!(engine.is_document(&Method::OPTIONS, "/products"));
    /// assert!(!engine.is_document(&Method::GET, "/products"));
    /// ```
    pub fn is_document(&self, method: &Method, path_and_query: &str) -> bool {
        let path = path_and_query.split('?').next().unwrap_or("").trim_matches('/');
        *method == Method::OPTIONS || path == "$metadata"
    }
}
