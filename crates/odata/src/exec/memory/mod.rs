//! In memory: a plan over values, with OData's meaning (three-valued logic, numeric promotion, ordinal strings). Knows
//! no store; the rows are given.

mod arithmetic;
mod call;
mod compare;
mod eval;
mod page;
mod search;

pub use eval::{Context, evaluate, matches};
pub use page::page;
