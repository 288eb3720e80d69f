-- Check-in rows of clients anew, small and quick to change. Who has rows gets a number, and a row the number `owner << 32 | n`, in the order in
-- which devices came: rows are appended, and no number is used twice. What every check-in changes (`checkins`) is apart from what seldom
-- changes (`checkin_texts`), and rows that failed are listed once more. Texts that many rows share are kept once, as words.

-- `next` is the n of the next row, `newest` the latest UTC day (since 1970-01-01) on which check-ins were recorded: rows of 92 days before
-- it and earlier are neither shown nor counted, and removed in the background. Nobody knows it of rows from before; the next check-in tells.
CREATE TABLE checkin_owners (
    owner INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    next INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    UNIQUE (tenant, configuration)
) STRICT;

-- Kinds: 0 appliedPolicies (JSON), 1 what follows the @ of a userPrincipalName, 2 devicePlatform, 3 devicePlatformVersion. A text that is
-- too long, or one too many, stands in its row itself.
CREATE TABLE checkin_words (
    id INTEGER PRIMARY KEY,
    tenant INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (tenant, kind, text)
) STRICT;

CREATE TABLE new_checkins (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    ticks INTEGER NOT NULL,
    form INTEGER NOT NULL, -- less that of the server's clock (UTC, seven digits)
    ok INTEGER NOT NULL,
    applied ANY
) STRICT;

-- `user` is the user's id in lower case: 16 bytes of a GUID, or text; `user_id` is the id as told where that is not it. `device` is a hash of
-- device and platform in lower case; `upn` is what stands before the first @.
CREATE TABLE new_checkin_texts (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    user ANY NOT NULL,
    device INTEGER NOT NULL,
    user_id TEXT,
    upn TEXT,
    domain ANY,
    device_name TEXT,
    platform ANY,
    version ANY,
    error_message TEXT
) STRICT;

CREATE TABLE new_failed_checkins (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    failed_ticks INTEGER NOT NULL
) STRICT;

-- How many users of an owner were last seen on a day, and had a device that failed last on it (`client` as before); and with client 0 how many
-- rows are of the day. A user's own days follow from its rows, which are few and found together.
CREATE TABLE new_checkin_days (
    owner INTEGER NOT NULL,
    client INTEGER NOT NULL,
    day INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    PRIMARY KEY (owner, client, day)
) STRICT, WITHOUT ROWID;

-- Which number a row gets.
CREATE TEMP TABLE moved (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    key INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (tenant, configuration, key)
) STRICT, WITHOUT ROWID;
INSERT INTO moved
    SELECT tenant, configuration, key, row_number() OVER (PARTITION BY tenant, configuration ORDER BY key)
    FROM checkins h
    WHERE NOT EXISTS (SELECT 1 FROM doomed_checkins d WHERE d.tenant = h.tenant AND d.configuration = h.configuration);
INSERT INTO checkin_owners (tenant, configuration, next, newest)
    SELECT tenant, configuration, max(n) + 1, -719162 FROM moved GROUP BY 1, 2 ORDER BY 1, 2;

CREATE TEMP VIEW told AS
    SELECT o.owner << 32 | m.n AS id, o.owner, o.tenant, h.ticks, h.form, h.ok, c.user_id, c.applied_policies, c.device_name,
           iif(instr(c.user_principal_name, '@'), substr(c.user_principal_name, 1, instr(c.user_principal_name, '@') - 1),
               c.user_principal_name) AS upn,
           iif(instr(c.user_principal_name, '@'), substr(c.user_principal_name, instr(c.user_principal_name, '@') + 1), NULL) AS domain,
           c.device_platform, c.device_platform_version, c.error_message
    FROM moved m
        CROSS JOIN checkin_owners o ON o.tenant = m.tenant AND o.configuration = m.configuration
        CROSS JOIN checkins h ON h.tenant = m.tenant AND h.configuration = m.configuration AND h.key = m.key
        CROSS JOIN checkin_texts c ON c.tenant = m.tenant AND c.configuration = m.configuration AND c.key = m.key;

