//! A data folder with all that can be in one: what a copy has to bring along.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use odata::edm::DateTimeOffset;
use store::sqlite::{SqliteOptions, SqliteStore};
use store::transfer::Progress;
use store::{
    AssignmentId, Change, ChangePoint, ChangeQuery, Checkin, CheckinReport, CheckinStatus, ClientConfigurationId,
    ClientKind, Command, Commit, ConfigurationId, NewAssignment, NewClient, NewPayload, PayloadKind, Since, Store,
    Summary, SummaryPatch, Target, Tracked,
};
use uuid::Uuid;

use super::fixture::{caller, id};

/// Tenants that the folder has.
pub(crate) const TENANTS: u128 = 3;
/// The tenant with a fleet: more rows than are copied at once.
pub(crate) const FLEET: u128 = 2;
/// Its rows that are shown.
pub(crate) const ROWS: usize = 7_003;
/// The day of the last check-in, in the folder's words.
pub(crate) const LAST: &str = "2026-11-23T10:00:00Z";

pub(crate) fn at(text: &str) -> DateTimeOffset {
    DateTimeOffset::parse(text).unwrap()
}

/// The day of the summaries that are compared.
pub(crate) fn today() -> i32 {
    at(LAST).unix_day()
}

/// Who is not told how far a copy is.
pub(crate) fn silent(_: Progress) {}

pub(crate) fn client_id(n: u128) -> ClientConfigurationId {
    ClientConfigurationId(Uuid::from_u128(n))
}

pub(crate) fn assignment(n: u128, target: Option<Target>) -> NewAssignment {
    NewAssignment { id: AssignmentId(Uuid::from_u128(n)), target }
}

pub(crate) fn client(n: u128) -> NewClient {
    NewClient {
        id: client_id(n),
        kind: if n.is_multiple_of(2) { ClientKind::Windows } else { ClientKind::WindowsSecurity },
        display_name: Some(format!("n{n}").into()),
        description: None,
        priority: None,
        policy_payload: None,
        user_preference_payload: None,
        assignments: Vec::new(),
    }
}

pub(crate) async fn make(store: &dyn Store, tenant: u128, when: &str, command: Command) {
    store.commit(&caller(tenant), Commit::of(at(when), command)).await.unwrap();
}

/// Where whoever follows a collection stands.
pub(crate) async fn point(store: &dyn Store, tenant: u128, of: Tracked) -> ChangePoint {
    store.changes(&caller(tenant), ChangeQuery { of, since: Since::Now, limit: 10 }).await.unwrap().point
}

/// Fills a folder, and gives points from before its last changes: of the configurations of the first tenant, and of its client configurations.
pub(crate) async fn fill(folder: &Path) -> Vec<(Tracked, ChangePoint)> {
    let store = SqliteStore::open(SqliteOptions::new(folder)).unwrap();
    let points = control(&store).await;
    fleet(&store).await;
    make(&store, 3, LAST, create(9, Vec::new(), Vec::new())).await;
    store.close().await;
    drop(store);
    hide(folder);
    points
}

fn create(n: u128, clients: Vec<NewClient>, statuses: Vec<CheckinStatus>) -> Command {
    Command::CreateConfiguration { id: id(n), default: false, summary: None, statuses, clients }
}

