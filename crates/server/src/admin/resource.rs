//! What a bound path means here: the engine's target as one of the service's resources, ids parsed.
//! Knows the shape of the URL tree and nothing of what is stored.

use odata::engine::{Segment, Target};
use odata::model::{OperationId, TypeId};
use odata::{Error, ErrorKind, Value};
use store::{AssignmentId, ClientConfigurationId, ConfigurationId, PayloadKind};
use uuid::Uuid;

use super::office::OfficeModel;

/// Which officeConfiguration a path goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Estate {
    /// The singleton: the tenant's default one.
    Default,
    /// One of the set, by id.
    Id(ConfigurationId),
}

/// The entity or collection that a path reaches, before any properties behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `/officeConfigurations`
    Configurations,
    /// `/officeConfigurations/{id}`, `/officeConfiguration`
    Configuration(Estate),
    /// `…/clientConfigurations`, perhaps cast.
    Clients(Estate, Option<TypeId>),
    /// `…/clientConfigurations/{id}`, perhaps cast.
    Client(Estate, ClientConfigurationId, Option<TypeId>),
    /// `…/assignments`
    Assignments(Estate, ClientConfigurationId),
    /// `…/assignments/{id}`
    Assignment(Estate, ClientConfigurationId, AssignmentId),
}

impl Place {
    /// The officeConfiguration that the path goes through; none for their collection.
    pub(crate) fn estate(self) -> Option<Estate> {
        match self {
            Self::Configurations => None,
            Self::Configuration(estate)
            | Self::Clients(estate, _)
            | Self::Client(estate, ..)
            | Self::Assignments(estate, _)
            | Self::Assignment(estate, ..) => Some(estate),
        }
    }
}

/// A place and what of it is addressed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resource {
    /// The entity or collection.
    pub place: Place,
    /// Properties and casts behind the entity; `/$count` and `/$value` are the engine's.
    pub tail: Vec<Tail>,
    /// The bound operation at the end, with parameters from the path.
    pub operation: Option<OperationId>,
}

/// A step behind the entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tail {
    /// A property by number.
    Property(u16),
    /// A cast of a complex value.
    Cast(TypeId),
}

impl Resource {
    /// Reads a bound path.
    ///
    /// # Errors
    /// A key that no id of ours can equal is 404, as an id that never was.
    pub(crate) fn of(office: &OfficeModel, target: &Target) -> Result<Self, Error> {
        let mut place = None;
        let mut tail = Vec::new();
        let mut operation = None;
        for segment in &target.segments {
            match segment {
                Segment::Root { name, .. } => place = Some(root(name)?),
                Segment::Operation { id, .. } => operation = Some(*id),
                Segment::Count | Segment::Value | Segment::Ref => {}
                Segment::Key(values) => place = Some(keyed(place, key(values)?)?),
                Segment::Cast(ty) if tail.is_empty() => place = Some(cast(place, *ty)?),
                Segment::Cast(ty) => tail.push(Tail::Cast(*ty)),
                Segment::Navigation { member, .. } => place = Some(navigate(office, place, *member)?),
                Segment::Property { member, .. } => tail.push(Tail::Property(*member)),
                Segment::All
                | Segment::CrossJoin(_)
                | Segment::AlternateKey(_)
                | Segment::Filter(_)
                | Segment::Index(_)
                | Segment::Dynamic { .. }
                | Segment::Each => {
                    return Err(Error::new(ErrorKind::NotImplemented, "The path has a segment that is not offered."));
                }
            }
        }
        let place = place.ok_or_else(|| Error::new(ErrorKind::NotFound, "The path addresses no resource."))?;
        Ok(Self { place, tail, operation })
    }

    /// The payload that the path addresses.
    pub(crate) fn payload(&self, office: &OfficeModel) -> Option<(Estate, ClientConfigurationId, PayloadKind)> {
        let (Place::Client(estate, client, _), [Tail::Property(member)]) = (self.place, self.tail.as_slice()) else {
            return None;
        };
        payload_kind(office, *member).map(|kind| (estate, client, kind))
    }

    /// The only property behind the entity.
    pub(crate) fn property(&self) -> Option<u16> {
        if let [Tail::Property(member)] = self.tail.as_slice() { Some(*member) } else { None }
    }
}

/// Which payload a member of a client configuration is.
pub(crate) fn payload_kind(office: &OfficeModel, member: u16) -> Option<PayloadKind> {
    if member == office.client.policy_payload {
        Some(PayloadKind::Policy)
    } else if member == office.client.user_preference_payload {
        Some(PayloadKind::UserPreference)
    } else {
        None
    }
}

fn root(name: &str) -> Result<Place, Error> {
    match name {
        "officeConfigurations" => Ok(Place::Configurations),
        "officeConfiguration" => Ok(Place::Configuration(Estate::Default)),
        other => Err(Error::new(ErrorKind::UnknownSegment, format!("Resource not found for the segment '{other}'."))),
    }
}

fn key(values: &[Value]) -> Result<Uuid, Error> {
    let id = match values {
        [Value::Guid(id)] => Some(*id),
        [Value::String(text)] if text.len() == 36 => Uuid::try_parse(text).ok(),
        _ => None,
    };
    id.ok_or_else(not_found)
}

/// The one answer for a thing that is not there, never was, or is another tenant's.
pub(crate) fn not_found() -> Error {
    Error::new(ErrorKind::NotFound, "The resource could not be found.")
}

fn keyed(place: Option<Place>, id: Uuid) -> Result<Place, Error> {
    match place {
        Some(Place::Configurations) => Ok(Place::Configuration(Estate::Id(ConfigurationId(id)))),
        Some(Place::Clients(estate, cast)) => Ok(Place::Client(estate, ClientConfigurationId(id), cast)),
        Some(Place::Assignments(estate, client)) => Ok(Place::Assignment(estate, client, AssignmentId(id))),
        _ => Err(not_found()),
    }
}

fn cast(place: Option<Place>, ty: TypeId) -> Result<Place, Error> {
    match place {
        Some(Place::Clients(estate, _)) => Ok(Place::Clients(estate, Some(ty))),
        Some(Place::Client(estate, client, _)) => Ok(Place::Client(estate, client, Some(ty))),
        // A cast to the declared type changes nothing, and no other type is derived from these.
        Some(same) => Ok(same),
        None => Err(not_found()),
    }
}

fn navigate(office: &OfficeModel, place: Option<Place>, member: u16) -> Result<Place, Error> {
    match place {
        Some(Place::Configuration(estate)) if member == office.configuration.clients => {
            Ok(Place::Clients(estate, None))
        }
        Some(Place::Client(estate, client, _)) if member == office.client.assignments => {
            Ok(Place::Assignments(estate, client))
        }
        _ => Err(not_found()),
    }
}
