//! Filters and orders bound to the office model, so that the members' numbers are those of the product.

use odata::Model;
use odata::expr::{Expr, ExprType, Node, Step};
use odata::model::{EdmType, NamedType};
use odata::plan::{Filter, OrderBy};

const TYPE: &str = "microsoft.graph.officeClientCheckinStatus";

pub(crate) struct Office {
    model: Model,
    status: EdmType,
}

impl Office {
    pub(crate) fn new() -> Self {
        let model = odata::csdl::read(include_str!("../../../server/src/office.csdl.xml")).expect("the office model");
        let status = EdmType::Named(*model.type_names.get(TYPE).expect("declared"));
        Self { model, status }
    }

    pub(crate) fn filter(&self, text: &str) -> Filter {
        odata::bind::filter(&self.model, self.status, text).unwrap_or_else(|error| panic!("{text}: {error:?}"))
    }

    /// `name` or `name desc`, separated by commas.
    pub(crate) fn order(&self, text: &str) -> Vec<OrderBy> {
        let EdmType::Named(id) = self.status else { panic!("a named type") };
        let NamedType::Structured(ty) = &self.model.types[usize::try_from(id.0).expect("small")] else {
            panic!("a structured type")
        };
        text.split(',')
            .filter(|item| !item.is_empty())
            .map(|item| {
                let (name, descending) = item.strip_suffix(" desc").map_or((item, false), |name| (name, true));
                let number = *ty.by_name.get(name).expect("declared");
                let base = Some(ty.members[usize::from(number)].ty.base);
                let node = Node::Path { root: 0, steps: vec![Step::Member(number)] };
                OrderBy { expr: Expr { node, ty: ExprType { base, collection: false } }, descending }
            })
            .collect()
    }
}
