//! What the generic reader and expressions ask of an application that keeps its entities in memory: rows, one entity,
//! what a navigation property leads to, a function's result. Knows no URL and no query option.

use std::sync::Arc;

use crate::engine::StreamBody;
use crate::error::{Error, ErrorKind};
use crate::model::{OperationId, TypeId};
use crate::value::{Record, Value};

/// Entities in their default order. The number is the rank: no two rows share it, it stays with the entity, and it
/// ascends (a creation sequence serves). It is what pages are cut by.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::memory::Rows;
///
/// let products: Rows<'_> = Box::new((10..).zip(shop::products(&model).into_iter().map(Into::into)));
/// assert_eq!(products.map(|(rank, _)| rank).collect::<Vec<_>>(), [10, 11, 12]);
/// ```
pub type Rows<'s> = Box<dyn Iterator<Item = (u64, Arc<Record>)> + 's>;

/// Entities in memory, for [`super::Context`] and the generic reader.
///
/// Records hold structural properties. What a navigation property leads to is asked for when it is wanted, so that two
/// entities may lead to each other.
///
/// ```
/// use std::sync::Arc;
/// use odata::exec::memory::{Related, Rows, Source};
/// use odata::{Record, RecordBuilder, Value};
///
/// let model = odata::csdl::read(r#"<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">
///   <edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="shop">
///     <EntityType Name="item"><Key><PropertyRef Name="id"/></Key><Property Name="id" Type="Edm.Int32" Nullable="false"/>
///       <Property Name="partOf" Type="Edm.Int32"/><NavigationProperty Name="whole" Type="shop.item"/>
///       <NavigationProperty Name="parts" Type="Collection(shop.item)"/></EntityType>
///     <EntityContainer Name="c"><EntitySet Name="items" EntityType="shop.item"/></EntityContainer>
///   </Schema></edmx:DataServices></edmx:Edmx>"#)?;
///
/// /// Members by number: 0 `id`, 1 `partOf`, 2 `whole`, 3 `parts`. The key is the rank.
/// struct Shop(Vec<Arc<Record>>);
///
/// impl Shop {
///     fn by(&self, member: u16, value: Value) -> Rows<'_> {
///         let found = self.0.iter().zip(0..).filter(move |(item, _)| item.get(member) == Some(&value));
///         Box::new(found.map(|(item, rank)| (rank, Arc::clone(item))))
///     }
/// }
///
/// impl Source for Shop {
///     fn rows(&self, _child: u16) -> Rows<'_> {
///         Box::new((0..).zip(self.0.iter().cloned()))
///     }
///     fn entity(&self, _child: u16, key: &[Value]) -> Option<Arc<Record>> {
///         self.by(0, key.first()?.clone()).next().map(|(_, item)| item)
///     }
///     fn related(&self, owner: &Record, member: u16) -> Related<'_> {
///         let of = |member| owner.get(member).cloned().unwrap_or(Value::Null);
///         if member == 2 { Related::One(self.entity(0, &[of(1)])) } else { Related::Many(self.by(1, of(0))) }
///     }
/// }
///
/// let ty = model.type_by_name("shop.item").expect("declared");
/// let item = |id: i32, whole: Option<i32>| {
///     Arc::new(RecordBuilder::new(&model, ty).set(0, id).set(1, Value::from(whole)).build())
/// };
/// let shop = Shop(vec![item(1, None), item(2, Some(1)), item(3, Some(1))]);
/// let Related::Many(parts) = shop.related(&shop.0[0], 3) else { panic!("a collection") };
/// assert_eq!(parts.map(|(rank, _)| rank).collect::<Vec<_>>(), [1, 2]);
/// let Related::One(Some(whole)) = shop.related(&shop.0[2], 2) else { panic!("an entity") };
/// assert_eq!(whole.get(0), Some(&Value::from(1)));
/// # Ok::<(), odata::csdl::CsdlError>(())
/// ```
pub trait Source {
    /// The entities of an entity set, by its number in the container.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::Source;
    ///
    /// let (products, _) = model.child("products").expect("declared");
    /// assert_eq!(shop::shelves(&model).rows(products).count(), 3);
    /// ```
    fn rows(&self, child: u16) -> Rows<'_>;

    /// The entity of an entity set with this key (values in the order of the type's key), or the singleton, whose key is
    /// empty.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::Source;
    ///
    /// let cup = shop::shelves(&model).entity(0, &[2.into()]).expect("it exists");
    /// assert_eq!(cup.get(1), Some(&"cup".into()));
    /// assert!(shop::shelves(&model).entity(0, &[9.into()]).is_none());
    /// ```
    fn entity(&self, child: u16, key: &[Value]) -> Option<Arc<Record>>;

