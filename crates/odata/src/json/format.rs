//! How values are written, and what links are made with: the vocabulary of the writer. Writes nothing itself.

use super::shape::Types;
use crate::model::{MemberKind, TypeId};
use crate::plan::Projection;
use crate::value::{Record, Value};

/// `odata.metadata`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    None,
    Minimal,
    Full,
}

/// Which structural properties are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Omit {
    Nothing,
    Nulls,
    /// Those with their default value, which is null where the model declares none.
    Defaults,
}

impl Omit {
    pub(super) fn leaves_out(self, value: &Value, member: &MemberKind) -> bool {
        match (self, member) {
            (Self::Nothing, _) => false,
            (Self::Defaults, MemberKind::Structural { default: Some(default), .. }) => value == default,
            _ => value.is_null(),
        }
    }
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub(crate) level: Level,
    /// `Int64` and `Decimal` as strings.
    pub(crate) ieee754: bool,
    /// `omit-values`.
    pub(crate) omit: Omit,
    pub(crate) types: Types,
    /// Media links of streams, and navigation links that are selected, at minimal metadata too.
    pub(crate) links: bool,
    /// Ids of entities at minimal metadata too, where the context does not lead to them.
    pub(crate) ids: bool,
    /// Entities without identity say so, as OData 4.0 asks.
    pub(crate) transient: bool,
    /// Control information without `odata.` (OData 4.01).
    pub(crate) short_names: bool,
    /// Navigation properties that a record holds are written though nobody asked (an answer to a deep insert).
    pub(crate) inline_navigation: bool,
}

/// Writes the absolute URL of a record, when it is needed.
pub(crate) type Place<'p> = &'p dyn Fn(&mut String);

/// Rows inside a row, for who writes them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    /// Their context URL, where the row's own does not tell it.
    pub(crate) context: Option<String>,
    /// Their type.
    pub(crate) ty: TypeId,
    /// What is shown of them.
    pub(crate) projection: Projection,
    /// The URL of the entity set that they live in.
    pub(crate) set: Option<String>,
}

/// What links are made with.
pub(crate) trait Context {
    /// The link for the rest of an embedded collection: the collection's URL and the position. `None` where no link can be
    /// made.
    fn next_link(&self, collection_url: &str, position: &[u8]) -> Option<String>;
    /// Appends the URL of the entity set that a navigation property of a type leads to, where it is known.
    fn push_set(&self, url: &mut String, owner: TypeId, member: u16) -> bool;
    /// What is known of rows inside a row that `$apply` made, by the name of their property.
    fn nested(&self, name: &str) -> Option<&Told>;
    /// Appends the key of an entity to the URL of its collection.
    fn push_key(&self, url: &mut String, record: &Record);
    /// Whether the entity with this URL can be changed or deleted by it.
    fn is_editable(&self, url: &str) -> bool;
    /// The operations that an entity advertises (`#ns.action`), each behind a comma: all of them with their targets, or
    /// the selected ones without.
    fn operations(&self, out: &mut Vec<u8>, ty: TypeId, url: &str, selected: Option<&[&str]>);
}
