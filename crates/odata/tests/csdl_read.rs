//! What a CSDL document means as a model.

#![expect(clippy::unwrap_used, reason = "tests")]

use odata::Value;
use odata::csdl::read;
use odata::edm::Decimal;
use odata::model::{
    AnnotationValue, ContainerChildKind, EdmType, Member, MemberKind, Model, Primitive, StructuredType, TypeRef,
};

const REFERENCE: &str = include_str!("csdl/reference.csdl.xml");
const FEATURES: &str = include_str!("csdl/features.csdl.xml");

fn features() -> Model {
    read(FEATURES).unwrap()
}

fn structured<'m>(model: &'m Model, name: &str) -> &'m StructuredType {
    model.structured(model.type_by_name(name).unwrap()).unwrap()
}

fn member<'m>(model: &'m Model, ty: &str, name: &str) -> &'m Member {
    structured(model, ty).member(name).unwrap().1
}

fn names(ty: &StructuredType) -> Vec<&str> {
    ty.members.iter().map(|member| &*member.name).collect()
}

fn computed(member: &Member) -> bool {
    matches!(member.kind, MemberKind::Structural { computed: true, .. })
}

fn default(member: &Member) -> Option<&Value> {
    if let MemberKind::Structural { default, .. } = &member.kind { default.as_ref() } else { None }
}

#[test]
fn the_reference_model_is_read_whole() {
    let model = read(REFERENCE).unwrap();
    let special = structured(&model, "ComplianceService.SpecialProduct");
    assert_eq!(names(special)[..2], ["ID", "Name"]);
    let own: Vec<&str> = special.own_members().iter().map(|member| &*member.name).collect();
    assert_eq!(own, ["SpecialProperty", "SpecialFeature"]);
    assert_eq!(special.key[0].path, [0]);
    assert_eq!(model.schema_version.as_deref(), Some("1.0"));
    assert_eq!(*model.default_namespaces, ["ComplianceService".into()]);
    assert!(computed(member(&model, "ComplianceService.Product", "CreatedAt")));
    assert!(computed(special.member("CreatedAt").unwrap().1), "what is said of a base is true of the derived type");
    let MemberKind::Structural { immutable, .. } = special.member("SerialNumber").unwrap().1.kind else { panic!() };
    assert!(immutable);
    let MemberKind::Structural { computed_default, .. } =
        member(&model, "ComplianceService.MediaItem", "CreatedAt").kind
    else {
        panic!()
    };
    assert!(computed_default);
    assert_eq!(default(special.member("Status").unwrap().1), Some(&Value::Enum(0)));
    assert_eq!(default(special.member("Weight").unwrap().1), Some(&Value::Double(0.0)));
    assert!(structured(&model, "ComplianceService.MediaItem").has_stream);
    let ContainerChildKind::Import { operations, entity_set } = &model.child("GetTopProducts").unwrap().1.kind else {
        panic!()
    };
    assert_eq!((operations.len(), entity_set.as_deref()), (3, Some("Products")));
    let products = &model.child("Products").unwrap().1;
    assert_eq!(
        model.annotation(&products.annotations, "Org.OData.Core.V1.OptimisticConcurrency"),
        Some(&AnnotationValue::Collection(vec![AnnotationValue::Path {
            kind: "PropertyPath".into(),
            text: "Version".into()
        }]))
    );
    let read_only = model.child("ReadOnlyItems").unwrap().1;
    let insert = model.annotation(&read_only.annotations, "Org.OData.Capabilities.V1.InsertRestrictions").unwrap();
    assert_eq!(insert.property("Insertable").unwrap().as_bool(), Some(false));
    assert!(model.schemas[0].targeted.is_empty(), "every annotation found its target");
}

#[test]
fn inherited_members_come_first_and_keep_their_numbers() {
    let model = features();
    let (book, audio) = (structured(&model, "lib.model.Book"), structured(&model, "self.Audiobook"));
    assert_eq!(names(book)[..3], ["Note", "Isbn", "Edition"]);
    assert_eq!(names(audio)[..names(book).len()], *names(book));
    assert_eq!(names(audio).last(), Some(&"Length"));
    assert_eq!(usize::from(audio.own_from), book.members.len());
    assert_eq!(audio.ancestors, [model.type_by_name("self.Book").unwrap(), model.type_by_name("self.Thing").unwrap()]);
    assert!(audio.is_open && audio.has_stream && !book.has_stream);
    assert_eq!(*names(structured(&model, "lib.extra.Special")), ["Number", "Signed"]);
}

#[test]
fn keys_follow_paths_and_have_aliases() {
    let model = features();
    let key = model.key_of(model.type_by_name("self.Audiobook").unwrap());
    assert_eq!(
        key.iter().map(|part| (&*part.name, &*part.path_text)).collect::<Vec<_>>(),
        [("Isbn", "Isbn"), ("EditionNumber", "Edition/Number")]
    );
    assert_eq!(key[1].path, [2, 0]);
    assert!(structured(&model, "self.Thing").key.is_empty());
}

