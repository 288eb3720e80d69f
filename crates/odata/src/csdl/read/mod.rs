//! CSDL XML to [`Model`]. The passes, in the order that names can be resolved: the envelope (here), what is
//! declared, members, operations, container, annotations from outside, inheritance, the checks that need whole types.

mod annotations;
mod container;
mod declare;
mod inherit;
mod members;
mod operations;
mod targets;
mod xml;

use std::collections::HashMap;
use std::sync::Arc;

pub(super) use self::xml::{EDM, EDMX};
use self::xml::{Element, document, is_dotted};
use super::CsdlError;
use crate::model::{Annotation, Container, IncludeAnnotations, Model, Reference, Schema, TypeId, is_identifier};

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
/// - Not kept: annotations of `ReferentialConstraint`, `OnDelete`, `Record`, `PropertyValue`, `Reference` and `Include`.
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
            let namespace = namespace(schema)?;
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
        // An alias stands for one namespace everywhere, so that no other may have its name.
        let aliased = self.schemas.iter().zip(&self.model.schemas).find(|(_, schema)| {
            self.model.aliases.get(&schema.namespace).is_some_and(|other| *other != schema.namespace)
        });
        match aliased {
            _ if self.schemas.is_empty() => Err(services.missing("Schema")),
            Some((element, schema)) => Err(element.duplicate("alias", &schema.namespace)),
            None => Ok(()),
        }
    }

    fn reference(&mut self, element: Element<'a>) -> Result<(), CsdlError> {
        let mut reference =
            Reference { uri: element.required("Uri")?.into(), includes: Vec::new(), annotations: Vec::new() };
        for child in element.children() {
            match child.name() {
                "Include" => {
                    let namespace = namespace(child)?;
                    let alias = self.alias(child, &namespace)?;
                    reference.includes.push((namespace, alias));
                }
                "IncludeAnnotations" => reference.annotations.push(IncludeAnnotations {
                    term_namespace: child.required("TermNamespace")?.into(),
                    qualifier: child.attribute("Qualifier").map(Arc::from),
                    target_namespace: child.attribute("TargetNamespace").map(Arc::from),
                }),
                _ => {}
            }
        }
        self.model.references.push(reference);
        Ok(())
    }

    fn alias(&mut self, element: Element<'a>, namespace: &Arc<str>) -> Result<Option<Arc<str>>, CsdlError> {
        let Some(text) = element.attribute("Alias") else { return Ok(None) };
        if !is_identifier(text) || matches!(text, "Edm" | "odata" | "System" | "Transient") {
            return Err(element.bad_text("Alias", text, "an identifier that is not reserved"));
        }
        let alias: Arc<str> = text.into();
        match self.model.aliases.insert(Arc::clone(&alias), Arc::clone(namespace)) {
            Some(other) if other != *namespace => Err(element.duplicate("alias", text)),
            _ => Ok(Some(alias)),
        }
    }
}

/// The `Namespace` of a schema or an include.
fn namespace(element: Element<'_>) -> Result<Arc<str>, CsdlError> {
    let text = element.required("Namespace")?;
    if !is_dotted(text) || matches!(text, "Edm" | "odata" | "System" | "Transient") {
        return Err(element.bad_text("Namespace", text, "a namespace"));
    }
    Ok(text.into())
}
