//! The model's data as a document lays it out: schemas, references, terms, annotations. Plain structs, kept for `$metadata`
//! and for whoever asks.

use std::sync::Arc;

use super::container::OperationId;
use super::types::{Facets, TypeId};

/// A `Schema` element.
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
