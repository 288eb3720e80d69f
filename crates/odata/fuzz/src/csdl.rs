//! Any CSDL document: refused with the place, or a model that can be written, read again and described.

use std::sync::Arc;

use odata::csdl::{CsdlVersion, read, write_json, write_xml};
use odata::engine::{Engine, Settings};
use odata::openapi::{About, Document};
use odata::{Model, Profile};

/// A document.
pub fn csdl(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Ok(model) = read(text) else { return };
    let xml = write_xml(&model, CsdlVersion::V4_01);
    let again = read(&xml).unwrap_or_else(|error| panic!("{error}: {xml}"));
    assert_eq!(write_xml(&again, CsdlVersion::V4_01), xml, "a second reading gives another document");
    is_json(&write_json(&model, CsdlVersion::V4_01));
    describe(model);
}

fn describe(model: Model) {
    is_json(&Document::new(&model, Profile::Graph, &About::new("t", "1")).json());
    let _ = Engine::new(Arc::new(model), Settings::new(Profile::Strict));
}

fn is_json(text: &str) {
    let json: Result<serde::de::IgnoredAny, _> = serde_json::from_str(text);
    json.unwrap_or_else(|error| panic!("{error}: {text}"));
}
