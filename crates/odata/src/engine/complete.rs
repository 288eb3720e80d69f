//! Whole entities: what a write leaves out is filled in, what it must not leave out is named. Knows no body.

use std::sync::Arc;

use super::Engine;
use crate::error::Error;
use crate::limits::DYNAMIC_PROPERTIES_MAX;
use crate::model::{MemberKind, StructuredType};
use crate::value::{Record, Value};

impl Engine {
    /// Fills in what a new or replaced entity (or complex value) leaves out: `DefaultValue`, else null where that is
    /// allowed, and empty collections. Keys, streams, navigation properties and what the service computes or never changes
    /// are the application's; a required member stays absent, for [`Self::check_complete`] to find.
    ///
    /// ```
    /// # let xml = r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0"><edmx:DataServices>
    /// #   <Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="ns"><EntityType Name="Box">
    /// #   <Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>
    /// #   <Property Name="size" Type="Edm.Int32" DefaultValue="7"/><Property Name="note" Type="Edm.String"/></EntityType>
    /// #   <EntityContainer Name="c"><EntitySet Name="Boxes" EntityType="ns.Box"/></EntityContainer></Schema>
    /// #   </edmx:DataServices></edmx:Edmx>"#;
    /// use odata::engine::{Engine, Settings};
    /// use odata::{Record, Value};
    ///
    /// let model = odata::csdl::read(xml).expect("a good model");
    /// let ty = model.type_by_name("ns.Box").expect("declared");
    /// let engine = Engine::new(model.into(), Settings::new(odata::Profile::Strict));
    /// let mut record = Record::new(ty, 3);
    /// engine.complete(&mut record);
    /// assert_eq!((record.get(0), record.get(1), record.get(2)), (None, Some(&Value::Int(7)), Some(&Value::Null)));
    /// ```
    pub fn complete(&self, record: &mut Record) {
        let Some(ty) = self.model.structured(record.type_id) else { return };
        record.dynamic.retain(|property| !property.value.is_null());
        for property in &mut record.dynamic {
            if let Value::Record(inner) = &mut property.value {
                self.complete(Arc::make_mut(inner));
            }
        }
        for (number, (slot, member)) in record.members.iter_mut().zip(&ty.members).enumerate() {
            if let Some(Value::Record(inner)) = slot
                && !member.is_navigation()
            {
                self.complete(Arc::make_mut(inner));
            }
            let is_key = ty.key.iter().any(|key| key.path.first().is_some_and(|first| usize::from(*first) == number));
            let MemberKind::Structural { default, computed: false, computed_default: false, immutable: false } =
                &member.kind
            else {
                continue;
            };
            if slot.is_some() || is_key || member.is_stream() {
                continue;
            }
            *slot = match default {
                Some(default) => Some(default.clone()),
                None if member.ty.collection => Some(Value::from(Vec::new())),
                None if member.ty.nullable => Some(Value::Null),
                None => None,
            };
        }
    }

    /// Checks what a merge has made of an entity or complex value, at any depth: that no required member is absent, and that
    /// dynamic properties are not too many and have names of their own.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let engine = shop::engine();
    /// use odata::RecordBuilder;
    ///
    /// let product = engine.model().type_by_name("product").expect("declared");
    /// let mut record = RecordBuilder::new(engine.model(), product).set_named("id", 7).build();
    /// engine.complete(&mut record);
    /// assert_eq!(engine.check_complete(&record).unwrap_err().target.as_deref(), Some("name"));
    /// ```
    ///
    /// # Errors
    /// 400 with the path of the first that is not so.
    pub fn check_complete(&self, record: &Record) -> Result<(), Error> {
        let Some(ty) = self.model.structured(record.type_id) else { return Ok(()) };
        for (member, value) in ty.members.iter().zip(&record.members) {
            let below = |error: Error| {
                let place = error.target.clone().unwrap_or_default();
                error.at(format!("{}/{place}", member.name))
            };
            match value {
                None if member.is_required() => {
                    let message = format!("The property '{}' of type '{}' is required.", member.name, ty.name);
                    return Err(Error::bad_request(message).with_code("ModelValidationFailure").at(&*member.name));
                }
                Some(Value::Record(inner)) => self.check_complete(inner).map_err(below)?,
                _ => {}
            }
        }
        self.check_dynamic(record, ty)
    }

    fn check_dynamic(&self, record: &Record, ty: &StructuredType) -> Result<(), Error> {
        let refused = |message: String, name: &str| {
            Err(Error::bad_request(message).with_code("ModelValidationFailure").at(name.to_owned()))
        };
        for (number, property) in record.dynamic.iter().enumerate() {
            let name = &*property.name;
            if number == DYNAMIC_PROPERTIES_MAX {
                let message =
                    format!("There would be more than {DYNAMIC_PROPERTIES_MAX} properties that are not declared.");
                return refused(message, name);
            }
            if !ty.is_open || ty.member(name).is_some() {
                let reason = if ty.is_open { "declares it" } else { "is not open" };
                return refused(
                    format!("'{name}' cannot be a dynamic property: the type '{}' {reason}.", ty.name),
                    name,
                );
            }
            if let Value::Record(inner) = &property.value {
                self.check_complete(inner).map_err(|error| {
                    let place = error.target.clone().unwrap_or_default();
                    error.at(format!("{name}/{place}"))
                })?;
            }
        }
        Ok(())
    }
}
