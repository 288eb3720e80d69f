//! The last step: an [`Outcome`] to status, headers and bytes. No status and no header is decided anywhere else, but by
//! the HTTP layer for its own (`Date`, `request-id`, CORS).

mod asynchronous;
mod changed;
mod context;
mod delta;
mod documents;
mod dynamic;
mod error;
mod headers;
mod inside;
mod links;
mod nested;
mod spanning;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};

pub(crate) use asynchronous::message;
pub(crate) use documents::Documents;
pub use error::ErrorContext;

use super::Engine;
use super::address;
use super::address::{KeyStyle, owner_type, push_record_key};
use super::canonical::{canonical, is_entity_set};
use super::head::{Current, Head, JsonFormat, Produces, Return, Version, called, failed, is_graph};
use super::outcome::{Outcome, Page, StreamBody};
use super::target::{Segment, TargetKind};
use super::tokens::{Continuation, TokenSeal};
use crate::edm::write_primitive;
use crate::error::{Error, ErrorKind};
use crate::expr::geo;
use crate::json::{Format, Level, Omit, Types, Writer, enum_text, full_type};
use crate::model::{EdmType, NamedType, Primitive, TypeId, TypeRef};
use crate::plan::Projection;
use crate::value::{Record, Value};
use context::Shown;
use delta::is_delta;
use links::{Links, push_operations};

impl Engine {
    /// Answers. A body is always written; for HEAD the HTTP layer leaves it out.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::engine::{Outcome, Unsealed};
    ///
    /// let head = shop::head(&engine, "GET /products(1)/name")?;
    /// let response = engine.render(&head, Outcome::Property { value: "tea".into(), etag: None }, &Unsealed)?;
    /// assert_eq!(response.status(), 200);
    /// assert!(response.body().starts_with(br#"{"@odata.context":"https://example.org/$metadata#products(1)/name","#));
    /// assert!(response.body().ends_with(br#","value":"tea"}"#));
    /// # Ok::<(), odata::Error>(())
    /// ```
    ///
    /// # Errors
    /// 412 and 416, which only the current state can tell; 500 when the outcome does not fit the head.
    pub fn render(&self, head: &Head, outcome: Outcome, tokens: &dyn TokenSeal) -> Result<Response<Bytes>, Error> {
        match outcome {
            Outcome::Entity(_)
            | Outcome::Collection(_)
            | Outcome::Property { .. }
            | Outcome::DynamicProperty { .. }
            | Outcome::Value(_)
                if head.target.kind == TargetKind::Action && head.prefer.returns == Some(Return::Minimal) =>
            {
                Ok(headers::no_content(head, None, None))
            }
            Outcome::ServiceDocument => Ok(self.service_document(head)),
            Outcome::Metadata => self.metadata(head),
            Outcome::Options => Ok(headers::options(head)),
            Outcome::Entity(record) => {
                let etag = record.etag.clone();
                if let Some(response) = read_condition(head, etag.as_deref())? {
                    return Ok(response);
                }
                let body = self.entity_body(head, &record, None, false, tokens);
                self.ok(head, StatusCode::OK, body, etag.as_deref())
            }
            Outcome::RenderedEntity { body, type_id, etag } => {
                if let Some(response) = read_condition(head, etag.as_deref())? {
                    return Ok(response);
                }
                let body = self.with_context(head, &body, type_id);
                self.ok(head, StatusCode::OK, body, etag.as_deref())
            }
            Outcome::Created { record, path } => self.created(head, &record, &path, tokens),
            Outcome::Updated(record) => self.updated(head, &record, tokens),
            Outcome::UpdatedCollection(changes) => self.changed(head, &changes, tokens),
            Outcome::UpdatedMembers(items) => {
                if head.prefer.returns != Some(Return::Representation) && !has_projection(head) {
                    return Ok(headers::no_content(head, None, None));
                }
                self.collection(head, &Page { items, ..Page::default() }, tokens)
            }
            Outcome::Collection(page) => self.collection(head, &page, tokens),
            Outcome::Count(count) => {
                Ok(headers::text(head, Bytes::from(itoa::Buffer::new().format(count).to_owned()), None))
            }
            Outcome::Property { value, etag } => self.property(head, &value, etag.as_deref(), tokens),
            Outcome::DynamicProperty { property, etag } => self.dynamic(head, &property, etag.as_deref(), tokens),
            Outcome::Value(value) => self.property(head, &value, None, tokens),
            Outcome::Stream(stream) => stream_body(head, &stream),
            Outcome::NoContent { etag } => Ok(headers::no_content(head, etag.as_deref(), None)),
        }
    }