#[test]
fn facets_and_defaults_are_typed() {
    let model = features();
    let book = structured(&model, "self.Book");
    let of = |name: &str| book.member(name).unwrap().1;
    assert_eq!(default(of("Genre")), Some(&Value::Enum(3)));
    assert_eq!(default(of("Price")), Some(&Value::Decimal(Decimal::parse("1.50").unwrap())));
    let (primitive, facets) = model.primitive_of(&of("Isbn").ty).unwrap();
    assert_eq!((primitive, facets.max_length, facets.ascii), (Primitive::String, Some(13), true));
    assert!(model.parse_value(&of("Isbn").ty, "97831614841000").is_err());
    assert_eq!(of("Place").ty.facets.srid, Some(4326));
    assert!(!of("Tags").ty.nullable && of("Aliases").ty.nullable && !of("Copies").ty.nullable);
    assert_eq!(model.qualified_name(&of("Copies").ty), "Collection(lib.model.Copy)");
    assert!(of("Copies").is_containment() && !of("Author").is_containment() && of("Text").is_stream());
    assert!(of("Isbn").is_required() && !of("Genre").is_required() && !of("Added").is_required());
}

#[test]
fn annotations_from_outside_reach_their_targets() {
    let model = features();
    assert!(computed(member(&model, "self.Book", "Added")));
    assert!(computed(member(&model, "self.Audiobook", "Seen")), "said of an inherited member");
    assert!(!computed(member(&model, "self.Book", "Seen")), "and of the derived type alone");
    let price = &member(&model, "self.Book", "Price").annotations;
    assert_eq!(price[0].qualifier.as_deref(), Some("Net"));
    let lend = |number: usize| &model.operations[number];
    assert!(lend(0).parameters[1].optional);
    assert!(model.annotation(&lend(1).annotations, "Org.OData.Core.V1.Description").is_some());
    assert!(model.annotation(&lend(0).annotations, "Org.OData.Core.V1.Description").is_none());
    assert!(!model.child("Newest").unwrap().1.annotations.is_empty());
    let kept: Vec<&str> = model.schemas[0].targeted.iter().map(|(target, _)| &**target).collect();
    assert_eq!(kept, ["self.Audiobook/Seen", "other.model.Thing"]);
}

#[test]
fn operations_are_found_by_every_name_and_by_what_they_are_bound_to() {
    let model = features();
    let ty = |name: &str| EdmType::Named(model.type_by_name(name).unwrap());
    let (book, audio, author) = (ty("self.Book"), ty("self.Audiobook"), ty("self.Author"));
    for name in ["lib.model.Lend", "self.Lend", "old.model.Borrow", "Lend"] {
        assert_eq!(model.bound_operations(name, book, false).first().map(|id| id.0), Some(0), "{name}");
    }
    assert_eq!(model.bound_operations("Lend", audio, false).iter().map(|id| id.0).collect::<Vec<_>>(), [2, 0]);
    assert_eq!(model.bound_operations("self.Lend", audio, true).iter().map(|id| id.0).collect::<Vec<_>>(), [1]);
    assert!(model.bound_operations("Lend", author, false).is_empty());
    assert!(model.bound_operations("other.Lend", book, false).is_empty());
    assert_eq!(model.operations_bound_to(audio, false).len(), 2);
    let find = model.unbound_operations("self.Find");
    assert_eq!(model.overload(&find, &["author"]).map(|id| id.0), Some(4));
    assert_eq!(model.overload(&find, &["text"]).map(|id| id.0), Some(3));
    assert_eq!(model.overload(&find, &["limit", "text"]).map(|id| id.0), Some(3));
    assert_eq!(model.overload(&find, &["text", "author"]), None);
    assert_eq!(model.overload(&find, &[]), None);
}

#[test]
fn types_are_found_by_namespace_alias_and_default_namespace() {
    let model = features();
    assert_eq!(model.type_by_name("self.Book"), model.type_by_name("lib.model.Book"));
    assert!(model.type_by_name("Special").is_some(), "its namespace is a default one");
    assert!(model.type_by_name("Book").is_none());
    let thing = model.type_by_name("self.Thing").unwrap();
    let concrete: Vec<_> =
        model.concrete_types_of(thing).into_iter().map(|id| model.named(id).name().to_string()).collect();
    assert_eq!(concrete, ["lib.model.Book", "lib.model.Audiobook"]);
    assert_eq!(model.member_along_derived(thing, "Length").unwrap().0, model.type_by_name("self.Audiobook").unwrap());
    assert_eq!(
        TypeRef::collection_of(EdmType::Named(thing)).display(&model).to_string(),
        "Collection(lib.model.Thing)"
    );
}

#[test]
fn every_annotation_expression_is_kept() {
    let model = features();
    let everything = structured(&model, "lib.extra.Everything");
    assert_eq!(model.annotation(&everything.annotations, "lib.model.Marker").unwrap().as_bool(), Some(true));
    let Some(AnnotationValue::Collection(values)) = model.annotation(&everything.annotations, "lib.model.Expressions")
    else {
        panic!()
    };
    assert_eq!(values.len(), 23);
    assert_eq!(values[10].as_text(), Some("  kept as it is "));
    assert_eq!(everything.annotations[1].annotations.len(), 1);
}
