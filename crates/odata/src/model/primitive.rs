//! The primitive types by name, and the use of a type as CSDL writes it. Knows no values.

use std::fmt;

use super::{AnyKind, EdmType, Facets, Model, Primitive, TypeRef};

/// Every primitive type with its qualified name, in the order of the enumeration.
const NAMES: [(&str, Primitive); 33] = [
    ("Edm.Binary", Primitive::Binary),
    ("Edm.Boolean", Primitive::Boolean),
    ("Edm.Byte", Primitive::Byte),
    ("Edm.Date", Primitive::Date),
    ("Edm.DateTimeOffset", Primitive::DateTimeOffset),
    ("Edm.Decimal", Primitive::Decimal),
    ("Edm.Double", Primitive::Double),
    ("Edm.Duration", Primitive::Duration),
    ("Edm.Guid", Primitive::Guid),
    ("Edm.Int16", Primitive::Int16),
    ("Edm.Int32", Primitive::Int32),
    ("Edm.Int64", Primitive::Int64),
    ("Edm.SByte", Primitive::SByte),
    ("Edm.Single", Primitive::Single),
    ("Edm.Stream", Primitive::Stream),
    ("Edm.String", Primitive::String),
    ("Edm.TimeOfDay", Primitive::TimeOfDay),
    ("Edm.Geography", Primitive::Geography),
    ("Edm.GeographyPoint", Primitive::GeographyPoint),
    ("Edm.GeographyLineString", Primitive::GeographyLineString),
    ("Edm.GeographyPolygon", Primitive::GeographyPolygon),
    ("Edm.GeographyMultiPoint", Primitive::GeographyMultiPoint),
    ("Edm.GeographyMultiLineString", Primitive::GeographyMultiLineString),
    ("Edm.GeographyMultiPolygon", Primitive::GeographyMultiPolygon),
    ("Edm.GeographyCollection", Primitive::GeographyCollection),
    ("Edm.Geometry", Primitive::Geometry),
    ("Edm.GeometryPoint", Primitive::GeometryPoint),
    ("Edm.GeometryLineString", Primitive::GeometryLineString),
    ("Edm.GeometryPolygon", Primitive::GeometryPolygon),
    ("Edm.GeometryMultiPoint", Primitive::GeometryMultiPoint),
    ("Edm.GeometryMultiLineString", Primitive::GeometryMultiLineString),
    ("Edm.GeometryMultiPolygon", Primitive::GeometryMultiPolygon),
    ("Edm.GeometryCollection", Primitive::GeometryCollection),
];

impl Primitive {
    /// All primitive types.
    ///
    /// ```
    /// assert!(odata::model::Primitive::all().all(|primitive| primitive.name().starts_with("Edm.")));
    /// ```
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|(_, primitive)| *primitive)
    }

    /// By qualified name (`Edm.String`).
    ///
    /// ```
    /// use odata::model::Primitive;
    ///
    /// assert_eq!(Primitive::from_name("Edm.Guid"), Some(Primitive::Guid));
    /// assert_eq!(Primitive::from_name("Guid"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, primitive)| *primitive)
    }

    /// The qualified name (`Edm.String`).
    ///
    /// ```
    /// assert_eq!(odata::model::Primitive::SByte.name(), "Edm.SByte");
    /// ```
    pub fn name(self) -> &'static str {
        NAMES[self as usize].0
    }

    /// The name without `Edm.`.
    ///
    /// ```
    /// assert_eq!(odata::model::Primitive::SByte.short_name(), "SByte");
    /// ```
    pub fn short_name(self) -> &'static str {
        &self.name()["Edm.".len()..]
    }

    /// Whether it is an integer type (`Edm.Byte` to `Edm.Int64`).
    ///
    /// ```
    /// use odata::model::Primitive;
    ///
    /// assert!(Primitive::Byte.is_integer() && !Primitive::Decimal.is_integer());
    /// ```
    pub fn is_integer(self) -> bool {
        matches!(self, Self::Byte | Self::SByte | Self::Int16 | Self::Int32 | Self::Int64)
    }

    /// Whether it is a number of any kind.
    ///
    /// ```
    /// use odata::model::Primitive;
    ///
    /// assert!(Primitive::Decimal.is_numeric() && !Primitive::Duration.is_numeric());
    /// ```
    pub fn is_numeric(self) -> bool {
        self.is_integer() || matches!(self, Self::Single | Self::Double | Self::Decimal)
    }

    /// Whether it is one of the geography or geometry types.
    ///
    /// ```
    /// use odata::model::Primitive;
    ///
    /// assert!(Primitive::GeometryPoint.is_geo() && !Primitive::String.is_geo());
    /// ```
    pub fn is_geo(self) -> bool {
        self as u8 >= Self::Geography as u8
    }

    /// Whether a key may be of it (CSDL 4.01, 6.5).
    ///
    /// ```
    /// use odata::model::Primitive;
    ///
    /// assert!(Primitive::Guid.may_be_key() && !Primitive::Double.may_be_key());
    /// ```
    pub fn may_be_key(self) -> bool {
        !self.is_geo() && !matches!(self, Self::Binary | Self::Stream | Self::Single | Self::Double)
    }

    /// Whether an integer of this type can have the value; `false` for other types.
    ///
    /// ```
    /// use odata::model::Primitive;
    ///
    /// assert!(Primitive::Byte.holds(255) && !Primitive::SByte.holds(255) && !Primitive::String.holds(1));
    /// ```
    pub fn holds(self, number: i64) -> bool {
        match self {
            Self::Byte => u8::try_from(number).is_ok(),
            Self::SByte => i8::try_from(number).is_ok(),
            Self::Int16 => i16::try_from(number).is_ok(),
            Self::Int32 => i32::try_from(number).is_ok(),
            Self::Int64 => true,
            _ => false,
        }
    }
}

