//! The model's data as a document lays it out: schemas, references, terms, annotations. Plain structs, kept for `$metadata`
//! and for whoever asks.

use std::sync::Arc;

use super::container::OperationId;
use super::types::{Facets, TypeId};

/// A `Schema` element.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let schema = &model.schemas[0];
/// assert_eq!((&*schema.namespace, schema.alias.as_deref()), ("shop", Some("s")));
/// assert!(schema.has_container && schema.types.len() == 6);
/// ```
#[derive(Debug, Clone)]
pub struct Schema {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its alias.
    pub alias: Option<Arc<str>>,
    /// Types declared in it, in order.
    pub types: Vec<TypeId>,
    /// Operations declared in it, in order.
    pub operations: Vec<OperationId>,
    /// Terms declared in it.
    pub terms: Vec<Term>,
    /// Annotations inside the `Schema` element itself.
    pub annotations: Vec<Annotation>,
    /// `Annotations` elements whose target is not an element of the model that holds annotations itself (another
    /// document's element, a derived type's inherited member); the others were moved to their targets.
    pub targeted: Vec<(Arc<str>, Vec<Annotation>)>,
    /// Whether the entity container is declared here.
    pub has_container: bool,
}

/// A declared `Term`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let shelf = &model.schemas[0].terms[0];
/// assert_eq!((&*shelf.name, &*shelf.type_text, shelf.applies_to.as_deref()), ("shelf", "Edm.String", Some("EntityType")));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Its name, unqualified.
    pub name: Arc<str>,
    /// Its type as written (terms may have types that values cannot, such as `Edm.PropertyPath`).
    pub type_text: Arc<str>,
    /// `Nullable`, where it is written.
    pub nullable: Option<bool>,
    /// `BaseTerm`.
    pub base: Option<Arc<str>>,
    /// `DefaultValue`.
    pub default: Option<Arc<str>>,
    /// `AppliesTo`.
    pub applies_to: Option<Arc<str>>,
    /// Facets.
    pub facets: Facets,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}

/// An `edmx:Reference`.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let core = &model.references[0];
/// assert!(core.uri.ends_with("/Org.OData.Core.V1.xml"));
/// assert_eq!(core.includes, [("Org.OData.Core.V1".into(), Some("Core".into()))]);
/// ```
#[derive(Debug, Clone)]
pub struct Reference {
    /// Where the document is.
    pub uri: Arc<str>,
    /// `(namespace, alias)` of each `edmx:Include`.
    pub includes: Vec<(Arc<str>, Option<Arc<str>>)>,
    /// `edmx:IncludeAnnotations`.
    pub annotations: Vec<IncludeAnnotations>,
}

/// Annotations of another document that count for this one.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let notes = &model.references[0].annotations[0];
/// assert_eq!((&*notes.term_namespace, notes.qualifier.as_deref()), ("shop.notes", Some("kitchen")));
/// ```
#[derive(Debug, Clone)]
pub struct IncludeAnnotations {
    /// The namespace of their terms.
    pub term_namespace: Arc<str>,
    /// The only qualifier, where one is named.
    pub qualifier: Option<Arc<str>>,
    /// The only namespace of their targets, where one is named.
    pub target_namespace: Option<Arc<str>>,
}

/// An annotation: term (as written), qualifier, and its constant or dynamic expression.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let product = model.type_by_name("shop.product").expect("declared");
/// let shelf = &model.named(product).annotations()[0];
/// assert_eq!((&*shelf.term, shelf.value.as_text()), ("s.shelf", Some("front")));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Term name as written, possibly with an alias.
    pub term: Arc<str>,
    /// Qualifier after `#`.
    pub qualifier: Option<Arc<str>>,
    /// Its value.
    pub value: AnnotationValue,
    /// Annotations of the annotation.
    pub annotations: Vec<Annotation>,
}

/// The value of an annotation.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::AnnotationValue;
///
/// let category = model.type_by_name("shop.category").expect("declared");
/// let tree = &model.named(category).annotations()[0].value;
/// assert!(matches!(tree, AnnotationValue::Record(None, properties) if &*properties[0].0 == "NodeProperty"));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum AnnotationValue {
    /// A constant; an absent expression is `true`. `kind` is the CSDL attribute (`Bool`, `String`, `Int`, …).
    Constant {
        /// CSDL attribute or element name.
        kind: Arc<str>,
        /// Its text.
        text: Arc<str>,
    },
    /// A path of one of the path kinds (`Path`, `PropertyPath`, …).
    Path {
        /// CSDL attribute or element name.
        kind: Arc<str>,
        /// The path.
        text: Arc<str>,
    },
    /// A collection.
    Collection(Vec<AnnotationValue>),
    /// A record: optional type, members with their own annotations left out.
    Record(Option<Arc<str>>, Vec<(Arc<str>, AnnotationValue)>),
    /// A dynamic expression (`If`, `Apply`, `And`, `Cast`, …): element name, attributes, operands.
    Dynamic {
        /// Element name.
        kind: Arc<str>,
        /// Attributes in document order (`Function` of `Apply`, `Type` of `Cast`, …).
        attributes: Vec<(Arc<str>, Arc<str>)>,
        /// Operands.
        operands: Vec<AnnotationValue>,
    },
    /// Null.
    Null,
}
