//! JSON: bodies read against a type, values written. Knows no HTTP.
