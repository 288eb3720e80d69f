//! CSDL XML. Names are written with the alias of their schema where it has one; what annotations name is left as it is.

use super::super::read::{EDM, EDMX};
use super::xml_text::XmlText;
use super::{CsdlVersion, Own, default_text, is_entity_collection, named};
use crate::model::{
    Annotation, AnnotationValue, ContainerChild, ContainerChildKind, EnumType, Facets, Member, MemberKind, Model,
    NamedType, Operation, Scale, Schema, StructuredType, Term, TypeDefinition, TypeRef,
};

/// Writes the model as a CSDL XML document.
///
/// What [`crate::csdl::read`] makes of the text is the same model. Annotations stand at what they annotate.
///
/// ```
/// use odata::csdl::{CsdlVersion, read, write_xml};
///
/// let text = r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
///     <Schema Namespace="a.b" Alias="c" xmlns="http://docs.oasis-open.org/odata/ns/edm">
///       <ComplexType Name="point"><Property Name="x" Type="Edm.Double" Nullable="false"/></ComplexType>
///     </Schema></edmx:DataServices></edmx:Edmx>"#;
/// let written = write_xml(&read(text)?, CsdlVersion::V4_01);
/// assert!(written.contains(r#"<Property Name="x" Type="Edm.Double" Nullable="false"/>"#));
/// assert_eq!(write_xml(&read(&written)?, CsdlVersion::V4_01), written);
/// # Ok::<(), odata::csdl::CsdlError>(())
/// ```
pub fn write_xml(model: &Model, version: CsdlVersion) -> String {
    let mut writer = Writer { model, xml: XmlText::new() };
    writer.edmx(version);
    writer.xml.finish()
}

struct Writer<'m> {
    model: &'m Model,
    xml: XmlText,
}

impl<'m> Writer<'m> {
    fn edmx(&mut self, version: CsdlVersion) {
        self.xml.start("edmx:Edmx");
        self.xml.attribute("Version", version.text());
        self.xml.attribute("xmlns:edmx", EDMX);
        for reference in &self.model.references {
            self.xml.start("edmx:Reference");
            self.xml.attribute("Uri", &reference.uri);
            for (namespace, alias) in &reference.includes {
                self.xml.start("edmx:Include");
                self.xml.attribute("Namespace", namespace);
                self.xml.optional("Alias", alias.as_deref());
                self.xml.end();
            }
            for annotations in &reference.annotations {
                self.xml.start("edmx:IncludeAnnotations");
                self.xml.attribute("TermNamespace", &annotations.term_namespace);
                self.xml.optional("Qualifier", annotations.qualifier.as_deref());
                self.xml.optional("TargetNamespace", annotations.target_namespace.as_deref());
                self.xml.end();
            }
            self.xml.end();
        }
        self.xml.start("edmx:DataServices");
        for schema in &self.model.schemas {
            self.schema(schema);
        }
        self.xml.end();
    }

    fn schema(&mut self, schema: &'m Schema) {
        self.xml.start("Schema");
        self.xml.attribute("Namespace", &schema.namespace);
        self.xml.optional("Alias", schema.alias.as_deref());
        self.xml.attribute("xmlns", EDM);
        for id in &schema.types {
            match self.model.named(*id) {
                NamedType::Structured(ty) => self.structured(ty),
                NamedType::Enum(ty) => self.enumeration(ty, schema),
                NamedType::Definition(ty) => self.definition(ty, schema),
            }
        }
        for term in &schema.terms {
            self.term(term);
        }
        for id in &schema.operations {
            self.operation(self.model.operation(*id));
        }
        if schema.has_container {
            self.container();
        }
        for (target, annotations) in &schema.targeted {
            self.xml.start("Annotations");
            self.xml.attribute("Target", target);
            self.annotations(annotations);
            self.xml.end();
        }
        self.annotations(&schema.annotations);
        self.xml.end();
    }

    fn structured(&mut self, ty: &'m StructuredType) {
        let own = Own::of(self.model, ty);
        self.xml.start(if ty.is_entity { "EntityType" } else { "ComplexType" });
        self.xml.attribute("Name", ty.short_name());
        self.xml.optional("BaseType", own.base.map(|base| named(self.model, base)).as_deref());
        self.xml.flag("Abstract", ty.is_abstract);
        self.xml.flag("OpenType", own.is_open);
        self.xml.flag("HasStream", own.has_stream);
        if own.has_key {
            self.xml.start("Key");
            for part in &ty.key {
                self.xml.start("PropertyRef");
                self.xml.attribute("Name", &part.path_text);
                self.xml.optional("Alias", Some(&*part.name).filter(|name| **name != *part.path_text));
                self.xml.end();
            }
            self.xml.end();
        }
        for member in ty.own_members() {
            self.member(member);
        }
        self.annotations(&ty.annotations);
        self.xml.end();
    }

