//! Records and values to JSON bytes, straight into the buffer of the answer: annotations by metadata level, members in the
//! model's order, projections. Knows no status and no header.

use std::io::Write as _;

use super::escape;
use super::format::{Context, Format, Level, Place};
use super::parse::{Json, JsonKind};
use super::shape::{MemberShape, Shape, ShapeKind, Shapes, Types};
use super::timestamp;
use super::view::{
    Selected, SelectedDynamic, count_of, expanded, is_named, selected, selected_dynamic, shown_inside, shows_key,
};
use crate::edm::encode_binary;
use crate::model::{
    AnyKind, EdmType, KeyRef, Member, MemberKind, Model, NamedType, Primitive, StructuredType, TypeId, TypeRef,
};
use crate::plan::{ExpandItem, Projection, SelectItem};
use crate::value::{Record, Value};

/// Writes one body.
pub(crate) struct Writer<'e> {
    pub(crate) model: &'e Model,
    pub(crate) shapes: &'e Shapes,
    pub(crate) format: Format,
    pub(crate) context: &'e dyn Context,
    pub(crate) out: Vec<u8>,
}

impl Writer<'_> {
    /// An entity or complex value. `lead` is what goes first (`"@odata.context":…`), without a comma.
    pub(crate) fn record(
        &mut self,
        record: &Record,
        declared: TypeId,
        view: &[&Projection],
        place: Place<'_>,
        lead: Option<&str>,
    ) {
        let Some(ty) = self.model.structured(record.type_id) else { return };
        let shape = self.shapes.of(record.type_id);
        self.out.push(b'{');
        if let Some(lead) = lead {
            self.out.extend_from_slice(lead.as_bytes());
        }
        let identified = is_identified(ty, record);
        if identified || record.type_id != declared {
            self.control(record, ty, shape, declared, view, place);
        } else if self.format.transient && ty.is_entity && self.format.level != Level::None {
            self.key("", "odata.id");
            self.out.extend_from_slice(b"null");
        }
        if ty.has_stream && view.iter().any(|projection| projection.media) {
            self.media(record.media.as_deref());
        }
        self.members(record, view, place);
        if identified && ty.is_entity {
            self.operations(record, view, place);
        }
        self.out.push(b'}');
    }

    /// All operations at full metadata; at minimal those that are selected.
    fn operations(&mut self, record: &Record, view: &[&Projection], place: Place<'_>) {
        if self.format.level == Level::Full {
            let url = url_of(place);
            if !url.is_empty() {
                self.context.operations(&mut self.out, record.type_id, &url, None);
            }
            return;
        }
        let selected = view.iter().filter_map(|view| view.select.as_ref()).flatten();
        let named: Vec<&str> = selected
            .filter_map(|item| if let SelectItem::Operation(name) = item { Some(&**name) } else { None })
            .collect();
        if self.format.level == Level::Minimal && !named.is_empty() {
            self.context.operations(&mut self.out, record.type_id, &url_of(place), Some(&named));
        }
    }

    /// What a record holds and the view lets through.
    pub(crate) fn members(&mut self, record: &Record, view: &[&Projection], place: Place<'_>) {
        let (model, shapes) = (self.model, self.shapes);
        let Some(ty) = model.structured(record.type_id) else { return };
        let shape = shapes.of(record.type_id);
        for (number, (member, of_shape)) in ty.members.iter().zip(&shape.members).enumerate() {
            let number = u16::try_from(number).unwrap_or(u16::MAX);
            match of_shape.kind {
                ShapeKind::Structural => {
                    let Some(value) = record.get(number) else { continue };
                    if self.format.omit.leaves_out(value, &member.kind) {
                        continue;
                    }
                    match shown_inside(view, number, record.type_id, model) {
                        Selected::No => {}
                        Selected::Whole => self.structural(record, number, value, of_shape, &member.ty, &[], place),
                        Selected::Parts(parts) => {
                            self.structural(record, number, value, of_shape, &member.ty, &parts, place);
                        }
                    }
                }
                ShapeKind::Stream if record.get(number).is_none() && !is_identified(ty, record) => {}
                ShapeKind::Stream => {
                    let is_inline = expanded(view, number, record.type_id, model).is_some();
                    if is_inline || !matches!(selected(view, number, record.type_id, model), Selected::No) {
                        self.stream(record.get(number), &member.name, view, place, is_inline);
                    }
                }
                // Behind all properties, as OData 4.0 orders them (OData JSON 4.01, 4.5).
                ShapeKind::Navigation => {}
            }
        }
        for property in &record.dynamic {
            match selected_dynamic(view, &property.name) {
                SelectedDynamic::No => {}
                SelectedDynamic::Whole => self.dynamic_property(property, &[]),
                SelectedDynamic::Parts(parts) => self.dynamic_property(property, &parts),
            }
        }
        let navigations = ty.members.iter().zip(&shape.members).zip(0_u16..);
        for ((member, of_shape), number) in navigations.filter(|((_, shape), _)| shape.kind == ShapeKind::Navigation) {
            if record.get(number).is_none() && !is_identified(ty, record) {
                continue;
            }
            let expanded = expanded(view, number, record.type_id, model);
            if expanded.is_some() || (self.format.inline_navigation && record.get(number).is_some()) {
                self.navigation(record, number, of_shape, member, expanded, place);
            } else if match self.format.level {
                Level::Full => !matches!(selected(view, number, record.type_id, model), Selected::No),
                Level::Minimal => self.format.links && is_named(view, number, record.type_id, model),
                Level::None => false,
            } {
                self.navigation_links(&member.name, &member.kind, place);
            }
        }
    }

    /// `@odata.type`, `@odata.id`, `@odata.etag`.
    fn control(
        &mut self,
        record: &Record,
        ty: &StructuredType,
        shape: &Shape,
        declared: TypeId,
        view: &[&Projection],
        place: Place<'_>,
    ) {
        if self.format.level == Level::None {
            return;
        }
        let is_derived = record.type_id != declared;
        let always = self.format.types == Types::Always;
        if is_derived || always || self.format.level == Level::Full {
            self.comma();
            let with_hash = is_derived || ty.is_entity || !always;
            let named = if with_hash { &shape.type_hash } else { &shape.type_plain };
            self.prepared(0, named);
        }
        if ty.is_entity {
            self.identity(record, view, place);
        }
        if let Some(etag) = &record.etag {
            self.annotation("", "odata.etag", etag);
        }
        if ty.has_stream && self.shows_stream_links() {
            self.media_links(record, place);
        }
    }

    /// Where an entity is found. One that stands below an element of a collection of complex values may have no URL.
    fn identity(&mut self, record: &Record, view: &[&Projection], place: Place<'_>) {
        let is_full = self.format.level == Level::Full;
        let by_rule = self.format.types != Types::Always && !shows_key(view, record, self.model);
        if !is_full && !self.format.ids && !by_rule {
            return;
        }
        let url = url_of(place);
        if url.is_empty() {
            return;
        }
        self.annotation("", "odata.id", &url);
        if is_full {
            if self.context.is_editable(&url) {
                self.annotation("", "odata.editLink", &url);
            }
            self.annotation("", "odata.readLink", &url);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one member, used once")]
    fn structural(
        &mut self,
        record: &Record,
        number: u16,
        value: &Value,
        shape: &MemberShape,
        ty: &TypeRef,
        view: &[&Projection],
        place: Place<'_>,
    ) {
        if self.format.level == Level::Full
            && let Some(full_type) = &shape.full_type
        {
            self.comma();
            self.prepared(shape.key.len() - 2, full_type);
        }
        if let Some((_, count)) = record.counts.iter().find(|(member, _)| *member == number) {
            self.key(name_of(shape), "odata.count");
            self.int(*count, self.format.ieee754);
        }
        self.next_link(record, number, shape, place);
        self.comma();
        self.out.extend_from_slice(&shape.key);
        match (value, ty.base) {
            (Value::Record(record), EdmType::Named(declared)) => {
                let inside = |url: &mut String| push_below(url, place, name_of(shape));
                self.record(record, declared, view, &inside, None);
            }
            _ => self.value(value, ty, view),
        }
    }

    /// The link of an embedded collection that has more. It carries on control information that every level writes.
    fn next_link(&mut self, record: &Record, number: u16, shape: &MemberShape, place: Place<'_>) {
        if record.next_links.is_empty() {
            return;
        }
        if let Some((_, position)) = record.next_links.iter().find(|(member, _)| *member == number) {
            let (name, mut url) = (name_of(shape), String::new());
            push_below(&mut url, place, name);
            if let Some(link) = self.context.next_link(&url, position).filter(|_| !url.is_empty()) {
                self.annotation(name, "odata.nextLink", &link);
            }
        }
    }

    fn navigation(
        &mut self,
        record: &Record,
        number: u16,
        shape: &MemberShape,
        member: &Member,
        item: Option<&ExpandItem>,
        place: Place<'_>,
    ) {
        let (name, single) = (&*member.name, !member.ty.collection);
        let value = record.get(number);
        if let Some(count) = count_of(record, number, value, item) {
            self.key(name, "odata.count");
            self.int(count, self.format.ieee754);
        }
        if item.is_some_and(|item| item.count_only) {
            return;
        }
        self.next_link(record, number, shape, place);
        if self.format.level == Level::Full
            && self.model.structured(record.type_id).is_some_and(|ty| is_identified(ty, record))
        {
            self.navigation_links(name, &member.kind, place);
        }
        self.comma();
        self.out.extend_from_slice(&shape.key);
        let EdmType::Named(declared) = member.ty.base else { return self.out.extend_from_slice(b"null") };
        let none = Projection::default();
        let view = [item.map_or(&none, |item| &item.query.projection)];
        let reference = item.is_some_and(|item| item.reference);
        let context = self.context;
        let below = |url: &mut String| push_below(url, place, name);
        let collection = |url: &mut String| {
            if !context.push_set(url, record.type_id, number) {
                below(url);
            }
        };
        match value {
            Some(Value::Collection(items)) => self.entities(items, declared, &view, &collection, reference),
            Some(Value::Record(entity)) if single => {
                let place = |url: &mut String| {
                    let start = url.len();
                    let known = context.push_set(url, record.type_id, number);
                    let set = url.len();
                    context.push_key(url, entity);
                    if !known || url.len() == set {
                        url.truncate(start);
                        below(url);
                    }
                };
                self.entity(entity, declared, &view, &place, reference);
            }
            Some(Value::Rendered(bytes)) => self.out.extend_from_slice(bytes),
            _ if single => self.out.extend_from_slice(b"null"),
            _ => self.out.extend_from_slice(b"[]"),
        }
    }

    /// Entities of a collection with its URL, as an array.
    pub(crate) fn entities(
        &mut self,
        items: &[Value],
        declared: TypeId,
        view: &[&Projection],
        collection: Place<'_>,
        reference: bool,
    ) {
        self.out.push(b'[');
        for item in items {
            self.comma();
            match item {
                Value::Record(record) => {
                    let context = self.context;
                    let place = |url: &mut String| {
                        let start = url.len();
                        collection(url);
                        if url.len() > start {
                            context.push_key(url, record);
                        }
                    };
                    self.entity(record, declared, view, &place, reference);
                }
                Value::Rendered(bytes) => self.out.extend_from_slice(bytes),
                _ => self.out.extend_from_slice(b"null"),
            }
        }
        self.out.push(b']');
    }

    /// `{"@odata.id":"…"}`.
    pub(crate) fn reference(&mut self, place: Place<'_>, lead: Option<&str>) {
        self.out.push(b'{');
        if let Some(lead) = lead {
            self.out.extend_from_slice(lead.as_bytes());
        }
        let url = url_of(place);
        if !url.is_empty() {
            self.annotation("", "odata.id", &url);
        }
        self.out.push(b'}');
    }

    /// Values of a collection, as an array.
    pub(crate) fn values(&mut self, items: &[Value], base: EdmType, view: &[&Projection]) {
        self.out.push(b'[');
        for item in items {
            self.comma();
            self.single(item, base, view);
        }
        self.out.push(b']');
    }

    fn entity(&mut self, record: &Record, declared: TypeId, view: &[&Projection], place: Place<'_>, reference: bool) {
        if reference {
            self.reference(place, None);
        } else {
            self.record(record, declared, view, place, None);
        }
    }

    fn navigation_links(&mut self, name: &str, kind: &MemberKind, place: Place<'_>) {
        let owner = url_of(place);
        // Elements of collections have no URL, and with it no links.
        if owner.is_empty() {
            return;
        }
        let link = format!("{owner}/{name}");
        if self.format.level == Level::Full
            && matches!(kind, MemberKind::Navigation(navigation) if !navigation.contains_target)
        {
            self.annotation(name, "odata.associationLink", &format!("{link}/$ref"));
        }
        self.annotation(name, "odata.navigationLink", &link);
    }

    /// A value of a declared type; records inside see the view.
    pub(crate) fn value(&mut self, value: &Value, ty: &TypeRef, view: &[&Projection]) {
        match value {
            Value::Collection(items) => self.values(items, ty.base, view),
            value => self.single(value, ty.base, view),
        }
    }

    pub(super) fn single(&mut self, value: &Value, base: EdmType, view: &[&Projection]) {
        match value {
            Value::Null | Value::Stream(_) | Value::Collection(_) => self.out.extend_from_slice(b"null"),
            Value::Boolean(value) => self.out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Value::Int(value) => {
                let quoted = self.format.ieee754 && underlying(self.model, base) == Some(Primitive::Int64);
                self.int(*value, quoted);
            }
            Value::Double(value) => self.double(*value, base),
            Value::Decimal(value) => self.quoted_if(self.format.ieee754, value),
            Value::Guid(guid) => {
                self.out.push(b'"');
                let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
                self.out.extend_from_slice(guid.hyphenated().encode_lower(&mut buffer).as_bytes());
                self.out.push(b'"');
            }
            Value::Date(value) => self.quoted_if(true, value),
            Value::TimeOfDay(value) => self.quoted_if(true, value),
            Value::Duration(value) => self.quoted_if(true, value),
            Value::DateTimeOffset(value) => {
                self.out.push(b'"');
                timestamp::push(&mut self.out, *value);
                self.out.push(b'"');
            }
            Value::Binary(bytes) => {
                let mut text = String::with_capacity(bytes.len() * 4 / 3 + 4);
                encode_binary(bytes, &mut text);
                escape::string(&mut self.out, &text);
            }
            Value::Enum(value) => {
                let text = match base {
                    EdmType::Named(id) => enum_text(self.model, id, *value),
                    _ => value.to_string(),
                };
                escape::string(&mut self.out, &text);
            }
            // GeoJSON is kept as its text; WKT, which a literal gives, is a string.
            Value::Geo(text) if text.starts_with('{') => self.out.extend_from_slice(text.as_bytes()),
            Value::String(text) | Value::Geo(text) => escape::string(&mut self.out, text),
            Value::Record(record) => {
                let declared = if let EdmType::Named(id) = base { id } else { record.type_id };
                self.record(record, declared, view, &|_| {}, None);
            }
            Value::Rendered(bytes) => self.out.extend_from_slice(bytes),
        }
    }

    pub(crate) fn int(&mut self, value: impl itoa::Integer, quoted: bool) {
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(value).as_bytes();
        if quoted {
            self.out.push(b'"');
            self.out.extend_from_slice(text);
            self.out.push(b'"');
        } else {
            self.out.extend_from_slice(text);
        }
    }

    fn double(&mut self, value: f64, base: EdmType) {
        if value.is_nan() {
            return self.out.extend_from_slice(b"\"NaN\"");
        }
        if value.is_infinite() {
            return self.out.extend_from_slice(if value > 0.0 { b"\"INF\"" } else { b"\"-INF\"" });
        }
        let mut buffer = ryu::Buffer::new();
        #[expect(clippy::cast_possible_truncation, reason = "a single is written as the single it was read as")]
        let text = if underlying(self.model, base) == Some(Primitive::Single) {
            buffer.format(value as f32)
        } else {
            buffer.format_finite(value)
        };
        self.out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
    }

    fn quoted_if(&mut self, quoted: bool, value: &impl std::fmt::Display) {
        let quote: &[u8] = if quoted { b"\"" } else { b"" };
        self.out.extend_from_slice(quote);
        // Writing to a `Vec` cannot fail.
        let _ = write!(self.out, "{value}");
        self.out.extend_from_slice(quote);
    }

    /// `"name@term":`.
    pub(crate) fn key(&mut self, name: &str, term: &str) {
        self.comma();
        let term = if self.format.short_names { term.strip_prefix("odata.").unwrap_or(term) } else { term };
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'@');
        self.out.extend_from_slice(term.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// An annotation as bytes made before: its property's name starts it, with a quote before (`name_end` is behind it).
    fn prepared(&mut self, name_end: usize, bytes: &[u8]) {
        match (self.format.short_names, bytes.split_at_checked(name_end.max(1))) {
            (true, Some((name, rest))) => {
                self.out.extend_from_slice(name);
                self.out.push(b'@');
                self.out.extend_from_slice(rest.strip_prefix(b"@odata.").unwrap_or(rest));
            }
            _ => self.out.extend_from_slice(bytes),
        }
    }

    /// `"name":`.
    pub(crate) fn member(&mut self, name: &str) {
        self.comma();
        escape::string(&mut self.out, name);
        self.out.push(b':');
    }

    /// `"name@term":"text"`.
    pub(crate) fn annotation(&mut self, name: &str, term: &str, text: &str) {
        self.key(name, term);
        escape::string(&mut self.out, text);
    }

    /// A comma, unless something was just opened.
    pub(crate) fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b',')) {
            self.out.push(b',');
        }
    }
}

