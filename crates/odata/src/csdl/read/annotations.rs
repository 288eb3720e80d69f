//! Annotations and their expressions: every constant, path, collection, record and dynamic expression of CSDL 4.01,
//! chapter 14. Their meaning is not looked at here.

use std::sync::Arc;

use super::xml::Element;
use crate::csdl::{CsdlError, CsdlFault};
use crate::edm::parse_primitive;
use crate::limits::CSDL_DEPTH_MAX;
use crate::model::{Annotation, AnnotationValue, Facets, Primitive};

/// Constant expressions, as attributes and as elements, with the type that their text has.
const CONSTANTS: [(&str, Option<Primitive>); 12] = [
    ("Binary", Some(Primitive::Binary)),
    ("Bool", Some(Primitive::Boolean)),
    ("Date", Some(Primitive::Date)),
    ("DateTimeOffset", Some(Primitive::DateTimeOffset)),
    ("Decimal", Some(Primitive::Decimal)),
    ("Duration", Some(Primitive::Duration)),
    ("EnumMember", None),
    ("Float", Some(Primitive::Double)),
    ("Guid", Some(Primitive::Guid)),
    ("Int", Some(Primitive::Int64)),
    ("String", None),
    ("TimeOfDay", Some(Primitive::TimeOfDay)),
];
/// Path expressions, as attributes and as elements.
const PATHS: [&str; 7] = [
    "AnnotationPath",
    "LabeledElementReference",
    "ModelElementPath",
    "NavigationPropertyPath",
    "Path",
    "PropertyPath",
    "AnyPropertyPath",
];
/// Dynamic expressions with operands.
const DYNAMIC: [&str; 23] = [
    "Add",
    "And",
    "Apply",
    "Cast",
    "Div",
    "DivBy",
    "Eq",
    "Ge",
    "Gt",
    "Has",
    "If",
    "In",
    "IsOf",
    "LabeledElement",
    "Le",
    "Lt",
    "Mod",
    "Mul",
    "Ne",
    "Neg",
    "Not",
    "Or",
    "Sub",
];

/// Reads an `Annotation` element.
pub(super) fn annotation(element: Element<'_>) -> Result<Annotation, CsdlError> {
    nested_annotation(element, 0)
}

/// The annotations of an element that may hold nothing else.
pub(super) fn annotations_of(element: Element<'_>) -> Result<Vec<Annotation>, CsdlError> {
    element
        .children()
        .map(|child| if child.name() == "Annotation" { annotation(child) } else { Err(child.unexpected()) })
        .collect()
}

fn nested_annotation(element: Element<'_>, depth: usize) -> Result<Annotation, CsdlError> {
    let mut annotations = Vec::new();
    for child in element.children().filter(|child| child.name() == "Annotation") {
        annotations.push(nested_annotation(child, deeper(child, depth)?)?);
    }
    Ok(Annotation {
        term: element.required("Term")?.into(),
        qualifier: element.attribute("Qualifier").map(Arc::from),
        value: value(element, depth)?,
        annotations,
    })
}

/// The value of an element that may hold it as an attribute or as a child; none of both is `true`.
fn value(element: Element<'_>, depth: usize) -> Result<AnnotationValue, CsdlError> {
    let mut found = attribute_value(element)?;
    for child in element.children().filter(|child| child.name() != "Annotation") {
        if found.is_some() {
            return Err(child.unexpected());
        }
        found = Some(expression(child, deeper(child, depth)?)?);
    }
    Ok(found.unwrap_or_else(|| AnnotationValue::Constant { kind: "Bool".into(), text: "true".into() }))
}

