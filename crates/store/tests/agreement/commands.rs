//! Random commits over a small world, so that they meet each other and make every mistake.

use bytes::Bytes;
use odata::edm::DateTimeOffset;
use proptest::option;
use proptest::prelude::*;
use store::{
    AssignmentId, Caller, Change, Checkin, CheckinReport, CheckinStatus, ClientConfigurationId, ClientKind, Command,
    Commit, Conditional, ConfigurationId, NewAssignment, NewClient, NewPayload, PayloadKind, Precondition, Summary,
    SummaryPatch, Target, TargetChange, TargetPatch, TenantId, Versions, default_configuration_id,
};
use uuid::Uuid;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Commit(u128, Commit),
    /// Every copy takes the next part of what changed, of at most so many entities.
    Follow(usize),
    /// Staged one by one, then made at once.
    Staged(u128, Vec<Conditional>),
    /// A client's.
    Checkin(u128, Checkin),
    Reopen,
}

pub(crate) fn caller(tenant: u128) -> Caller {
    Caller { tenant: TenantId(Uuid::from_u128(tenant)), actor: "a".into() }
}

/// 0 is the tenant's default one.
pub(crate) fn configuration_id(tenant: u128, n: u128) -> ConfigurationId {
    if n == 0 { default_configuration_id(caller(tenant).tenant) } else { ConfigurationId(Uuid::from_u128(n << 64)) }
}

pub(crate) fn client_id(n: u128) -> ClientConfigurationId {
    ClientConfigurationId(Uuid::from_u128(n << 32))
}

pub(crate) fn now() -> DateTimeOffset {
    DateTimeOffset::parse("2026-11-23T12:00:00Z").unwrap()
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let commit = (1..=2_u128).prop_flat_map(|tenant| {
        let commands = proptest::collection::vec(conditional(tenant), 1..4);
        let expected = prop_oneof![15 => Just(None), 1 => (0..12_u64).prop_map(Some)];
        (expected, commands).prop_map(move |(expected_version, commands)| {
            Step::Commit(tenant, Commit { now: now(), expected_version, commands })
        })
    });
    let staged = (1..=2_u128).prop_flat_map(|tenant| {
        let commands = proptest::collection::vec(conditional(tenant), 1..6);
        commands.prop_map(move |commands| Step::Staged(tenant, commands))
    });
    prop_oneof![
        9 => commit,
        3 => staged,
        4 => (1..=2_u128).prop_flat_map(|tenant| checkin(tenant).prop_map(move |one| Step::Checkin(tenant, one))),
        3 => (1..4_usize).prop_map(Step::Follow),
        1 => Just(Step::Reopen),
    ]
}

fn conditional(tenant: u128) -> impl Strategy<Value = Conditional> {
    (precondition(), command(tenant)).prop_map(|(precondition, command)| Conditional { precondition, command })
}

fn precondition() -> impl Strategy<Value = Precondition> {
    let versions =
        || prop_oneof![Just(Versions::Any), proptest::collection::vec(0..12_u64, 0..3).prop_map(Versions::List)];
    prop_oneof![
        8 => Just(Precondition::None),
        1 => versions().prop_map(Precondition::IfMatch),
        1 => versions().prop_map(Precondition::IfNoneMatch),
    ]
}

fn change<T: std::fmt::Debug + Clone>(value: impl Strategy<Value = T>) -> impl Strategy<Value = Change<T>> {
    option::of(value).prop_map(|value| value.map_or(Change::Keep, Change::Set))
}

fn client() -> impl Strategy<Value = ClientConfigurationId> {
    (0..4_u128).prop_map(client_id)
}

fn assignment() -> impl Strategy<Value = AssignmentId> {
    (0..3_u128).prop_map(|n| AssignmentId(Uuid::from_u128(n)))
}

fn target() -> impl Strategy<Value = Option<Target>> {
    let group = "[a-c]".prop_map(|id| Target::Group { group_id: id.into() });
    option::of(prop_oneof![Just(Target::Abstract), Just(Target::AllUsers), group])
}