    /// Renders an entity once, to be used again where [`Head::is_plain`] allows: minimal metadata, every structural
    /// member, no context, no links (a record with embedded collections that have more is not for this). `declared` is
    /// the type of the collection that it stands in.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// let tea = shop::product(engine.model(), 1, "tea", "4.50");
    /// let body = engine.render_item(&tea, tea.type_id);
    /// assert!(body.starts_with(br#"{"id":1,"name":"tea","price":4.50"#));
    /// ```
    pub fn render_item(&self, record: &Record, declared: TypeId) -> Bytes {
        // Links would need the request's root; at minimal metadata none is obligatory.
        let format = Format { links: false, ..self.plain_format(JsonFormat::DEFAULT, Omit::Nothing, false, false) };
        let links = Links::detached(self);
        let mut writer = self.writer(format, &links, 1024);
        writer.record(record, declared, &[&Projection::default()], &|_| {}, None);
        writer.out.into()
    }

    fn format(&self, head: &Head, inline_navigation: bool) -> Format {
        let format = self.plain_format(json_format(head), omit(head), inline_navigation, self.short_names(head));
        Format { transient: !is_graph(self.settings.profile) && head.version == Version::V4_0, ..format }
    }

    fn plain_format(&self, json: JsonFormat, omit: Omit, inline_navigation: bool, short_names: bool) -> Format {
        let graph = is_graph(self.settings.profile);
        Format {
            level: json.level,
            ieee754: json.ieee754,
            omit,
            short_names,
            types: if graph { Types::Always } else { Types::Derived },
            links: !graph,
            ids: false,
            transient: false,
            inline_navigation,
        }
    }

