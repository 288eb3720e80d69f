//! Questions that the engine asks a model: types, members, container, annotations. No question changes it.
//! Operations have their own file.

use std::borrow::Cow;
use std::sync::Arc;

use super::{
    Annotation, AnnotationValue, ContainerChild, EdmType, Facets, KeyRef, Member, MemberKind, Model, NamedType,
    Operation, OperationId, Primitive, StructuredType, TypeId, TypeRef,
};
use crate::edm::{ParseError, check_facets, parse_primitive};
use crate::value::Value;

impl Model {
    /// The named type of an id. Ids come only from this model.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let id = model.type_by_name("shop.care").expect("declared");
    /// assert_eq!(&**model.named(id).name(), "shop.care");
    /// ```
    pub fn named(&self, id: TypeId) -> &NamedType {
        &self.types[id.0 as usize]
    }

    /// The structured type of an id, `None` for an enumeration or a type definition.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let structured = |name| model.structured(model.type_by_name(name).expect("declared"));
    /// assert!(structured("shop.size").is_some_and(|size| !size.is_entity));
    /// assert!(structured("shop.care").is_none(), "an enumeration");
    /// ```
    pub fn structured(&self, id: TypeId) -> Option<&StructuredType> {
        if let NamedType::Structured(ty) = self.named(id) { Some(ty) } else { None }
    }

