//! CSDL XML to [`Model`]. The passes, in the order that names can be resolved: what is declared (here), members,
//! operations, container, annotations from outside, inheritance, then the checks that need whole types.

mod annotations;
mod container;
mod inherit;
mod members;
mod operations;
mod targets;
mod xml;

use std::collections::HashMap;
use std::sync::Arc;

pub(super) use self::xml::{EDM, EDMX};
use self::xml::{Element, document, is_dotted};
use super::vocabulary::{DEFAULT_NAMESPACE, SCHEMA_VERSION};
use super::{CsdlError, CsdlFault};
use crate::model::{
    Annotation, Container, EnumType, Facets, Model, NamedType, Primitive, Reference, Schema, StructuredType, Term,
    TypeDefinition, TypeId,
};

/// Reads a CSDL XML document into a model.
///
/// What it takes and what it makes of it:
/// - One document with one or more schemas, OData 4.0 or 4.01. Documents named by `edmx:Reference` are not loaded: their
///   terms may be used, their types may not.
/// - Inherited members come first in a type, then its own, in document order.
/// - Annotations of `Annotations` elements are moved to their targets. Understood are `Core.Computed`,
///   `ComputedDefaultValue`, `Immutable`, `Permissions` (read-only is computed), `DefaultNamespace`, `SchemaVersion`,
///   `OptionalParameter`, and, on operations, any term whose unqualified name is `AlternativeName`.
/// - Collections of entities are never nullable; other collections are when `Nullable` is not written.
/// - Not kept: annotations of `ReferentialConstraint`, `OnDelete`, `PropertyValue` and `Include`, `IncludeAnnotations`.
///
/// A computed member is for the service to set: readers of bodies keep a value that is given, and the application decides
/// whether it counts (a key that the service makes may be taken from a client that has one).
///
/// ```
/// let model = odata::csdl::read(
///     r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
///       <Schema Namespace="shop" xmlns="http://docs.oasis-open.org/odata/ns/edm">
///         <EntityType Name="item">
///           <Key><PropertyRef Name="id"/></Key>
///           <Property Name="id" Type="Edm.Guid" Nullable="false"/>
///           <Property Name="price" Type="Edm.Decimal" Scale="2"/>
///         </EntityType>
///         <EntityContainer Name="container"><EntitySet Name="items" EntityType="shop.item"/></EntityContainer>
///       </Schema></edmx:DataServices></edmx:Edmx>"#,
/// )?;
/// let item = model.type_by_name("shop.item").and_then(|id| model.structured(id)).expect("declared above");
/// assert_eq!(item.members.len(), 2);
/// assert!(model.child("items").is_some());
/// # Ok::<(), odata::csdl::CsdlError>(())
/// ```
///
/// # Errors
/// [`CsdlError`] names the line, the column and what is wrong there.
pub fn read(xml: &str) -> Result<Model, CsdlError> {
    let document = document(xml)?;
    let mut reader = Reader::new();
    reader.edmx(Element::root(&document))?;
    reader.declare()?;
    reader.read_members()?;
    reader.read_operations()?;
    reader.read_container()?;
    reader.attach_annotations()?;
    reader.interpret()?;
    reader.inherit()?;
    reader.check_navigation()?;
    reader.check_container()?;
    Ok(reader.model)
}