    fn writer<'e>(&'e self, format: Format, links: &'e Links<'e>, capacity: usize) -> Writer<'e> {
        let out = Vec::with_capacity(capacity);
        Writer { model: &self.model, shapes: &self.shapes, format, context: links, out }
    }

    /// How keys stand in URLs that are handed out.
    pub(crate) fn key_style(&self) -> KeyStyle {
        if is_graph(self.settings.profile) { KeyStyle::Segment } else { KeyStyle::Parentheses }
    }

    fn entity_body(
        &self,
        head: &Head,
        record: &Record,
        path: Option<&str>,
        inline_navigation: bool,
        tokens: &dyn TokenSeal,
    ) -> Vec<u8> {
        let json = json_format(head);
        let format = self.format(head, inline_navigation);
        let links = Links::new(self, head, tokens);
        let mut writer = self.writer(format, &links, 1024);
        let declared = head.declared_type().unwrap_or(record.type_id);
        let url = self.entity_url(head, record, path);
        let place = |out: &mut String| out.push_str(&url);
        let is_reference = head.target.kind == TargetKind::Reference;
        let shown = match (is_reference, inline_navigation) {
            (true, _) => Shown::References { collection: false },
            (false, true) => Shown::Deep(record),
            (false, false) => Shown::Entity(record.type_id),
        };
        let lead = (json.level != Level::None).then(|| self.lead(head, shown));
        if is_reference {
            writer.reference(&place, lead.as_deref());
        } else {
            writer.record(record, declared, &[&head.query.projection], &place, lead.as_deref());
        }
        writer.out
    }

    /// The URL of the entity that is answered; `path` where it was just created.
    fn entity_url(&self, head: &Head, record: &Record, path: Option<&str>) -> String {
        let mut url = format!("{}/", head.root);
        if let Some(path) = path {
            url.push_str(path);
        } else if let Some(collection) = self.result_path(head) {
            url.push_str(&collection);
            push_record_key(&mut url, &self.model, record, self.key_style());
        } else {
            let canonical = self.canonical_path(head);
            url.push_str(canonical.as_ref().map_or(&*head.path, |(path, _)| path).trim_end_matches("/$ref"));
            if matches!(canonical, Some((_, true))) {
                push_record_key(&mut url, &self.model, record, self.key_style());
            }
        }
        url
    }

    /// The URL of the collection that the entities of an answer live in.
    fn collection_url(&self, head: &Head) -> String {
        let path = self.result_path(head).or_else(|| self.canonical_path(head).map(|(path, _)| path));
        format!("{}/{}", head.root, path.as_deref().unwrap_or(&head.path).trim_end_matches("/$ref"))
    }

    /// The path of where the target lives, where that is not the path that was asked, and whether it lacks a key.
    fn canonical_path(&self, head: &Head) -> Option<(String, bool)> {
        let asked = &head.target.segments;
        let differs = |segment: &Segment| matches!(segment, Segment::Navigation { .. }) || is_narrowing(segment);
        if !asked.iter().any(differs) {
            return None;
        }
        let end = asked.len() - usize::from(matches!(asked.last(), Some(Segment::Ref)));
        let segments = canonical(&self.model, &asked[..end]);
        let lives_elsewhere = segments != asked[..end] || segments.iter().any(is_narrowing);
        let is_collection = head.target.ty.as_ref().is_some_and(|ty| ty.collection);
        let lacks_key = !is_collection && lives_elsewhere && is_entity_set(&self.model, &segments);
        lives_elsewhere.then(|| (address::path(&self.model, &segments, self.key_style()), lacks_key))
    }

    /// Whether control information goes without its prefix.
    pub(super) fn short_names(&self, head: &Head) -> bool {
        self.settings.short_names && head.version == Version::V4_01
    }

    /// `"@odata.context":"…"`.
    fn lead(&self, head: &Head, shown: Shown<'_>) -> String {
        let mut lead = if self.short_names(head) { b"\"@context\":".to_vec() } else { b"\"@odata.context\":".to_vec() };
        crate::json::push_string(&mut lead, &self.context_url(head, shown));
        String::from_utf8(lead).unwrap_or_default()
    }

    /// Puts the context before the members of an object rendered before.
    fn with_context(&self, head: &Head, body: &[u8], type_id: TypeId) -> Vec<u8> {
        let lead = self.lead(head, Shown::Entity(type_id));
        let mut out = Vec::with_capacity(body.len() + lead.len() + 2);
        out.push(b'{');
        out.extend_from_slice(lead.as_bytes());
        let members = body.get(1..).unwrap_or(b"}");
        if members != b"}" {
            out.push(b',');
        }
        out.extend_from_slice(members);
        out
    }

    fn created(
        &self,
        head: &Head,
        record: &Record,
        path: &str,
        tokens: &dyn TokenSeal,
    ) -> Result<Response<Bytes>, Error> {
        let location = format!("{}/{path}", head.root);
        let mut response = if head.leaves_entity_out() {
            headers::no_content(head, record.etag.as_deref(), Some(&location))
        } else {
            let body = self.entity_body(head, record, Some(path), true, tokens);
            self.ok(head, StatusCode::CREATED, body, record.etag.as_deref())?
        };
        response.headers_mut().insert(header::LOCATION, headers::value(&location)?);
        Ok(response)
    }

    fn updated(&self, head: &Head, record: &Record, tokens: &dyn TokenSeal) -> Result<Response<Bytes>, Error> {
        let by_default = is_graph(self.settings.profile) || has_projection(head);
        let with_body = match head.prefer.returns {
            Some(Return::Minimal) => !head.leaves_entity_out(),
            Some(Return::Representation) => true,
            None => by_default,
        };
        if !with_body {
            let url = self.entity_url(head, record, None);
            return Ok(headers::no_content(head, record.etag.as_deref(), Some(&url)));
        }
        let body = self.entity_body(head, record, None, true, tokens);
        self.ok(head, StatusCode::OK, body, record.etag.as_deref())
    }

    fn collection(&self, head: &Head, page: &Page, tokens: &dyn TokenSeal) -> Result<Response<Bytes>, Error> {
        let json = json_format(head);
        let ids = spanning::spans_sets(&head.target);
        let format = Format { ids, ..self.format(head, !head.is_read()) };
        let links = Links::new(self, head, tokens);
        let mut writer = self.writer(format, &links, 256 + page.items.len() * 512);
        let is_reference = head.target.kind == TargetKind::Reference;
        writer.out.push(b'{');
        if json.level != Level::None {
            let shown = match (is_reference, is_delta(self, head, page)) {
                (true, _) => Shown::References { collection: true },
                (false, true) => Shown::Changes,
                (false, false) => Shown::Value,
            };
            writer.out.extend_from_slice(self.lead(head, shown).as_bytes());
        }
        if let Some(count) = page.count {
            writer.key("", "odata.count");
            writer.int(count, json.ieee754);
        }
        writer.member("value");
        let ty = head.target.ty.as_ref();
        let view = [&head.query.projection];
        match ty.map(|ty| ty.base) {
            _ if spanning::spans_sets(&head.target) => self.spanning(&mut writer, head, page),
            Some(EdmType::Named(id)) if self.model.structured(id).is_some_and(|ty| ty.is_entity) => {
                let url = self.collection_url(head);
                let place = |out: &mut String| out.push_str(&url);
                writer.entities(&page.items, id, &view, &place, is_reference);
                self.removed(&mut writer, head, page, &place);
            }
            Some(base) => writer.values(&page.items, base, &view),
            None => writer.values(&page.items, EdmType::Any(crate::model::AnyKind::Untyped), &view),
        }
        if json.level == Level::Full
            && !is_reference
            && let Some(EdmType::Named(id)) = ty.map(|ty| ty.base)
            && called(&head.target).is_none()
        {
            push_operations(&mut writer.out, &self.model, id, true, &format!("{}/{}", head.root, head.path), None);
        }
        if let Some((term, link)) = continuation(head, page, tokens) {
            writer.annotation("", term, &link);
        }
        writer.out.push(b'}');
        let body = writer.out;
        self.ok(head, StatusCode::OK, body, None)
    }

    fn property(
        &self,
        head: &Head,
        value: &Value,
        etag: Option<&str>,
        tokens: &dyn TokenSeal,
    ) -> Result<Response<Bytes>, Error> {
        if let Some(response) = answered_without_value(head, value, etag)? {
            return Ok(response);
        }
        let Some(ty) = head.target.ty.as_ref() else { return Err(mismatch()) };
        if head.target.kind == TargetKind::RawValue {
            return Ok(self.raw_value(head, value, ty, etag));
        }
        if let Value::Record(record) = value {
            let body = self.complex_body(head, record, tokens);
            return self.ok(head, StatusCode::OK, body, etag);
        }
        let json = json_format(head);
        let links = Links::new(self, head, tokens);
        let mut writer = self.writer(self.format(head, false), &links, 256);
        writer.out.push(b'{');
        if json.level != Level::None {
            writer.out.extend_from_slice(self.lead(head, Shown::Value).as_bytes());
        }
        if json.level == Level::Full
            && let Some(name) = full_type(&self.model, ty.base, ty.collection)
        {
            writer.annotation("", "odata.type", &name);
        }
        writer.member("value");
        writer.value(value, ty, &[&head.query.projection]);
        writer.out.push(b'}');
        let body = writer.out;
        self.ok(head, StatusCode::OK, body, etag)
    }

    /// A complex value, or an entity that an operation returned.
    fn complex_body(&self, head: &Head, record: &Record, tokens: &dyn TokenSeal) -> Vec<u8> {
        let is_entity = self.model.structured(record.type_id).is_some_and(|ty| ty.is_entity);
        if is_entity {
            return self.entity_body(head, record, None, !head.is_read(), tokens);
        }
        let json = json_format(head);
        let links = Links::new(self, head, tokens);
        let mut writer = self.writer(self.format(head, false), &links, 256);
        let declared = head.declared_type().unwrap_or(record.type_id);
        let lead = (json.level != Level::None).then(|| self.lead(head, Shown::Value));
        // What an operation gives stands nowhere.
        let url = if called(&head.target).is_some() { String::new() } else { self.collection_url(head) };
        let place = |out: &mut String| out.push_str(&url);
        writer.record(record, declared, &[&head.query.projection], &place, lead.as_deref());
        writer.out
    }

    /// `Core.MediaType` of the property that the target is the value of.
    fn media_type(&self, head: &Head) -> Option<&str> {
        let Some(Segment::Property { member, .. }) = head.target.segments.iter().rev().nth(1) else { return None };
        let owner = self.model.structured(owner_type(&self.model, &head.target)?)?;
        let annotations = &owner.members.get(usize::from(*member))?.annotations;
        self.model.annotation(annotations, "Org.OData.Core.V1.MediaType")?.as_text()
    }

    fn raw_value(&self, head: &Head, value: &Value, ty: &TypeRef, etag: Option<&str>) -> Response<Bytes> {
        if let Value::Binary(bytes) = value {
            let mut response = headers::text(head, bytes.clone(), etag);
            let media_type = self.media_type(head).and_then(|text| HeaderValue::from_str(text).ok());
            let octets = HeaderValue::from_static("application/octet-stream");
            response.headers_mut().insert(header::CONTENT_TYPE, media_type.unwrap_or(octets));
            return response;
        }
        let mut text = String::new();
        match (value, ty.base) {
            (Value::Geo(shape), _) => text = raw_shape(shape, ty),
            (Value::Enum(number), EdmType::Named(id)) => text = enum_text(&self.model, id, *number),
            (_, EdmType::Primitive(primitive)) => write_primitive(primitive, value, &mut text),
            (_, EdmType::Named(id)) => {
                if let NamedType::Definition(definition) = self.model.named(id) {
                    write_primitive(definition.underlying, value, &mut text);
                }
            }
            _ => write_primitive(Primitive::String, value, &mut text),
        }
        let mut response = headers::text(head, text.into(), etag);
        if let Some(media_type) = self.media_type(head).and_then(|text| HeaderValue::from_str(text).ok()) {
            response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        }
        response
    }
}

