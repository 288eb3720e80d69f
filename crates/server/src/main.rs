//! The `officeconfig` binary.
fn main() {}