fn new_assignments() -> impl Strategy<Value = Vec<NewAssignment>> {
    proptest::collection::vec((assignment(), target()).prop_map(|(id, target)| NewAssignment { id, target }), 0..3)
}

fn payload() -> impl Strategy<Value = Option<NewPayload>> {
    let len = prop_oneof![3 => 0..50_usize, 1 => 65_530..65_545_usize];
    option::of((len, any::<u8>()).prop_map(|(len, byte)| NewPayload::new("x/y", Bytes::from(vec![byte; len]))))
}

fn kind() -> impl Strategy<Value = ClientKind> {
    prop_oneof![3 => Just(ClientKind::Windows), 1 => Just(ClientKind::WindowsSecurity)]
}

fn name() -> impl Strategy<Value = Option<std::sync::Arc<str>>> {
    option::of("[a-zß]{0,3}".prop_map(Into::into))
}

fn new_client() -> impl Strategy<Value = NewClient> {
    let priority = option::of(prop_oneof![8 => 0..6_i32, 1 => Just(-1), 1 => Just(i32::MAX)]);
    (client(), kind(), name(), priority, payload(), new_assignments()).prop_map(
        |(id, kind, display_name, priority, policy_payload, assignments)| NewClient {
            id,
            kind,
            display_name,
            description: None,
            priority,
            policy_payload,
            user_preference_payload: None,
            assignments,
        },
    )
}

fn status() -> impl Strategy<Value = CheckinStatus> {
    let instant = (1..28_u32, 0..24_u32).prop_map(|(day, hour)| {
        DateTimeOffset::parse(&format!("2026-{:02}-{day:02}T{hour:02}:00:00+02:00", 8 + day % 4)).unwrap()
    });
    let guid = prop_oneof!["0a3f0000-0000-4000-8000-00000000000[01]", "0A3F0000-0000-4000-8000-00000000000[01]"];
    let user = prop_oneof![3 => "u[0-3]", 2 => "U[0-3]", 2 => guid];
    let device = option::of(prop_oneof!["d[0-2]", "D[0-2]", Just(String::new())]);
    let policies =
        option::of(proptest::collection::vec((0..3_u128).prop_map(|n| client_id(n).to_string().into()), 0..3));
    (user, device, option::of("[ab]"), any::<bool>(), instant, policies, name()).prop_map(
        |(user, device, platform, ok, checkin, applied_policies, error_message)| CheckinStatus {
            user_principal_name: error_message.as_ref().map(|_| format!("{user}@x").into()),
            device_name: device.map(Into::into),
            device_platform: platform.map(Into::into),
            device_platform_version: None,
            was_successful: ok,
            user_id: user.into(),
            checkin,
            error_message,
            applied_policies,
        },
    )
}

fn checkin(tenant: u128) -> impl Strategy<Value = Checkin> {
    let applied = proptest::collection::vec((0..3_u128).prop_map(client_id), 0..3);
    let report = option::of((any::<bool>(), name(), name()).prop_map(
        |(was_successful, error_message, device_platform_version)| CheckinReport {
            was_successful,
            error_message,
            device_platform_version,
        },
    ));
    // The first one is in the log, which forgets what is older than a month.
    let at = (1..23_u32, 0..24_u32)
        .prop_map(|(day, hour)| DateTimeOffset::parse(&format!("2026-11-{day:02}T{hour:02}:00:00Z")).unwrap());
    (0..4_u128, status(), at, applied, report).prop_map(move |(n, row, at, applied, report)| Checkin {
        configuration: configuration_id(tenant, n),
        user_id: row.user_id,
        user_principal_name: row.user_principal_name,
        device_name: row.device_name.filter(|name| !name.is_empty()),
        device_platform: row.device_platform.unwrap_or_else(|| "a".into()),
        at,
        applied,
        report,
    })
}

fn statuses() -> impl Strategy<Value = Vec<CheckinStatus>> {
    proptest::collection::vec(status(), 0..6)
}

