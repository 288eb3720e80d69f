-- The data plane: check-in rows, and what summaries are read from. As in the first file, the tenant comes first in every key, and `schema.rs` puts
-- row-level security on every table, partitions too.
-- Instants are ticks (100 ns since 0001-01-01, UTC) and a form (offset and digits as written); days count from 1970-01-01, in UTC. Texts cannot hold
-- U+0000 here: it is kept as U+0001 U+0002, and U+0001 as U+0001 U+0003, which changes neither order nor what a text starts with.

-- Rows that an administrator wrote: few (10,000 in a configuration), kept in the order as written, read whole. `applied` is a JSON array.
CREATE TABLE written_checkins (
    tenant uuid NOT NULL,
    configuration bigint NOT NULL,
    ordinal integer NOT NULL,
    ticks bigint NOT NULL,
    form integer NOT NULL,
    ok boolean NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    upn text COLLATE "C",
    device_name text COLLATE "C",
    platform text COLLATE "C",
    version text COLLATE "C",
    error text COLLATE "C",
    applied text COLLATE "C",
    PRIMARY KEY (tenant, configuration, ordinal)
);

-- Numbers of rows that clients reported, in the order in which their devices first came. Not cached: sessions would give them out of order.
CREATE SEQUENCE checkin_keys AS bigint CACHE 1;

-- What every check-in changes, apart from what seldom changes: an update that moves the instant writes into each index of its table. `told` and
-- `outcome` are digests of what the last check-in said and of how it went: the same again on the same day moves nothing but the instant.
CREATE TABLE checkins (
    tenant uuid NOT NULL,
    configuration bigint NOT NULL,
    key bigint NOT NULL,
    ticks bigint NOT NULL,
    form integer NOT NULL,
    ok boolean NOT NULL,
    applied uuid,
    told bigint,
    outcome bigint
) PARTITION BY HASH (tenant);
CREATE TABLE checkins_0 PARTITION OF checkins FOR VALUES WITH (MODULUS 8, REMAINDER 0) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE checkins_1 PARTITION OF checkins FOR VALUES WITH (MODULUS 8, REMAINDER 1) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE checkins_2 PARTITION OF checkins FOR VALUES WITH (MODULUS 8, REMAINDER 2) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE checkins_3 PARTITION OF checkins FOR VALUES WITH (MODULUS 8, REMAINDER 3) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE checkins_4 PARTITION OF checkins FOR VALUES WITH (MODULUS 8, REMAINDER 4) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE checkins_5 PARTITION OF checkins FOR VALUES WITH (MODULUS 8, REMAINDER 5) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE checkins_6 PARTITION OF checkins FOR VALUES WITH (MODULUS 8, REMAINDER 6) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE checkins_7 PARTITION OF checkins FOR VALUES WITH (MODULUS 8, REMAINDER 7) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX checkins_by_time ON checkins (tenant, configuration, ticks, key);
-- Few, and asked for often.
CREATE INDEX checkins_failed ON checkins (tenant, configuration, ticks, key) WHERE NOT ok;
-- Made last: of indexes that look alike to PostgreSQL, as all that begin with the tenant do where it knows nothing of its rows yet, it takes the youngest;
-- any other one is read from end to end to find a key.
ALTER TABLE checkins ADD PRIMARY KEY (tenant, configuration, key);

-- `user_key` and `identity` are digests of the user, and of user, device and platform, in lower case. An index takes no text of any length: where
-- one is long, its column holds the first 512 bytes and the column `…_rest` what follows.
CREATE TABLE checkin_texts (
    tenant uuid NOT NULL,
    configuration bigint NOT NULL,
    key bigint NOT NULL,
    user_key uuid NOT NULL,
    identity uuid NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    user_id_rest text COLLATE "C",
    upn text COLLATE "C",
    upn_rest text COLLATE "C",
    device_name text COLLATE "C",
    device_name_rest text COLLATE "C",
    platform text COLLATE "C",
    version text COLLATE "C",
    error text COLLATE "C"
) WITH (fillfactor = 90);
CREATE UNIQUE INDEX checkin_texts_by_identity ON checkin_texts (tenant, configuration, user_key, identity) INCLUDE (key);
CREATE INDEX checkin_texts_by_user_id ON checkin_texts (tenant, configuration, user_id);
CREATE INDEX checkin_texts_by_upn ON checkin_texts (tenant, configuration, upn);
CREATE INDEX checkin_texts_by_device_name ON checkin_texts (tenant, configuration, device_name);
-- Last, as above.
ALTER TABLE checkin_texts ADD PRIMARY KEY (tenant, configuration, key);

-- Applied policies that rows share, by a digest of them: JSON arrays of ids.
CREATE TABLE checkin_lists (
    tenant uuid NOT NULL,
    id uuid NOT NULL,
    list text COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant, id)
);

-- Users whose rows change are locked by their row here, so that what is counted of a user is exact with any number of servers.
CREATE TABLE checkin_users (
    tenant uuid NOT NULL,
    configuration bigint NOT NULL,
    user_key uuid NOT NULL,
    PRIMARY KEY (tenant, configuration, user_key)
) WITH (fillfactor = 70);

-- The latest day on which check-ins were recorded in a configuration: rows of 92 days before it and earlier are neither shown nor counted.
CREATE TABLE checkin_reach (
    tenant uuid NOT NULL,
    configuration bigint NOT NULL,
    newest integer NOT NULL,
    PRIMARY KEY (tenant, configuration)
);

-- What summaries (R5) are read from: how many users were last seen on a day and had a device that failed last on it, of all rows (`client` 0) or of
-- those that hold a client configuration (a hash of its id); and with client 0 how many rows are of the day, and how many batches were recorded.
-- Sums over rows count: batches append, so that none waits for another, and what was appended is folded in the background.
CREATE TABLE checkin_deltas (
    tenant uuid NOT NULL,
    configuration bigint NOT NULL,
    client bigint NOT NULL,
    day integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    seen bigint NOT NULL,
    failed bigint NOT NULL,
    rows bigint NOT NULL,
    batches bigint NOT NULL,
    PRIMARY KEY (tenant, configuration, client, day, id)
);

-- Configurations that are gone but whose rows are still being removed. They stay here for some time: a batch that was under way may bring more.
CREATE TABLE doomed_checkins (
    tenant uuid NOT NULL,
    configuration bigint NOT NULL,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, configuration)
);
