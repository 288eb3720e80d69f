//! The seed: `seed.json` to rows. Its markers (`$generated`, `$ref`, `$stream`) are explained in the file itself.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use odata::edm::{DateTimeOffset, decode_binary};
use odata::model::{EdmType, Primitive, TypeId, TypeRef};
use odata::{RecordBuilder, Value};
use serde_json::{Map, Value as Json};

use super::rules;
use super::schema::{Schema, Set};
use super::store::{Key, Row, Store, Stream};
use super::{Fault, env};

const SEED: &str = include_str!("../seed.json");

/// The values that rows of the file gave to `Set/key/Property`, for `$ref`.
type Known = HashMap<String, Value>;

/// The data of the seed, with new GUIDs, in place of what is there.
pub(crate) fn load(old: &Store) -> Result<Store, Fault> {
    let file: Json = serde_json::from_str(SEED)?;
    let mut store = old.emptied();
    let mut known = Known::new();
    let now = env::now();
    for set in Set::ALL {
        let rows = match file.get(set.name()) {
            Some(Json::Array(rows)) => rows.as_slice(),
            Some(row) => std::slice::from_ref(row),
            None => continue,
        };
        for row in rows {
            let row = row.as_object().ok_or("a row of the seed is no object")?;
            insert(&mut store, set, row, &mut known, now)?;
        }
    }
    Ok(store)
}

fn insert(
    store: &mut Store,
    set: Set,
    given: &Map<String, Json>,
    known: &mut Known,
    now: DateTimeOffset,
) -> Result<(), Fault> {
    let schema = Arc::clone(&store.schema);
    let name = given.get("$type").and_then(Json::as_str).unwrap_or_default();
    let type_id = schema.model.type_by_name(name).ok_or("the seed names an unknown type")?;
    let ty = schema.model.structured(type_id).ok_or("a row of the seed is of no structured type")?;
    let mut builder = RecordBuilder::new(&schema.model, type_id);
    let mut stream = given.get("$stream").map(read_stream).transpose()?;
    for (name, json) in given.iter().filter(|(name, _)| !name.starts_with('$')) {
        let (number, member) = ty.member(name).ok_or("the seed names an unknown property")?;
        if member.is_navigation() {
            continue;
        }
        if member.is_stream() {
            stream = json.get("$stream").map(read_stream).transpose()?;
            continue;
        }
        let value = match (json.get("$generated").and_then(Json::as_str), json.get("$ref").and_then(Json::as_str)) {
            (Some("guid"), _) => Value::Guid(env::new_id()),
            (Some(_), _) => Value::DateTimeOffset(now),
            (None, Some(path)) => known.get(path).cloned().ok_or("the seed refers to an unknown row")?,
            (None, None) => value(&schema, &member.ty, json)?,
        };
        if let Some(key) = given.get("$key").and_then(Json::as_str) {
            known.insert(format!("{}/{key}/{name}", set.name()), value.clone());
        }
        builder = builder.set(number, value);
    }
    let mut row = Row { record: Arc::new(builder.whole()), stream, related: Vec::new(), changed: 0 };
    rules::describe(&schema, set, &mut row);
    let key = Key::of(&schema, &row.record).ok_or("a row of the seed has no key")?;
    if set == Set::Products
        && let Some(Value::Double(price)) = row.record.get(schema.product.price)
    {
        store.seed_prices.push((key.clone(), *price));
    }
    store.insert(set, &key, row);
    Ok(())
}

/// A value in the seed's spelling, which is that of literals but for binary and geography.
fn value(schema: &Schema, ty: &TypeRef, json: &Json) -> Result<Value, Fault> {
    Ok(match (json, ty.base) {
        (Json::Null, _) => Value::Null,
        (Json::String(text), EdmType::Primitive(Primitive::Binary)) => Value::Binary(decode_binary(text)?),
        (Json::Object(geo), EdmType::Primitive(_)) => {
            let part = |name: &str| geo.get(name).ok_or("a geography of the seed is not whole");
            let text = format!(r#"{{"type":{},"coordinates":{}}}"#, part("type")?, part("coordinates")?);
            Value::Geo(text.into())
        }
        (Json::Object(members), EdmType::Named(id)) => complex(schema, id, members)?,
        (Json::String(text), _) => schema.model.parse_value(ty, text)?,
        (other, _) => schema.model.parse_value(ty, &other.to_string())?,
    })
}

fn complex(schema: &Schema, id: TypeId, given: &Map<String, Json>) -> Result<Value, Fault> {
    let ty = schema.model.structured(id).ok_or("the seed has an object where a text is wanted")?;
    let mut builder = RecordBuilder::new(&schema.model, id);
    for (name, json) in given {
        let (number, member) = ty.member(name).ok_or("the seed names an unknown property")?;
        builder = builder.set(number, value(schema, &member.ty, json)?);
    }
    Ok(builder.whole().into())
}

fn read_stream(json: &Json) -> Result<Stream, Fault> {
    let text = |name: &str| json.get(name).and_then(Json::as_str).ok_or("a stream of the seed is not whole");
    let bytes = decode_binary(text("base64")?)?;
    Ok(Stream { media_type: text("contentType")?.into(), bytes: Bytes::from(bytes.to_vec()) })
}
