//! Reading through the engine and the generic reader, from outside: a GET in, status and JSON out.

mod applied;
mod complex;
mod everywhere;
mod expand;
mod expressions;
mod functions;
mod keys;
mod paths;
mod people;
mod support;
