//! What of a representation depends on the model alone, made once: member names and type annotations as bytes.

use crate::model::{EdmType, MemberKind, Model, NamedType, Primitive, StructuredType, TypeId};

/// When values name their type at minimal metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Types {
    /// Only where it cannot be told from the declaration (OData JSON 4.01, 3.1.1).
    Derived,
    /// Always: entities with `#`, complex values without it when they are of the declared type (ruling R10).
    Always,
}

/// Shapes of all structured types of a model.
#[derive(Debug)]
pub(crate) struct Shapes(Vec<Option<Shape>>);

/// One type's.
#[derive(Debug)]
pub(crate) struct Shape {
    /// `"@odata.type":"#ns.Type"`.
    pub(crate) type_hash: Box<[u8]>,
    /// `"@odata.type":"ns.Type"`.
    pub(crate) type_plain: Box<[u8]>,
    /// In the order of the members.
    pub(crate) members: Vec<MemberShape>,
}

/// One member's.
#[derive(Debug)]
pub(crate) struct MemberShape {
    /// `"name":`.
    pub(crate) key: Box<[u8]>,
    pub(crate) kind: ShapeKind,
    /// `"name@odata.type":"#Int32"`, at full metadata, where JSON does not tell.
    pub(crate) full_type: Option<Box<[u8]>>,
}

/// How a member is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShapeKind {
    Structural,
    Stream,
    Navigation,
}

impl Shapes {
    pub(crate) fn new(model: &Model) -> Self {
        Self(
            model
                .types
                .iter()
                .map(|ty| match ty {
                    NamedType::Structured(ty) => Some(shape(model, ty)),
                    _ => None,
                })
                .collect(),
        )
    }

    pub(crate) fn of(&self, id: TypeId) -> &Shape {
        self.0[id.0 as usize].as_ref().expect("records are of structured types of the same model")
    }
}

fn shape(model: &Model, ty: &StructuredType) -> Shape {
    let bytes = |text: String| text.into_bytes().into_boxed_slice();
    let members = ty.members.iter().map(|member| {
        let kind = match member.kind {
            MemberKind::Navigation(_) => ShapeKind::Navigation,
            MemberKind::Structural { .. } if member.ty.base == EdmType::Primitive(Primitive::Stream) => {
                ShapeKind::Stream
            }
            MemberKind::Structural { .. } => ShapeKind::Structural,
        };
        let full_type = full_type(model, member.ty.base, member.ty.collection)
            .filter(|_| kind == ShapeKind::Structural)
            .map(|ty| bytes(format!("\"{}@odata.type\":\"{ty}\"", member.name)));
        MemberShape { key: bytes(format!("\"{}\":", member.name)), kind, full_type }
    });
    Shape {
        type_hash: bytes(format!("\"@odata.type\":\"#{}\"", ty.name)),
        type_plain: bytes(format!("\"@odata.type\":\"{}\"", ty.name)),
        members: members.collect(),
    }
}

/// The type annotation of a property; `None` where JSON tells (string, Boolean, double) or the value names it itself.
pub(crate) fn full_type(model: &Model, base: EdmType, collection: bool) -> Option<String> {
    let name = match base {
        EdmType::Primitive(primitive) => primitive.short_name().to_owned(),
        EdmType::Named(id) => match model.named(id) {
            NamedType::Structured(ty) => ty.name.to_string(),
            NamedType::Enum(ty) => ty.name.to_string(),
            NamedType::Definition(ty) => ty.name.to_string(),
        },
        EdmType::Any(_) => return None,
    };
    let told = matches!(base, EdmType::Primitive(Primitive::String | Primitive::Boolean | Primitive::Double))
        || matches!(base, EdmType::Named(id) if model.structured(id).is_some());
    match (collection, told) {
        (true, _) => Some(format!("#Collection({name})")),
        (false, true) => None,
        (false, false) => Some(format!("#{name}")),
    }
}
