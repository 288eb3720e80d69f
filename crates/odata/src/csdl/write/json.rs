//! CSDL JSON. Names are written with the alias of their schema where it has one; annotation expressions have their own file's
//! worth at the end.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::json_text::JsonText;
use super::{CsdlVersion, Own, default_text, is_entity_collection, named};
use crate::edm::Decimal;
use crate::model::{
    Annotation, AnnotationValue, ContainerChild, ContainerChildKind, EdmType, EnumType, Facets, Member, MemberKind,
    Model, NamedType, Operation, Parameter, Primitive, Scale, Schema, StructuredType, Term, TypeDefinition, TypeRef,
};

/// Writes the model as a CSDL JSON document.
///
/// ```
/// let text = r#"<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
///     <Schema Namespace="a.b" xmlns="http://docs.oasis-open.org/odata/ns/edm">
///       <ComplexType Name="point"><Property Name="x" Type="Edm.Double" Nullable="false"/></ComplexType>
///     </Schema></edmx:DataServices></edmx:Edmx>"#;
/// let written = odata::csdl::write_json(&odata::csdl::read(text)?, odata::csdl::CsdlVersion::V4_01);
/// assert!(written.starts_with("{\n  \"$Version\": \"4.01\",\n  \"a.b\": {"));
/// # Ok::<(), odata::csdl::CsdlError>(())
/// ```
pub fn write_json(model: &Model, version: CsdlVersion) -> String {
    let mut writer = Writer { model, json: JsonText::new() };
    writer.document(version);
    writer.json.finish()
}

struct Writer<'m> {
    model: &'m Model,
    json: JsonText,
}

impl<'m> Writer<'m> {
    fn document(&mut self, version: CsdlVersion) {
        self.json.open('{');
        self.json.string_member("$Version", version.text());
        let container = &self.model.container;
        if self.model.schemas.iter().any(|schema| schema.has_container) {
            self.json.string_member("$EntityContainer", &format!("{}.{}", container.namespace, container.name));
        }
        self.references();
        for schema in &self.model.schemas {
            self.schema(schema);
        }
        self.json.close('}');
    }

    fn references(&mut self) {
        // One member for each document, even when the model names it in several references.
        let mut documents: BTreeMap<&str, (Vec<_>, Vec<_>)> = BTreeMap::new();
        for reference in &self.model.references {
            let (includes, annotations) = documents.entry(&reference.uri).or_default();
            includes.extend(&reference.includes);
            annotations.extend(&reference.annotations);
        }
        if documents.is_empty() {
            return;
        }
        self.json.key("$Reference");
        self.json.open('{');
        for (uri, (includes, annotations)) in documents {
            self.json.key(uri);
            self.json.open('{');
            self.array_of("$Include", &includes, |json, (namespace, alias)| {
                json.string_member("$Namespace", namespace);
                json.optional("$Alias", alias.as_deref());
            });
            self.array_of("$IncludeAnnotations", &annotations, |json, annotations| {
                json.string_member("$TermNamespace", &annotations.term_namespace);
                json.optional("$Qualifier", annotations.qualifier.as_deref());
                json.optional("$TargetNamespace", annotations.target_namespace.as_deref());
            });
            self.json.close('}');
        }
        self.json.close('}');
    }

    /// A member with an object for each item; none where there are no items.
    fn array_of<T>(&mut self, name: &str, items: &[&T], write: impl Fn(&mut JsonText, &T)) {
        if items.is_empty() {
            return;
        }
        self.json.key(name);
        self.json.open('[');
        for item in items {
            self.json.next();
            self.json.open('{');
            write(&mut self.json, item);
            self.json.close('}');
        }
        self.json.close(']');
    }

    fn schema(&mut self, schema: &'m Schema) {
        self.json.key(&schema.namespace);
        self.json.open('{');
        if let Some(alias) = &schema.alias {
            self.json.string_member("$Alias", alias);
        }
        for id in &schema.types {
            let ty = self.model.named(*id);
            self.json.key(&ty.name()[schema.namespace.len() + 1..]);
            match ty {
                NamedType::Structured(ty) => self.structured(ty),
                NamedType::Enum(ty) => self.enumeration(ty),
                NamedType::Definition(ty) => self.definition(ty),
            }
        }
        for term in &schema.terms {
            self.term(term);
        }
        self.operations(schema);
        if schema.has_container {
            self.container();
        }
        if !schema.targeted.is_empty() {
            self.json.key("$Annotations");
            self.json.open('{');
            for (target, annotations) in &schema.targeted {
                self.json.key(target);
                self.json.open('{');
                self.annotations("", annotations);
                self.json.close('}');
            }
            self.json.close('}');
        }
        self.annotations("", &schema.annotations);
        self.json.close('}');
    }

