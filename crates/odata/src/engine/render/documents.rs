//! The service document and `$metadata`, rendered once.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::{headers, json_format, read_condition};
use crate::csdl::{self, CsdlVersion};
use crate::edm::civil::{DAYS_TO_UNIX, civil_from_days};
use crate::engine::head::{Head, Produces, Version};
use crate::engine::tokens::fingerprint_bytes;
use crate::engine::{Engine, Settings};
use crate::error::Error;
use crate::json::{Level, push_string};
use crate::model::{ContainerChild, ContainerChildKind, Model};

/// A document and its entity tag.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) body: Bytes,
    pub(crate) etag: String,
}

/// `$metadata` in both forms, each in both versions.
#[derive(Debug)]
pub(crate) struct Documents {
    xml: Document,
    xml_4_01: Document,
    json: Document,
    json_4_01: Document,
}

impl Documents {
    pub(crate) fn new(model: &Model, settings: &Settings) -> Self {
        let (xml, xml_4_01) = match &settings.metadata_xml {
            Some(given) => (given.replacen("Version=\"4.01\"", "Version=\"4.0\"", 1), given.to_string()),
            None => (csdl::write_xml(model, CsdlVersion::V4_0), csdl::write_xml(model, CsdlVersion::V4_01)),
        };
        Self {
            xml: Document::new(xml),
            xml_4_01: Document::new(xml_4_01),
            json: Document::new(csdl::write_json(model, CsdlVersion::V4_0)),
            json_4_01: Document::new(csdl::write_json(model, CsdlVersion::V4_01)),
        }
    }
}

impl Document {
    fn new(text: String) -> Self {
        let body = Bytes::from(text);
        let etag = format!("W/\"{:016x}\"", fingerprint_bytes(&body));
        Self { body, etag }
    }
}

impl Engine {
    pub(super) fn metadata(&self, head: &Head) -> Result<Response<Bytes>, Error> {
        let is_xml = head.produces == Produces::Xml;
        let document = match (is_xml, head.version) {
            (false, Version::V4_0) => &self.documents.json,
            (false, Version::V4_01) => &self.documents.json_4_01,
            (true, Version::V4_0) => &self.documents.xml,
            (true, Version::V4_01) => &self.documents.xml_4_01,
        };
        if let Some(response) = read_condition(head, Some(&document.etag))? {
            return Ok(response);
        }
        let mut response = Response::new(document.body.clone());
        let media_type = if is_xml { "application/xml" } else { "application/json" };
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers::common(head, response.headers_mut());
        headers::put_etag(response.headers_mut(), Some(&document.etag));
        Ok(response)
    }

    pub(super) fn service_document(&self, head: &Head) -> Response<Bytes> {
        let mut out = b"{".to_vec();
        if json_format(head).level != Level::None {
            let context: &[u8] = if self.short_names(head) { b"\"@context\":" } else { b"\"@odata.context\":" };
            out.extend_from_slice(context);
            push_string(&mut out, &format!("{}/$metadata", head.root));
            out.push(b',');
        }
        out.extend_from_slice(b"\"value\":[");
        let mut first = true;
        let listed = |child: &&ContainerChild| {
            let is_import = matches!(child.kind, ContainerChildKind::Import { .. });
            child.in_service_document || (is_import && self.settings.list_functions)
        };
        for child in self.model.container.children.iter().filter(listed) {
            let kind = match &child.kind {
                ContainerChildKind::EntitySet { .. } => "EntitySet",
                ContainerChildKind::Singleton { .. } => "Singleton",
                ContainerChildKind::Import { operations, .. } => {
                    let callable = operations.iter().map(|id| self.model.operation(*id)).any(|operation| {
                        !operation.is_action && operation.parameters.iter().all(|parameter| parameter.optional)
                    });
                    if !callable {
                        continue;
                    }
                    "FunctionImport"
                }
            };
            if !first {
                out.push(b',');
            }
            first = false;
            out.extend_from_slice(b"{\"name\":");
            push_string(&mut out, &child.name);
            out.extend_from_slice(b",\"kind\":");
            push_string(&mut out, kind);
            out.extend_from_slice(b",\"url\":");
            push_string(&mut out, &child.name);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
        // The only way to fail is a header that is no text, and this one is.
        self.ok(head, StatusCode::OK, out, None).unwrap_or_default()
    }
}

/// An HTTP date (`Sun, 06 Nov 1994 08:49:37 GMT`).
pub(super) fn http_date(unix_s: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = i64::try_from(unix_s / 86_400).unwrap_or(0);
    let of_day = unix_s % 86_400;
    let (year, month, day) = civil_from_days(days + DAYS_TO_UNIX);
    let name = DAYS[usize::try_from(days % 7).unwrap_or(0)];
    let month = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
    format!("{name}, {day:02} {month} {year:04} {:02}:{:02}:{:02} GMT", of_day / 3600, of_day / 60 % 60, of_day % 60)
}
