//! The reference service from outside, over HTTP: first what its description says line by line, then what OData 4.01 asks
//! of any service. Every check is written from the text of the standard.

#[path = "../../examples/reference_service/service/mod.rs"]
mod service;
mod support;

mod addresses;
mod batch;
mod collections;
mod defaults;
mod documents;
mod etags;
mod filters;
mod inheritance;
mod negotiation;
mod nested;
mod operations;
mod protocol;
mod reading;
mod representation;
mod shaping;
mod singleton;
mod spanning;
mod streams;
mod tracking;
mod writing;