    fn member(&mut self, member: &'m Member) {
        let navigation = if let MemberKind::Navigation(navigation) = &member.kind { Some(navigation) } else { None };
        self.xml.start(if navigation.is_some() { "NavigationProperty" } else { "Property" });
        self.xml.attribute("Name", &member.name);
        self.type_ref(&member.ty);
        self.xml.optional("DefaultValue", default_text(self.model, member).as_deref());
        if let Some(navigation) = navigation {
            self.xml.flag("ContainsTarget", navigation.contains_target);
            self.xml.optional("Partner", navigation.partner.as_deref());
            for (property, referenced) in &navigation.constraints {
                self.xml.start("ReferentialConstraint");
                self.xml.attribute("Property", property);
                self.xml.attribute("ReferencedProperty", referenced);
                self.xml.end();
            }
            if let Some(action) = &navigation.on_delete {
                self.xml.start("OnDelete");
                self.xml.attribute("Action", action);
                self.xml.end();
            }
        }
        self.annotations(&member.annotations);
        self.xml.end();
    }

    fn type_ref(&mut self, ty: &TypeRef) {
        self.xml.attribute("Type", &named(self.model, &self.model.qualified_name(ty)));
        if ty.collection && !is_entity_collection(self.model, ty) {
            // For collections there is no default to rely on (CSDL 4.01, 7.2.2).
            self.xml.attribute("Nullable", if ty.nullable { "true" } else { "false" });
        } else if !ty.collection && !ty.nullable {
            self.xml.attribute("Nullable", "false");
        }
        self.facets(&ty.facets);
    }

    fn facets(&mut self, facets: &Facets) {
        self.xml.optional("MaxLength", facets.max_length.map(|n| n.to_string()).as_deref());
        self.xml.optional("Precision", facets.precision.map(|n| n.to_string()).as_deref());
        let scale = facets.scale.map(|scale| match scale {
            Scale::Fixed(digits) => digits.to_string(),
            Scale::Variable => "variable".to_owned(),
            Scale::Floating => "floating".to_owned(),
        });
        self.xml.optional("Scale", scale.as_deref());
        self.xml.optional("SRID", facets.srid.map(|n| n.to_string()).as_deref());
        if facets.ascii {
            self.xml.attribute("Unicode", "false");
        }
    }

    fn enumeration(&mut self, ty: &'m EnumType, schema: &Schema) {
        self.xml.start("EnumType");
        self.xml.attribute("Name", &ty.name[schema.namespace.len() + 1..]);
        self.xml.attribute("UnderlyingType", ty.underlying.name());
        self.xml.flag("IsFlags", ty.is_flags);
        for ((name, value), annotations) in ty.members.iter().zip(&ty.member_annotations) {
            self.xml.start("Member");
            self.xml.attribute("Name", name);
            self.xml.attribute("Value", &value.to_string());
            self.annotations(annotations);
            self.xml.end();
        }
        self.annotations(&ty.annotations);
        self.xml.end();
    }

    fn definition(&mut self, ty: &'m TypeDefinition, schema: &Schema) {
        self.xml.start("TypeDefinition");
        self.xml.attribute("Name", &ty.name[schema.namespace.len() + 1..]);
        self.xml.attribute("UnderlyingType", ty.underlying.name());
        self.facets(&ty.facets);
        self.annotations(&ty.annotations);
        self.xml.end();
    }

    fn term(&mut self, term: &'m Term) {
        self.xml.start("Term");
        self.xml.attribute("Name", &term.name);
        self.xml.attribute("Type", &term.type_text);
        self.xml.optional("BaseTerm", term.base.as_deref());
        self.xml.optional("Nullable", term.nullable.map(|yes| if yes { "true" } else { "false" }));
        self.xml.optional("DefaultValue", term.default.as_deref());
        self.xml.optional("AppliesTo", term.applies_to.as_deref());
        self.facets(&term.facets);
        self.annotations(&term.annotations);
        self.xml.end();
    }

