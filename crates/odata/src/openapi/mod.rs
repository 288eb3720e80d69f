//! An OpenAPI 3.1 document of a service, derived from its model: paths, parameters, schemas. It says what the engine does
//! because it asks the engine: a path's methods are those of its target. The same model gives the same bytes.
//!
//! Paths go along containment up to `OPENAPI_DEPTH_MAX` steps and one step along other navigation. Casts,
//! single primitive properties and `$ref` are left out: an OpenAPI document cannot hold all of OData's URLs, and the model
//! itself (`$metadata`) says the rest.
//!
//! ```
//! let model = odata::csdl::read(
//!     r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
//!       <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="shop">
//!         <EntityType Name="item"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>
//!         </EntityType><EntityContainer Name="c"><EntitySet Name="items" EntityType="shop.item"/></EntityContainer>
//!       </Schema></edmx:DataServices></edmx:Edmx>"#,
//! )
//! .expect("a good model");
//! let about = odata::openapi::About::new("Shop", "1.0");
//! let document = odata::openapi::Document::new(&model, odata::Profile::Strict, &about);
//! assert!(document.json().contains("\"/items({item-id})\""));
//! assert!(document.yaml().starts_with("openapi: \"3.1.0\"\n"));
//! ```

mod capability;
mod operations;
mod paths;
mod scalars;
mod schemas;
mod tree;

use crate::model::Model;
use crate::profile::Profile;
use tree::{Tree, list, map};

/// What the model cannot say of a service.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::openapi::{About, Document};
///
/// let mut about = About::new("Shop", "1.0");
/// about.bearer = Some(("token".into(), "JWT".into()));
/// let document = Document::new(&model, odata::Profile::Strict, &about);
/// assert!(document.yaml().contains("bearerFormat: JWT"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Title.
    pub title: String,
    /// Version of the service.
    pub version: String,
    /// In some sentences.
    pub description: Option<String>,
    /// Service roots, absolute or relative to where the document is, without a trailing slash.
    pub servers: Vec<String>,
    /// Name and bearer format (`JWT`) of the token that every request but those for documents needs.
    pub bearer: Option<(String, String)>,
    /// Whether `$batch` is served (as JSON).
    pub batch: bool,
}

impl About {
    /// A service at the root of the document's host, for everybody.
    ///
    /// ```
    /// let about = odata::openapi::About::new("Shop", "1.0");
    /// assert_eq!((about.title.as_str(), about.servers[0].as_str(), about.batch), ("Shop", "/", false));
    /// ```
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: version.into(),
            description: None,
            servers: vec!["/".to_owned()],
            bearer: None,
            batch: false,
        }
    }
}

/// The document, to be written in either form.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::openapi::{About, Document};
///
/// let document = || Document::new(&model, odata::Profile::Strict, &About::new("Shop", "1.0"));
/// assert_eq!(document().json(), document().json(), "the same model gives the same bytes");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document(Tree);

impl Document {
    /// Describes the service of a model.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::openapi::{About, Document};
    ///
    /// let document = Document::new(&model, odata::Profile::Strict, &About::new("Shop", "1.0"));
    /// assert!(document.json().contains("\"/products({product-id})/category\""));
    /// ```
    pub fn new(model: &Model, profile: Profile, about: &About) -> Self {
        let info = map([("title", about.title.as_str().into()), ("version", about.version.as_str().into())])
            .with_some("description", about.description.as_deref());
        let servers = about.servers.iter().map(|url| map([("url", url.as_str().into())]));
        let mut root = map([
            ("openapi", "3.1.0".into()),
            ("info", info),
            ("jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema".into()),
            ("servers", Tree::List(servers.collect())),
        ]);
        let mut components =
            map([("schemas", schemas::components(model, profile)), ("responses", map([("error", error_response())]))]);
        if let Some((name, format)) = &about.bearer {
            let scheme =
                map([("type", "http".into()), ("scheme", "bearer".into()), ("bearerFormat", format.as_str().into())]);
            components = components.with("securitySchemes", map([(name, scheme)]));
            root = root.with("security", Tree::List(vec![map([(name, Tree::List(Vec::new()))])]));
        }
        let tags = model.container.children.iter().map(|child| map([("name", (&*child.name).into())]));
        root = root.with("tags", Tree::List(tags.collect()));
        Self(root.with("paths", all_paths(model, profile, about)).with("components", components))
    }

