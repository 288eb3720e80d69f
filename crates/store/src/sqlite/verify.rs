//! `verify`: whether a database is sound, offline. It reads everything and changes nothing.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _};

use super::connect::Connector;
use super::folder::{self, Folder};
use super::{Durability, failure, fleet, load, schema};
use crate::days::first_tick;
use crate::error::OpenError;
use crate::ids::{ConfigurationId, TenantId};
use crate::rules;
use crate::snapshot::TenantSnapshot;

/// Findings reported at most: the first ones tell enough.
const MAX_FINDINGS: usize = 100;

/// What `verify` found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Schema version.
    pub schema: i64,
    /// Tenants.
    pub tenants: u64,
    /// officeConfigurations.
    pub configurations: u64,
    /// Client configurations.
    pub clients: u64,
    /// Check-in rows.
    pub statuses: u64,
    /// Commits in the change log.
    pub commits: u64,
    /// What is wrong; empty when the database is sound.
    pub findings: Vec<Finding>,
}

impl VerifyReport {
    /// Whether the database is sound.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which check found it.
    pub check: &'static str,
    /// What it is.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.check, self.detail)
    }
}

/// Checks the database of a data folder, which must not be in use.
///
/// # Errors
/// When there is no database, it is in use, or its schema is not this program's. What is wrong within it is in the report.
pub fn verify(folder: &Path) -> Result<VerifyReport, OpenError> {
    if !folder::database(folder).is_file() {
        return Err(OpenError::Missing { path: folder.display().to_string() });
    }
    let lock = Folder::lock(folder)?;
    database(&lock.database())
}

pub(super) fn database(path: &Path) -> Result<VerifyReport, OpenError> {
    let shown = path.display().to_string();
    let connector = Connector { vfs: None, durability: Durability::Synced };
    let connection = connector.reader(path).map_err(|e| failure::open(e, &shown))?;
    let schema = schema::check(&connection, &shown)?;
    let mut report = VerifyReport { schema, ..VerifyReport::default() };
    match check(&connection, &mut report) {
        Ok(()) => Ok(report),
        // A page that cannot be read is a finding too.
        Err(error) => {
            report.finding("read", error.to_string());
            Ok(report)
        }
    }
}

impl VerifyReport {
    fn finding(&mut self, check: &'static str, detail: impl Into<String>) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { check, detail: detail.into() });
        }
    }
}

fn check(connection: &Connection, report: &mut VerifyReport) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN")?;
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let mut lines = statement.query(())?;
    while let Some(line) = lines.next()? {
        let text: String = line.get(0)?;
        if text != "ok" {
            report.finding("integrity", text);
        }
    }
    references(connection, report)?;
    let mut tenants: Vec<(TenantId, i64)> = load::tenants(connection)?.into_iter().collect();
    tenants.sort_unstable();
    for (tenant, id) in tenants {
        report.tenants += 1;
        let snapshot = load::snapshot(connection, tenant, id)?;
        control_plane(report, &snapshot);
        log(connection, report, id, &snapshot)?;
        data_plane(connection, report, id, &snapshot)?;
    }
    Ok(())
}

/// Rows whose owner is not there.
fn references(connection: &Connection, report: &mut VerifyReport) -> rusqlite::Result<()> {
    let owned = [
        ("configurations", "SELECT 1 FROM tenants o WHERE o.id = t.tenant"),
        ("change_log", "SELECT 1 FROM tenants o WHERE o.id = t.tenant"),
        (
            "client_configurations",
            "SELECT 1 FROM configurations o WHERE o.tenant = t.tenant AND o.seq = t.configuration",
        ),
        ("assignments", "SELECT 1 FROM client_configurations o WHERE o.tenant = t.tenant AND o.seq = t.client"),
        ("payloads", "SELECT 1 FROM client_configurations o WHERE o.tenant = t.tenant AND o.seq = t.client"),
    ];
    for (table, owner) in owned {
        let sql = format!("SELECT count(*) FROM {table} t WHERE NOT EXISTS ({owner})");
        let orphans: i64 = connection.query_row(&sql, (), |row| row.get(0))?;
        if orphans > 0 {
            report.finding("references", format!("{orphans} rows of {table} belong to nothing"));
        }
    }
    for table in ["written_checkins", "checkin_owners"] {
        let sql = format!(
            "SELECT count(*) FROM (SELECT DISTINCT tenant, configuration FROM {table}) t
             WHERE NOT EXISTS (SELECT 1 FROM configurations o WHERE o.tenant = t.tenant AND o.seq = t.configuration)
             AND NOT EXISTS (SELECT 1 FROM doomed_checkins d
                             WHERE d.tenant = t.tenant AND d.configuration = t.configuration)"
        );
        let orphans: i64 = connection.query_row(&sql, (), |row| row.get(0))?;
        if orphans > 0 {
            report.finding("references", format!("rows of {orphans} configurations in {table} belong to nothing"));
        }
    }
    for table in ["checkins", "checkin_texts", "failed_checkins"] {
        let sql = format!(
            "SELECT count(*) FROM {table} t LEFT JOIN checkin_owners o USING (owner)
             WHERE o.owner IS NULL OR t.id >> 32 <> t.owner OR t.id & 0xffffffff >= o.next"
        );
        let orphans: i64 = connection.query_row(&sql, (), |row| row.get(0))?;
        if orphans > 0 {
            report.finding("references", format!("{orphans} rows of {table} have numbers of nobody"));
        }
    }
    Ok(())
}

