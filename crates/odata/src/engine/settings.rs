//! What the application chooses for its service. Plain data; the engine reads it and nothing changes it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::limits::{BATCH_REQUESTS_MAX, BATCH_REQUESTS_MAX_GRAPH};
use crate::model::TypeId;
use crate::profile::Profile;

/// The application's choices.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// use odata::engine::{Engine, Settings};
///
/// let mut settings = Settings::new(odata::Profile::Strict);
/// let url = "GET /products?$compute=price mul 2 as pair";
/// let engine = Engine::new(shop::model().into(), settings.clone());
/// assert_eq!(shop::head(&engine, url).unwrap_err().kind, odata::ErrorKind::NotImplemented);
/// settings.compute = true;
/// let engine = Engine::new(shop::model().into(), settings);
/// assert!(shop::head(&engine, url).is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which personality answers the protocol's open points.
    pub profile: Profile,
    /// The largest page that is answered, whatever the client prefers. `None` answers collections whole.
    pub page_size_max: Option<u32>,
    /// Whether the application executes `$compute` and `$apply`. Else they are refused as not offered, wherever they stand.
    pub compute: bool,
    /// Whether the service document lists function imports that can be called without parameters though the model does
    /// not ask for it (`IncludeInServiceDocument`).
    pub list_functions: bool,
    /// Whether the application executes changes of related entities inside a change (OData 4.01, deep update). Else they
    /// are refused; references to entities that exist may stand there all the same.
    pub deep_updates: bool,
    /// Whether the application executes changes of whole collections: PATCH of a collection of entities, PATCH and DELETE of
    /// its members (`/$each`). Else they are refused.
    pub collection_changes: bool,
    /// Whether the application reads the content of streams that are expanded (`$expand=photo`) into its records. Else such
    /// requests are refused.
    pub inline_streams: bool,
    /// Whether answers of version 4.01 write control information without its prefix (`@context`, `@nextLink`), as they may.
    pub short_names: bool,
    /// `$metadata` as XML, word for word, in place of what would be written from the model: the CSDL document that the model
    /// was read from. Clients of OData 4.0 get it with their version in place of `Version="4.01"`.
    pub metadata_xml: Option<Arc<str>>,
    /// Whether a change of an entity in a set that announces `Core.OptimisticConcurrency` must carry `If-Match` or
    /// `If-None-Match`; without one it is 428.
    pub require_preconditions: bool,
    /// Largest JSON body in bytes.
    pub body_bytes_max: usize,
    /// Most requests in one batch; more are refused before any runs.
    pub batch_requests_max: usize,
    /// Largest stream in bytes, also when it is given inline as base64.
    pub stream_bytes_max: usize,
    /// What an abstract type is taken as when a body names no concrete one. A type that maps to itself is kept as it is.
    /// Types that are missing here are refused.
    pub concrete_types: HashMap<TypeId, TypeId>,
    /// Properties that hold the name of the actual type (without its namespace), by the type that declares them. In a new
    /// entity such a property names the type where no annotation does; it must agree with the type everywhere.
    pub discriminators: HashMap<TypeId, Arc<str>>,
}

impl Settings {
    /// Usual limits: pages of 1,000, bodies of 8 MiB (a stream of the largest size fits in as base64), streams of 4 MiB.
    ///
    /// ```
    /// use odata::Profile;
    /// use odata::engine::Settings;
    ///
    /// let strict = Settings { stream_bytes_max: 1 << 20, ..Settings::new(Profile::Strict) };
    /// assert_eq!((strict.page_size_max, strict.batch_requests_max), (Some(1_000), 1_000));
    /// assert_eq!(Settings::new(Profile::Graph).batch_requests_max, 20);
    /// ```
    pub fn new(profile: Profile) -> Self {
        Self {
            profile,
            page_size_max: Some(1_000),
            compute: false,
            list_functions: false,
            metadata_xml: None,
            deep_updates: false,
            collection_changes: false,
            inline_streams: false,
            short_names: false,
            require_preconditions: false,
            body_bytes_max: 8 << 20,
            batch_requests_max: match profile {
                Profile::Graph => BATCH_REQUESTS_MAX_GRAPH,
                Profile::Strict => BATCH_REQUESTS_MAX,
            },
            stream_bytes_max: 4 << 20,
            concrete_types: HashMap::new(),
            discriminators: HashMap::new(),
        }
    }
}
