//! Why a CSDL document is not a model: what, and where in the document. For the developer who wrote it.

/// A fault of a CSDL document and its place.
///
/// ```
/// let error = odata::csdl::read("<model>\n  <type/>\n</model>").unwrap_err();
/// assert_eq!((error.line, error.column), (1, 1));
/// assert!(error.to_string().starts_with("line 1, column 1: "));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct CsdlError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub fault: CsdlFault,
}

/// What is wrong with a CSDL document.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// use odata::csdl::{CsdlFault, read};
///
/// let error = read(&shop::CSDL.replace("Type=\"s.size\"", "Type=\"s.shape\"")).unwrap_err();
/// assert!(matches!(&error.fault, CsdlFault::Unknown { name, .. } if name == "s.shape"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsdlFault {
    /// Not well-formed XML; a document type declaration counts as such.
    #[error("the document is not taken as XML: {0}")]
    Xml(String),
    /// A limit of `limits` is passed.
    #[error("there are more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        max: usize,
    },
    /// An element where it does not belong.
    #[error("element {element} has no place in {within}")]
    UnexpectedElement {
        /// Its name.
        element: String,
        /// The parent's name.
        within: String,
    },
    /// An attribute that the element does not have.
    #[error("element {element} has no attribute {attribute}")]
    UnexpectedAttribute {
        /// The element.
        element: String,
        /// The attribute.
        attribute: String,
    },
    /// A required attribute is missing.
    #[error("element {element} lacks the attribute {attribute}")]
    MissingAttribute {
        /// The element.
        element: String,
        /// The attribute.
        attribute: &'static str,
    },
    /// A required element is missing.
    #[error("element {within} lacks the element {element}")]
    MissingElement {
        /// The parent.
        within: String,
        /// The missing one.
        element: &'static str,
    },
    /// An attribute's text, or an element's, is not what it should be.
    #[error("{attribute}: '{text}' is not {expected}")]
    Text {
        /// The attribute or element.
        attribute: String,
        /// Its text.
        text: String,
        /// What it should be.
        expected: String,
    },
    /// A name that nothing in the document has. Documents named by `edmx:Reference` are not loaded.
    #[error("{what} {name} is not declared")]
    Unknown {
        /// Type, member, set, …
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name that is taken.
    #[error("{what} {name} is declared twice")]
    Duplicate {
        /// Type, member, set, …
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Inheritance that comes back to where it began.
    #[error("type {name} derives from itself")]
    Cycle {
        /// A type in the circle.
        name: String,
    },
    /// Something that is declared but may not be used here or like this.
    #[error("{what} {name} {why}")]
    Misused {
        /// Type, member, key, …
        what: &'static str,
        /// The name.
        name: String,
        /// The rule it breaks.
        why: &'static str,
    },
}
