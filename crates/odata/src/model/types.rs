//! The model's data: the model itself, types, members. Plain structs; lookups are in `lookup`.

use std::collections::HashMap;
use std::sync::Arc;

use super::container::{Container, Operation, OperationId};
use super::schema::{Annotation, Reference, Schema};
use crate::value::Value;

/// Index of a type in [`Model::types`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// A whole model. Made by `csdl::read`; shared by reference.
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