/// A shape as literals write it: `SRID=4326;Point(1 2)`.
fn raw_shape(shape: &str, ty: &TypeRef) -> String {
    let Some(text) = geo::wkt(shape) else { return shape.to_owned() };
    let flat = matches!(ty.base, EdmType::Primitive(primitive) if primitive.name().contains("Geometry"));
    let srid = ty.facets.srid.unwrap_or(if flat { 0 } else { 4326 });
    format!("SRID={srid};{text}")
}

/// A stream, whole or the range that was asked for.
fn stream_body(head: &Head, stream: &StreamBody) -> Result<Response<Bytes>, Error> {
    let etag = stream.etag.as_deref();
    if let Some(response) = read_condition(head, etag)? {
        return Ok(response);
    }
    let length = stream.bytes.len();
    let Some(range) = head.range.as_ref().filter(|range| range.applies(etag)) else {
        return headers::stream(head, stream, None);
    };
    let part = range.range.within(length).ok_or_else(|| {
        let message = format!("The range cannot be satisfied: the stream has {length} bytes.");
        Error { length: Some(length as u64), ..Error::new(ErrorKind::RangeNotSatisfiable, message).at("Range") }
    })?;
    headers::stream(head, stream, Some(part))
}

/// The answer to a read or a write of a property that says nothing of its value.
fn answered_without_value(head: &Head, value: &Value, etag: Option<&str>) -> Result<Option<Response<Bytes>>, Error> {
    if let Some(response) = read_condition(head, etag)? {
        return Ok(Some(response));
    }
    // A property that was written answers with nothing unless its new value is wanted.
    let is_written = !head.is_read() && called(&head.target).is_none();
    let nothing = value.is_null() || (is_written && head.prefer.returns != Some(Return::Representation));
    Ok(nothing.then(|| headers::no_content(head, etag, None)))
}