fn attribute_value(element: Element<'_>) -> Result<Option<AnnotationValue>, CsdlError> {
    let mut found = None;
    for (name, text) in element.attributes() {
        let here = if CONSTANTS.iter().any(|(kind, _)| *kind == name) {
            constant(element, name, text)?
        } else if PATHS.contains(&name) {
            AnnotationValue::Path { kind: name.into(), text: text.into() }
        } else if name == "UrlRef" {
            let text = AnnotationValue::Constant { kind: "String".into(), text: text.into() };
            AnnotationValue::Dynamic { kind: name.into(), attributes: Vec::new(), operands: vec![text] }
        } else {
            continue;
        };
        if found.replace(here).is_some() {
            return Err(element.fault(CsdlFault::UnexpectedAttribute {
                element: element.name().to_owned(),
                attribute: name.to_owned(),
            }));
        }
    }
    Ok(found)
}

fn expression(element: Element<'_>, depth: usize) -> Result<AnnotationValue, CsdlError> {
    let name = element.name();
    match name {
        "Null" => Ok(AnnotationValue::Null),
        "Collection" => Ok(AnnotationValue::Collection(operands(element, depth)?)),
        "Record" => record(element, depth),
        "UrlRef" => dynamic(element, depth),
        _ if DYNAMIC.contains(&name) => dynamic(element, depth),
        _ if PATHS.contains(&name) => {
            Ok(AnnotationValue::Path { kind: name.into(), text: element.text().trim().into() })
        }
        "String" => constant(element, name, &element.text()),
        _ if CONSTANTS.iter().any(|(kind, _)| *kind == name) => constant(element, name, element.text().trim()),
        _ => Err(element.unexpected()),
    }
}

fn record(element: Element<'_>, depth: usize) -> Result<AnnotationValue, CsdlError> {
    element.only(&["Type"])?;
    let mut properties: Vec<(Arc<str>, AnnotationValue)> = Vec::new();
    for child in element.children() {
        match child.name() {
            "PropertyValue" => {
                let name = child.required("Property")?;
                if properties.iter().any(|(known, _)| &**known == name) {
                    return Err(child.duplicate("property value", name));
                }
                properties.push((name.into(), value(child, deeper(child, depth)?)?));
            }
            "Annotation" => {}
            _ => return Err(child.unexpected()),
        }
    }
    Ok(AnnotationValue::Record(element.attribute("Type").map(Arc::from), properties))
}

fn dynamic(element: Element<'_>, depth: usize) -> Result<AnnotationValue, CsdlError> {
    let is_value =
        |name: &str| CONSTANTS.iter().any(|(kind, _)| *kind == name) || PATHS.contains(&name) || name == "UrlRef";
    let attributes = element.attributes().filter(|(name, _)| !is_value(name));
    let attributes = attributes.map(|(name, text)| (Arc::from(name), Arc::from(text))).collect();
    let mut all: Vec<_> = attribute_value(element)?.into_iter().collect();
    all.extend(operands(element, depth)?);
    Ok(AnnotationValue::Dynamic { kind: element.name().into(), attributes, operands: all })
}

fn operands(element: Element<'_>, depth: usize) -> Result<Vec<AnnotationValue>, CsdlError> {
    element
        .children()
        .filter(|child| child.name() != "Annotation")
        .map(|child| expression(child, deeper(child, depth)?))
        .collect()
}

fn constant(element: Element<'_>, kind: &str, text: &str) -> Result<AnnotationValue, CsdlError> {
    if let Some(primitive) = CONSTANTS.iter().find(|(known, _)| *known == kind).and_then(|(_, primitive)| *primitive)
        && (parse_primitive(primitive, &Facets::default(), text).is_err()
            || (kind == "Bool" && !matches!(text, "true" | "false")))
    {
        return Err(element.bad_text(kind, text, format!("a value of {primitive}")));
    }
    Ok(AnnotationValue::Constant { kind: kind.into(), text: text.into() })
}

fn deeper(element: Element<'_>, depth: usize) -> Result<usize, CsdlError> {
    if depth < CSDL_DEPTH_MAX {
        Ok(depth + 1)
    } else {
        Err(element.fault(CsdlFault::TooMany { what: "annotation expressions in each other", max: CSDL_DEPTH_MAX }))
    }
}
