-- Rows of the log know when they were written, so that what is too old can go without being read: `ticks` is the last commit's.
CREATE TABLE timed_change_log (
    tenant INTEGER NOT NULL,
    version INTEGER NOT NULL,
    commits INTEGER NOT NULL,
    ticks INTEGER NOT NULL,
    entries TEXT NOT NULL,
    PRIMARY KEY (tenant, version)
) STRICT, WITHOUT ROWID;
INSERT INTO timed_change_log
    SELECT tenant, version, commits, json_extract(entries, '$[#-1][0]'), entries FROM change_log;
DROP TABLE change_log;
ALTER TABLE timed_change_log RENAME TO change_log;