/// The model under construction, with the elements that errors are placed at.
struct Reader<'a> {
    model: Model,
    /// Elements of `model.schemas`.
    schemas: Vec<Element<'a>>,
    /// Elements of `model.types`.
    types: Vec<Element<'a>>,
    /// Elements of `model.operations`, each with its schema.
    operations: Vec<(usize, Element<'a>)>,
    container: Option<Element<'a>>,
    /// `Annotations` elements, each with its schema.
    targeted: Vec<(usize, Element<'a>)>,
    /// Annotations of members that the type may only inherit: type, member, annotations, where they stand.
    inherited: Vec<(TypeId, Arc<str>, Vec<Annotation>, Element<'a>)>,
}

impl<'a> Reader<'a> {
    fn new() -> Self {
        let model = Model {
            schemas: Vec::new(),
            types: Vec::new(),
            type_names: HashMap::new(),
            aliases: HashMap::new(),
            operations: Vec::new(),
            operation_names: HashMap::new(),
            container: Container::default(),
            default_namespaces: Vec::new(),
            references: Vec::new(),
            schema_version: None,
        };
        Self {
            model,
            schemas: Vec::new(),
            types: Vec::new(),
            operations: Vec::new(),
            container: None,
            targeted: Vec::new(),
            inherited: Vec::new(),
        }
    }

    /// The envelope: references, and the schemas with their namespaces and aliases.
    fn edmx(&mut self, root: Element<'a>) -> Result<(), CsdlError> {
        if root.name() != "Edmx" || !root.is_in(EDMX) {
            return Err(root.unexpected());
        }
        let version = root.required("Version")?;
        if !matches!(version, "4.0" | "4.01") {
            return Err(root.bad_text("Version", version, "4.0 or 4.01"));
        }
        let mut services = None;
        for child in root.children() {
            match child.name() {
                "Reference" => self.reference(child)?,
                "DataServices" if services.is_none() => services = Some(child),
                _ => return Err(child.unexpected()),
            }
        }
        let services = services.ok_or_else(|| root.missing("DataServices"))?;
        for schema in services.children() {
            if schema.name() != "Schema" || !schema.is_in(EDM) {
                return Err(schema.unexpected());
            }
            schema.only(&["Namespace", "Alias"])?;
            let namespace = self.namespace(schema)?;
            if self.model.schemas.iter().any(|known| known.namespace == namespace) {
                return Err(schema.duplicate("schema", &namespace));
            }
            let alias = self.alias(schema, &namespace)?;
            self.model.schemas.push(Schema {
                namespace,
                alias,
                types: Vec::new(),
                operations: Vec::new(),
                terms: Vec::new(),
                annotations: Vec::new(),
                targeted: Vec::new(),
                has_container: false,
            });
            self.schemas.push(schema);
        }
        if self.schemas.is_empty() { Err(services.missing("Schema")) } else { Ok(()) }
    }

    fn reference(&mut self, element: Element<'a>) -> Result<(), CsdlError> {
        let mut includes = Vec::new();
        for child in element.children().filter(|child| child.name() == "Include") {
            let namespace = self.namespace(child)?;
            let alias = self.alias(child, &namespace)?;
            includes.push((namespace, alias));
        }
        self.model.references.push(Reference { uri: element.required("Uri")?.into(), includes });
        Ok(())
    }

    fn namespace(&self, element: Element<'a>) -> Result<Arc<str>, CsdlError> {
        let text = element.required("Namespace")?;
        if !is_dotted(text) || matches!(text, "Edm" | "odata" | "System" | "Transient") {
            return Err(element.bad_text("Namespace", text, "a namespace"));
        }
        Ok(text.into())
    }

    fn alias(&mut self, element: Element<'a>, namespace: &Arc<str>) -> Result<Option<Arc<str>>, CsdlError> {
        let Some(text) = element.attribute("Alias") else { return Ok(None) };
        if !xml::is_identifier(text) || matches!(text, "Edm" | "odata" | "System" | "Transient") {
            return Err(element.bad_text("Alias", text, "an identifier that is not reserved"));
        }
        let alias: Arc<str> = text.into();
        match self.model.aliases.insert(Arc::clone(&alias), Arc::clone(namespace)) {
            Some(other) if other != *namespace => Err(element.duplicate("alias", text)),
            _ => Ok(Some(alias)),
        }
    }

    /// The names that schemas declare. Enumerations, type definitions and terms need no other name and are read whole.
    fn declare(&mut self) -> Result<(), CsdlError> {
        for (index, schema) in self.schemas.clone().into_iter().enumerate() {
            for child in schema.children() {
                match child.name() {
                    "EntityType" | "ComplexType" => {
                        let shell = shell(child, &self.model.schemas[index].namespace)?;
                        self.declare_type(index, child, NamedType::Structured(shell))?;
                    }
                    "EnumType" => {
                        let ty = self.enumeration(index, child)?;
                        self.declare_type(index, child, NamedType::Enum(ty))?;
                    }
                    "TypeDefinition" => {
                        let ty = self.definition(index, child)?;
                        self.declare_type(index, child, NamedType::Definition(ty))?;
                    }
                    "Action" | "Function" => self.operations.push((index, child)),
                    "Term" => {
                        let term = self.term(child)?;
                        if self.model.schemas[index].terms.iter().any(|known| known.name == term.name) {
                            return Err(child.duplicate("term", &term.name));
                        }
                        self.model.schemas[index].terms.push(term);
                    }
                    "EntityContainer" => {
                        if self.container.is_some() {
                            return Err(child.duplicate("entity container", child.identifier("Name")?));
                        }
                        self.model.schemas[index].has_container = true;
                        self.model.container.namespace = Arc::clone(&self.model.schemas[index].namespace);
                        self.container = Some(child);
                    }
                    "Annotation" => {
                        let annotation = self.annotation(child)?;
                        self.model.schemas[index].annotations.push(annotation);
                    }
                    "Annotations" => self.targeted.push((index, child)),
                    _ => return Err(child.unexpected()),
                }
            }
        }
        for schema in &self.model.schemas {
            if self.model.is_tagged(&schema.annotations, DEFAULT_NAMESPACE) {
                self.model.default_namespaces.push(Arc::clone(&schema.namespace));
            }
        }
        let version = |schema: &Schema| {
            self.model.annotation(&schema.annotations, SCHEMA_VERSION).and_then(|value| value.as_text()).map(Arc::from)
        };
        self.model.schema_version = self.model.schemas.iter().find_map(version);
        Ok(())
    }

    fn declare_type(&mut self, schema: usize, element: Element<'a>, ty: NamedType) -> Result<(), CsdlError> {
        let name = Arc::clone(ty.name());
        let number = u32::try_from(self.model.types.len())
            .map_err(|_| element.fault(CsdlFault::TooMany { what: "types", max: u32::MAX as usize }))?;
        if self.model.type_names.insert(Arc::clone(&name), TypeId(number)).is_some() {
            return Err(element.duplicate("type", &name));
        }
        self.model.types.push(ty);
        self.model.schemas[schema].types.push(TypeId(number));
        self.types.push(element);
        Ok(())
    }

    fn full_name(&self, schema: usize, element: Element<'a>) -> Result<Arc<str>, CsdlError> {
        Ok(format!("{}.{}", self.model.schemas[schema].namespace, element.identifier("Name")?).into())
    }

    fn enumeration(&self, schema: usize, element: Element<'a>) -> Result<EnumType, CsdlError> {
        element.only(&["Name", "UnderlyingType", "IsFlags"])?;
        let underlying = element.attribute("UnderlyingType").unwrap_or("Edm.Int32");
        let underlying = Primitive::from_name(underlying)
            .filter(|primitive| primitive.is_integer())
            .ok_or_else(|| element.bad_text("UnderlyingType", underlying, "an integer type"))?;
        let mut ty = EnumType {
            name: self.full_name(schema, element)?,
            underlying,
            is_flags: element.flag("IsFlags")?.unwrap_or(false),
            members: Vec::new(),
            member_annotations: Vec::new(),
            annotations: Vec::new(),
        };
        for child in element.children() {
            match child.name() {
                "Member" => {
                    child.only(&["Name", "Value"])?;
                    let name = child.identifier("Name")?;
                    if ty.value_of(name).is_some() {
                        return Err(child.duplicate("enumeration member", name));
                    }
                    // Without values the members count up from the one before (CSDL 4.01, 10.3.2).
                    let next = ty.members.last().map_or(Some(0), |(_, value)| value.checked_add(1));
                    let written = child.attribute("Value");
                    let value = written.map_or(next, |text| text.parse().ok()).filter(|value| underlying.holds(*value));
                    let value = value.ok_or_else(|| {
                        child.bad_text("Value", written.unwrap_or(name), format!("a value of {underlying}"))
                    })?;
                    ty.members.push((name.into(), value));
                    ty.member_annotations.push(self.annotations_of(child)?);
                }
                "Annotation" => ty.annotations.push(self.annotation(child)?),
                _ => return Err(child.unexpected()),
            }
        }
        if ty.members.is_empty() { Err(element.missing("Member")) } else { Ok(ty) }
    }

    fn definition(&self, schema: usize, element: Element<'a>) -> Result<TypeDefinition, CsdlError> {
        element.only(&["Name", "UnderlyingType", "MaxLength", "Precision", "Scale", "SRID", "Unicode"])?;
        let underlying = element.required("UnderlyingType")?;
        Ok(TypeDefinition {
            name: self.full_name(schema, element)?,
            underlying: Primitive::from_name(underlying)
                .ok_or_else(|| element.bad_text("UnderlyingType", underlying, "a primitive type"))?,
            facets: members::facets(element)?,
            annotations: self.annotations_of(element)?,
        })
    }

    fn term(&self, element: Element<'a>) -> Result<Term, CsdlError> {
        let facets: Facets = members::facets(element)?;
        Ok(Term {
            name: element.identifier("Name")?.into(),
            type_text: element.required("Type")?.into(),
            nullable: element.flag("Nullable")?,
            base: element.attribute("BaseTerm").map(Arc::from),
            default: element.attribute("DefaultValue").map(Arc::from),
            applies_to: element.attribute("AppliesTo").map(Arc::from),
            facets,
            annotations: self.annotations_of(element)?,
        })
    }

    /// The annotations of an element that may hold nothing else.
    fn annotations_of(&self, element: Element<'a>) -> Result<Vec<Annotation>, CsdlError> {
        element
            .children()
            .map(|child| if child.name() == "Annotation" { self.annotation(child) } else { Err(child.unexpected()) })
            .collect()
    }
}

/// A structured type with nothing but its name and kind; later passes fill it.
fn shell(element: Element<'_>, namespace: &str) -> Result<StructuredType, CsdlError> {
    let is_entity = element.name() == "EntityType";
    element.only(&["Name", "BaseType", "Abstract", "OpenType", if is_entity { "HasStream" } else { "Name" }])?;
    Ok(StructuredType {
        name: format!("{namespace}.{}", element.identifier("Name")?).into(),
        namespace_len: namespace.len(),
        is_entity,
        base: None,
        ancestors: Vec::new(),
        is_abstract: element.flag("Abstract")?.unwrap_or(false),
        is_open: element.flag("OpenType")?.unwrap_or(false),
        has_stream: element.flag("HasStream")?.unwrap_or(false),
        key: Vec::new(),
        members: Vec::new(),
        own_from: 0,
        by_name: HashMap::new(),
        annotations: Vec::new(),
    })
}
