//! The model's data: the model itself, types, members. Plain structs; lookups are in `lookup`.

use std::collections::HashMap;
use std::sync::Arc;

use super::container::{Container, Operation, OperationId};
use super::schema::{Annotation, Reference, Schema};
use crate::value::Value;

/// Index of a type in [`Model::types`].
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let id = model.type_by_name("shop.book").expect("declared");
/// assert_eq!(&**model.types[id.0 as usize].name(), "shop.book");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// A whole model. Made by `csdl::read`; shared by reference.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// let model = odata::csdl::read(shop::CSDL)?;
/// assert!(model.type_names.contains_key("shop.product"));
/// assert_eq!(model.container.children.len(), 4);
/// # Ok::<(), odata::csdl::CsdlError>(())
/// ```
#[derive(Debug)]
pub struct Model {
    /// Schemas in document order (for `$metadata`).
    pub schemas: Vec<Schema>,
    /// Every named type.
    pub types: Vec<NamedType>,
    /// By full name; aliases resolve too.
    pub type_names: HashMap<Arc<str>, TypeId>,
    /// Alias → namespace.
    pub aliases: HashMap<Arc<str>, Arc<str>>,
    /// Action and function overloads.
    pub operations: Vec<Operation>,
    /// Overloads by qualified name, other name and unqualified name, each in document order.
    pub operation_names: HashMap<Arc<str>, Vec<OperationId>>,
    /// The entity container.
    pub container: Container,
    /// Namespaces whose operations and types may be named without qualification (`Core.DefaultNamespace`).
    pub default_namespaces: Vec<Arc<str>>,
    /// References to other CSDL documents, kept for `$metadata`.
    pub references: Vec<Reference>,
    /// `Core.SchemaVersion`, when declared.
    pub schema_version: Option<Arc<str>>,
}

/// A named type.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::NamedType;
///
/// let named = |name| model.named(model.type_by_name(name).expect("declared"));
/// assert!(matches!(named("shop.product"), NamedType::Structured(ty) if ty.is_entity));
/// assert!(matches!(named("shop.care"), NamedType::Enum(ty) if ty.is_flags));
/// assert!(matches!(named("shop.money"), NamedType::Definition(_)));
/// ```
#[derive(Debug, Clone)]
pub enum NamedType {
    /// An entity or complex type.
    Structured(StructuredType),
    /// An enumeration.
    Enum(EnumType),
    /// A type definition.
    Definition(TypeDefinition),
}

/// An entity type or a complex type.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let book = model.type_by_name("shop.book").and_then(|id| model.structured(id)).expect("declared");
/// assert_eq!(&*book.members[usize::from(book.own_from)].name, "author", "inherited members come first");
/// assert_eq!(&*book.key[0].name, "id");
/// ```
#[derive(Debug, Clone)]
pub struct StructuredType {
    /// Namespace-qualified name.
    pub name: Arc<str>,
    /// Length of the namespace in `name` (the unqualified name starts one byte later).
    pub namespace_len: usize,
    /// Entity (with a key) or complex.
    pub is_entity: bool,
    /// The base type.
    pub base: Option<TypeId>,
    /// All ancestors, nearest first.
    pub ancestors: Vec<TypeId>,
    /// `Abstract="true"`.
    pub is_abstract: bool,
    /// `OpenType="true"`, own or inherited.
    pub is_open: bool,
    /// Media entity, own or inherited.
    pub has_stream: bool,
    /// Key members (with alias), own or inherited; empty for complex types and keyless abstract or singleton types.
    pub key: Vec<KeyRef>,
    /// Inherited members first, then own, each in document order. An index here is the member's number.
    pub members: Vec<Member>,
    /// Where own members start.
    pub own_from: u16,
    /// Name → number.
    pub by_name: HashMap<Arc<str>, u16>,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}

/// A part of the key.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let key = &model.key_of(model.type_by_name("shop.product").expect("declared"))[0];
/// assert_eq!((&*key.name, key.path.as_slice()), ("id", &[0][..]));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRef {
    /// Name in URLs: the property's, or the alias.
    pub name: Arc<str>,
    /// Path of member numbers to the value (one for a plain property).
    pub path: Vec<u16>,
    /// The path as written.
    pub path_text: Arc<str>,
}

/// A property or navigation property.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let product = model.type_by_name("shop.product").and_then(|id| model.structured(id)).expect("declared");
/// let words = &product.members[5];
/// assert_eq!((&*words.name, words.ty.collection, words.annotations.len()), ("words", true, 2));
/// ```
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: TypeRef,
    /// What more it is.
    pub kind: MemberKind,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}

/// Structural or navigation.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::MemberKind;
///
/// let product = model.type_by_name("shop.product").and_then(|id| model.structured(id)).expect("declared");
/// let kind = |name| &product.member(name).expect("declared").1.kind;
/// assert!(matches!(kind("id"), MemberKind::Structural { default: None, computed: false, .. }));
/// assert!(matches!(kind("category"), MemberKind::Navigation(_)));
/// ```
#[derive(Debug, Clone)]
pub enum MemberKind {
    /// A structural property (streams included).
    Structural {
        /// `DefaultValue`, parsed.
        default: Option<Value>,
        /// `Core.Computed`: the service sets it, a given value is ignored.
        computed: bool,
        /// `Core.ComputedDefaultValue`: the service makes a value when none is given on create.
        computed_default: bool,
        /// `Core.Immutable`: given on create only.
        immutable: bool,
    },
    /// A navigation property.
    Navigation(Navigation),
}

