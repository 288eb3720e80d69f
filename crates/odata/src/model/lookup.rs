//! Questions that the engine asks a model. No question changes it.

use std::sync::Arc;

use super::types::{EdmType, Member, Model, NamedType, Operation, OperationId, StructuredType, TypeId};

impl Model {
    /// The named type of an id. Ids come only from this model.
    pub fn named(&self, id: TypeId) -> &NamedType {
        &self.types[id.0 as usize]
    }

    /// The structured type of an id, `None` for an enumeration or a type definition.
    pub fn structured(&self, id: TypeId) -> Option<&StructuredType> {
        if let NamedType::Structured(ty) = self.named(id) { Some(ty) } else { None }
    }

    /// A type by qualified name; an alias is resolved, and an unqualified name looked for in the default namespaces.
    pub fn type_by_name(&self, name: &str) -> Option<TypeId> {
        if let Some(id) = self.type_names.get(name) {
            return Some(*id);
        }
        let Some((namespace, rest)) = name.rsplit_once('.') else {
            return self
                .default_namespaces
                .iter()
                .find_map(|ns| self.type_names.get(format!("{ns}.{name}").as_str()).copied());
        };
        let namespace = self.aliases.get(namespace)?;
        self.type_names.get(format!("{namespace}.{rest}").as_str()).copied()
    }

    /// Whether `id` is `base` or derived from it.
    pub fn is_a(&self, id: TypeId, base: TypeId) -> bool {
        id == base || self.structured(id).is_some_and(|ty| ty.ancestors.contains(&base))
    }

    /// The qualified name of a type.
    pub fn type_name(&self, ty: EdmType) -> &str {
        match ty {
            EdmType::Primitive(primitive) => primitive.name(),
            EdmType::Named(id) => self.named(id).name(),
            EdmType::Any(kind) => kind.name(),
        }
    }

    /// The operation of an id.
    pub fn operation(&self, id: OperationId) -> &Operation {
        &self.operations[id.0 as usize]
    }
}

impl StructuredType {
    /// A member and its number by name.
    pub fn member(&self, name: &str) -> Option<(u16, &Member)> {
        let number = *self.by_name.get(name)?;
        Some((number, &self.members[usize::from(number)]))
    }

    /// The name without its namespace.
    pub fn short_name(&self) -> &str {
        &self.name[self.namespace_len + 1..]
    }
}

impl Operation {
    /// The name without its namespace.
    pub fn short_name(&self) -> &str {
        &self.name[self.namespace_len + 1..]
    }
}

impl NamedType {
    /// The qualified name.
    pub fn name(&self) -> &Arc<str> {
        match self {
            Self::Structured(ty) => &ty.name,
            Self::Enum(ty) => &ty.name,
            Self::Definition(ty) => &ty.name,
        }
    }
}
