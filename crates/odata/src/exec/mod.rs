//! Two executors of one meaning: in memory over values, and translation to SQL.

pub mod memory;
pub mod sql;
