//! `serve --demo`: a tenant that is worth looking at, the same on every machine but for its times.
//!
//! It writes through the store like everybody else, and only into a folder that is empty or its own.

mod estate;
mod people;
mod random;
mod settings;

use odata::edm::DateTimeOffset;
use store::{Caller, Command, Commit, Store, TenantId, default_configuration_id};

use crate::auth::tenant_id;
use crate::config::{Config, TlsSection};
use crate::env::Env;
use crate::limits::DEMO_CHECKINS_PER_COMMIT;
use estate::{Estate, GROUPS};
use random::Dice;

/// The demo's tenant, as `officeconfig token --tenant` takes it.
pub const TENANT: &str = "contoso";
/// Devices that have checked in.
const CHECKINS: usize = 20_000;
const SEED: u64 = 0x0ff1_ce00_0000_2026;

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The data folder holds somebody's data.
    #[error("the data folder is in use and not the demo's: give an empty one with --data")]
    NotEmpty,
    /// The tenant could not be looked at.
    #[error("the data folder cannot be read")]
    Read(#[from] store::StoreError),
    /// It could not be written.
    #[error("the demo cannot be written")]
    Write(#[from] store::CommitError),
}

/// Fills the store of a data folder that was empty until now (`fresh`), or sees that it holds the demo already.
pub async fn fill(store: &dyn Store, fresh: bool, env: &Env) -> Result<(), DemoError> {
    let tenant = TenantId(tenant_id(TENANT).expect("the name is not empty"));
    let caller = Caller { tenant, actor: "demo".into() };
    let configuration = default_configuration_id(tenant);
    let mut dice = Dice::new(SEED);
    let estate = Estate::new(&mut dice);
    let snapshot = store.snapshot(&caller).await?;
    let there = snapshot
        .default_configuration()
        .is_some_and(|default| estate.clients.iter().any(|client| default.clients.get(client.id).is_some()));
    if there {
        return Ok(());
    }
    if !fresh {
        return Err(DemoError::NotEmpty);
    }
    let since_epoch = env.clock.since_epoch();
    let now = DateTimeOffset::from_unix_nanos(i128::try_from(since_epoch.as_nanos()).unwrap_or(i128::MAX));
    let checkins = people::checkins(CHECKINS, since_epoch, &estate, &mut dice);
    for some in checkins.chunks(DEMO_CHECKINS_PER_COMMIT) {
        let command = Command::RecordCheckins { configuration, checkins: some.to_vec() };
        store.commit(&caller, Commit::of(now, command)).await?;
    }
    // Last, because they are what tells the demo's folder from another.
    let clients = estate.clients.into_iter();
    let commands = clients.map(|client| Command::CreateClient { configuration, client }.into()).collect();
    store.commit(&caller, Commit::new(now, commands)).await?;
    Ok(())
}

/// What to type to look at it.
pub fn how_to_look(url: &str, config: &Config) -> String {
    let data = config.data.display();
    let trust = match config.tls {
        Some(TlsSection::SelfSigned) => format!(" --cacert {data}/tls/cert.pem"),
        _ => String::new(),
    };
    let curl = |path: &str| {
        format!(
            "  curl -s{trust} -H \"Authorization: Bearer $(officeconfig token --tenant {TENANT} --data {data})\" \\\n    '{url}{path}'"
        )
    };
    let groups: Vec<_> = GROUPS.iter().map(|group| format!("  {}  {}", group.id, group.name)).collect();
    let groups = groups.join("\n");
    format!(
        "\nThe tenant `{TENANT}` has 30 client configurations, 12 groups and 20,000 check-ins of the last 90 days. Look at it:\n\n{}\n{}\n{}\n\nIts groups:\n\n{groups}\n",
        curl("/beta/officeConfiguration/tenantUserCheckinSummary"),
        curl("/beta/officeConfiguration/clientConfigurations?$select=displayName,priority&$orderby=priority"),
        curl("/beta/officeConfiguration/tenantCheckinStatuses?$filter=wasSuccessful%20eq%20false&$top=5"),
    )
}
