//! The admin model says what the rulings say. It is the one definition of the admin plane, so a slip here is a slip everywhere.

use odata::Model;
use odata::csdl::{CsdlVersion, read, write_xml};
use odata::model::{ContainerChildKind, EdmType, Member, MemberKind, StructuredType};

fn office() -> Model {
    read(include_str!("../src/office.csdl.xml")).expect("the office model is valid")
}

fn structured<'m>(model: &'m Model, name: &str) -> &'m StructuredType {
    model.type_by_name(name).and_then(|id| model.structured(id)).expect("the type is declared")
}

fn names(ty: &StructuredType) -> Vec<&str> {
    ty.members.iter().map(|member| &*member.name).collect()
}

fn is_computed(member: &Member) -> bool {
    matches!(member.kind, MemberKind::Structural { computed: true, .. })
}

#[test]
fn r1_there_is_an_entity_set_and_a_singleton_of_the_same_type() {
    let model = office();
    let kind = |name: &str| &model.child(name).expect("a child of the container").1.kind;
    let ContainerChildKind::EntitySet { ty: set, .. } = kind("officeConfigurations") else { panic!("no entity set") };
    let ContainerChildKind::Singleton { ty: singleton, .. } = kind("officeConfiguration") else {
        panic!("no singleton")
    };
    assert_eq!(set, singleton);
    assert_eq!(&**model.named(*set).name(), "microsoft.graph.officeConfiguration");
}

#[test]
fn r1_members_come_in_the_order_of_the_documented_example() {
    let model = office();
    assert_eq!(
        names(structured(&model, "graph.officeConfiguration"))[..3],
        ["id", "tenantCheckinStatuses", "tenantUserCheckinSummary"]
    );
    assert_eq!(
        names(structured(&model, "graph.officeClientCheckinStatus")),
        [
            "userPrincipalName",
            "deviceName",
            "devicePlatform",
            "devicePlatformVersion",
            "wasSuccessful",
            "userId",
            "checkinDateTime",
            "errorMessage",
            "appliedPolicies"
        ]
    );
    assert_eq!(names(structured(&model, "graph.officeUserCheckinSummary")), ["succeededUserCount", "failedUserCount"]);
}

#[test]
fn r3_r4_what_the_service_makes_is_computed() {
    let model = office();
    for (ty, computed) in [
        ("graph.officeConfiguration", &["id", "createdDateTime", "lastModifiedDateTime"][..]),
        (
            "graph.windowsOfficeClientConfiguration",
            &["id", "userCheckinSummary", "checkinStatuses", "createdDateTime", "lastModifiedDateTime"],
        ),
        ("graph.officeClientConfigurationAssignment", &["id", "createdDateTime", "lastModifiedDateTime"]),
    ] {
        let found: Vec<_> =
            structured(&model, ty).members.iter().filter(|m| is_computed(m)).map(|m| &*m.name).collect();
        assert_eq!(found, computed, "{ty}");
    }
}

#[test]
fn r8_a_priority_is_never_null_and_may_be_left_out() {
    let model = office();
    let (_, priority) = structured(&model, "graph.officeClientConfiguration").member("priority").expect("declared");
    assert!(!priority.ty.nullable && !priority.is_required());
}

#[test]
fn r9_the_actions_are_called_by_all_three_spellings() {
    let model = office();
    let windows = EdmType::Named(model.type_by_name("graph.windowsOfficeClientConfiguration").expect("declared"));
    for (action, collection) in [("assign", false), ("updatePriorities", true)] {
        for prefix in ["", "microsoft.graph.", "graph.", "microsoft.management.services.api."] {
            let name = format!("{prefix}{action}");
            assert_eq!(model.bound_operations(&name, windows, collection).len(), 1, "{name}");
            assert!(model.bound_operations(&name, windows, !collection).is_empty(), "{name}");
        }
    }
}

#[test]
fn changes_of_every_collection_of_entities_are_told_by_delta() {
    let model = office();
    for ty in [
        "officeConfiguration",
        "officeClientConfiguration",
        "windowsOfficeClientConfiguration",
        "officeClientConfigurationAssignment",
    ] {
        let named = EdmType::Named(model.type_by_name(&format!("graph.{ty}")).expect("declared"));
        for name in ["delta", "microsoft.graph.delta", "graph.delta"] {
            assert_eq!(model.bound_operations(name, named, true).len(), 1, "{name} of {ty}");
            assert!(model.bound_operations(name, named, false).is_empty(), "{name} of {ty}");
        }
    }
}

#[test]
fn r10_a_client_configuration_and_a_target_have_concrete_types() {
    let model = office();
    let concrete = |name: &str| -> Vec<String> {
        let id = model.type_by_name(name).expect("declared");
        assert!(model.structured(id).is_some_and(|ty| ty.is_abstract));
        model.concrete_types_of(id).into_iter().map(|id| model.named(id).name().to_string()).collect()
    };
    assert_eq!(
        concrete("graph.officeClientConfiguration"),
        [
            "microsoft.graph.windowsOfficeClientConfiguration",
            "microsoft.graph.windowsOfficeClientSecurityConfiguration"
        ]
    );
    assert_eq!(
        concrete("graph.officeConfigurationAssignmentTarget"),
        ["microsoft.graph.officeConfigurationGroupAssignmentTarget", "officeConfig.allUsersAssignmentTarget"]
    );
}

#[test]
fn r13_every_instant_has_seven_digits() {
    let model = office();
    for ty in &model.types {
        let odata::model::NamedType::Structured(ty) = ty else { continue };
        for member in ty.members.iter().filter(|member| member.name.ends_with("DateTime")) {
            assert_eq!(member.ty.facets.precision, Some(7), "{}/{}", ty.name, member.name);
        }
    }
}

#[test]
fn r14_what_the_service_adds_is_reachable_by_unqualified_name() {
    let model = office();
    assert_eq!(
        model.type_by_name("allUsersAssignmentTarget"),
        model.type_by_name("officeConfig.allUsersAssignmentTarget")
    );
    assert!(model.type_by_name("allUsersAssignmentTarget").is_some());
}

#[test]
fn metadata_says_all_that_the_model_says() {
    let model = office();
    let written = write_xml(&model, CsdlVersion::V4_0);
    let again = read(&written).expect("what is served is valid");
    assert_eq!(write_xml(&again, CsdlVersion::V4_0), written);
    assert_eq!(again.types.len(), model.types.len());
}

#[test]
fn r14_the_platforms_are_those_of_the_client_plane_in_their_order() {
    let model = office();
    let id = model.type_by_name("officeConfig.platform").expect("declared");
    let odata::model::NamedType::Enum(platforms) = model.named(id) else { panic!("no enumeration") };
    let declared: Vec<(&str, i64)> = platforms.members.iter().map(|(name, value)| (&**name, *value)).collect();
    let served: Vec<(&str, i64)> = (0..).zip(policy::Platform::ALL).map(|(n, one)| (one.url_name(), n)).collect();
    assert_eq!(declared, served);
}
