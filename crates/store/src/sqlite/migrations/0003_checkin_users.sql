-- Summaries (R5) are read, not counted: for each user of a configuration's check-ins the last day that one of its devices was seen, and the last
-- day of a device whose latest check-in failed; and how many users have which day. `client` is 0 for all rows, else a hash of an id in
-- `appliedPolicies`, for the rows that hold it. `user` is a hash of the user's id in lower case. Days count from 1970-01-01, in UTC.
CREATE TABLE checkin_devices (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    user BLOB NOT NULL CHECK (length(user) = 16),
    key INTEGER NOT NULL,
    PRIMARY KEY (tenant, configuration, user, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkin_users (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    client INTEGER NOT NULL,
    user BLOB NOT NULL CHECK (length(user) = 16),
    seen INTEGER NOT NULL,
    failed INTEGER,
    PRIMARY KEY (tenant, configuration, client, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE checkin_days (
    tenant INTEGER NOT NULL,
    configuration INTEGER NOT NULL,
    client INTEGER NOT NULL,
    day INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    PRIMARY KEY (tenant, configuration, client, day)
) STRICT, WITHOUT ROWID;

INSERT INTO checkin_devices
    SELECT tenant, configuration, user_key(user_id), key FROM checkin_texts;
INSERT INTO checkin_users
    SELECT h.tenant, h.configuration, 0, user_key(c.user_id), max(h.ticks / 864000000000 - 719162),
           max(CASE WHEN NOT h.ok THEN h.ticks / 864000000000 - 719162 END)
    FROM checkins h JOIN checkin_texts c USING (tenant, configuration, key)
    GROUP BY 1, 2, 4;
INSERT INTO checkin_users
    SELECT h.tenant, h.configuration, policy_key(p.value), user_key(c.user_id), max(h.ticks / 864000000000 - 719162),
           max(CASE WHEN NOT h.ok THEN h.ticks / 864000000000 - 719162 END)
    FROM checkins h JOIN checkin_texts c USING (tenant, configuration, key), json_each(c.applied_policies) p
    GROUP BY 1, 2, 3, 4;
INSERT INTO checkin_days
    SELECT tenant, configuration, client, day, sum(seen), sum(failed)
    FROM (SELECT tenant, configuration, client, seen AS day, 1 AS seen, 0 AS failed FROM checkin_users
          UNION ALL
          SELECT tenant, configuration, client, failed, 0, 1 FROM checkin_users WHERE failed IS NOT NULL)
    GROUP BY 1, 2, 3, 4;
