//! The data as the generic reader asks for it: rows, entities, related entities, results of functions, streams.

use std::sync::Arc;

use odata::engine::StreamBody;
use odata::exec::memory::{Call, Related, Rows, Source};
use odata::model::TypeId;
use odata::{Error, Record, Value};

use super::operations::functions;
use super::schema::Set;
use super::store::{Key, Store};
use super::walk::{related, single};

impl Source for Store {
    fn rows(&self, child: u16) -> Rows<'_> {
        match self.schema.set_at(child) {
            Some(set) => Box::new(self.rows(set).map(|(rank, row)| (rank, Arc::clone(&row.record)))),
            None => Box::new(std::iter::empty()),
        }
    }

    fn entity(&self, child: u16, key: &[Value]) -> Option<Arc<Record>> {
        let set = self.schema.set_at(child)?;
        let key = if set == Set::Company { self.company()? } else { Key::from_values(key)? };
        self.get(set, &key).map(|row| Arc::clone(&row.record))
    }

    fn related(&self, owner: &Record, member: u16) -> Related<'_> {
        let found = || {
            let set = self.schema.set_of(owner.type_id)?;
            let row = self.get(set, &Key::of(&self.schema, owner)?)?;
            Some((set, self.schema.target(set, member)?, related(self, set, row, member)))
        };
        let Some((set, target, keys)) = found() else { return Related::One(None) };
        let ranked = move |key: Key| Some((self.rank(target, &key)?, Arc::clone(&self.get(target, &key)?.record)));
        if single(&self.schema, set, member) {
            return Related::One(keys.into_iter().find_map(ranked).map(|(_, record)| record));
        }
        let mut rows: Vec<(u64, Arc<Record>)> = keys.into_iter().filter_map(ranked).collect();
        rows.sort_unstable_by_key(|(rank, _)| *rank);
        Related::Many(Box::new(rows.into_iter()))
    }

    fn call(&self, call: &Call<'_>) -> Result<Value, Error> {
        functions::call(self, call)
    }

    fn is_searched(&self, ty: TypeId, member: u16) -> bool {
        let name = self.schema.model.structured(ty).and_then(|ty| ty.members.get(usize::from(member)));
        let name = name.map_or("", |member| &*member.name);
        match self.schema.set_of(ty) {
            Some(Set::Products) => name == "Name",
            Some(Set::ProductDescriptions) => matches!(name, "Description" | "LongText"),
            _ => true,
        }
    }

    fn stream(&self, owner: &Record, _property: Option<u16>) -> Option<StreamBody> {
        // A type of this model has at most one stream: the media, or the photo.
        let set = self.schema.set_of(owner.type_id)?;
        let row = self.get(set, &Key::of(&self.schema, owner)?)?;
        let stream = row.stream.as_ref()?;
        let (media_type, bytes) = (Arc::clone(&stream.media_type), stream.bytes.clone());
        Some(StreamBody { media_type, bytes, etag: row.record.etag.clone(), modified_unix_s: None })
    }
}