/// 304 and 412 of a read; `None` goes on.
fn read_condition(head: &Head, etag: Option<&str>) -> Result<Option<Response<Bytes>>, Error> {
    if !head.is_read() || head.preconditions.is_empty() {
        return Ok(None);
    }
    let current = Current::Present(etag);
    if head.preconditions.if_match.as_ref().is_some_and(|tags| !tags.matches(current)) {
        return Err(failed("If-Match"));
    }
    if head.preconditions.if_none_match.as_ref().is_some_and(|tags| tags.matches(current)) {
        return Ok(Some(headers::not_modified(head, etag)));
    }
    Ok(None)
}

/// Where the collection goes on: a link to the next page, or on the last one the link to later changes.
fn continuation(head: &Head, page: &Page, tokens: &dyn TokenSeal) -> Option<(&'static str, String)> {
    let top = head.query.top.map(|top| top.saturating_sub(page.items.len() as u64));
    if let (Some(position), true) = (&page.next, top != Some(0)) {
        let continuation = Continuation {
            fingerprint: 0,
            top,
            page_size: head.query.page_size,
            track_changes: head.query.track_changes,
            position: Arc::clone(position),
        };
        return Some(("odata.nextLink", head.carried.link(&head.root, continuation, tokens)));
    }
    let state = page.delta.as_ref()?;
    Some(("odata.deltaLink", head.carried.delta_link(&head.root, state, tokens)))
}

