//! `/openapi.json` and `/openapi.yaml`: the admin plane as an OpenAPI document, for everybody, written when it is first asked for: few ask, and it
//! takes more memory than the rest of an idle service. One
//! document stands for all versions: they are its servers. It knows the model and nothing of what is stored.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::digest;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use odata::openapi::{About, Document};
use odata::{Model, Profile};

use crate::http::{Answer, is_known};

/// Both forms.
#[derive(Debug)]
pub(crate) struct OpenApi {
    model: Arc<Model>,
    versions: &'static [&'static str],
    json: OnceLock<Form>,
    yaml: OnceLock<Form>,
}

#[derive(Debug)]
struct Form {
    body: Bytes,
    media_type: HeaderValue,
    etag: HeaderValue,
}

impl OpenApi {
    /// Describes the model as the given versions serve it.
    pub(crate) fn new(model: Arc<Model>, versions: &'static [&'static str]) -> Self {
        Self { model, versions, json: OnceLock::new(), yaml: OnceLock::new() }
    }

    fn document(&self) -> Document {
        let about = About {
            description: Some("The officeConfiguration API of Microsoft Graph, self-hosted.".to_owned()),
            servers: self.versions.iter().map(|version| format!("/{version}")).collect(),
            batch: true,
            bearer: Some(("token".to_owned(), "JWT".to_owned())),
            ..About::new("officeconfig", env!("CARGO_PKG_VERSION"))
        };
        Document::new(&self.model, Profile::Graph, &about)
    }

    /// The form that a path names.
    fn form(&self, path: &str) -> Option<&Form> {
        match path {
            "/openapi.json" => Some(self.json.get_or_init(|| Form::new(self.document().json(), "application/json"))),
            "/openapi.yaml" => Some(self.yaml.get_or_init(|| Form::new(self.document().yaml(), "application/yaml"))),
            _ => None,
        }
    }

    /// The answer to a GET or HEAD of a document; `None` when the path or the method is another.
    pub(crate) fn answer(&self, parts: &Parts) -> Option<Answer> {
        let form = self.form(parts.uri.path())?;
        matches!(parts.method, Method::GET | Method::HEAD).then(|| form.answer(&parts.headers))
    }
}

impl Form {
    fn new(text: String, media_type: &'static str) -> Self {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        let start = hash.as_ref().first_chunk().copied().unwrap_or_default();
        let tag = format!("{:016x}", u64::from_be_bytes(start));
        Self {
            body: text.into(),
            media_type: HeaderValue::from_static(media_type),
            // A tag is hexadecimal digits.
            etag: HeaderValue::from_str(&format!("W/\"{tag}\"")).unwrap_or(HeaderValue::from_static("W/\"\"")),
        }
    }

    fn answer(&self, headers: &HeaderMap) -> Answer {
        let is_known = is_known(headers, &self.etag);
        let mut answer = Response::new(Full::new(if is_known { Bytes::new() } else { self.body.clone() }));
        let out = answer.headers_mut();
        out.insert(header::ETAG, self.etag.clone());
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if is_known {
            *answer.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            out.insert(header::CONTENT_TYPE, self.media_type.clone());
        }
        answer
    }
}