/// The rules that hold between the things of a tenant.
fn control_plane(report: &mut VerifyReport, snapshot: &TenantSnapshot) {
    let tenant = snapshot.tenant();
    let newest = snapshot.version();
    let mut ids = HashSet::new();
    let mut seqs = HashSet::new();
    for configuration in snapshot.configurations() {
        report.configurations += 1;
        let (id, seq) = (configuration.id, configuration.seq);
        if !ids.insert(id.0) {
            report.finding("ids", format!("tenant {tenant}: two things have the id {id}"));
        }
        if !seqs.insert(seq) || seq >= snapshot.next_seq() {
            report.finding("order", format!("tenant {tenant}: the place {seq} of configuration {id} is not its own"));
        }
        if configuration.stamp.version == 0 || configuration.stamp.version > newest {
            report.finding("versions", format!("tenant {tenant}: configuration {id} is newer than its tenant"));
        }
        if configuration.status_version > newest && !configuration.has_checkins_from_clients {
            report
                .finding("versions", format!("tenant {tenant}: rows of configuration {id} are newer than its tenant"));
        }
        let mut priorities = HashSet::new();
        for client in configuration.clients.iter() {
            report.clients += 1;
            for id in client.ids().filter(|id| !ids.insert(*id)) {
                report.finding("ids", format!("tenant {tenant}: two things have the id {id}"));
            }
            if !seqs.insert(client.seq) || client.seq >= snapshot.next_seq() {
                report.finding("order", format!("configuration {id}: the place {} is not its own", client.seq));
            }
            for assignment in &client.assignments {
                if !seqs.insert(assignment.seq) || assignment.seq >= snapshot.next_seq() {
                    let (place, id) = (assignment.seq, assignment.id);
                    report.finding("order", format!("assignment {id}: the place {place} is not its own"));
                }
            }
            if client.priority < 0 || !priorities.insert(client.priority) {
                report.finding("priorities", format!("configuration {id}: two have the priority {}", client.priority));
            }
            let versions = [&client.policy_payload, &client.user_preference_payload].into_iter().flatten();
            let newer = versions.map(|p| p.version).chain(client.assignments.iter().map(|a| a.stamp.version));
            if newer.chain([client.stamp.version]).any(|version| version == 0 || version > newest) {
                report.finding("versions", format!("client configuration {} is newer than its tenant", client.id));
            }
        }
    }
}