    fn structured(&mut self, ty: &'m StructuredType) {
        let own = Own::of(self.model, ty);
        self.json.open('{');
        self.json.string_member("$Kind", if ty.is_entity { "EntityType" } else { "ComplexType" });
        if let Some(base) = own.base {
            self.json.string_member("$BaseType", &named(self.model, base));
        }
        self.json.flag("$Abstract", ty.is_abstract);
        self.json.flag("$OpenType", own.is_open);
        self.json.flag("$HasStream", own.has_stream);
        if own.has_key {
            self.json.key("$Key");
            self.json.open('[');
            for part in &ty.key {
                self.json.next();
                if part.name == part.path_text {
                    self.json.string(&part.name);
                } else {
                    self.json.open('{');
                    self.json.string_member(&part.name, &part.path_text);
                    self.json.close('}');
                }
            }
            self.json.close(']');
        }
        for member in ty.own_members() {
            self.member(member);
        }
        self.annotations("", &ty.annotations);
        self.json.close('}');
    }

    fn member(&mut self, member: &'m Member) {
        self.json.key(&member.name);
        self.json.open('{');
        if let MemberKind::Navigation(navigation) = &member.kind {
            self.json.string_member("$Kind", "NavigationProperty");
            self.type_ref(&member.ty);
            self.json.flag("$ContainsTarget", navigation.contains_target);
            if let Some(partner) = &navigation.partner {
                self.json.string_member("$Partner", partner);
            }
            if !navigation.constraints.is_empty() {
                self.json.key("$ReferentialConstraint");
                self.pairs(&navigation.constraints);
            }
            if let Some(action) = &navigation.on_delete {
                self.json.string_member("$OnDelete", action);
            }
        } else {
            self.type_ref(&member.ty);
            if let Some(text) = default_text(self.model, member) {
                self.json.key("$DefaultValue");
                let primitive = self.model.primitive_of(&member.ty).map(|(primitive, _)| primitive);
                let bare = primitive.is_some_and(|p| p.is_numeric() || p == Primitive::Boolean);
                // `INF` and `NaN` are numbers without a JSON number.
                if bare && !text.ends_with(['F', 'N']) { self.json.literal(&text) } else { self.json.string(&text) }
            }
        }
        self.annotations("", &member.annotations);
        self.json.close('}');
    }

    fn pairs(&mut self, pairs: &[(Arc<str>, Arc<str>)]) {
        self.json.open('{');
        for (name, value) in pairs {
            self.json.string_member(name, value);
        }
        self.json.close('}');
    }

    fn type_ref(&mut self, ty: &TypeRef) {
        self.json.flag("$Collection", ty.collection);
        let name = self.model.type_name(ty.base);
        if name != "Edm.String" {
            self.json.string_member("$Type", &named(self.model, name));
        }
        self.json.flag("$Nullable", ty.nullable && !is_entity_collection(self.model, ty));
        self.facets(&ty.facets, ty.base == EdmType::Primitive(Primitive::Decimal));
    }

    fn facets(&mut self, facets: &Facets, is_decimal: bool) {
        if let Some(length) = facets.max_length {
            self.json.literal_member("$MaxLength", &length.to_string());
        }
        if let Some(digits) = facets.precision {
            self.json.literal_member("$Precision", &digits.to_string());
        }
        match facets.scale {
            // Nothing is zero in XML, and any scale in JSON (CSDL JSON 4.01, 7.2.4).
            None if is_decimal => self.json.literal_member("$Scale", "0"),
            None => {}
            Some(Scale::Fixed(digits)) => self.json.literal_member("$Scale", &digits.to_string()),
            Some(Scale::Variable) => self.json.string_member("$Scale", "variable"),
            Some(Scale::Floating) => self.json.string_member("$Scale", "floating"),
        }
        if let Some(srid) = facets.srid {
            self.json.string_member("$SRID", &srid.to_string());
        }
        if facets.ascii {
            self.json.literal_member("$Unicode", "false");
        }
    }

    fn enumeration(&mut self, ty: &'m EnumType) {
        self.json.open('{');
        self.json.string_member("$Kind", "EnumType");
        self.json.string_member("$UnderlyingType", ty.underlying.name());
        self.json.flag("$IsFlags", ty.is_flags);
        for ((name, value), annotations) in ty.members.iter().zip(&ty.member_annotations) {
            self.json.literal_member(name, &value.to_string());
            self.annotations(name, annotations);
        }
        self.annotations("", &ty.annotations);
        self.json.close('}');
    }