    /// A qualified name with its alias replaced by the namespace; other names are given back as they are.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// assert_eq!(model.resolve_name("s.product"), "shop.product");
    /// assert_eq!(model.resolve_name("shop.product"), "shop.product");
    /// ```
    pub fn resolve_name<'a>(&self, name: &'a str) -> Cow<'a, str> {
        match name.rsplit_once('.').and_then(|(alias, rest)| Some((self.aliases.get(alias)?, rest))) {
            Some((namespace, rest)) => Cow::Owned(format!("{namespace}.{rest}")),
            None => Cow::Borrowed(name),
        }
    }

    /// A type by qualified name; an alias is resolved, and an unqualified name looked for in the default namespaces.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("shop.product");
    /// assert!(product.is_some());
    /// assert_eq!(product, model.type_by_name("s.product"));
    /// assert_eq!(product, model.type_by_name("product"), "the namespace is a default one");
    /// assert_eq!(model.type_by_name("shop.thing"), None);
    /// ```
    pub fn type_by_name(&self, name: &str) -> Option<TypeId> {
        if let Some(id) = self.type_names.get(name) {
            return Some(*id);
        }
        if name.contains('.') {
            return self.type_names.get(self.resolve_name(name).as_ref()).copied();
        }
        self.default_namespaces.iter().find_map(|ns| self.type_names.get(format!("{ns}.{name}").as_str()).copied())
    }

    /// Whether `id` is `base` or derived from it.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let [product, book] = ["product", "book"].map(|name| model.type_by_name(name).expect("declared"));
    /// assert!(model.is_a(book, product) && model.is_a(book, book));
    /// assert!(!model.is_a(product, book));
    /// ```
    pub fn is_a(&self, id: TypeId, base: TypeId) -> bool {
        id == base || self.structured(id).is_some_and(|ty| ty.ancestors.contains(&base))
    }

    /// The qualified name of a type.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::model::{AnyKind, EdmType, Primitive};
    ///
    /// assert_eq!(model.type_name(EdmType::Primitive(Primitive::Date)), "Edm.Date");
    /// assert_eq!(model.type_name(EdmType::Any(AnyKind::Entity)), "Edm.EntityType");
    /// ```
    pub fn type_name(&self, ty: EdmType) -> &str {
        match ty {
            EdmType::Primitive(primitive) => primitive.name(),
            EdmType::Named(id) => self.named(id).name(),
            EdmType::Any(kind) => kind.name(),
        }
    }

    /// How a use of a type is written: `Collection(microsoft.graph.x)`.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let category = model.type_by_name("shop.category").and_then(|id| model.structured(id)).expect("declared");
    /// assert_eq!(model.qualified_name(&category.members[1].ty), "Collection(shop.product)");
    /// ```
    pub fn qualified_name(&self, ty: &TypeRef) -> String {
        ty.display(self).to_string()
    }

    /// The key of an entity type, own or inherited; empty for every other type.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let book = model.type_by_name("shop.book").expect("declared");
    /// assert_eq!(model.key_of(book).iter().map(|key| &*key.name).collect::<Vec<_>>(), ["id"], "inherited");
    /// ```
    pub fn key_of(&self, id: TypeId) -> &[KeyRef] {
        self.structured(id).map_or(&[], |ty| &ty.key)
    }

    /// The types derived from `id`, near and far, in document order.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let [product, book] = ["product", "book"].map(|name| model.type_by_name(name).expect("declared"));
    /// assert_eq!(model.derived_types_of(product).collect::<Vec<_>>(), [book]);
    /// ```
    pub fn derived_types_of(&self, id: TypeId) -> impl Iterator<Item = TypeId> {
        (0..).map(TypeId).zip(&self.types).filter_map(move |(other, ty)| match ty {
            NamedType::Structured(ty) if ty.ancestors.contains(&id) => Some(other),
            _ => None,
        })
    }

    /// The types a value declared as `id` may have: `id` itself and the derived ones, abstract ones left out.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let [product, book] = ["product", "book"].map(|name| model.type_by_name(name).expect("declared"));
    /// assert_eq!(model.concrete_types_of(product), [product, book]);
    /// ```
    pub fn concrete_types_of(&self, id: TypeId) -> Vec<TypeId> {
        std::iter::once(id)
            .chain(self.derived_types_of(id))
            .filter(|id| self.structured(*id).is_some_and(|ty| !ty.is_abstract))
            .collect()
    }

    /// A member of a type or, when it has none of that name, of the first type derived from it that does.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let [product, book] = ["product", "book"].map(|name| model.type_by_name(name).expect("declared"));
    /// let (declaring, number, _) = model.member_along_derived(product, "author").expect("books have one");
    /// assert_eq!((declaring, number), (book, 8));
    /// ```
    pub fn member_along_derived(&self, id: TypeId, name: &str) -> Option<(TypeId, u16, &Member)> {
        std::iter::once(id).chain(self.derived_types_of(id)).find_map(|id| {
            let (number, member) = self.structured(id)?.member(name)?;
            Some((id, number, member))
        })
    }

    /// A child of the container and its index.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let (index, products) = model.child("products").expect("declared");
    /// assert_eq!((index, &*products.name), (0, "products"));
    /// assert!(model.child("product").is_none());
    /// ```
    pub fn child(&self, name: &str) -> Option<(u16, &ContainerChild)> {
        let index = *self.container.by_name.get(name)?;
        Some((index, &self.container.children[usize::from(index)]))
    }

    /// The primitive type under a use of a type, with the facets of a type definition filled in. `None` for enumerations and
    /// structured types.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::model::Primitive;
    ///
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// let (primitive, facets) = model.primitive_of(&product.members[2].ty).expect("money is a decimal");
    /// assert_eq!((primitive, facets.precision), (Primitive::Decimal, Some(8)));
    /// ```
    pub fn primitive_of(&self, ty: &TypeRef) -> Option<(Primitive, Facets)> {
        match ty.base {
            EdmType::Primitive(primitive) => Some((primitive, ty.facets)),
            EdmType::Named(id) => match self.named(id) {
                NamedType::Definition(definition) => {
                    Some((definition.underlying, merged(ty.facets, definition.facets)))
                }
                _ => None,
            },
            EdmType::Any(_) => None,
        }
    }

    /// Reads a single value of a primitive type, a type definition or an enumeration from its text (a key in a path, a
    /// `DefaultValue`) and checks the facets.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::Value;
    ///
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// assert_eq!(model.parse_value(&product.members[0].ty, "7"), Ok(Value::Int(7)));
    /// assert_eq!(model.parse_value(&product.members[3].ty, "fragile,cold"), Ok(Value::Enum(3)));
    /// assert!(model.parse_value(&product.members[2].ty, "4.505").is_err(), "money has two digits after the point");
    /// ```
    ///
    /// # Errors
    /// [`ParseError`]; a structured type has no text form.
    pub fn parse_value(&self, ty: &TypeRef, text: &str) -> Result<Value, ParseError> {
        if let Some((primitive, facets)) = self.primitive_of(ty) {
            return parse_primitive(primitive, &facets, text);
        }
        match ty.base {
            EdmType::Named(id) => match self.named(id) {
                NamedType::Enum(ty) => ty.parse(text).map(Value::Enum),
                _ => Err(ParseError::Form { expected: "a primitive value", position: 0 }),
            },
            _ => Err(ParseError::Form { expected: "a primitive value", position: 0 }),
        }
    }

    /// Checks a value that was read without facets against the facets of its use; of an enumeration, that names can say it.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::edm::ParseError;
    ///
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// let long = "x".repeat(41).as_str().into();
    /// assert_eq!(model.check_value(&product.members[1].ty, &long), Err(ParseError::Length { max: 40 }));
    /// ```
    ///
    /// # Errors
    /// [`ParseError`] names the facet that is not kept.
    pub fn check_value(&self, ty: &TypeRef, value: &Value) -> Result<(), ParseError> {
        if let (EdmType::Named(id), Value::Enum(number)) = (ty.base, value)
            && let NamedType::Enum(enumeration) = self.named(id)
        {
            return if enumeration.has(*number) { Ok(()) } else { Err(ParseError::Range) };
        }
        self.primitive_of(ty).map_or(Ok(()), |(_, facets)| check_facets(&facets, value))
    }

    /// The value of the annotation with this term (fully qualified, without qualifier), however its alias is written.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.named(model.type_by_name("product").expect("declared"));
    /// let shelf = model.annotation(product.annotations(), "shop.shelf").expect("written with its alias");
    /// assert_eq!(shelf.as_text(), Some("front"));
    /// ```
    pub fn annotation<'a>(&self, annotations: &'a [Annotation], term: &str) -> Option<&'a AnnotationValue> {
        annotations
            .iter()
            .find(|annotation| annotation.qualifier.is_none() && self.resolve_name(&annotation.term) == term)
            .map(|annotation| &annotation.value)
    }

    /// The operation of an id.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let id = model.unbound_operations("stock")[0];
    /// assert_eq!(&*model.operation(id).name, "shop.stock");
    /// ```
    pub fn operation(&self, id: OperationId) -> &Operation {
        &self.operations[id.0 as usize]
    }
}

