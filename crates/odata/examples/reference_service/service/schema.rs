//! What the service knows of its model: the sets by name, and the numbers of the members that its rules speak of.
//! Resolved once at the start, so that a model that lacks one of them is found then and not in a request.

use std::sync::Arc;

use odata::engine::Segment;
use odata::model::{ContainerChildKind, Model, OperationId, TypeId};

/// An entity set of the container, or its singleton.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Set {
    Categories,
    Products,
    ProductDescriptions,
    MediaItems,
    ReadOnlyItems,
    DecimalSamples,
    Company,
}

impl Set {
    /// Each once, in the order of their numbers.
    pub(crate) const ALL: [Self; 7] = [
        Self::Categories,
        Self::Products,
        Self::ProductDescriptions,
        Self::MediaItems,
        Self::ReadOnlyItems,
        Self::DecimalSamples,
        Self::Company,
    ];

    /// Its name in the container.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Categories => "Categories",
            Self::Products => "Products",
            Self::ProductDescriptions => "ProductDescriptions",
            Self::MediaItems => "MediaItems",
            Self::ReadOnlyItems => "ReadOnlyItems",
            Self::DecimalSamples => "DecimalSamples",
            Self::Company => "Company",
        }
    }

    /// By its name in the container.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }
}

/// Members of `Product`. They have the same numbers in `SpecialProduct`, since inherited members come first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProductMembers {
    pub(crate) id: u16,
    pub(crate) name: u16,
    pub(crate) price: u16,
    pub(crate) category_id: u16,
    pub(crate) status: u16,
    pub(crate) version: u16,
    pub(crate) created_at: u16,
    pub(crate) product_type: u16,
    pub(crate) photo: u16,
    pub(crate) category: u16,
    pub(crate) descriptions: u16,
    pub(crate) related: u16,
}

/// Members of the other types that a rule speaks of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OtherMembers {
    pub(crate) category_id: u16,
    pub(crate) category_name: u16,
    pub(crate) category_products: u16,
    pub(crate) description_product_id: u16,
    pub(crate) description_language: u16,
    pub(crate) description_product: u16,
    pub(crate) media_name: u16,
    pub(crate) media_content_type: u16,
    pub(crate) media_size: u16,
    pub(crate) media_created_at: u16,
    pub(crate) media_modified_at: u16,
    pub(crate) company_version: u16,
    pub(crate) company_updated_at: u16,
}

/// The model and what was looked up in it.
#[derive(Debug)]
pub(crate) struct Schema {
    pub(crate) model: Arc<Model>,
    pub(crate) product: ProductMembers,
    pub(crate) other: OtherMembers,
    types: Vec<TypeId>,
}

impl Schema {
    /// `None` when the model is not the one that this service was written for.
    pub(crate) fn new(model: Arc<Model>) -> Option<Self> {
        let number = |ty: &str, member: &str| {
            let id = model.type_by_name(ty)?;
            model.structured(id)?.member(member).map(|(number, _)| number)
        };
        let product = ProductMembers {
            id: number("Product", "ID")?,
            name: number("Product", "Name")?,
            price: number("Product", "Price")?,
            category_id: number("Product", "CategoryID")?,
            status: number("Product", "Status")?,
            version: number("Product", "Version")?,
            created_at: number("Product", "CreatedAt")?,
            product_type: number("Product", "ProductType")?,
            photo: number("Product", "Photo")?,
            category: number("Product", "Category")?,
            descriptions: number("Product", "Descriptions")?,
            related: number("Product", "RelatedProducts")?,
        };
        let other = OtherMembers {
            category_id: number("Category", "ID")?,
            category_name: number("Category", "Name")?,
            category_products: number("Category", "Products")?,
            description_product_id: number("ProductDescription", "ProductID")?,
            description_language: number("ProductDescription", "LanguageKey")?,
            description_product: number("ProductDescription", "Product")?,
            media_name: number("MediaItem", "Name")?,
            media_content_type: number("MediaItem", "ContentType")?,
            media_size: number("MediaItem", "Size")?,
            media_created_at: number("MediaItem", "CreatedAt")?,
            media_modified_at: number("MediaItem", "ModifiedAt")?,
            company_version: number("CompanyInfo", "Version")?,
            company_updated_at: number("CompanyInfo", "UpdatedAt")?,
        };
        let of_set = |set: Set| match model.child(set.name())?.1.kind {
            ContainerChildKind::EntitySet { ty, .. } | ContainerChildKind::Singleton { ty, .. } => Some(ty),
            ContainerChildKind::Import { .. } => None,
        };
        let types = Set::ALL.into_iter().map(of_set).collect::<Option<Vec<_>>>()?;
        Some(Self { model, product, other, types })
    }

    /// The type that a set is declared with.
    pub(crate) fn type_of(&self, set: Set) -> TypeId {
        self.types[set as usize]
    }

    /// The set that holds entities of a type.
    pub(crate) fn set_of(&self, ty: TypeId) -> Option<Set> {
        Set::ALL.into_iter().find(|set| self.model.is_a(ty, self.type_of(*set)))
    }

    /// The set of a child of the container.
    pub(crate) fn set_at(&self, child: u16) -> Option<Set> {
        Set::by_name(&self.model.container.children.get(usize::from(child))?.name)
    }

    /// The set that a navigation property of an entity in `from` leads to.
    pub(crate) fn target(&self, from: Set, member: u16) -> Option<Set> {
        let (product, other) = (&self.product, &self.other);
        match from {
            Set::Products if member == product.category => Some(Set::Categories),
            Set::Products if member == product.descriptions => Some(Set::ProductDescriptions),
            Set::Products if member == product.related => Some(Set::Products),
            Set::Categories if member == other.category_products => Some(Set::Products),
            Set::ProductDescriptions if member == other.description_product => Some(Set::Products),
            _ => None,
        }
    }

    /// The type's name without its namespace, as `ProductType` holds it.
    pub(crate) fn short_name(&self, ty: TypeId) -> &str {
        self.model.structured(ty).map_or("", |ty| ty.short_name())
    }

    /// The set that a path starts in.
    pub(crate) fn root(segments: &[Segment]) -> Option<Set> {
        match segments.first() {
            Some(Segment::Root { name, .. }) => Set::by_name(name),
            _ => None,
        }
    }

    /// The operation of an id, by its short name and the names of its parameters (the binding one left out).
    pub(crate) fn signature(&self, id: OperationId) -> (&str, Vec<&str>) {
        let operation = self.model.operation(id);
        (operation.short_name(), operation.own_parameters().iter().map(|parameter| &*parameter.name).collect())
    }
}
