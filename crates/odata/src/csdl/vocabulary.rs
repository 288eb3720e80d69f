//! The terms that the engine itself understands. Every other annotation is only kept.

use crate::model::{Annotation, AnnotationValue, Model};

/// The service makes the value; one that is given is ignored.
pub(crate) const COMPUTED: &str = "Org.OData.Core.V1.Computed";
/// The service makes a value when none is given on create.
pub(crate) const COMPUTED_DEFAULT_VALUE: &str = "Org.OData.Core.V1.ComputedDefaultValue";
/// The value is given on create only.
pub(crate) const IMMUTABLE: &str = "Org.OData.Core.V1.Immutable";
/// What a client may do; `Read` alone makes a property the service's.
pub(crate) const PERMISSIONS: &str = "Org.OData.Core.V1.Permissions";
/// Types and operations of the schema need no qualification in URLs.
pub(crate) const DEFAULT_NAMESPACE: &str = "Org.OData.Core.V1.DefaultNamespace";
/// The version that `$schemaversion` is compared with.
pub(crate) const SCHEMA_VERSION: &str = "Org.OData.Core.V1.SchemaVersion";
/// The parameter may be left out.
pub(crate) const OPTIONAL_PARAMETER: &str = "Org.OData.Core.V1.OptionalParameter";
/// Unqualified name of the term, in any namespace, that gives an operation further names.
pub(crate) const ALTERNATIVE_NAME: &str = "AlternativeName";

impl Model {
    /// Whether a tagging term is applied: present and not `false`.
    pub(crate) fn is_tagged(&self, annotations: &[Annotation], term: &str) -> bool {
        self.annotation(annotations, term).is_some_and(|value| value.as_bool() != Some(false))
    }

    /// Whether `Core.Permissions` lets clients read and no more.
    pub(crate) fn is_read_only(&self, annotations: &[Annotation]) -> bool {
        match self.annotation(annotations, PERMISSIONS) {
            Some(AnnotationValue::Constant { text, .. }) => {
                text.split_whitespace().all(|member| matches!(member.rsplit('/').next(), Some("Read" | "None")))
            }
            _ => false,
        }
    }
}
