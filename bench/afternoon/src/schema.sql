CREATE TABLE IF NOT EXISTS office_configurations (
    id TEXT PRIMARY KEY,
    created_at TEXT NOT NULL,
    succeeded_user_count INTEGER,
    failed_user_count INTEGER
);

CREATE TABLE IF NOT EXISTS checkin_statuses (
    id INTEGER PRIMARY KEY,
    configuration_id TEXT NOT NULL REFERENCES office_configurations (id),
    user_principal_name TEXT,
    device_name TEXT NOT NULL,
    device_platform TEXT,
    device_platform_version TEXT,
    was_successful INTEGER NOT NULL,
    user_id TEXT,
    checkin_date_time TEXT NOT NULL,
    error_message TEXT,
    applied_policies TEXT NOT NULL
);

-- Finds an entity's rows, and walks the failed ones from the newest on.
CREATE INDEX IF NOT EXISTS checkin_statuses_by_date
    ON checkin_statuses (configuration_id, was_successful, checkin_date_time);
