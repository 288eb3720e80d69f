//! A model written down again: what CSDL XML and CSDL JSON share. Knows no reader.

pub(super) mod json;
mod json_text;
pub(super) mod xml;
mod xml_text;

use crate::edm::write_primitive;
use crate::model::{EdmType, EnumType, Member, MemberKind, Model, NamedType, StructuredType, TypeRef};

/// The version that a metadata document says it is of; it follows the `OData-Version` of the response.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::csdl::{CsdlVersion, write_xml};
///
/// assert!(write_xml(&model, CsdlVersion::V4_0).contains("Version=\"4.0\""));
/// assert!(write_xml(&model, CsdlVersion::V4_01).contains("Version=\"4.01\""));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CsdlVersion {
    /// OData 4.0.
    #[default]
    V4_0,
    /// OData 4.01.
    V4_01,
}

impl CsdlVersion {
    fn text(self) -> &'static str {
        match self {
            Self::V4_0 => "4.0",
            Self::V4_01 => "4.01",
        }
    }
}

/// A name that is to be written: an own schema with an alias is named by it alone (CSDL 4.01, 5.1).
fn named(model: &Model, full: &str) -> String {
    let (head, name, tail) = match full.strip_prefix("Collection(").and_then(|inner| inner.strip_suffix(')')) {
        Some(inner) => ("Collection(", inner, ")"),
        None => ("", full, ""),
    };
    let aliased = name.rsplit_once('.').and_then(|(namespace, short)| {
        let schema = model.schemas.iter().find(|schema| *schema.namespace == *namespace)?;
        Some(format!("{head}{}.{short}{tail}", schema.alias.as_ref()?))
    });
    aliased.unwrap_or_else(|| full.to_owned())
}

/// What a type declares, apart from what it inherits.
struct Own<'m> {
    base: Option<&'m str>,
    is_open: bool,
    has_stream: bool,
    has_key: bool,
}

impl<'m> Own<'m> {
    fn of(model: &'m Model, ty: &StructuredType) -> Self {
        let base = ty.base.and_then(|id| model.structured(id));
        Self {
            base: base.map(|base| &*base.name),
            is_open: ty.is_open && !base.is_some_and(|base| base.is_open),
            has_stream: ty.has_stream && !base.is_some_and(|base| base.has_stream),
            has_key: !ty.key.is_empty() && base.is_none_or(|base| base.key.is_empty()),
        }
    }
}

/// Whether the use is a collection of entities, which has no `Nullable`.
fn is_entity_collection(model: &Model, ty: &TypeRef) -> bool {
    let is_entity = match ty.base {
        EdmType::Named(id) => model.structured(id).is_some_and(|ty| ty.is_entity),
        EdmType::Any(kind) => kind == crate::model::AnyKind::Entity,
        EdmType::Primitive(_) => false,
    };
    ty.collection && is_entity
}

/// The enumeration that a use of a type names.
fn enumeration<'m>(model: &'m Model, ty: &TypeRef) -> Option<&'m EnumType> {
    match ty.base {
        EdmType::Named(id) => match model.named(id) {
            NamedType::Enum(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}

/// The text of a member's `DefaultValue`.
fn default_text(model: &Model, member: &Member) -> Option<String> {
    let MemberKind::Structural { default: Some(value), .. } = &member.kind else { return None };
    let mut text = String::new();
    match (enumeration(model, &member.ty), value, model.primitive_of(&member.ty)) {
        (Some(ty), crate::value::Value::Enum(number), _) => ty.write(*number, &mut text),
        (None, value, Some((primitive, _))) => write_primitive(primitive, value, &mut text),
        _ => return None,
    }
    Some(text)
}
