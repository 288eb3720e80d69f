//! The statements that the writer runs often, prepared once a transaction: finding one by its text each time costs as much as binding its values.

use rusqlite::{CachedStatement, Connection};

/// A statement that is kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sql {
    PutConfiguration,
    InsertWritten,
    FindOwner,
    InsertOwner,
    UpdateOwner,
    CountWords,
    FindWord,
    ReadWord,
    InsertWord,
    FindDevices,
    OfUser,
    SeenOfUser,
    Touch,
    TouchFailed,
    InsertHot,
    UpdateHot,
    InsertTexts,
    UpdateTexts,
    UpdateDetails,
    PutFailed,
    DeleteHot,
    DeleteTexts,
    DeleteFailed,
    Expired,
    AddDays,
    CountShown,
}

/// The columns of a row as [`super::fleet`] reads them.
macro_rules! row {
    ($rest:literal) => {
        concat!(
            "SELECT c.id, h.ticks, h.form, h.ok, h.applied, c.user, c.user_id, c.upn, c.domain, c.device_name, c.platform, \
             c.version, c.error_message ",
            $rest
        )
    };
}

impl Sql {
    const COUNT: usize = Self::CountShown as usize + 1;

    fn text(self) -> &'static str {
        match self {
            Self::PutConfiguration => {
                "INSERT OR REPLACE INTO configurations (tenant, seq, id, created_ticks, created_form, modified_ticks, \
                 modified_form, version, summary_succeeded, summary_failed, recorded, status_version, status_count) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
            }
            Self::InsertWritten => {
                "INSERT INTO written_checkins (tenant, configuration, key, ticks, form, ok, user_id, user_principal_name, \
                 device_name, device_platform, device_platform_version, error_message, applied_policies) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
            }
            Self::FindOwner => {
                "SELECT owner, next, newest FROM checkin_owners WHERE tenant = ?1 AND configuration = ?2"
            }
            Self::InsertOwner => {
                "INSERT INTO checkin_owners (tenant, configuration, next, newest) VALUES (?1, ?2, ?3, ?4)"
            }
            Self::UpdateOwner => "UPDATE checkin_owners SET next = ?2, newest = ?3 WHERE owner = ?1",
            Self::CountWords => "SELECT count(*) FROM checkin_words WHERE tenant = ?1 AND kind = ?2",
            Self::FindWord => "SELECT id FROM checkin_words WHERE tenant = ?1 AND kind = ?2 AND text = ?3",
            Self::ReadWord => "SELECT text FROM checkin_words WHERE id = ?1",
            Self::InsertWord => "INSERT INTO checkin_words (tenant, kind, text) VALUES (?1, ?2, ?3)",
            Self::FindDevices => row!(
                "FROM checkin_texts c CROSS JOIN checkins h ON h.id = c.id WHERE c.owner = ?1 AND c.user = ?2 AND c.device = ?3"
            ),
            Self::OfUser => {
                row!("FROM checkin_texts c CROSS JOIN checkins h ON h.id = c.id WHERE c.owner = ?1 AND c.user = ?2")
            }
            Self::SeenOfUser => {
                "SELECT h.ticks, h.ok, h.applied FROM checkin_texts c CROSS JOIN checkins h ON h.id = c.id \
                 WHERE c.owner = ?1 AND c.user = ?2 AND c.id <> ?3"
            }
            Self::Touch => "UPDATE checkins SET ticks = ?2 WHERE id = ?1",
            Self::TouchFailed => "UPDATE failed_checkins SET failed_ticks = ?2 WHERE id = ?1",
            Self::InsertHot => {
                "INSERT INTO checkins (id, owner, ticks, form, ok, applied) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
            }
            Self::UpdateHot => "UPDATE checkins SET ticks = ?2, form = ?3, ok = ?4, applied = ?5 WHERE id = ?1",
            Self::InsertTexts => {
                "INSERT INTO checkin_texts (id, owner, user, device, user_id, upn, domain, device_name, platform, version, \
                 error_message) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
            }
            Self::UpdateTexts => {
                "UPDATE checkin_texts SET user = ?2, device = ?3, user_id = ?4, upn = ?5, domain = ?6, device_name = ?7, \
                 platform = ?8, version = ?9, error_message = ?10 WHERE id = ?1"
            }
            // No index is touched.
            Self::UpdateDetails => {
                "UPDATE checkin_texts SET platform = ?2, version = ?3, error_message = ?4 WHERE id = ?1"
            }
            Self::PutFailed => "INSERT OR REPLACE INTO failed_checkins (id, owner, failed_ticks) VALUES (?1, ?2, ?3)",
            Self::DeleteHot => "DELETE FROM checkins WHERE id = ?1",
            Self::DeleteTexts => "DELETE FROM checkin_texts WHERE id = ?1",
            Self::DeleteFailed => "DELETE FROM failed_checkins WHERE id = ?1",
            Self::Expired => row!(
                "FROM checkins h INDEXED BY checkins_by_time CROSS JOIN checkin_texts c ON c.id = h.id \
                 WHERE h.owner = ?1 AND h.ticks < ?2 ORDER BY h.ticks LIMIT ?3"
            ),
            Self::AddDays => {
                "INSERT INTO checkin_days (owner, client, day, seen, failed, rows) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                 ON CONFLICT DO UPDATE SET seen = seen + excluded.seen, failed = failed + excluded.failed, \
                 rows = rows + excluded.rows"
            }
            Self::CountShown => {
                "SELECT coalesce(sum(rows), 0) FROM checkin_days WHERE owner = ?1 AND client = 0 AND day >= ?2"
            }
        }
    }
}

/// Prepared statements of a connection in a transaction.
pub(super) struct Statements<'c> {
    connection: &'c Connection,
    kept: [Option<CachedStatement<'c>>; Sql::COUNT],
}

impl<'c> Statements<'c> {
    pub(super) fn new(connection: &'c Connection) -> Self {
        Self { connection, kept: [const { None }; Sql::COUNT] }
    }

    pub(super) fn connection(&self) -> &'c Connection {
        self.connection
    }

    pub(super) fn get(&mut self, sql: Sql) -> rusqlite::Result<&mut CachedStatement<'c>> {
        let place = &mut self.kept[sql as usize];
        Ok(match place {
            Some(ready) => ready,
            None => place.insert(self.connection.prepare_cached(sql.text())?),
        })
    }
}