fn summary() -> impl Strategy<Value = Option<Summary>> {
    option::of((0..3_i32, 0..3_i32).prop_map(|(succeeded, failed)| Summary { succeeded, failed }))
}

fn summary_patch() -> impl Strategy<Value = Option<SummaryPatch>> {
    let member = || option::of(3..6_i32);
    option::of((member(), member()).prop_map(|(succeeded, failed)| SummaryPatch { succeeded, failed }))
}

fn target_change() -> impl Strategy<Value = TargetChange> {
    let group = option::of("[a-c]").prop_map(|id| TargetPatch::Group { group_id: id.map(Into::into) });
    let patch = prop_oneof![Just(TargetPatch::Abstract), Just(TargetPatch::AllUsers), group];
    prop_oneof![Just(TargetChange::Keep), target().prop_map(TargetChange::Replace), patch.prop_map(TargetChange::Merge)]
}

fn command(tenant: u128) -> BoxedStrategy<Command> {
    let id = || (0..4_u128).prop_map(move |n| configuration_id(tenant, n));
    let create = (0..4_u128, summary(), statuses(), proptest::collection::vec(new_client(), 0..3)).prop_map(
        move |(n, summary, statuses, clients)| Command::CreateConfiguration {
            id: configuration_id(tenant, n),
            default: n == 0,
            summary,
            statuses,
            clients,
        },
    );
    let update = (id(), any::<bool>(), change(summary_patch()), change(statuses())).prop_map(
        |(id, default_may_be_created, summary, statuses)| Command::UpdateConfiguration {
            id,
            default_may_be_created,
            summary,
            statuses,
        },
    );
    let delete = id().prop_map(|id| Command::DeleteConfiguration { id });
    let record =
        (id(), statuses()).prop_map(|(configuration, checkins)| Command::RecordCheckins { configuration, checkins });
    prop_oneof![3 => create, 3 => update, 1 => delete, 2 => record, 9 => client_command(tenant)].boxed()
}

fn client_command(tenant: u128) -> BoxedStrategy<Command> {
    let id = || (0..4_u128).prop_map(move |n| configuration_id(tenant, n));
    let create =
        (id(), new_client()).prop_map(|(configuration, client)| Command::CreateClient { configuration, client });
    let update =
        (id(), client(), option::of(kind()), change(name()), change(-1..6_i32), change(payload()), change(payload()))
            .prop_map(|(configuration, client, expected_kind, text, priority, policy, preference)| {
                Command::UpdateClient {
                    configuration,
                    client,
                    expected_kind,
                    display_name: text.clone(),
                    description: text,
                    priority,
                    policy_payload: policy,
                    user_preference_payload: preference,
                }
            });
    let delete = (id(), client()).prop_map(|(configuration, client)| Command::DeleteClient { configuration, client });
    let order = proptest::collection::vec((client(), 0..6_i32), 0..4);
    let reorder = (id(), order).prop_map(|(configuration, order)| Command::ReorderPriorities { configuration, order });
    let assign = (id(), client(), new_assignments())
        .prop_map(|(configuration, client, assignments)| Command::AssignGroups { configuration, client, assignments });
    let add = (id(), client(), assignment(), target()).prop_map(|(configuration, client, id, target)| {
        Command::CreateAssignment { configuration, client, assignment: NewAssignment { id, target } }
    });
    let alter =
        (id(), client(), assignment(), target_change()).prop_map(|(configuration, client, assignment, target)| {
            Command::UpdateAssignment { configuration, client, assignment, target }
        });
    let remove = (id(), client(), assignment()).prop_map(|(configuration, client, assignment)| {
        Command::DeleteAssignment { configuration, client, assignment }
    });
    let set = (id(), client(), any::<bool>(), payload()).prop_map(|(configuration, client, policy, payload)| {
        let which = if policy { PayloadKind::Policy } else { PayloadKind::UserPreference };
        Command::SetPayload { configuration, client, which, payload }
    });
    prop_oneof![create, update, delete, reorder, assign, add, alter, remove, set].boxed()
}