INSERT INTO checkin_words (tenant, kind, text)
    SELECT tenant, kind, text
    FROM (SELECT tenant, kind, text, row_number() OVER (PARTITION BY tenant, kind) AS nth
          FROM (SELECT DISTINCT tenant, 0 AS kind, applied_policies AS text FROM told WHERE octet_length(applied_policies) <= 16384
                UNION ALL SELECT DISTINCT tenant, 1, domain FROM told WHERE octet_length(domain) <= 256
                UNION ALL SELECT DISTINCT tenant, 2, device_platform FROM told WHERE octet_length(device_platform) <= 256
                UNION ALL SELECT DISTINCT tenant, 3, device_platform_version FROM told
                    WHERE octet_length(device_platform_version) <= 256))
    WHERE nth <= 4096;

INSERT INTO new_checkins
    SELECT id, owner, ticks, form - 524279, ok,
           coalesce((SELECT w.id FROM checkin_words w WHERE w.tenant = t.tenant AND w.kind = 0 AND w.text = applied_policies), applied_policies)
    FROM told t;
INSERT INTO new_checkin_texts
    SELECT id, owner, user_form(user_id), device_key(coalesce(device_name, ''), coalesce(device_platform, '')),
           nullif(user_id, user_text(user_form(user_id))), upn,
           coalesce((SELECT w.id FROM checkin_words w WHERE w.tenant = t.tenant AND w.kind = 1 AND w.text = domain), domain), device_name,
           coalesce((SELECT w.id FROM checkin_words w WHERE w.tenant = t.tenant AND w.kind = 2 AND w.text = device_platform), device_platform),
           coalesce((SELECT w.id FROM checkin_words w WHERE w.tenant = t.tenant AND w.kind = 3 AND w.text = device_platform_version),
                    device_platform_version),
           error_message
    FROM told t;
INSERT INTO new_failed_checkins SELECT id, owner, ticks FROM told WHERE NOT ok;

CREATE TEMP VIEW seen AS
    SELECT t.owner, t.ok, t.ticks / 864000000000 - 719162 AS day, c.user, t.applied_policies
    FROM told t CROSS JOIN new_checkin_texts c ON c.id = t.id;
CREATE TABLE moved_users AS
    SELECT owner, 0 AS client, user, max(day) AS seen, max(CASE WHEN NOT ok THEN day END) AS failed FROM seen GROUP BY 1, 3
    UNION ALL
    SELECT owner, policy_key(p.value), user, max(day), max(CASE WHEN NOT ok THEN day END)
    FROM seen, json_each(applied_policies) p GROUP BY 1, 2, 3;
INSERT INTO new_checkin_days
    SELECT owner, client, day, sum(seen), sum(failed), sum(rows)
    FROM (SELECT owner, client, seen AS day, 1 AS seen, 0 AS failed, 0 AS rows FROM moved_users
          UNION ALL SELECT owner, client, failed, 0, 1, 0 FROM moved_users WHERE failed IS NOT NULL
          UNION ALL SELECT owner, 0, day, 0, 0, 1 FROM seen)
    GROUP BY 1, 2, 3;
DROP TABLE moved_users;
DROP VIEW temp.seen;
DROP VIEW temp.told;
DROP TABLE temp.moved;

DROP TABLE checkins;
DROP TABLE checkin_texts;
DROP TABLE failed_checkins;
DROP TABLE checkin_devices;
DROP TABLE checkin_users;
DROP TABLE checkin_days;
ALTER TABLE new_checkins RENAME TO checkins;
ALTER TABLE new_checkin_texts RENAME TO checkin_texts;
ALTER TABLE new_failed_checkins RENAME TO failed_checkins;
ALTER TABLE new_checkin_days RENAME TO checkin_days;
CREATE INDEX checkins_by_time ON checkins (owner, ticks);
CREATE INDEX checkin_texts_by_user ON checkin_texts (owner, user, device, user_id);
CREATE INDEX checkin_texts_by_upn ON checkin_texts (owner, upn);
CREATE INDEX checkin_texts_by_device ON checkin_texts (owner, device_name);
CREATE INDEX failed_checkins_by_time ON failed_checkins (owner, failed_ticks);
