//! Actions and functions: their overloads, and the rules that tell overloads apart.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Reader;
use super::annotations::{annotation, annotations_of};
use super::members::with_facets;
use super::xml::{Element, is_dotted};
use crate::csdl::vocabulary::ALTERNATIVE_NAME;
use crate::csdl::{CsdlError, CsdlFault};
use crate::model::{AnnotationValue, Operation, OperationId, Parameter};

impl<'a> Reader<'a> {
    pub(super) fn read_operations(&mut self) -> Result<(), CsdlError> {
        let mut signatures = HashSet::new();
        // Overloads are of one kind: an action and a function cannot share a name.
        let mut kinds = HashMap::new();
        for (number, (schema, element)) in self.operations.clone().into_iter().enumerate() {
            let number = u32::try_from(number)
                .map_err(|_| element.fault(CsdlFault::TooMany { what: "operations", max: u32::MAX as usize }))?;
            let operation = self.operation(schema, element)?;
            if self.model.type_names.contains_key(&operation.name)
                || *kinds.entry(Arc::clone(&operation.name)).or_insert(operation.is_action) != operation.is_action
                || !signatures.insert(self.signature(&operation))
            {
                return Err(element.duplicate("operation", &operation.name));
            }
            self.model.operations.push(operation);
            self.model.schemas[schema].operations.push(OperationId(number));
        }
        Ok(())
    }

    fn operation(&self, schema: usize, element: Element<'a>) -> Result<Operation, CsdlError> {
        let is_action = element.name() == "Action";
        element.only(&["Name", "IsBound", "EntitySetPath", if is_action { "Name" } else { "IsComposable" }])?;
        let mut operation = Operation {
            name: self.full_name(schema, element)?,
            namespace_len: self.model.schemas[schema].namespace.len(),
            other_names: Vec::new(),
            is_action,
            is_bound: element.flag("IsBound")?.unwrap_or(false),
            is_composable: element.flag("IsComposable")?.unwrap_or(false),
            entity_set_path: element.attribute("EntitySetPath").map(Arc::from),
            parameters: Vec::new(),
            returns: None,
            return_annotations: Vec::new(),
            annotations: Vec::new(),
        };
        for child in element.children() {
            match child.name() {
                "Parameter" => {
                    let parameter = self.parameter(child)?;
                    if operation.parameters.iter().any(|known| known.name == parameter.name) {
                        return Err(child.duplicate("parameter", &parameter.name));
                    }
                    operation.parameters.push(parameter);
                }
                "ReturnType" if operation.returns.is_none() => {
                    child.only(&with_facets(&["Type", "Nullable"]))?;
                    operation.returns = Some(self.type_ref(child)?);
                    operation.return_annotations = annotations_of(child)?;
                }
                "Annotation" => operation.annotations.push(annotation(child)?),
                _ => return Err(child.unexpected()),
            }
        }
        if !is_action && operation.returns.is_none() {
            return Err(element.missing("ReturnType"));
        }
        if operation.is_bound && operation.parameters.is_empty() {
            return Err(element.missing("Parameter"));
        }
        if let Some(path) = &operation.entity_set_path {
            let binding = operation.parameters.first().filter(|_| operation.is_bound);
            if binding.is_none_or(|parameter| path.split('/').next() != Some(&parameter.name)) {
                return Err(element.bad_text("EntitySetPath", path, "a path that starts at the binding parameter"));
            }
        }
        Ok(operation)
    }

    fn parameter(&self, element: Element<'a>) -> Result<Parameter, CsdlError> {
        element.only(&with_facets(&["Name", "Type", "Nullable"]))?;
        Ok(Parameter {
            name: element.identifier("Name")?.into(),
            ty: self.type_ref(element)?,
            optional: false,
            annotations: annotations_of(element)?,
        })
    }

    /// What two overloads must not share: name, binding type, and the names and types of the other parameters.
    fn signature(&self, operation: &Operation) -> String {
        let mut parameters: Vec<String> = operation
            .own_parameters()
            .iter()
            .map(|parameter| format!("{}:{}", parameter.name, self.model.qualified_name(&parameter.ty)))
            .collect();
        parameters.sort();
        let binding = operation.binding().map_or_else(String::new, |ty| self.model.qualified_name(ty));
        format!("{} {binding} {}", operation.name, parameters.join(","))
    }

    /// Fills the index of names once annotations have given operations their other ones.
    pub(super) fn name_operations(&mut self) -> Result<(), CsdlError> {
        for (number, (_, element)) in (0_u32..).zip(self.operations.clone()) {
            let operation = &self.model.operations[number as usize];
            let mut other_names = Vec::new();
            for annotation in &operation.annotations {
                let term = self.model.resolve_name(&annotation.term);
                if term.rsplit_once('.').is_some_and(|(_, short)| short == ALTERNATIVE_NAME) {
                    other_names.extend(strings(&annotation.value));
                }
            }
            if let Some(name) = other_names.iter().find(|name| !name.contains('.') || !is_dotted(name)) {
                return Err(element.bad_text(ALTERNATIVE_NAME, name, "a qualified name"));
            }
            let mut names: Vec<Arc<str>> = vec![Arc::clone(&operation.name), operation.short_name().into()];
            names.extend(other_names.iter().cloned());
            names.sort();
            names.dedup();
            for name in names {
                self.model.operation_names.entry(name).or_default().push(OperationId(number));
            }
            self.model.operations[number as usize].other_names = other_names;
        }
        Ok(())
    }
}

/// The strings of a constant or of a collection of constants.
fn strings(value: &AnnotationValue) -> Vec<Arc<str>> {
    match value {
        AnnotationValue::Constant { kind, text } if &**kind == "String" => vec![Arc::clone(text)],
        AnnotationValue::Collection(values) => values.iter().flat_map(strings).collect(),
        _ => Vec::new(),
    }
}