impl fmt::Display for Primitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl AnyKind {
    /// Qualified name of the built-in abstract type.
    ///
    /// ```
    /// assert_eq!(odata::model::AnyKind::Complex.name(), "Edm.ComplexType");
    /// ```
    pub fn name(self) -> &'static str {
        match self {
            Self::Entity => "Edm.EntityType",
            Self::Complex => "Edm.ComplexType",
            Self::Primitive => "Edm.PrimitiveType",
            Self::Untyped => "Edm.Untyped",
        }
    }

    /// By qualified name.
    ///
    /// ```
    /// use odata::model::AnyKind;
    ///
    /// assert_eq!(AnyKind::from_name("Edm.EntityType"), Some(AnyKind::Entity));
    /// assert_eq!(AnyKind::from_name("Edm.String"), None);
    /// ```
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Entity, Self::Complex, Self::Primitive, Self::Untyped].into_iter().find(|kind| kind.name() == name)
    }
}

impl TypeRef {
    /// A single, nullable value of a type, without facets.
    ///
    /// ```
    /// use odata::model::{EdmType, Primitive, TypeRef};
    ///
    /// let day = TypeRef::single(EdmType::Primitive(Primitive::Date));
    /// assert!(day.nullable && !day.collection);
    /// ```
    pub fn single(base: EdmType) -> Self {
        Self { base, collection: false, nullable: true, facets: Facets::default() }
    }

    /// A collection of values of a type that are not null.
    ///
    /// ```
    /// use odata::model::{EdmType, Primitive, TypeRef};
    ///
    /// let days = TypeRef::collection_of(EdmType::Primitive(Primitive::Date));
    /// assert!(days.collection && !days.nullable);
    /// ```
    pub fn collection_of(base: EdmType) -> Self {
        Self { base, collection: true, nullable: false, facets: Facets::default() }
    }

    /// The type of one element.
    ///
    /// ```
    /// use odata::model::{EdmType, Primitive, TypeRef};
    ///
    /// let days = TypeRef::collection_of(EdmType::Primitive(Primitive::Date));
    /// assert!(!days.element().collection);
    /// assert_eq!(days.element().base, days.base);
    /// ```
    #[must_use]
    pub fn element(&self) -> Self {
        Self { collection: false, ..self.clone() }
    }

    /// How the type is written: `Collection(microsoft.graph.x)`. Facets are not part of it.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::model::{EdmType, TypeRef};
    ///
    /// let sizes = TypeRef::collection_of(EdmType::Named(model.type_by_name("size").expect("declared")));
    /// assert_eq!(sizes.display(&model).to_string(), "Collection(shop.size)");
    /// ```
    pub fn display<'a>(&self, model: &'a Model) -> TypeText<'a> {
        TypeText { name: model.type_name(self.base), collection: self.collection }
    }
}

/// A use of a type as text; see [`TypeRef::display`].
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::{EdmType, Primitive, TypeRef};
///
/// let text = TypeRef::single(EdmType::Primitive(Primitive::Date)).display(&model);
/// assert_eq!(format!("of type {text}"), "of type Edm.Date");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TypeText<'a> {
    name: &'a str,
    collection: bool,
}

impl fmt::Display for TypeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.collection { write!(f, "Collection({})", self.name) } else { f.write_str(self.name) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_primitive_has_its_own_name() {
        for primitive in Primitive::all() {
            assert_eq!(Primitive::from_name(primitive.name()), Some(primitive));
            assert_eq!(format!("{primitive:?}"), primitive.short_name());
            assert_eq!(primitive.is_geo(), primitive.short_name().starts_with("Geo"));
        }
        assert_eq!(Primitive::from_name("String"), None);
    }
}
