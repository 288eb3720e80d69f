//! Streams: the media of media items, and the photos of products.

use std::sync::Arc;

use bytes::Bytes;
use odata::engine::{Head, Outcome, TargetKind};
use odata::{Error, Record, RecordBuilder, Value};

use super::env;
use super::rules::{self, not_found};
use super::schema::{Schema, Set};
use super::store::{Key, Row, Store, Stream};
use super::walk::walk;
use super::{create, write};

/// What a media item has that was created from JSON.
pub(crate) fn empty_media(schema: &Schema, record: &Record) -> Stream {
    let media_type = record.get(schema.other.media_content_type).and_then(Value::as_str).unwrap_or_default();
    Stream { media_type: media_type.into(), bytes: Bytes::new() }
}

/// PUT of a stream, or POST of bytes to the set of media items.
pub(crate) fn store(store: &mut Store, head: &Head, media_type: Arc<str>, bytes: Bytes) -> Result<Outcome, Error> {
    let stream = Stream { media_type, bytes };
    if head.target().kind == TargetKind::EntityCollection {
        return create(store, stream);
    }
    let (set, key) = walk(store, &head.target().segments, false)?.entity()?;
    rules::check_etag(head.preconditions(), store.get(set, &key).ok_or_else(not_found)?)?;
    let schema = Arc::clone(&store.schema);
    let record = rules::change(store, set, &key, |row| {
        if set == Set::MediaItems {
            describe_media(&schema, Arc::make_mut(&mut row.record), &stream);
            row.set(schema.other.media_modified_at, Value::DateTimeOffset(env::now()));
        }
        row.stream = Some(stream);
    })?;
    Ok(Outcome::NoContent { etag: record.etag.clone() })
}

/// DELETE of a stream: a media item goes with its media. A photo cannot be null, and so cannot go.
pub(crate) fn delete(store: &mut Store, head: &Head) -> Result<Outcome, Error> {
    write::delete(store, head)
}

fn create(store: &mut Store, stream: Stream) -> Result<Outcome, Error> {
    let schema = Arc::clone(&store.schema);
    let set = Set::MediaItems;
    let name = schema.other.media_name;
    let mut record = RecordBuilder::new(&schema.model, schema.type_of(set)).set(name, "").build();
    rules::make(&schema, set, &mut record);
    describe_media(&schema, &mut record, &stream);
    let key = Key::of(&schema, &record).ok_or_else(not_found)?;
    let path = create::path_of(set, &key);
    let mut row = Row { record: Arc::new(record), stream: Some(stream), related: Vec::new(), changed: 0 };
    rules::describe(&schema, set, &mut row);
    let record = Arc::clone(&row.record);
    store.insert(set, &key, row);
    Ok(Outcome::Created { record, path })
}

fn describe_media(schema: &Schema, record: &mut Record, stream: &Stream) {
    record.set(schema.other.media_content_type, Value::String(Arc::clone(&stream.media_type)));
    record.set(schema.other.media_size, Value::Int(i64::try_from(stream.bytes.len()).unwrap_or(i64::MAX)));
}
