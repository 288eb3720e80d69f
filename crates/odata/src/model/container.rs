//! The model's data that a path starts from or calls: operations and the entity container. Plain structs; which overload a
//! name means is in `operations`.

use std::collections::HashMap;
use std::sync::Arc;

use super::schema::Annotation;
use super::types::{TypeId, TypeRef};

/// Index of an operation overload in [`Model::operations`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub u32);

/// One overload of an action or function.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Qualified name.
    pub name: Arc<str>,
    /// Length of the namespace in `name`.
    pub namespace_len: usize,
    /// Further qualified names by which URLs may call it: the strings of any annotation whose term's unqualified name is
    /// `AlternativeName`, in whatever namespace the application declares it.
    pub other_names: Vec<Arc<str>>,
    /// Action (may change) or function (must not).
    pub is_action: bool,
    /// Bound: the first parameter is the binding parameter.
    pub is_bound: bool,
    /// Functions: more path may follow.
    pub is_composable: bool,
    /// `EntitySetPath`.
    pub entity_set_path: Option<Arc<str>>,
    /// Parameters, binding parameter first.
    pub parameters: Vec<Parameter>,
    /// Return type.
    pub returns: Option<TypeRef>,
    /// Annotations of the return type.
    pub return_annotations: Vec<Annotation>,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}

/// A parameter of an operation.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: TypeRef,
    /// `Core.OptionalParameter`: may be left out.
    pub optional: bool,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}

/// The entity container.
#[derive(Debug, Clone, Default)]
pub struct Container {
    /// Its name, unqualified.
    pub name: Arc<str>,
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Children in document order.
    pub children: Vec<ContainerChild>,
    /// Name → index in `children`.
    pub by_name: HashMap<Arc<str>, u16>,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}

/// A child of the container.
#[derive(Debug, Clone)]
pub struct ContainerChild {
    /// Its name.
    pub name: Arc<str>,
    /// What it is.
    pub kind: ContainerChildKind,
    /// Whether the service document lists it.
    pub in_service_document: bool,
    /// Annotations.
    pub annotations: Vec<Annotation>,
}

/// Entity set, singleton or import.
#[derive(Debug, Clone)]
pub enum ContainerChildKind {
    /// An entity set.
    EntitySet {
        /// Type of its entities.
        ty: TypeId,
        /// `(navigation path, target)` bindings.
        bindings: Vec<(Arc<str>, Arc<str>)>,
    },
    /// A singleton.
    Singleton {
        /// Its type.
        ty: TypeId,
        /// Whether there may be none.
        nullable: bool,
        /// `(navigation path, target)` bindings.
        bindings: Vec<(Arc<str>, Arc<str>)>,
    },
    /// An action import or function import: all overloads of the operation, and the set it returns.
    Import {
        /// Overloads.
        operations: Vec<OperationId>,
        /// The `EntitySet` it returns.
        entity_set: Option<Arc<str>>,
    },
}
