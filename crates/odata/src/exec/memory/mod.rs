//! In memory: a plan over values.
