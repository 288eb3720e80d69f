//! The grammar of OData URLs: text in, syntax tree with positions out. Knows no model.