pub(super) const UNTYPED: EdmType = EdmType::Any(AnyKind::Untyped);

/// The primitive type of a type or of what a definition names.
fn underlying(model: &Model, base: EdmType) -> Option<Primitive> {
    match base {
        EdmType::Primitive(primitive) => Some(primitive),
        EdmType::Named(id) => match model.named(id) {
            NamedType::Definition(definition) => Some(definition.underlying),
            _ => None,
        },
        EdmType::Any(_) => None,
    }
}

/// A row that `$apply` made has no key, and with it no identity to speak of. Complex values need none.
fn is_identified(ty: &StructuredType, record: &Record) -> bool {
    let has = |part: &KeyRef| part.path.first().is_none_or(|member| record.get(*member).is_some());
    ty.key.iter().all(has)
}

/// The name inside a `"name":`.
fn name_of(shape: &MemberShape) -> &str {
    shape.key.get(1..shape.key.len() - 2).and_then(|name| std::str::from_utf8(name).ok()).unwrap_or("")
}

/// The URL of a member of what has one. Elements of collections have none.
fn push_below(url: &mut String, place: Place<'_>, name: &str) {
    let start = url.len();
    place(url);
    if url.len() > start {
        url.push('/');
        url.push_str(name);
    }
}

pub(super) fn url_of(place: Place<'_>) -> String {
    let mut url = String::new();
    place(&mut url);
    url
}

/// The names of an enumeration's value; a number where it has none.
pub(crate) fn enum_text(model: &Model, id: TypeId, value: i64) -> String {
    let mut text = String::new();
    match model.named(id) {
        NamedType::Enum(ty) => ty.write(value, &mut text),
        _ => text = value.to_string(),
    }
    text
}

/// A JSON tree without white space.
pub(crate) fn tree(out: &mut Vec<u8>, json: &Json<'_>) {
    match &json.kind {
        JsonKind::Null => out.extend_from_slice(b"null"),
        JsonKind::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
        JsonKind::Number(text) => out.extend_from_slice(text.as_bytes()),
        JsonKind::String(text) => escape::string(out, text),
        JsonKind::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                tree(out, item);
            }
            out.push(b']');
        }
        JsonKind::Object(members) => {
            out.push(b'{');
            for (index, member) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                escape::string(out, &member.name);
                out.push(b':');
                tree(out, &member.value);
            }
            out.push(b'}');
        }
    }
}