/// The JSON parameters of the answer; what is no JSON by nature (a count) has the default.
fn json_format(head: &Head) -> JsonFormat {
    if let Produces::Json(format) = head.produces { format } else { JsonFormat::DEFAULT }
}

/// What is left out. A change tells every value that it set, and so does a delta: null, too, may be what is new.
fn omit(head: &Head) -> Omit {
    if matches!(head.method, Method::PATCH | Method::PUT) || head.query.since.is_some() {
        return Omit::Nothing;
    }
    match (head.prefer.omit_nulls, head.prefer.omit_defaults) {
        (_, true) => Omit::Defaults,
        (true, false) => Omit::Nulls,
        (false, false) => Omit::Nothing,
    }
}

/// What says which members of a collection are meant, and is no part of where they live.
fn is_narrowing(segment: &Segment) -> bool {
    matches!(segment, Segment::Cast(_) | Segment::Filter(_) | Segment::Each)
}

fn has_projection(head: &Head) -> bool {
    let projection = &head.query.projection;
    head.method != Method::GET && (projection.select.is_some() || !projection.expand.is_empty())
}

fn mismatch() -> Error {
    Error::new(ErrorKind::Internal, "The service answered in a form that does not fit the request.")
}

fn place_text(place: &dyn Fn(&mut String)) -> String {
    let mut url = String::new();
    place(&mut url);
    url
}

impl Version {
    /// As a header value.
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::from_static(self.text())
    }
}