    fn operation(&mut self, operation: &'m Operation) {
        self.xml.start(if operation.is_action { "Action" } else { "Function" });
        self.xml.attribute("Name", operation.short_name());
        self.xml.flag("IsBound", operation.is_bound);
        self.xml.flag("IsComposable", operation.is_composable);
        self.xml.optional("EntitySetPath", operation.entity_set_path.as_deref());
        for parameter in &operation.parameters {
            self.xml.start("Parameter");
            self.xml.attribute("Name", &parameter.name);
            self.type_ref(&parameter.ty);
            self.annotations(&parameter.annotations);
            self.xml.end();
        }
        if let Some(returns) = &operation.returns {
            self.xml.start("ReturnType");
            self.type_ref(returns);
            self.annotations(&operation.return_annotations);
            self.xml.end();
        }
        self.annotations(&operation.annotations);
        self.xml.end();
    }

    fn container(&mut self) {
        let container = &self.model.container;
        self.xml.start("EntityContainer");
        self.xml.attribute("Name", &container.name);
        for child in &container.children {
            self.child(child);
        }
        self.annotations(&container.annotations);
        self.xml.end();
    }

    fn child(&mut self, child: &'m ContainerChild) {
        match &child.kind {
            ContainerChildKind::EntitySet { ty, bindings } => {
                self.xml.start("EntitySet");
                self.xml.attribute("Name", &child.name);
                self.xml.attribute("EntityType", &named(self.model, self.model.named(*ty).name()));
                if !child.in_service_document {
                    self.xml.attribute("IncludeInServiceDocument", "false");
                }
                self.bindings(bindings);
            }
            ContainerChildKind::Singleton { ty, nullable, bindings } => {
                self.xml.start("Singleton");
                self.xml.attribute("Name", &child.name);
                self.xml.attribute("Type", &named(self.model, self.model.named(*ty).name()));
                self.xml.flag("Nullable", *nullable);
                self.bindings(bindings);
            }
            ContainerChildKind::Import { operations, entity_set } => {
                let Some(operation) = operations.first().map(|id| self.model.operation(*id)) else { return };
                self.xml.start(if operation.is_action { "ActionImport" } else { "FunctionImport" });
                self.xml.attribute("Name", &child.name);
                let called = named(self.model, &operation.name);
                self.xml.attribute(if operation.is_action { "Action" } else { "Function" }, &called);
                self.xml.optional("EntitySet", entity_set.as_deref());
                if !operation.is_action {
                    self.xml.flag("IncludeInServiceDocument", child.in_service_document);
                }
            }
        }
        self.annotations(&child.annotations);
        self.xml.end();
    }

    fn bindings(&mut self, bindings: &[(std::sync::Arc<str>, std::sync::Arc<str>)]) {
        for (path, target) in bindings {
            self.xml.start("NavigationPropertyBinding");
            self.xml.attribute("Path", path);
            self.xml.attribute("Target", target);
            self.xml.end();
        }
    }

    fn annotations(&mut self, annotations: &[Annotation]) {
        for annotation in annotations {
            self.xml.start("Annotation");
            self.xml.attribute("Term", &annotation.term);
            self.xml.optional("Qualifier", annotation.qualifier.as_deref());
            self.value(&annotation.value);
            self.annotations(&annotation.annotations);
            self.xml.end();
        }
    }

    /// A value inside `Annotation` or `PropertyValue`: constants and paths become an attribute.
    fn value(&mut self, value: &AnnotationValue) {
        match value {
            AnnotationValue::Constant { kind, text } => self.xml.attribute(kind, text),
            AnnotationValue::Path { kind, text } if &**kind != "LabeledElementReference" => {
                self.xml.attribute(kind, text);
            }
            other => self.expression(other),
        }
    }

    fn expression(&mut self, value: &AnnotationValue) {
        match value {
            AnnotationValue::Constant { kind, text } | AnnotationValue::Path { kind, text } => {
                self.xml.text_element(kind, text);
            }
            AnnotationValue::Null => {
                self.xml.start("Null");
                self.xml.end();
            }
            AnnotationValue::Collection(values) => {
                self.xml.start("Collection");
                for value in values {
                    self.expression(value);
                }
                self.xml.end();
            }
            AnnotationValue::Record(ty, properties) => {
                self.xml.start("Record");
                self.xml.optional("Type", ty.as_deref());
                for (name, value) in properties {
                    self.xml.start("PropertyValue");
                    self.xml.attribute("Property", name);
                    self.value(value);
                    self.xml.end();
                }
                self.xml.end();
            }
            AnnotationValue::Dynamic { kind, attributes, operands } => {
                self.xml.start(kind);
                for (name, text) in attributes {
                    self.xml.attribute(name, text);
                }
                for operand in operands {
                    self.expression(operand);
                }
                self.xml.end();
            }
        }
    }
}
