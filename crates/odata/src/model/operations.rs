//! Which operation a name in a URL means: by all its names, by the type it is bound to, by the parameters given.
//! Knows no URL syntax.

use super::{EdmType, Model, Operation, OperationId, Parameter, TypeRef};

impl Model {
    /// The overloads bound to a value of this type (or to a collection of it) that a URL may call by `name`, those bound to
    /// the most derived type first.
    ///
    /// The name is qualified by namespace or alias, one of the operation's other names, or bare. A bare name means the
    /// operations of the default namespaces, or else the one operation that has it; a bare name that two other namespaces
    /// share means nothing.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::model::EdmType;
    ///
    /// let book = EdmType::Named(model.type_by_name("book").expect("declared"));
    /// let found = model.bound_operations("discount", book, false);
    /// assert_eq!(&*model.operation(found[0]).name, "shop.discount", "what a product can do, a book can");
    /// assert!(model.bound_operations("cheapest", book, false).is_empty(), "it is bound to a collection");
    /// ```
    pub fn bound_operations(&self, name: &str, binding: EdmType, collection: bool) -> Vec<OperationId> {
        let mut found: Vec<(usize, OperationId)> = self
            .callable(name)
            .into_iter()
            .filter_map(|id| {
                let ty = self.operation(id).binding()?;
                (ty.collection == collection).then_some(())?;
                Some((self.distance(binding, ty.base)?, id))
            })
            .collect();
        found.sort_by_key(|(distance, _)| *distance);
        self.one_of_bare(name, found.into_iter().map(|(_, id)| id).collect())
    }

    /// The overloads that are not bound and have this name; the URL reaches them through imports.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// assert_eq!(model.unbound_operations("shop.stock").len(), 1);
    /// assert!(model.unbound_operations("discount").is_empty());
    /// ```
    pub fn unbound_operations(&self, name: &str) -> Vec<OperationId> {
        let found = self.callable(name).into_iter().filter(|id| !self.operation(*id).is_bound).collect();
        self.one_of_bare(name, found)
    }

    /// Every operation that can be called on a value of this type (or a collection of it), for representations that list
    /// them.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::model::EdmType;
    ///
    /// let product = EdmType::Named(model.type_by_name("product").expect("declared"));
    /// let names = |collection| -> Vec<_> {
    ///     model.operations_bound_to(product, collection).into_iter().map(|id| model.operation(id).short_name()).collect()
    /// };
    /// assert_eq!((names(false), names(true)), (vec!["discount"], vec!["cheapest"]));
    /// ```
    pub fn operations_bound_to(&self, binding: EdmType, collection: bool) -> Vec<OperationId> {
        let bound = |op: &Operation| {
            op.binding().is_some_and(|ty| ty.collection == collection && self.distance(binding, ty.base).is_some())
        };
        (0..).map(OperationId).zip(&self.operations).filter(|(_, op)| bound(op)).map(|(id, _)| id).collect()
    }

    /// The overload that takes exactly the parameters given by name, optional ones left out or not. The first that fits
    /// wins, so the order of `candidates` counts.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let stock = model.unbound_operations("stock");
    /// assert!(model.overload(&stock, &["id"]).is_some(), "the day may be left out");
    /// assert!(model.overload(&stock, &["day"]).is_none(), "the id may not");
    /// ```
    pub fn overload(&self, candidates: &[OperationId], given: &[&str]) -> Option<OperationId> {
        candidates.iter().copied().find(|id| {
            let own = self.operation(*id).own_parameters();
            given.iter().all(|name| own.iter().any(|parameter| &*parameter.name == *name))
                && own.iter().all(|parameter| parameter.optional || given.contains(&&*parameter.name))
        })
    }

    fn callable(&self, name: &str) -> Vec<OperationId> {
        self.operation_names
            .get(name)
            .or_else(|| self.operation_names.get(self.resolve_name(name).as_ref()))
            .cloned()
            .unwrap_or_default()
    }

    /// Of operations found by a bare name, those of the default namespaces, or all when they are overloads of one.
    fn one_of_bare(&self, name: &str, found: Vec<OperationId>) -> Vec<OperationId> {
        if name.contains('.') {
            return found;
        }
        let in_default = |id: &OperationId| {
            let op = self.operation(*id);
            self.default_namespaces.iter().any(|ns| **ns == *op.namespace())
        };
        let default: Vec<_> = found.iter().copied().filter(in_default).collect();
        if !default.is_empty() {
            return default;
        }
        let one = found.windows(2).all(|pair| self.operation(pair[0]).name == self.operation(pair[1]).name);
        if one { found } else { Vec::new() }
    }

    /// How many steps up from `from` to `to` in the inheritance; `None` when it is no ancestor.
    fn distance(&self, from: EdmType, to: EdmType) -> Option<usize> {
        match (from, to) {
            _ if from == to => Some(0),
            (EdmType::Named(from), EdmType::Named(to)) => {
                self.structured(from)?.ancestors.iter().position(|id| *id == to).map(|steps| steps + 1)
            }
            _ => None,
        }
    }
}

impl Operation {
    /// The name without its namespace.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// assert_eq!(model.operation(model.unbound_operations("stock")[0]).short_name(), "stock");
    /// ```
    pub fn short_name(&self) -> &str {
        &self.name[self.namespace_len + 1..]
    }

    /// The namespace.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// assert_eq!(model.operation(model.unbound_operations("stock")[0]).namespace(), "shop");
    /// ```
    pub fn namespace(&self) -> &str {
        &self.name[..self.namespace_len]
    }

    /// The type it is bound to; `None` when it is not bound.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let binding = |name: &str| model.operations.iter().find(|op| op.short_name() == name).and_then(|op| op.binding());
    /// assert!(binding("cheapest").is_some_and(|products| products.collection));
    /// assert_eq!(binding("stock"), None);
    /// ```
    pub fn binding(&self) -> Option<&TypeRef> {
        self.parameters.first().filter(|_| self.is_bound).map(|parameter| &parameter.ty)
    }

    /// The parameters without the binding parameter.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// let discount = model.operations.iter().find(|op| op.short_name() == "discount").expect("declared");
    /// assert_eq!(discount.own_parameters().iter().map(|parameter| &*parameter.name).collect::<Vec<_>>(), ["percent"]);
    /// ```
    pub fn own_parameters(&self) -> &[Parameter] {
        self.parameters.get(usize::from(self.is_bound)..).unwrap_or_default()
    }
}