    fn definition(&mut self, ty: &'m TypeDefinition) {
        self.json.open('{');
        self.json.string_member("$Kind", "TypeDefinition");
        self.json.string_member("$UnderlyingType", ty.underlying.name());
        self.facets(&ty.facets, ty.underlying == Primitive::Decimal);
        self.annotations("", &ty.annotations);
        self.json.close('}');
    }

    fn term(&mut self, term: &'m Term) {
        self.json.key(&term.name);
        self.json.open('{');
        self.json.string_member("$Kind", "Term");
        self.type_text(&term.type_text);
        self.json.flag("$Nullable", term.nullable.unwrap_or(true));
        self.facets(&term.facets, &*term.type_text == "Edm.Decimal");
        if let Some(base) = &term.base {
            self.json.string_member("$BaseTerm", &named(self.model, &self.model.resolve_name(base)));
        }
        if let Some(default) = &term.default {
            self.json.key("$DefaultValue");
            match Primitive::from_name(&term.type_text) {
                Some(Primitive::Boolean) => self.constant("Bool", default),
                Some(Primitive::Double | Primitive::Single) => self.constant("Float", default),
                Some(Primitive::Decimal) => self.constant("Decimal", default),
                Some(primitive) if primitive.is_numeric() => self.constant("Int", default),
                _ => self.json.string(default),
            }
        }
        if let Some(applies_to) = &term.applies_to {
            self.json.key("$AppliesTo");
            self.json.open('[');
            for kind in applies_to.split_whitespace() {
                self.json.next();
                self.json.string(kind);
            }
            self.json.close(']');
        }
        self.annotations("", &term.annotations);
        self.json.close('}');
    }

    /// A type that the model holds as text.
    fn type_text(&mut self, text: &str) {
        let inner = text.strip_prefix("Collection(").and_then(|rest| rest.strip_suffix(')'));
        self.json.flag("$Collection", inner.is_some());
        let name = self.model.resolve_name(inner.unwrap_or(text)).into_owned();
        if name != "Edm.String" {
            self.json.string_member("$Type", &named(self.model, &name));
        }
    }

    /// Overloads stand together in one array, at the place of the first.
    fn operations(&mut self, schema: &'m Schema) {
        let mut written: Vec<&str> = Vec::new();
        let all: Vec<&Operation> = schema.operations.iter().map(|id| self.model.operation(*id)).collect();
        for first in &all {
            if written.contains(&&*first.name) {
                continue;
            }
            written.push(&first.name);
            self.json.key(first.short_name());
            self.json.open('[');
            for overload in all.iter().filter(|operation| operation.name == first.name) {
                self.json.next();
                self.operation(overload);
            }
            self.json.close(']');
        }
    }

    fn operation(&mut self, operation: &'m Operation) {
        self.json.open('{');
        self.json.string_member("$Kind", if operation.is_action { "Action" } else { "Function" });
        self.json.flag("$IsBound", operation.is_bound);
        self.json.flag("$IsComposable", operation.is_composable);
        if let Some(path) = &operation.entity_set_path {
            self.json.string_member("$EntitySetPath", path);
        }
        if !operation.parameters.is_empty() {
            self.json.key("$Parameter");
            self.json.open('[');
            for parameter in &operation.parameters {
                self.parameter(parameter);
            }
            self.json.close(']');
        }
        if let Some(returns) = &operation.returns {
            self.json.key("$ReturnType");
            self.json.open('{');
            self.type_ref(returns);
            self.annotations("", &operation.return_annotations);
            self.json.close('}');
        }
        self.annotations("", &operation.annotations);
        self.json.close('}');
    }

    fn parameter(&mut self, parameter: &'m Parameter) {
        self.json.next();
        self.json.open('{');
        self.json.string_member("$Name", &parameter.name);
        self.type_ref(&parameter.ty);
        self.annotations("", &parameter.annotations);
        self.json.close('}');
    }

    fn container(&mut self) {
        let container = &self.model.container;
        self.json.key(&container.name);
        self.json.open('{');
        self.json.string_member("$Kind", "EntityContainer");
        for child in &container.children {
            self.json.key(&child.name);
            self.json.open('{');
            self.child(child);
            self.annotations("", &child.annotations);
            self.json.close('}');
        }
        self.annotations("", &container.annotations);
        self.json.close('}');
    }