/// The facets of a use of a type definition: its own where written, else the definition's.
fn merged(own: Facets, definition: Facets) -> Facets {
    Facets {
        max_length: own.max_length.or(definition.max_length),
        precision: own.precision.or(definition.precision),
        scale: own.scale.or(definition.scale),
        ascii: own.ascii || definition.ascii,
        srid: own.srid.or(definition.srid),
    }
}

impl AnnotationValue {
    /// The value of a tagging or Boolean term.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// let ordered = model.annotation(&product.members[5].annotations, "Org.OData.Core.V1.Ordered");
    /// assert_eq!(ordered.and_then(|value| value.as_bool()), Some(true));
    /// ```
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Constant { kind, text } if &**kind == "Bool" => Some(&**text == "true"),
            _ => None,
        }
    }

    /// The text of a constant or a path.
    ///
    /// ```
    /// let front = odata::model::AnnotationValue::Constant { kind: "String".into(), text: "front".into() };
    /// assert_eq!(front.as_text(), Some("front"));
    /// ```
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Constant { text, .. } | Self::Path { text, .. } => Some(text),
            _ => None,
        }
    }

    /// A property of a record.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let category = model.named(model.type_by_name("category").expect("declared"));
    /// let tree = &category.annotations()[0].value;
    /// assert_eq!(tree.property("ParentNavigationProperty").and_then(|value| value.as_text()), Some("parent"));
    /// ```
    pub fn property(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Record(_, properties) => {
                properties.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

impl StructuredType {
    /// A member and its number by name.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// assert_eq!(product.member("price").map(|(number, _)| number), Some(2));
    /// assert!(product.member("cost").is_none());
    /// ```
    pub fn member(&self, name: &str) -> Option<(u16, &Member)> {
        let number = *self.by_name.get(name)?;
        Some((number, &self.members[usize::from(number)]))
    }

    /// The name without its namespace.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("s.product").and_then(|id| model.structured(id)).expect("declared");
    /// assert_eq!(product.short_name(), "product");
    /// ```
    pub fn short_name(&self) -> &str {
        &self.name[self.namespace_len + 1..]
    }

    /// The namespace.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("s.product").and_then(|id| model.structured(id)).expect("declared");
    /// assert_eq!(product.namespace(), "shop");
    /// ```
    pub fn namespace(&self) -> &str {
        &self.name[..self.namespace_len]
    }

    /// The members that the type itself declares.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let book = model.type_by_name("book").and_then(|id| model.structured(id)).expect("declared");
    /// assert_eq!(book.own_members().iter().map(|member| &*member.name).collect::<Vec<_>>(), ["author"]);
    /// ```
    pub fn own_members(&self) -> &[Member] {
        &self.members[usize::from(self.own_from)..]
    }
}

impl Member {
    /// Whether it is a navigation property.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// assert!(product.members[7].is_navigation() && !product.members[0].is_navigation());
    /// ```
    pub fn is_navigation(&self) -> bool {
        matches!(self.kind, MemberKind::Navigation(_))
    }

    /// Whether it is a navigation property that contains its targets.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// assert!(!product.members[7].is_containment(), "categories have a set of their own");
    /// ```
    pub fn is_containment(&self) -> bool {
        matches!(&self.kind, MemberKind::Navigation(navigation) if navigation.contains_target)
    }

    /// Whether it is a stream property.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// assert!(product.member("photo").is_some_and(|(_, photo)| photo.is_stream()));
    /// ```
    pub fn is_stream(&self) -> bool {
        self.ty.base == EdmType::Primitive(Primitive::Stream)
    }

    /// Whether a create must give it: a single structural property that is not nullable, has no default and is not made
    /// by the service.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.type_by_name("product").and_then(|id| model.structured(id)).expect("declared");
    /// assert_eq!(product.members.iter().filter(|member| member.is_required()).count(), 2, "id and name");
    /// ```
    pub fn is_required(&self) -> bool {
        match &self.kind {
            MemberKind::Structural { default, computed, computed_default, .. } => {
                let made = *computed || *computed_default || default.is_some() || self.is_stream();
                !(made || self.ty.nullable || self.ty.collection)
            }
            MemberKind::Navigation(_) => false,
        }
    }
}

impl NamedType {
    /// The qualified name.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// assert_eq!(model.types.iter().map(|ty| &**ty.name()).take(2).collect::<Vec<_>>(), ["shop.care", "shop.money"]);
    /// ```
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::Structured(ty) => &ty.name,
            Self::Enum(ty) => &ty.name,
            Self::Definition(ty) => &ty.name,
        }
    }

    /// The annotations.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let product = model.named(model.type_by_name("product").expect("declared"));
    /// assert_eq!(&*product.annotations()[0].term, "s.shelf");
    /// ```
    pub fn annotations(&self) -> &[Annotation] {
        match self {
            Self::Structured(ty) => &ty.annotations,
            Self::Enum(ty) => &ty.annotations,
            Self::Definition(ty) => &ty.annotations,
        }
    }
}
