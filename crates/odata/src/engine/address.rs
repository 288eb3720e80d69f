//! A target as text: canonical paths with keys in either form, and the types that a path goes through. Knows no request.

use std::fmt::Write as _;

use super::head::child_type;
use super::target::{Segment, Target};
use crate::edm::write_primitive;
use crate::json::enum_text;
use crate::model::{EdmType, KeyRef, Model, Primitive, StructuredType, TypeId};
use crate::value::{Record, Value};

/// How keys are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyStyle {
    /// `Set('key')`.
    Parentheses,
    /// `Set/key`.
    Segment,
}

/// The structured type that a path has reached before each segment, by walking it.
pub(crate) fn types_before<'t>(
    model: &'t Model,
    segments: &'t [Segment],
) -> impl Iterator<Item = (&'t Segment, Option<TypeId>)> {
    let mut reached: Option<TypeId> = None;
    segments.iter().map(move |segment| {
        let before = reached;
        reached = step(model, segment, before);
        (segment, before)
    })
}

/// The type behind a segment.
fn step(model: &Model, segment: &Segment, before: Option<TypeId>) -> Option<TypeId> {
    let named = |base: EdmType| if let EdmType::Named(id) = base { Some(id) } else { None };
    match segment {
        Segment::Root { child, .. } => model.container.children.get(usize::from(*child)).and_then(child_type),
        Segment::Cast(id) => Some(*id),
        Segment::Navigation { member, .. } | Segment::Property { member, .. } => {
            named(model.structured(before?)?.members.get(usize::from(*member))?.ty.base)
        }
        Segment::Operation { id, .. } => model.operation(*id).returns.as_ref().and_then(|returns| named(returns.base)),
        Segment::Dynamic { .. } => None,
        Segment::All
        | Segment::CrossJoin(_)
        | Segment::Key(_)
        | Segment::AlternateKey(_)
        | Segment::Filter(_)
        | Segment::Index(_)
        | Segment::Each
        | Segment::Count
        | Segment::Value
        | Segment::Ref => before,
    }
}

/// The structured type that a path ends in.
pub(crate) fn type_of(model: &Model, segments: &[Segment]) -> Option<TypeId> {
    segments.iter().fold(None, |before, segment| step(model, segment, before))
}

/// The type that owns the property at the end of the path.
pub(crate) fn owner_type(model: &Model, target: &Target) -> Option<TypeId> {
    let mut owner = None;
    for (segment, before) in types_before(model, &target.segments) {
        if matches!(segment, Segment::Property { .. } | Segment::Dynamic { .. }) {
            owner = before;
        }
    }
    owner
}

/// The path of segments without casts, relative to the root, without a leading slash. Percent-encoded.
pub(crate) fn path(model: &Model, segments: &[Segment], style: KeyStyle) -> String {
    let mut path = String::new();
    for (segment, before) in types_before(model, segments) {
        let name: &str = match segment {
            Segment::Root { name, .. } | Segment::Navigation { name, .. } | Segment::Property { name, .. } => name,
            Segment::Key(values) => {
                push_key(&mut path, model, before.and_then(|id| model.structured(id)), values.iter(), style);
                continue;
            }
            Segment::AlternateKey(parts) => {
                push_alternate_key(&mut path, model, before, parts);
                continue;
            }
            Segment::Index(place) => {
                let _ = write!(path, "/{place}");
                continue;
            }
            Segment::Dynamic { name } => {
                path.push('/');
                encode(&mut path, name);
                continue;
            }
            Segment::Operation { id, .. } => &model.operation(*id).name,
            Segment::Cast(_) | Segment::Filter(_) | Segment::Each => continue,
            Segment::All => "$all",
            Segment::CrossJoin(_) => "$crossjoin",
            Segment::Count => "$count",
            Segment::Value => "$value",
            Segment::Ref => "$ref",
        };
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name);
    }
    path
}

/// Appends the key of a record to the URL of its collection.
pub(crate) fn push_record_key(url: &mut String, model: &Model, record: &Record, style: KeyStyle) {
    let Some(ty) = model.structured(record.type_id) else { return };
    let values: Vec<&Value> = ty
        .key
        .iter()
        .filter_map(|key| {
            let (first, rest) = key.path.split_first()?;
            let start = record.get(*first)?;
            rest.iter().try_fold(start, |value, member| value.as_record()?.get(*member))
        })
        .collect();
    if values.len() == ty.key.len() && !values.is_empty() {
        push_key(url, model, Some(ty), values.into_iter(), style);
    }
}

/// Always in parentheses and with names, which tell it from the key.
fn push_alternate_key(url: &mut String, model: &Model, ty: Option<TypeId>, parts: &[(KeyRef, Value)]) {
    let owner = ty.and_then(|id| model.structured(id));
    let key = parts.iter().map(|(part, _)| part.clone()).collect();
    let owner = owner.map(|owner| StructuredType { key, ..owner.clone() });
    let start = url.len();
    push_key(url, model, owner.as_ref(), parts.iter().map(|(_, value)| value), KeyStyle::Parentheses);
    if let [(part, _)] = parts {
        url.insert_str(start + 1, &format!("{}=", part.name));
    }
}

fn push_key<'v>(
    url: &mut String,
    model: &Model,
    ty: Option<&StructuredType>,
    values: impl ExactSizeIterator<Item = &'v Value>,
    style: KeyStyle,
) {
    let single = values.len() == 1;
    let keys = ty.map_or(&[][..], |ty| &ty.key);
    let mut open = '(';
    for (index, value) in values.enumerate() {
        let text = plain(model, ty, index, value);
        // A segment that is empty or a dot is lost on the way, and `$` would be read as something else.
        if single && style == KeyStyle::Segment && !matches!(text.as_str(), "" | "." | "..") && !text.starts_with('$') {
            url.push('/');
            encode(url, &text);
            return;
        }
        url.push(open);
        open = ',';
        if !single && let Some(key) = keys.get(index) {
            let _ = write!(url, "{}=", key.name);
        }
        match value {
            Value::String(_) | Value::Enum(_) => {
                url.push('\'');
                encode(url, &text.replace('\'', "''"));
                url.push('\'');
            }
            _ => encode(url, &text),
        }
    }
    url.push(')');
}

fn plain(model: &Model, ty: Option<&StructuredType>, index: usize, value: &Value) -> String {
    if let Value::Enum(number) = value {
        let base = ty.and_then(|ty| {
            let member = ty.key.get(index)?.path.last()?;
            Some(ty.members.get(usize::from(*member))?.ty.base)
        });
        return match base {
            Some(EdmType::Named(id)) => enum_text(model, id, *number),
            _ => number.to_string(),
        };
    }
    let mut text = String::new();
    write_primitive(Primitive::String, value, &mut text);
    text
}

/// Percent-encodes what may not stand in a path segment as it is.
pub(crate) fn encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
