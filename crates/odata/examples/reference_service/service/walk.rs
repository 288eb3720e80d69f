//! Where a bound path leads in the data. Knows no operation: what is done there is decided elsewhere.

use odata::Error;
use odata::Value;
use odata::engine::Segment;
use odata::model::TypeId;

use super::rules::not_found;
use super::schema::{Schema, Set};
use super::store::{Key, Row, Store};

/// The end of a path: a set, an entity, or a property of one.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) set: Set,
    /// The entity; `None` for a collection, or where a single navigation property leads nowhere.
    pub(crate) key: Option<Key>,
    /// The entity and the navigation property through which the last step came.
    pub(crate) parent: Option<(Set, Key, u16)>,
    /// Properties below the entity.
    pub(crate) properties: Vec<u16>,
    /// The last cast.
    pub(crate) cast: Option<TypeId>,
}

impl Place {
    /// The entity that must be there.
    pub(crate) fn entity(&self) -> Result<(Set, Key), Error> {
        self.key.clone().map(|key| (self.set, key)).ok_or_else(not_found)
    }
}

/// Follows the segments of a path. What stands behind the data (`$count`, `$value`, `$ref`, an operation) is left out.
///
/// `missing_last` allows the last key to name nothing: a change may create what it names.
pub(crate) fn walk(store: &Store, segments: &[Segment], missing_last: bool) -> Result<Place, Error> {
    let schema = &store.schema;
    let set = Schema::root(segments).ok_or_else(not_found)?;
    let key = if set == Set::Company { store.company() } else { None };
    let mut place = Place { set, key, parent: None, properties: Vec::new(), cast: None };
    for (at, segment) in segments.iter().enumerate().skip(1) {
        match segment {
            Segment::Key(values) => {
                let key = Key::from_values(values).ok_or_else(not_found)?;
                let last = missing_last && at + 1 == segments.len() && place.parent.is_none();
                let row = store.get(place.set, &key);
                if !row.is_some_and(|row| is_there(store, &place, row, &key)) && !last {
                    return Err(not_found());
                }
                place.key = Some(key);
                place.parent = None;
            }
            Segment::Cast(ty) => {
                place.cast = Some(*ty);
                if let Some(key) = &place.key
                    && let Some(row) = store.get(place.set, key)
                    && !schema.model.is_a(row.record.type_id, *ty)
                {
                    return Err(not_found());
                }
            }
            Segment::Navigation { member, .. } => {
                let (set, key) = place.entity()?;
                let row = store.get(set, &key).ok_or_else(not_found)?;
                place.set = schema.target(set, *member).ok_or_else(not_found)?;
                place.cast = None;
                place.key = single(schema, set, *member)
                    .then(|| related(store, set, row, *member).into_iter().next())
                    .flatten();
                place.parent = Some((set, key, *member));
            }
            Segment::Property { member, .. } => place.properties.push(*member),
            // The model has neither alternate keys nor ordered collections nor open types, and a change names one entity.
            Segment::All
            | Segment::CrossJoin(_)
            | Segment::AlternateKey(_)
            | Segment::Filter(_)
            | Segment::Index(_)
            | Segment::Dynamic { .. }
            | Segment::Each => return Err(not_found()),
            Segment::Root { .. } | Segment::Count | Segment::Value | Segment::Ref | Segment::Operation { .. } => {}
        }
    }
    Ok(place)
}

/// Whether a row is in the collection that a path has reached.
fn is_there(store: &Store, place: &Place, row: &Row, key: &Key) -> bool {
    let of_type = place.cast.is_none_or(|ty| store.schema.model.is_a(row.record.type_id, ty));
    let of_parent = place.parent.as_ref().is_none_or(|(set, parent, member)| {
        store.get(*set, parent).is_some_and(|parent| related(store, *set, parent, *member).contains(key))
    });
    of_type && of_parent
}

/// Whether a navigation property leads to one entity.
pub(crate) fn single(schema: &Schema, set: Set, member: u16) -> bool {
    match set {
        Set::Products => member == schema.product.category,
        Set::ProductDescriptions => member == schema.other.description_product,
        _ => false,
    }
}

/// Keys of the entities that a navigation property of a row leads to.
pub(crate) fn related(store: &Store, set: Set, row: &Row, member: u16) -> Vec<Key> {
    let (product, other) = (&store.schema.product, &store.schema.other);
    let by = |member: u16| match row.record.get(member) {
        Some(Value::Guid(id)) => vec![Key::from(*id)],
        _ => Vec::new(),
    };
    let own = |member: u16| row.record.get(member).cloned();
    let pointing = |set: Set, to: u16, id: Option<Value>| {
        super::rules::keys_where(store, set, |row| row.record.get(to).filter(|value| !value.is_null()) == id.as_ref())
    };
    match set {
        Set::Products if member == product.category => by(product.category_id),
        Set::Products if member == product.related => row.related.clone(),
        Set::Products => pointing(Set::ProductDescriptions, other.description_product_id, own(product.id)),
        Set::Categories => pointing(Set::Products, product.category_id, own(other.category_id)),
        Set::ProductDescriptions => by(other.description_product_id),
        _ => Vec::new(),
    }
}