    fn child(&mut self, child: &'m ContainerChild) {
        let (ty, bindings) = match &child.kind {
            ContainerChildKind::EntitySet { ty, bindings } => {
                self.json.flag("$Collection", true);
                (ty, bindings)
            }
            ContainerChildKind::Singleton { ty, bindings, .. } => (ty, bindings),
            ContainerChildKind::Import { operations, entity_set } => {
                let Some(operation) = operations.first().map(|id| self.model.operation(*id)) else { return };
                let name = if operation.is_action { "$Action" } else { "$Function" };
                self.json.string_member(name, &named(self.model, &operation.name));
                if let Some(set) = entity_set {
                    self.json.string_member("$EntitySet", set);
                }
                self.json.flag("$IncludeInServiceDocument", !operation.is_action && child.in_service_document);
                return;
            }
        };
        self.json.string_member("$Type", &named(self.model, self.model.named(*ty).name()));
        self.json.flag("$Nullable", matches!(child.kind, ContainerChildKind::Singleton { nullable: true, .. }));
        if !child.in_service_document {
            self.json.literal_member("$IncludeInServiceDocument", "false");
        }
        if !bindings.is_empty() {
            self.json.key("$NavigationPropertyBinding");
            self.pairs(bindings);
        }
    }

    /// Annotations as members; `prefix` is the name of what they annotate when it is no object of its own.
    fn annotations(&mut self, prefix: &str, annotations: &[Annotation]) {
        for annotation in annotations {
            let qualifier = annotation.qualifier.as_ref().map_or_else(String::new, |qualifier| format!("#{qualifier}"));
            let name = format!("{prefix}@{}{qualifier}", annotation.term);
            self.json.key(&name);
            self.value(&annotation.value);
            self.annotations(&name, &annotation.annotations);
        }
    }

    fn value(&mut self, value: &AnnotationValue) {
        match value {
            AnnotationValue::Null => self.json.literal("null"),
            AnnotationValue::Constant { kind, text } => self.constant(kind, text),
            AnnotationValue::Path { kind, text } => match &**kind {
                "Path" | "LabeledElementReference" => {
                    self.json.open('{');
                    self.json.string_member(&format!("${kind}"), text);
                    self.json.close('}');
                }
                _ => self.json.string(text),
            },
            AnnotationValue::Collection(values) => self.array(values),
            AnnotationValue::Record(ty, properties) => {
                self.json.open('{');
                if let Some(ty) = ty {
                    let uri = self.type_uri(ty);
                    self.json.string_member("@type", &uri);
                }
                for (name, value) in properties {
                    self.json.key(name);
                    self.value(value);
                }
                self.json.close('}');
            }
            AnnotationValue::Dynamic { kind, attributes, operands } => self.dynamic(kind, attributes, operands),
        }
    }

    fn array(&mut self, values: &[AnnotationValue]) {
        self.json.open('[');
        for value in values {
            self.json.next();
            self.value(value);
        }
        self.json.close(']');
    }

    fn dynamic(&mut self, kind: &str, attributes: &[(Arc<str>, Arc<str>)], operands: &[AnnotationValue]) {
        self.json.open('{');
        self.json.key(&format!("${kind}"));
        match (kind, operands) {
            ("Not" | "Neg" | "Cast" | "IsOf" | "LabeledElement" | "UrlRef", [one]) => self.value(one),
            _ => self.array(operands),
        }
        for (name, text) in attributes {
            match &**name {
                "Type" => self.type_text(text),
                // Facets are numbers where they can be.
                "MaxLength" | "Precision" | "Scale" if text.parse::<u32>().is_ok() => {
                    self.json.literal_member(&format!("${name}"), text);
                }
                _ => self.json.string_member(&format!("${name}"), text),
            }
        }
        self.json.close('}');
    }

    fn constant(&mut self, kind: &str, text: &str) {
        match kind {
            "Bool" => self.json.literal(text),
            // Read and written again: XML allows a plus sign and leading zeros, JSON does not.
            "Int" => match text.parse::<i64>() {
                Ok(number) => self.json.literal(&number.to_string()),
                Err(_) => self.json.string(text),
            },
            "Decimal" => match Decimal::parse(text) {
                Ok(number) => self.json.literal(&number.to_string()),
                Err(_) => self.json.string(text),
            },
            "Float" => match text.parse::<f64>().ok().filter(|number| number.is_finite()) {
                Some(number) => self.json.literal(ryu::Buffer::new().format_finite(number)),
                None => self.json.string(text),
            },
            "EnumMember" => {
                let names: Vec<&str> =
                    text.split_whitespace().map(|member| member.rsplit('/').next().unwrap_or(member)).collect();
                self.json.string(&names.join(","));
            }
            _ => self.json.string(text),
        }
    }

    /// The type of a record: its name as the fragment of the document that declares it.
    fn type_uri(&self, name: &str) -> String {
        let full = self.model.resolve_name(name);
        let namespace = full.rsplit_once('.').map_or("", |(namespace, _)| namespace);
        let document = self
            .model
            .references
            .iter()
            .find(|reference| reference.includes.iter().any(|(included, _)| **included == *namespace))
            .map_or("", |reference| &*reference.uri);
        format!("{document}#{}", named(self.model, &full))
    }
}