/// The change log has one entry for each version, without a gap.
fn log(connection: &Connection, report: &mut VerifyReport, id: i64, snapshot: &TenantSnapshot) -> rusqlite::Result<()> {
    let (count, first, last, miscounted): (i64, i64, i64, i64) = connection.query_row(
        "SELECT coalesce(sum(commits), 0), coalesce(min(version - commits + 1), 0), coalesce(max(version), 0),
                count(*) FILTER (WHERE iif(json_valid(entries), json_array_length(entries), 0) <> commits)
         FROM change_log WHERE tenant = ?1",
        [id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    report.commits += count.cast_unsigned();
    let (tenant, newest) = (snapshot.tenant(), snapshot.version().cast_signed());
    if last != newest {
        report.finding("log", format!("tenant {tenant} is at version {newest}, its log at {last}"));
    }
    if count != last - first + 1 && count > 0 {
        report.finding("log", format!("tenant {tenant}: the log has {count} entries from {first} to {last}"));
    }
    if miscounted > 0 {
        report.finding(
            "log",
            format!("tenant {tenant}: {miscounted} rows of the log do not have the entries that they count"),
        );
    }
    Ok(())
}

/// The tables of check-in rows agree with each other and with the counts.
fn data_plane(
    connection: &Connection,
    report: &mut VerifyReport,
    id: i64,
    snapshot: &TenantSnapshot,
) -> rusqlite::Result<()> {
    for configuration in snapshot.configurations() {
        let of = (id, configuration.seq.cast_signed());
        let written: u64 = connection
            .prepare_cached("SELECT count(*) FROM written_checkins WHERE tenant = ?1 AND configuration = ?2")?
            .query_row(of, |row| row.get(0).map(i64::cast_unsigned))?;
        let owner: Option<(i64, i32)> = connection
            .prepare_cached("SELECT owner, newest FROM checkin_owners WHERE tenant = ?1 AND configuration = ?2")?
            .query_row(of, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let name = configuration.id;
        let reported = match owner {
            Some((owner, newest)) => fleet(connection, report, owner, newest, name)?,
            None => 0,
        };
        report.statuses += written + reported;
        let expected = configuration.status_count;
        let (own, foreign) =
            if configuration.has_checkins_from_clients { (reported, written) } else { (written, reported) };
        if own != expected || foreign != 0 {
            report.finding(
                "statuses",
                format!(
                    "configuration {name} should have {expected} rows and has {own}, and {foreign} of the other kind"
                ),
            );
        }
    }
    Ok(())
}

/// Rows that clients reported: how many are shown.
fn fleet(
    connection: &Connection,
    report: &mut VerifyReport,
    owner: i64,
    newest: i32,
    name: ConfigurationId,
) -> rusqlite::Result<u64> {
    let count =
        |sql: &str| -> rusqlite::Result<i64> { connection.prepare_cached(sql)?.query_row([owner], |row| row.get(0)) };
    let hot = count("SELECT count(*) FROM checkins WHERE id >= ?1 << 32 AND id < (?1 + 1) << 32")?;
    let cold = count("SELECT count(*) FROM checkin_texts WHERE id >= ?1 << 32 AND id < (?1 + 1) << 32")?;
    let joined = count(
        "SELECT count(*) FROM checkins h JOIN checkin_texts c USING (id) WHERE h.id >= ?1 << 32 AND h.id < (?1 + 1) << 32",
    )?;
    if joined != hot || cold != hot {
        report.finding("statuses", format!("configuration {name}: {hot} rows, {cold} texts, {joined} in both"));
    }
    let failed = count("SELECT count(*) FROM failed_checkins WHERE id >= ?1 << 32 AND id < (?1 + 1) << 32")?;
    let agreed = count(
        "SELECT count(*) FROM failed_checkins f JOIN checkins h USING (id)
         WHERE f.id >= ?1 << 32 AND f.id < (?1 + 1) << 32 AND NOT h.ok AND h.ticks = f.failed_ticks",
    )?;
    let bad = count("SELECT count(*) FROM checkins WHERE id >= ?1 << 32 AND id < (?1 + 1) << 32 AND NOT ok")?;
    if failed != agreed || failed != bad {
        report.finding("statuses", format!("configuration {name}: {bad} rows failed, {failed} are listed as such"));
    }
    let misplaced = count(
        "SELECT count(*) FROM checkin_texts c LEFT JOIN checkin_words w ON w.id = c.platform AND typeof(c.platform) = 'integer'
         WHERE c.id >= ?1 << 32 AND c.id < (?1 + 1) << 32
         AND (c.device <> device_key(coalesce(c.device_name, ''), coalesce(w.text, c.platform, '') || '')
              OR c.user IS NOT user_form(coalesce(c.user_id, user_text(c.user))))",
    )?;
    if misplaced != 0 {
        report.finding("statuses", format!("configuration {name}: {misplaced} rows are not found by who they are of"));
    }
    for (table, column, kind) in [
        ("checkins", "applied", 0),
        ("checkin_texts", "domain", 1),
        ("checkin_texts", "platform", 2),
        ("checkin_texts", "version", 3),
    ] {
        let nameless = count(&format!(
            "SELECT count(*) FROM {table} t WHERE t.id >= ?1 << 32 AND t.id < (?1 + 1) << 32 AND typeof(t.{column}) = 'integer'
             AND NOT EXISTS (SELECT 1 FROM checkin_words w JOIN checkin_owners o USING (tenant)
                             WHERE w.id = t.{column} AND w.kind = {kind} AND o.owner = ?1)"
        ))?;
        if nameless != 0 {
            report.finding("references", format!("configuration {name}: the {column} of {nameless} rows is no text"));
        }
    }
    let differing = fleet::differing(connection, owner)?;
    if differing != 0 {
        report.finding("summaries", format!("configuration {name}: {differing} counts are not those of its rows"));
    }
    let first = first_tick(rules::first_day_kept(newest).into());
    let shown: i64 = connection
        .prepare_cached("SELECT count(*) FROM checkins WHERE owner = ?1 AND ticks >= ?2")?
        .query_row((owner, first), |row| row.get(0))?;
    Ok(shown.cast_unsigned())
}
