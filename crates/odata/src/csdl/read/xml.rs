//! A CSDL element: its attributes read as what CSDL says they are, its children without what other namespaces put between,
//! its place for errors. Knows no model.

use roxmltree::{Document, Node, ParsingOptions};

use crate::csdl::{CsdlError, CsdlFault};
use crate::limits::CSDL_NODES_MAX;
use crate::model::is_identifier;

pub(crate) const EDMX: &str = "http://docs.oasis-open.org/odata/ns/edmx";
pub(crate) const EDM: &str = "http://docs.oasis-open.org/odata/ns/edm";

/// Parses without document type declarations (no entities, so no expansion of them) and within the node limit.
pub(super) fn document(xml: &str) -> Result<Document<'_>, CsdlError> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: CSDL_NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(xml, options).map_err(|error| {
        let at = error.pos();
        let fault = match error {
            roxmltree::Error::NodesLimitReached => {
                CsdlFault::TooMany { what: "XML nodes", max: CSDL_NODES_MAX as usize }
            }
            other => CsdlFault::Xml(other.to_string()),
        };
        CsdlError { line: at.row, column: at.col, fault }
    })
}

/// An element of the `edm` or `edmx` namespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a>(Node<'a, 'a>);

impl<'a> Element<'a> {
    pub(super) fn root(document: &'a Document<'a>) -> Self {
        Self(document.root_element())
    }

    pub(super) fn name(self) -> &'a str {
        self.0.tag_name().name()
    }

    pub(super) fn is_in(self, namespace: &str) -> bool {
        self.0.tag_name().namespace() == Some(namespace)
    }

    /// The child elements of the CSDL namespaces.
    pub(super) fn children(self) -> impl Iterator<Item = Self> {
        self.0.children().filter(Node::is_element).map(Self).filter(|child| child.is_in(EDM) || child.is_in(EDMX))
    }

    /// The text between the tags.
    pub(super) fn text(self) -> String {
        self.0.children().filter(Node::is_text).filter_map(|node| node.text()).collect()
    }

    /// The attributes that are in no namespace.
    pub(super) fn attributes(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.attributes().filter(|attribute| attribute.namespace().is_none()).map(|attribute| {
            // `Attribute::name` borrows from the attribute; the text of the document lives longer.
            (attribute.name(), attribute.value())
        })
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'a str> {
        self.0.attribute(name)
    }

    pub(super) fn required(self, name: &'static str) -> Result<&'a str, CsdlError> {
        self.attribute(name)
            .ok_or_else(|| self.fault(CsdlFault::MissingAttribute { element: self.name().to_owned(), attribute: name }))
    }

    /// A Boolean attribute; CSDL writes `true` and `false` only.
    pub(super) fn flag(self, name: &'static str) -> Result<Option<bool>, CsdlError> {
        match self.attribute(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(text) => Err(self.bad_text(name, text, "true or false")),
        }
    }

    /// The attribute `Name` (or another one) that must be a simple identifier.
    pub(super) fn identifier(self, attribute: &'static str) -> Result<&'a str, CsdlError> {
        let text = self.required(attribute)?;
        if is_identifier(text) { Ok(text) } else { Err(self.bad_text(attribute, text, "an identifier")) }
    }

    /// Refuses attributes (without namespace) that are not in the lists.
    pub(super) fn only(self, allowed: &[&str]) -> Result<(), CsdlError> {
        match self.attributes().find(|(name, _)| !allowed.contains(name)) {
            None => Ok(()),
            Some((name, _)) => Err(self
                .fault(CsdlFault::UnexpectedAttribute { element: self.name().to_owned(), attribute: name.to_owned() })),
        }
    }

    /// The error of an element that has no place in its parent.
    pub(super) fn unexpected(self) -> CsdlError {
        let within = self.0.parent_element().map_or("the document", |parent| parent.tag_name().name());
        self.fault(CsdlFault::UnexpectedElement { element: self.name().to_owned(), within: within.to_owned() })
    }

    pub(super) fn missing(self, element: &'static str) -> CsdlError {
        self.fault(CsdlFault::MissingElement { within: self.name().to_owned(), element })
    }

    pub(super) fn bad_text(self, attribute: &str, text: &str, expected: impl Into<String>) -> CsdlError {
        // A long text (a whole payload pasted in) would hide the message.
        let text = text.chars().take(80).collect();
        self.fault(CsdlFault::Text { attribute: attribute.to_owned(), text, expected: expected.into() })
    }

    pub(super) fn unknown(self, what: &'static str, name: &str) -> CsdlError {
        self.fault(CsdlFault::Unknown { what, name: name.to_owned() })
    }

    pub(super) fn duplicate(self, what: &'static str, name: &str) -> CsdlError {
        self.fault(CsdlFault::Duplicate { what, name: name.to_owned() })
    }

    pub(super) fn misused(self, what: &'static str, name: &str, why: &'static str) -> CsdlError {
        self.fault(CsdlFault::Misused { what, name: name.to_owned(), why })
    }

    /// An error at this element.
    pub(super) fn fault(self, fault: CsdlFault) -> CsdlError {
        let at = self.0.document().text_pos_at(self.0.range().start);
        CsdlError { line: at.row, column: at.col, fault }
    }
}

/// Whether a text is a dotted name of identifiers, at most 511 characters.
pub(super) fn is_dotted(text: &str) -> bool {
    text.split('.').all(is_identifier) && text.chars().count() <= 511
}