/// A tenant of administrators: payloads of all sizes, all targets, rows and a summary that were written, and what was removed.
async fn control(store: &SqliteStore) -> Vec<(Tracked, ChangePoint)> {
    let big: Vec<u8> = (0..300_000_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
    let mut one = client(100);
    one.policy_payload = Some(NewPayload::new("application/octet-stream", Bytes::from(big)));
    one.user_preference_payload = Some(NewPayload::new("application/json", Bytes::from_static(b"{\"a\": 1}")));
    let group = Target::Group { group_id: "g1".into() };
    one.assignments = vec![
        assignment(1_001, Some(group)),
        assignment(1_002, Some(Target::AllUsers)),
        assignment(1_003, Some(Target::Abstract)),
        assignment(1_004, None),
    ];
    make(store, 1, "2026-11-01T08:00:00Z", create(1, vec![one, client(101), client(102)], Vec::new())).await;
    make(store, 1, "2026-11-02T08:00:00.5+02:00", create(2, vec![client(103)], written_rows())).await;
    make(store, 1, "2026-11-02T09:00:00Z", create(3, vec![client(104)], written_rows())).await;
    let summary = Change::Set(Some(SummaryPatch::from(Summary { succeeded: 7, failed: 3 })));
    let (default_may_be_created, statuses) = (false, Change::Keep);
    let command = Command::UpdateConfiguration { id: id(2), default_may_be_created, summary, statuses };
    make(store, 1, "2026-11-02T10:00:00Z", command).await;
    let mut points = Vec::new();
    for of in [Tracked::Configurations, Tracked::Clients(id(1)), Tracked::Assignments(id(1), client_id(100))] {
        points.push((of, point(store, 1, of).await));
    }
    let payload = Some(NewPayload::new("text/plain", Bytes::new()));
    let which = PayloadKind::UserPreference;
    let removed = AssignmentId(Uuid::from_u128(1_002));
    for command in [
        Command::DeleteConfiguration { id: id(3) },
        Command::DeleteClient { configuration: id(1), client: client_id(101) },
        Command::DeleteAssignment { configuration: id(1), client: client_id(100), assignment: removed },
        Command::CreateAssignment {
            configuration: id(1),
            client: client_id(100),
            assignment: assignment(1_005, Some(Target::AllUsers)),
        },
        Command::ReorderPriorities { configuration: id(1), order: vec![(client_id(102), 0), (client_id(100), 5)] },
        Command::SetPayload { configuration: id(1), client: client_id(102), which, payload },
        Command::CreateClient { configuration: id(1), client: client(105) },
    ] {
        make(store, 1, "2026-11-20T08:00:00Z", command).await;
    }
    points
}

fn written_rows() -> Vec<CheckinStatus> {
    let row = |n: usize| CheckinStatus {
        user_principal_name: (n != 1).then(|| format!("u{n}@contoso.example").into()),
        device_name: Some(format!("pc\u{1}{n}").into()),
        device_platform: (n != 2).then(|| "windows".into()),
        device_platform_version: None,
        was_successful: n != 2,
        user_id: format!("U{n}").into(),
        checkin: at(if n == 0 { "2026-11-01T10:00:00+05:30" } else { "2026-11-01T10:00:00.1234567Z" }),
        error_message: (n == 2).then(|| "\0 no".into()),
        applied_policies: match n {
            0 => None,
            1 => Some(Vec::new()),
            _ => Some(vec![client_id(103).to_string().into(), "what\u{0} is this".into()]),
        },
    };
    (0..4).map(row).collect()
}

/// One row of the fleet.
fn row(n: usize) -> CheckinStatus {
    let day = if n.is_multiple_of(3) { "2026-10-01" } else { "2026-11-22" };
    CheckinStatus {
        // Each user has two devices, and some have ids in capitals, long ones, or ones that are no GUIDs.
        user_id: match n / 2 % 7 {
            0 => format!("Ann {}", n / 2).into(),
            1 => format!("{}{}", "x".repeat(600), n / 2).into(),
            2 => Uuid::from_u128(n as u128 / 2).to_string().to_uppercase().into(),
            _ => Uuid::from_u128(n as u128 / 2).to_string().into(),
        },
        user_principal_name: (!n.is_multiple_of(5)).then(|| format!("u{}@contoso.example", n / 2).into()),
        device_name: match n % 9 {
            0 => Some(format!("{}{n}", "long".repeat(200)).into()),
            1 => Some(format!("\u{1}\u{0}{n}").into()),
            _ => Some(format!("PC-{n}").into()),
        },
        device_platform: Some(if n.is_multiple_of(2) { "windows".into() } else { "Mac OS".into() }),
        device_platform_version: (!n.is_multiple_of(4)).then(|| "10.0.26100".into()),
        was_successful: !n.is_multiple_of(11),
        checkin: at(&format!("{day}T{:02}:{:02}:00Z", n % 24, n % 60)),
        error_message: n.is_multiple_of(11).then(|| format!("error {n}").into()),
        applied_policies: (!n.is_multiple_of(13))
            .then(|| [client_id(200), client_id(201)].iter().take(n % 3).map(|id| id.to_string().into()).collect()),
    }
}

/// A tenant whose clients check in, in two configurations; there is a third with none.
async fn fleet(store: &SqliteStore) {
    make(store, FLEET, "2026-11-01T08:00:00Z", create(1, vec![client(200), client(201)], Vec::new())).await;
    make(store, FLEET, "2026-11-01T08:00:00Z", create(2, Vec::new(), Vec::new())).await;
    let checkins = (0..ROWS - 3).map(row).collect();
    make(store, FLEET, "2026-11-22T23:00:00Z", Command::RecordCheckins { configuration: id(1), checkins }).await;
    // Hidden later: rows of a day that is over by then.
    let checkins = (0..50).map(|n| CheckinStatus { checkin: at("2026-09-01T10:00:00Z"), ..row(n + 100_000) }).collect();
    make(store, FLEET, "2026-11-22T23:00:00Z", Command::RecordCheckins { configuration: id(1), checkins }).await;
    for (configuration, user, device) in [(1, "late", "pc"), (1, "late", "other"), (1, "later", ""), (2, "late", "pc")]
    {
        let device = Some(Arc::from(device)).filter(|device: &Arc<str>| !device.is_empty());
        store.record(&caller(FLEET), checkin(id(configuration), user, device)).await.unwrap();
    }
}

pub(crate) fn checkin(configuration: ConfigurationId, user: &str, device_name: Option<Arc<str>>) -> Checkin {
    Checkin {
        configuration,
        user_id: user.into(),
        user_principal_name: Some("late@contoso.example".into()),
        device_name,
        device_platform: "windows".into(),
        at: at(LAST),
        applied: vec![client_id(201)],
        report: Some(CheckinReport {
            was_successful: user == "late",
            error_message: None,
            device_platform_version: Some("11".into()),
        }),
    }
}

/// A check-in some days later makes rows old, and nobody has had the time to remove them.
fn hide(folder: &Path) {
    let database = rusqlite::Connection::open(folder.join("officeconfig.db")).unwrap();
    let later = at("2026-12-22T10:00:00Z").unix_day();
    database.execute("UPDATE checkin_owners SET newest = ?1 WHERE configuration = 1", [later]).unwrap();
    let hidden = "UPDATE configurations SET status_count = status_count - 50, status_version = status_version + 1
                  WHERE recorded AND status_count > 50";
    assert_eq!(database.execute(hidden, ()).unwrap(), 1);
}
