//! Properties and navigation properties as a type declares them itself, and the use of a type with its facets.

use std::sync::Arc;

use super::Reader;
use super::annotations::{annotation, annotations_of};
use super::xml::Element;
use crate::csdl::CsdlError;
use crate::model::{
    AnyKind, EdmType, Facets, Member, MemberKind, NamedType, Navigation, Primitive, Scale, TypeId, TypeRef,
};

const FACETS: [&str; 5] = ["MaxLength", "Precision", "Scale", "SRID", "Unicode"];

impl<'a> Reader<'a> {
    /// Reads what structured types declare themselves; inheritance comes later.
    pub(super) fn read_members(&mut self) -> Result<(), CsdlError> {
        for (id, element) in (0..).map(TypeId).zip(self.types.clone()) {
            if self.model.structured(id).is_none() {
                continue;
            }
            let base = element.attribute("BaseType").map(|name| self.named_type(element, name)).transpose()?;
            let mut members = Vec::new();
            let mut annotations = Vec::new();
            for child in element.children() {
                match child.name() {
                    "Property" => members.push(self.property(child)?),
                    "NavigationProperty" => members.push(self.navigation(child)?),
                    "Annotation" => annotations.push(annotation(child)?),
                    "Key" if element.name() == "EntityType" => {}
                    _ => return Err(child.unexpected()),
                }
            }
            if let NamedType::Structured(ty) = &mut self.model.types[id.0 as usize] {
                ty.base = base;
                ty.members = members;
                ty.annotations = annotations;
            }
        }
        Ok(())
    }

    fn property(&self, element: Element<'a>) -> Result<Member, CsdlError> {
        element.only(&with_facets(&["Name", "Type", "Nullable", "DefaultValue"]))?;
        let name = element.identifier("Name")?;
        let ty = self.type_ref(element)?;
        let is_entity = match ty.base {
            EdmType::Named(id) => self.model.structured(id).is_some_and(|ty| ty.is_entity),
            EdmType::Any(kind) => kind == AnyKind::Entity,
            EdmType::Primitive(_) => false,
        };
        if is_entity {
            return Err(element.misused("property", name, "has an entity type: that takes a NavigationProperty"));
        }
        let default = element.attribute("DefaultValue").map(|text| {
            let value = if ty.collection { None } else { self.model.parse_value(&ty, text).ok() };
            value.ok_or_else(|| {
                element.bad_text("DefaultValue", text, format!("a value of {}", self.model.qualified_name(&ty)))
            })
        });
        Ok(Member {
            name: name.into(),
            ty,
            kind: MemberKind::Structural {
                default: default.transpose()?,
                computed: false,
                computed_default: false,
                immutable: false,
            },
            annotations: annotations_of(element)?,
        })
    }

    fn navigation(&self, element: Element<'a>) -> Result<Member, CsdlError> {
        element.only(&["Name", "Type", "Nullable", "Partner", "ContainsTarget"])?;
        let name = element.identifier("Name")?;
        let ty = self.type_ref(element)?;
        if !self.is_entity(&ty) {
            return Err(element.misused("navigation property", name, "has a type that is not an entity type"));
        }
        let mut navigation = Navigation {
            contains_target: element.flag("ContainsTarget")?.unwrap_or(false),
            partner: element.attribute("Partner").map(Arc::from),
            ..Navigation::default()
        };
        let mut annotations = Vec::new();
        for child in element.children() {
            match child.name() {
                "ReferentialConstraint" => {
                    let pair = (child.required("Property")?, child.required("ReferencedProperty")?);
                    navigation.constraints.push((pair.0.into(), pair.1.into()));
                }
                "OnDelete" => {
                    let action = child.required("Action")?;
                    if !matches!(action, "Cascade" | "None" | "SetNull" | "SetDefault") {
                        return Err(child.bad_text("Action", action, "Cascade, None, SetNull or SetDefault"));
                    }
                    navigation.on_delete = Some(action.into());
                }
                "Annotation" => annotations.push(annotation(child)?),
                _ => return Err(child.unexpected()),
            }
        }
        Ok(Member { name: name.into(), ty, kind: MemberKind::Navigation(navigation), annotations })
    }

    /// Whether the (element) type is an entity type.
    pub(super) fn is_entity(&self, ty: &TypeRef) -> bool {
        match ty.base {
            EdmType::Named(id) => self.model.structured(id).is_some_and(|ty| ty.is_entity),
            EdmType::Any(kind) => kind == AnyKind::Entity,
            EdmType::Primitive(_) => false,
        }
    }

    /// Reads `Type`, `Nullable` and the facets of an element.
    pub(super) fn type_ref(&self, element: Element<'a>) -> Result<TypeRef, CsdlError> {
        let text = element.required("Type")?;
        let inner = text.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')'));
        let mut ty = TypeRef {
            base: self.edm_type(element, inner.unwrap_or(text))?,
            collection: inner.is_some(),
            nullable: true,
            facets: facets(element)?,
        };
        let of_entities = ty.collection && self.is_entity(&ty);
        ty.nullable = element.flag("Nullable")?.unwrap_or(true) && !of_entities;
        Ok(ty)
    }

    fn edm_type(&self, element: Element<'a>, name: &str) -> Result<EdmType, CsdlError> {
        if let Some(primitive) = Primitive::from_name(name) {
            return Ok(EdmType::Primitive(primitive));
        }
        if let Some(kind) = AnyKind::from_name(name) {
            return Ok(EdmType::Any(kind));
        }
        self.named_type(element, name).map(EdmType::Named)
    }

    /// A declared type by its qualified name, with namespace or alias.
    pub(super) fn named_type(&self, element: Element<'a>, name: &str) -> Result<TypeId, CsdlError> {
        let known = self.model.type_names.get(self.model.resolve_name(name).as_ref());
        known.copied().ok_or_else(|| element.unknown("type", name))
    }
}

/// Attribute names with those of the facets.
pub(super) fn with_facets<'n>(names: &[&'n str]) -> Vec<&'n str> {
    names.iter().copied().chain(FACETS).collect()
}

/// Reads the facets. Those that bound nothing (`max`, `variable` SRID) are the same as absent.
pub(super) fn facets(element: Element<'_>) -> Result<Facets, CsdlError> {
    let number = |name: &'static str, unbounded: &str| match element.attribute(name) {
        None => Ok(None),
        Some(text) if text == unbounded => Ok(None),
        Some(text) => match text.parse::<u32>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(element.bad_text(name, text, "a number")),
        },
    };
    let small = |name: &'static str, text: &str| {
        text.parse::<u8>().map_err(|_| element.bad_text(name, text, "a number of digits up to 255"))
    };
    Ok(Facets {
        max_length: number("MaxLength", "max")?,
        precision: element.attribute("Precision").map(|text| small("Precision", text)).transpose()?,
        scale: match element.attribute("Scale") {
            None => None,
            Some("variable") => Some(Scale::Variable),
            Some("floating") => Some(Scale::Floating),
            Some(text) => Some(Scale::Fixed(small("Scale", text)?)),
        },
        ascii: element.flag("Unicode")? == Some(false),
        srid: number("SRID", "variable")?,
    })
}
