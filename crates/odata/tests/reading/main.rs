//! Reading through the engine and the generic reader, from outside: a GET in, status and JSON out.

mod expand;
mod paths;
mod support;