    /// What a navigation property leads to; `member` is its number in the owner's actual type. An owner that is no entity
    /// is a complex value with a navigation property. By default, what the record itself holds.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::{Related, Source};
    ///
    /// let shelves = shop::shelves(&model);
    /// let tea = shop::product(&model, 1, "tea", "4.50");
    /// let Related::One(Some(category)) = shelves.related(&tea, 7) else { panic!("it has one") };
    /// let Related::Many(products) = shelves.related(&category, 1) else { panic!("a collection") };
    /// assert_eq!(products.count(), 3);
    /// ```
    fn related(&self, owner: &Record, member: u16) -> Related<'_> {
        Related::held(owner, member)
    }

    /// The result of a function; a collection's order is the default order. By default there are none.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::{Call, Source};
    ///
    /// let stock = Call { operation: model.unbound_operations("stock")[0], binding: None, parameters: &[Some(1.into()), None] };
    /// let error = shop::shelves(&model).call(&stock).unwrap_err();
    /// assert_eq!(error.kind, odata::ErrorKind::NotImplemented);
    /// ```
    ///
    /// # Errors
    /// What the function cannot do, as the caller is to see it.
    fn call(&self, call: &Call<'_>) -> Result<Value, Error> {
        let _ = call;
        Err(Error::new(ErrorKind::NotImplemented, "The function is not offered."))
    }

    /// Whether `$search` looks at a property of a type. It looks at texts only. By default at all of the entity's own.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::Source;
    ///
    /// let product = model.type_by_name("product").expect("declared");
    /// assert!(shop::shelves(&model).is_searched(product, 1));
    /// ```
    fn is_searched(&self, ty: TypeId, member: u16) -> bool {
        let _ = (ty, member);
        true
    }

    /// The bytes of a stream property, or of the media entity itself when no property is named. `None` is no content.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::Source;
    ///
    /// let tea = shop::product(&model, 1, "tea", "4.50");
    /// assert!(shop::shelves(&model).stream(&tea, Some(6)).is_none(), "no photo is kept");
    /// ```
    fn stream(&self, owner: &Record, property: Option<u16>) -> Option<StreamBody> {
        let _ = (owner, property);
        None
    }
}

/// What a navigation property leads to.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::memory::Related;
///
/// let one = Related::One(Some(shop::product(&model, 1, "tea", "4.50").into()));
/// assert!(matches!(one, Related::One(Some(tea)) if tea.get(0) == Some(&1.into())));
/// ```
pub enum Related<'s> {
    /// Of a single-valued one: the entity, if there is one.
    One(Option<Arc<Record>>),
    /// Of a collection: the entities.
    Many(Rows<'s>),
}

impl Related<'static> {
    /// What a record holds itself, ranked by place.
    ///
    /// ```
    /// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
    /// # let model = shop::model();
    /// use odata::exec::memory::Related;
    ///
    /// let category = model.type_by_name("category").expect("declared");
    /// let products: Vec<_> = shop::products(&model).into_iter().map(Into::into).collect();
    /// let kitchen = odata::RecordBuilder::new(&model, category).set(1, products).build();
    /// let Related::Many(rows) = Related::held(&kitchen, 1) else { panic!("a collection") };
    /// assert_eq!(rows.count(), 3);
    /// assert!(matches!(Related::held(&kitchen, 2), Related::One(None)));
    /// ```
    pub fn held(owner: &Record, member: u16) -> Self {
        match owner.get(member) {
            Some(Value::Record(record)) => Self::One(Some(Arc::clone(record))),
            Some(Value::Collection(items)) => {
                let records = items.iter().filter_map(|item| match item {
                    Value::Record(record) => Some(Arc::clone(record)),
                    _ => None,
                });
                Self::Many(Box::new((0..).zip(records.collect::<Vec<_>>())))
            }
            _ => Self::One(None),
        }
    }
}

/// A function called in a path, or in an expression.
///
/// ```
/// # mod shop { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/shop.rs")); }
/// # let model = shop::model();
/// use odata::exec::memory::Call;
///
/// let stock = model.unbound_operations("stock")[0];
/// let call = Call { operation: stock, binding: None, parameters: &[Some(1.into()), None] };
/// assert_eq!(model.operation(call.operation).own_parameters().len(), call.parameters.len());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Call<'c> {
    /// The overload.
    pub operation: OperationId,
    /// What it is bound to: an entity, a value, or a collection of them; `None` for an unbound one.
    pub binding: Option<&'c Value>,
    /// Arguments in the order of the declaration, binding parameter excluded; `None` where not given.
    pub parameters: &'c [Option<Value>],
}
