//! Two executors of one meaning: in memory over values, and translation to SQL; and what it takes to use both for one query.

pub mod apart;
pub mod memory;
pub mod sql;