/// What a navigation property adds.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::MemberKind;
///
/// let product = model.type_by_name("shop.product").and_then(|id| model.structured(id)).expect("declared");
/// let (_, category) = product.member("category").expect("declared");
/// let MemberKind::Navigation(category) = &category.kind else { panic!("it leads on") };
/// assert_eq!((category.contains_target, category.partner.as_deref()), (false, Some("products")));
/// ```
#[derive(Debug, Clone, Default)]
pub struct Navigation {
    /// `ContainsTarget="true"`.
    pub contains_target: bool,
    /// `Partner`.
    pub partner: Option<Arc<str>>,
    /// Referential constraints `(property, referenced property)`.
    pub constraints: Vec<(Arc<str>, Arc<str>)>,
    /// `OnDelete`.
    pub on_delete: Option<Arc<str>>,
}

/// A use of a type.
///
/// ```
/// use odata::model::{EdmType, Primitive, TypeRef};
///
/// let words = TypeRef::collection_of(EdmType::Primitive(Primitive::String));
/// assert!(words.collection && !words.nullable);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct TypeRef {
    /// The (element) type.
    pub base: EdmType,
    /// `Collection(…)`.
    pub collection: bool,
    /// Of the value, or of the elements of a collection.
    pub nullable: bool,
    /// Facets.
    pub facets: Facets,
}

/// Facets of a use of a type.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let product = model.type_by_name("shop.product").and_then(|id| model.structured(id)).expect("declared");
/// assert_eq!(product.member("name").map(|(_, name)| name.ty.facets.max_length), Some(Some(40)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facets {
    /// `MaxLength`; `None` is unbounded or `max`.
    pub max_length: Option<u32>,
    /// `Precision`.
    pub precision: Option<u8>,
    /// `Scale`; `None` is absent.
    pub scale: Option<Scale>,
    /// `Unicode="false"`.
    pub ascii: bool,
    /// `SRID`.
    pub srid: Option<u32>,
}

/// `Scale` of a decimal.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::{NamedType, Scale};
///
/// let money = model.type_by_name("shop.money").expect("declared");
/// assert!(matches!(model.named(money), NamedType::Definition(money) if money.facets.scale == Some(Scale::Fixed(2))));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// A number of digits after the point.
    Fixed(u8),
    /// `variable`.
    Variable,
    /// `floating`.
    Floating,
}

/// The type named by a [`TypeRef`].
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::{EdmType, Primitive};
///
/// let size = EdmType::Named(model.type_by_name("shop.size").expect("declared"));
/// assert_eq!([size, EdmType::Primitive(Primitive::Guid)].map(|ty| model.type_name(ty)), ["shop.size", "Edm.Guid"]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EdmType {
    /// A primitive type.
    Primitive(Primitive),
    /// A named type.
    Named(TypeId),
    /// `Edm.EntityType`, `Edm.ComplexType`, `Edm.PrimitiveType`, `Edm.Untyped`: any of that kind.
    Any(AnyKind),
}

/// The built-in abstract types.
///
/// ```
/// use odata::model::AnyKind;
///
/// assert_eq!(AnyKind::from_name("Edm.Untyped"), Some(AnyKind::Untyped));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnyKind {
    /// `Edm.EntityType`.
    Entity,
    /// `Edm.ComplexType`.
    Complex,
    /// `Edm.PrimitiveType`.
    Primitive,
    /// `Edm.Untyped`.
    Untyped,
}

/// The primitive types.
///
/// ```
/// use odata::model::Primitive;
///
/// assert_eq!(Primitive::from_name("Edm.Int64"), Some(Primitive::Int64));
/// assert!(Primitive::Int64.is_integer() && Primitive::GeographyPoint.is_geo());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is Edm.<Name> of OData CSDL 4.01 section 3.3")]
pub enum Primitive {
    Binary,
    Boolean,
    Byte,
    Date,
    DateTimeOffset,
    Decimal,
    Double,
    Duration,
    Guid,
    Int16,
    Int32,
    Int64,
    SByte,
    Single,
    Stream,
    String,
    TimeOfDay,
    Geography,
    GeographyPoint,
    GeographyLineString,
    GeographyPolygon,
    GeographyMultiPoint,
    GeographyMultiLineString,
    GeographyMultiPolygon,
    GeographyCollection,
    Geometry,
    GeometryPoint,
    GeometryLineString,
    GeometryPolygon,
    GeometryMultiPoint,
    GeometryMultiLineString,
    GeometryMultiPolygon,
    GeometryCollection,
}

/// An enumeration type.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::NamedType;
///
/// let care = model.type_by_name("shop.care").expect("declared");
/// let NamedType::Enum(care) = model.named(care) else { panic!("an enumeration") };
/// assert!(care.is_flags);
/// assert_eq!(care.members, [("fragile".into(), 1), ("cold".into(), 2)]);
/// ```
#[derive(Debug, Clone)]
pub struct EnumType {
    /// Qualified name.
    pub name: Arc<str>,
    /// Underlying integer type.
    pub underlying: Primitive,
    /// `IsFlags`.
    pub is_flags: bool,
    /// Members in order.
    pub members: Vec<(Arc<str>, i64)>,
    /// Annotations of the members, at the same places.
    pub member_annotations: Vec<Vec<Annotation>>,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}

/// A type definition.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::{NamedType, Primitive};
///
/// let money = model.type_by_name("shop.money").expect("declared");
/// assert!(matches!(model.named(money), NamedType::Definition(money) if money.underlying == Primitive::Decimal));
/// ```
#[derive(Debug, Clone)]
pub struct TypeDefinition {
    /// Qualified name.
    pub name: Arc<str>,
    /// The primitive type under it.
    pub underlying: Primitive,
    /// Facets that it fixes.
    pub facets: Facets,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}
