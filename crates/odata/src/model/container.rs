//! The model's data that a path starts from or calls: operations and the entity container. Plain structs; which overload a
//! name means is in `operations`.

use std::collections::HashMap;
use std::sync::Arc;

use super::schema::Annotation;
use super::types::{TypeId, TypeRef};

/// Index of an operation overload in [`crate::model::Model::operations`].
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let id = model.unbound_operations("stock")[0];
/// assert_eq!(&*model.operations[id.0 as usize].name, "shop.stock");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationId(pub u32);

/// One overload of an action or function.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let discount = model.operations.iter().find(|op| &*op.name == "shop.discount").expect("declared");
/// assert!(discount.is_action && discount.is_bound);
/// assert_eq!(discount.parameters.len(), 2, "what it is bound to is the first");
/// ```
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let stock = model.operations.iter().find(|op| &*op.name == "shop.stock").expect("declared");
/// let [id, day] = &stock.parameters[..] else { panic!("two parameters") };
/// assert_eq!((&*id.name, id.optional, &*day.name, day.optional), ("id", false, "day", true));
/// ```
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// assert_eq!((&*model.container.namespace, &*model.container.name), ("shop", "store"));
/// let names: Vec<&str> = model.container.children.iter().map(|child| &*child.name).collect();
/// assert_eq!(names, ["products", "categories", "best", "stock"]);
/// ```
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// let stock = &model.container.children[3];
/// assert!(&*stock.name == "stock" && stock.in_service_document);
/// ```
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
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::model::ContainerChildKind;
///
/// let ContainerChildKind::EntitySet { bindings, .. } = &model.container.children[0].kind else { panic!("a set") };
/// assert_eq!(bindings[..], [("category".into(), "categories".into())]);
/// assert!(matches!(model.container.children[2].kind, ContainerChildKind::Singleton { .. }));
/// ```
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
