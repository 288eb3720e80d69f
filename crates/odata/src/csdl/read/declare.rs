//! What schemas declare, by name. Enumerations, type definitions and terms need no other name and are read whole;
//! structured types get a shell that later passes fill.

use std::collections::HashMap;
use std::sync::Arc;

use super::annotations::{annotation, annotations_of};
use super::xml::Element;
use super::{Reader, members};
use crate::csdl::vocabulary::{DEFAULT_NAMESPACE, SCHEMA_VERSION};
use crate::csdl::{CsdlError, CsdlFault};
use crate::model::{EnumType, Facets, NamedType, Primitive, Schema, StructuredType, Term, TypeDefinition, TypeId};

impl<'a> Reader<'a> {
    pub(super) fn declare(&mut self) -> Result<(), CsdlError> {
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
                        let term = term(child)?;
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
                        let annotation = annotation(child)?;
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

    pub(super) fn full_name(&self, schema: usize, element: Element<'a>) -> Result<Arc<str>, CsdlError> {
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
                    ty.member_annotations.push(annotations_of(child)?);
                }
                "Annotation" => ty.annotations.push(annotation(child)?),
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
            annotations: annotations_of(element)?,
        })
    }
}

fn term(element: Element<'_>) -> Result<Term, CsdlError> {
    let facets: Facets = members::facets(element)?;
    Ok(Term {
        name: element.identifier("Name")?.into(),
        type_text: element.required("Type")?.into(),
        nullable: element.flag("Nullable")?,
        base: element.attribute("BaseTerm").map(Arc::from),
        default: element.attribute("DefaultValue").map(Arc::from),
        applies_to: element.attribute("AppliesTo").map(Arc::from),
        facets,
        annotations: annotations_of(element)?,
    })
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