    /// As JSON, indented.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # use odata::openapi::{About, Document};
    /// let document = Document::new(&model, odata::Profile::Strict, &About::new("Shop", "1.0"));
    /// assert!(document.json().starts_with("{\n  \"openapi\": \"3.1.0\""));
    /// ```
    pub fn json(&self) -> String {
        self.0.json()
    }

    /// As YAML 1.2.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// # use odata::openapi::{About, Document};
    /// let document = Document::new(&model, odata::Profile::Strict, &About::new("Shop", "1.0"));
    /// assert!(document.yaml().starts_with("openapi: \"3.1.0\"\ninfo:\n"));
    /// ```
    pub fn yaml(&self) -> String {
        self.0.yaml()
    }
}

fn all_paths(model: &Model, profile: Profile, about: &About) -> Tree {
    let mut out = vec![
        ("/".to_owned(), map([("get", document("service.get", "The service document.", "application/json", None))])),
        (
            "/$metadata".to_owned(),
            map([("get", document("metadata.get", "The model (CSDL).", "application/xml", Some("application/json")))]
                .map(|(name, get)| (name, get.with("security", Tree::List(Vec::new()))))),
        ),
    ];
    if about.batch {
        out.push(("/$batch".to_owned(), map([("post", batch())])));
    }
    let mut ids = Vec::new();
    for resource in paths::all(model, profile) {
        // Overloads that differ in more than parameters of the path share one address: the first is described.
        if !out.iter().any(|(known, _)| *known == resource.template) {
            let item = operations::of(model, profile, &resource, &mut ids);
            out.push((resource.template, item));
        }
    }
    Tree::Map(out)
}

fn error_response() -> Tree {
    operations::answer(
        "The request failed; the body says why.",
        Some(operations::json_content(schemas::reference("error"))),
    )
}

fn with_errors(responses: Tree, errors: &[&str]) -> Tree {
    errors
        .iter()
        .fold(responses, |all, status| all.with(*status, map([("$ref", "#/components/responses/error".into())])))
}

fn document(id: &str, description: &str, media_type: &str, other: Option<&str>) -> Tree {
    let mut content = map([(media_type, map([]))]);
    if let Some(other) = other {
        content = content.with(other, map([]));
    }
    let responses = map([
        ("200", operations::answer(description, Some(content))),
        ("304", operations::answer("What the caller has is the current state.", None)),
    ]);
    let responses = with_errors(responses, &["400", "401", "403", "406", "500", "503"]);
    map([("operationId", id.into()), ("description", description.into()), ("responses", responses)])
}

/// An object that takes no members but those that are declared, and annotations, which are told by their `@`.
fn but_annotations(schema: Tree) -> Tree {
    schema.with("patternProperties", map([("@", map([]))])).with("additionalProperties", false)
}

/// `$batch` in JSON (OData JSON Format 4.01, chapter 19).
fn batch() -> Tree {
    let text = || map([("type", "string".into())]);
    // SDKs write members that they have nothing for as null.
    let or_null = |name| list([name, "null"]);
    let request = map([
        ("type", "object".into()),
        (
            "properties",
            map([
                ("id", operations::some_text()),
                ("method", map([("enum", list(["GET", "POST", "PATCH", "PUT", "DELETE"]))])),
                ("url", operations::some_text()),
                ("headers", map([("type", or_null("object")), ("additionalProperties", text())])),
                ("body", map([])),
                ("dependsOn", map([("type", or_null("array")), ("items", operations::some_text())])),
                ("atomicityGroup", map([("type", or_null("string")), ("minLength", 1.into())])),
                ("if", map([("type", or_null("string")), ("minLength", 1.into())])),
            ]),
        ),
        ("required", list(["id", "method", "url"])),
    ]);
    let response = map([
        ("type", "object".into()),
        (
            "properties",
            map([
                ("id", text()),
                ("status", map([("type", "integer".into())])),
                ("headers", map([("type", "object".into())])),
                ("body", map([])),
            ]),
        ),
        ("required", list(["id", "status"])),
    ]);
    let of = |name: &str, items: Tree| {
        let all = map([("type", "array".into()), ("items", items)]);
        map([("type", "object".into()), ("properties", map([(name, all)])), ("required", list([name]))])
    };
    let answered =
        operations::answer("Each request's own answer.", Some(operations::json_content(of("responses", response))));
    let errors = ["400", "401", "403", "406", "412", "413", "415", "429", "500", "503"];
    map([
        ("operationId", "batch.call".into()),
        ("description", "Several requests in one.".into()),
        ("requestBody", operations::json_body(but_annotations(of("requests", but_annotations(request))), true)),
        ("responses", with_errors(map([("200", answered)]), &errors)),
    ])
}
