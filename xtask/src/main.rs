//! The repository's only scripts.
fn main() {}
