-- Tenants have small numbers here, so that keys are short. `next_seq` numbers everything in a tenant; no number is used twice.
CREATE TABLE tenants (
    id INTEGER PRIMARY KEY,
    guid BLOB NOT NULL UNIQUE CHECK (length(guid) = 16),
    version INTEGER NOT NULL,
    next_seq INTEGER NOT NULL
) STRICT;

-- Control plane. Keys grow, so that new rows go to the right edge of each tree; uniqueness of ids and priorities is kept by the only
-- writer, in memory, and checked by `verify`. Instants are two numbers: ticks of 100 ns and the form they were written in.
CREATE TABLE configurations (
    tenant INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    created_ticks INTEGER NOT NULL,
    created_form INTEGER NOT NULL,
    modified_ticks INTEGER NOT NULL,
    modified_form INTEGER NOT NULL,
    version INTEGER NOT NULL,
    summary_succeeded INTEGER,
    summary_failed INTEGER,
    recorded INTEGER NOT NULL,
    status_version INTEGER NOT NULL,
    status_count INTEGER NOT NULL,
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE client_configurations (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    kind INTEGER NOT NULL,
    display_name TEXT,
    description TEXT,
    priority INTEGER NOT NULL,
    created_ticks INTEGER NOT NULL,
    created_form INTEGER NOT NULL,
    modified_ticks INTEGER NOT NULL,
    modified_form INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, configuration, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE assignments (
    tenant INTEGER NOT NULL,
    client INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    id BLOB NOT NULL CHECK (length(id) = 16),
    target INTEGER,
    group_id TEXT,
    created_ticks INTEGER NOT NULL,
    created_form INTEGER NOT NULL,
    modified_ticks INTEGER NOT NULL,
    modified_form INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (tenant, client, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE payloads (
    tenant INTEGER NOT NULL,
    client INTEGER NOT NULL,
    which INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    modified_ticks INTEGER NOT NULL,
    modified_form INTEGER NOT NULL,
    version INTEGER NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (tenant, client, which)
) STRICT;

-- What delta, audit and replicas' caches follow from. One row for all commits of a tenant in a transaction: `entries` is a JSON array with
-- [ticks, actor, changes] of each, and `version` is the last one's.
CREATE TABLE change_log (
    tenant INTEGER NOT NULL,
    version INTEGER NOT NULL,
    commits INTEGER NOT NULL,
    entries TEXT NOT NULL,
    PRIMARY KEY (tenant, version)
) STRICT, WITHOUT ROWID;

-- Check-in rows that an administrator wrote: few (10,000 in a configuration), kept in the order as written, read whole.
CREATE TABLE written_checkins (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    key INTEGER NOT NULL,
    ticks INTEGER NOT NULL,
    form INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    user_principal_name TEXT,
    device_name TEXT,
    device_platform TEXT,
    device_platform_version TEXT,
    error_message TEXT,
    applied_policies TEXT,
    PRIMARY KEY (tenant, configuration, key)
) STRICT, WITHOUT ROWID;

-- Check-in rows that clients reported: many. The key is a hash of the identity. What changes with each check-in is apart from what
-- seldom does, and rows that failed are apart again, because they are few and asked for often.
CREATE TABLE checkins (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    key INTEGER NOT NULL,
    ticks INTEGER NOT NULL,
    form INTEGER NOT NULL,
    ok INTEGER NOT NULL,
    PRIMARY KEY (tenant, configuration, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX checkins_by_time ON checkins (tenant, configuration, ticks, key);

CREATE TABLE checkin_texts (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    key INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    user_principal_name TEXT,
    device_name TEXT,
    device_platform TEXT,
    device_platform_version TEXT,
    error_message TEXT,
    applied_policies TEXT,
    PRIMARY KEY (tenant, configuration, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX checkin_texts_by_user ON checkin_texts (tenant, configuration, user_id, key);
CREATE INDEX checkin_texts_by_upn ON checkin_texts (tenant, configuration, user_principal_name, key);
CREATE INDEX checkin_texts_by_device ON checkin_texts (tenant, configuration, device_name, key);

CREATE TABLE failed_checkins (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    key INTEGER NOT NULL,
    failed_ticks INTEGER NOT NULL,
    PRIMARY KEY (tenant, configuration, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX failed_checkins_by_time ON failed_checkins (tenant, configuration, failed_ticks, key);

-- Configurations that are gone but whose check-in rows are still being removed, a few with each transaction.
CREATE TABLE doomed_checkins (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    PRIMARY KEY (tenant, configuration)
) STRICT, WITHOUT ROWID;
