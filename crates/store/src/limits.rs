//! Every limit of the store, with its reason. Nothing else in the crate holds a bare number that bounds anything.

use std::time::Duration;

/// Elements of `tenantCheckinStatuses` that an administrator may write at once (ruling R4).
pub const MAX_WRITTEN_STATUSES: usize = 10_000;

/// Payloads up to this many bytes live in the snapshot; larger ones stay in the database (DESIGN invariant 2), so that one
/// tenant's streams cannot fill the memory.
pub const MAX_INLINE_PAYLOAD: usize = 64 * 1024;

/// Commits that may wait for the writer. At 20,000 commits a second this is half a second of work, which is as long as a
/// caller should be kept in doubt; more is answered `Busy` at once.
pub const COMMIT_QUEUE: usize = 8_192;

/// Of those, commits of one tenant. Tenants take turns in the writer, so that one that floods waits for itself; half leaves the others room.
pub const TENANT_QUEUE: usize = COMMIT_QUEUE / 2;

/// How long a commit may wait in the queue. An entry that is older when the writer reaches it is answered `Busy` and not executed: its caller
/// has probably given up. Once it is under way only its end is told, however late.
pub const COMMIT_DEADLINE: Duration = Duration::from_secs(5);

/// The same for a check-in. Clients come by themselves again, and what is told them after a second is told too late.
pub const CHECKIN_DEADLINE: Duration = Duration::from_millis(750);

/// A check-in is done in good time if it takes no longer than this from coming to the disk. As many may wait as are: where more come than the
/// disk takes, a short queue serves as many as a long one. Two transactions of a disk that needs 300 ms for each have room in it.
pub const CHECKIN_TIME_GOOD: Duration = Duration::from_millis(750);

/// Check-ins that may wait however slow all is: half a transaction's worth. With fewer the disk's time for each would only grow, and it would not be
/// seen when it goes faster again.
pub const CHECKIN_WINDOW_MIN: usize = MAX_BATCH / 2;

/// Commits in one transaction. Hundreds already hide the cost of the fsync; more would only make the first waiter wait.
pub const MAX_BATCH: usize = 1_024;

/// What a caller that was turned away is told to wait at least: a full queue is empty again by then.
pub const BUSY_RETRY_AFTER: Duration = Duration::from_secs(1);

/// How often a writer that could not write tries whether it can again.
pub const HEAL_INTERVAL: Duration = Duration::from_millis(500);

/// Read-only connections kept open. A read of an indexed shape takes well under a millisecond, so a few serve thousands a second.
pub const MAX_IDLE_READERS: usize = 8;

/// Reads in the database at the same time, of any shape: what lies above waits for its turn, so that blocking threads stay free.
pub const MAX_READS: usize = 32;

/// Reads of shapes without an index that may run at once (ruling R4).
pub const MAX_SLOW_READS: usize = 4;

/// How long a read may run (ruling R4).
pub const READ_DEADLINE: Duration = Duration::from_secs(10);

/// How long a statement of a read may run in PostgreSQL before it is planned for a great many rows and run again, within the same deadline.
pub const READ_AS_PLANNED: Duration = Duration::from_secs(1);

/// Rows of one page of check-in statuses. The server asks for less; this bounds what a mistake can hold in memory.
pub const MAX_PAGE: usize = 10_000;

/// `$skip` beyond this many rows of a large collection counts as a slow shape: skipped rows are walked.
pub const MAX_QUICK_SKIP: u64 = 5_000;

/// Rows that a page may fetch and sort. Where more match, walking in order finds a page's worth sooner: at 10 million rows both take some
/// ten milliseconds with this many.
pub const MAX_SORTED_ROWS: u32 = 14_000;

/// Keys that an index may give to be looked up in, beside the index that drives a query: some milliseconds' worth.
pub const MAX_KEY_SET: u32 = 50_000;

/// Bytes of loaded tenants. Past it the least recently used leave; 1 GiB holds some four million configurations.
pub const SNAPSHOT_BUDGET: usize = 1 << 30;

/// Bytes of decoded check-in rows of small collections kept for reading.
pub const ROW_CACHE_BUDGET: u64 = 64 << 20;

/// Summaries kept for reading, some hundred bytes each.
pub const MAX_CACHED_SUMMARIES: usize = 16_384;

/// Bytes of a page of a new database. A check-in changes two pages of a large fleet, which are written to the log and to the database whole:
/// 2 KiB take a quarter less of the writer's time than 4 KiB, and half of the disk's; below it devices take more room.
pub const PAGE_BYTES: u32 = 2_048;

/// Frames (pages) in the write-ahead log after which the checkpointer takes a step: small, so that a step is short.
pub const CHECKPOINT_STEP_FRAMES: u32 = 16_384;

/// Frames after which the writer itself moves the last few, so that the log starts again from its beginning (128 MiB): a file that does not
/// grow is synced sooner.
pub const WAL_RESTART_FRAMES: u32 = 65_536;

/// Frames that the writer moves at most, because everybody waits for it: what is moved is synced, page by page.
pub const WAL_TAIL_FRAMES: u32 = 1_024;

/// Frames (half a GiB) after which the writer moves what there is, however much: the log has an end.
pub const WAL_FRAMES_MAX: u32 = 262_144;

/// SQLite's page cache of the writer, in KiB: what the check-ins of a million devices change. It only grows with what is read.
pub const WRITER_CACHE_KIB: i64 = 96 * 1024;

/// SQLite's page cache of each reader, in KiB. Small: the operating system caches the file.
pub const READER_CACHE_KIB: i64 = 1024;

/// How long a connection waits for another one's lock. Only recovery and checkpoints ever hold one.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// Days of a user check-in summary: today and the 91 UTC days before (ruling R5).
pub const SUMMARY_DAYS: i64 = 92;

/// Texts of a kind (applied policies, domains, platforms, versions) that a tenant's check-in rows share. Estates have dozens to hundreds; past it
/// a text stands in its rows.
pub const MAX_WORDS: usize = 4_096;

/// Bytes of a text that rows share; a longer one stands in its row.
pub const MAX_WORD: usize = 256;

/// Bytes of applied policies, as JSON, that rows share: some 400 ids.
pub const MAX_APPLIED_WORD: usize = 16 * 1024;

/// Shared texts that the writer keeps in memory: some megabytes.
pub const MAX_WORDS_KNOWN: usize = 16_384;

/// Configurations with check-ins that the writer keeps in memory, about 100 bytes each.
pub const MAX_OWNERS_KNOWN: usize = 65_536;

/// Devices whose last check-in the writer keeps in memory, so that the same one again reads nothing: about 50 bytes each, 75 MB when full.
pub const MAX_DEVICES_KNOWN: usize = 1_500_000;

/// How long what changed stays known to those who follow it: as long as Graph keeps its longest delta links.
pub const MAX_LOG_AGE: Duration = Duration::from_hours(30 * 24);

/// Commits of one tenant that stay known: some 100 MB of log.
pub const MAX_LOG_COMMITS: u64 = 1_000_000;

/// Rows of a tenant's log that may go with each of its transactions. More than the one that comes, so that a log that is too long
/// becomes shorter; few, because others wait.
pub const LOG_ROWS_TRIMMED: u32 = 4;

/// Commits that one question about changes looks at: some ten milliseconds' worth. It may find nothing in them and go on.
pub const MAX_COMMITS_FOLLOWED: usize = 20_000;

/// Connections to PostgreSQL of one server. Its processes are heavy; writers share commits and reads are short, so that few do.
pub const CONNECTIONS: usize = 16;

/// How long a transaction waits for one of them. Whoever waits longer is told to come again.
pub const CONNECTION_WAIT: Duration = Duration::from_secs(2);

/// How long a host may take to answer before the next one is tried.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a connection may take to be made, whatever number of hosts there is.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(6);

/// A connection that says nothing is asked whether it is there after so long, so often, this many times: a host that vanished is noticed in ten
/// seconds.
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(4);
/// See [`KEEPALIVE_IDLE`].
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(2);
/// See [`KEEPALIVE_IDLE`].
pub const KEEPALIVE_RETRIES: u32 = 3;

/// How long what was sent may stay unacknowledged by the other host.
pub const TCP_USER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a statement waits for a lock, in the server. Transactions of one tenant follow one another in milliseconds.
pub const LOCK_WAIT: Duration = Duration::from_secs(3);

/// How long the server keeps what a transaction holds that says nothing: its client is gone, or frozen. Ours never pause for as long.
pub const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(10);

/// How long a step of a migration waits for a lock: so long wait those who come after it. There are a few to be got in a step.
pub const MIGRATION_LOCK_WAIT: Duration = Duration::from_millis(250);

/// How long a step of a migration may hold what it has: clients wait for it.
pub const MIGRATION_HELD_MAX: Duration = Duration::from_secs(1);

/// The pause before a step is tried again: whoever queued behind it gets what it waited for.
pub const MIGRATION_PAUSE: Duration = Duration::from_millis(500);

/// How often a step of a migration is tried: half a minute, longer than any transaction of ours lasts. A backup may hold its locks longer.
pub const MIGRATION_TRIES: u32 = 40;

/// How often a transaction is tried again after it met another one, or lost its connection.
pub const RETRIES: u32 = 5;

/// The longest pause before the first of those; each further one is twice as long, up to a second.
pub const RETRY_PAUSE: Duration = Duration::from_millis(30);

/// How long a change may take to be prepared in the database, until it is committed.
pub const CHANGE_DEADLINE: Duration = Duration::from_secs(8);

/// How long COMMIT may take until its outcome counts as unknown. A standby answers in milliseconds, or not for a while.
pub const COMMIT_WAIT: Duration = Duration::from_secs(5);

/// The same for check-ins, which clients wait for and send again by themselves.
pub const CHECKIN_COMMIT_WAIT: Duration = Duration::from_secs(2);

/// How long it is tried to find out what came of a COMMIT whose answer was lost. Whoever waits longer is told that it is not known.
pub const OUTCOME_DEADLINE: Duration = Duration::from_secs(10);

/// How long the question for a version may take: one key read.
pub const CONFIRM_DEADLINE: Duration = Duration::from_secs(3);

/// How long after a hint of a tenant's changes the next one is given. Each is a commit of its own.
pub const HINT_PAUSE: Duration = Duration::from_millis(100);

/// How often a server asks which of its tenants others changed. A change is seen within two seconds, with the time that loading takes.
pub const POLL_INTERVAL: Duration = Duration::from_millis(900);

/// How often it is seen whether writing works while nobody says that it does not.
pub const PROBE_INTERVAL: Duration = Duration::from_secs(5);

/// How often rows that nobody sees any more are removed, a part at a time.
pub const TIDY_INTERVAL: Duration = Duration::from_secs(5);

/// Transactions that change the control plane at once, of different tenants.
pub const COMMIT_LINES: usize = 4;

/// Transactions with check-ins at once. One tenant's are spread over them by their users.
pub const CHECKIN_LINES: usize = 4;

/// Commits of one tenant in a transaction.
pub const COMMITS_TOGETHER: usize = 256;

/// Check-ins of one tenant in a transaction: past some hundreds a row costs the same.
pub const CHECKINS_TOGETHER: usize = 500;

/// Hints of changed tenants that may wait. What is left out is found by asking.
pub const MAX_HINTS: usize = 256;

/// Statements kept prepared on a connection: more than there are texts in this crate.
pub const STATEMENTS_PREPARED: usize = 128;

/// Rows of the change log read at once: most who follow it need few.
pub const LOG_ROWS_READ: i64 = 1_000;

/// Bytes of a text that an index of PostgreSQL takes; it refuses entries beyond 2,700. What is longer is compared with the row.
pub const MAX_INDEXED_TEXT: usize = 512;

/// Rows of each kind that one call tidies in PostgreSQL: their users are locked meanwhile, for some tens of milliseconds.
pub const TIDIED_AT_ONCE: i64 = 1_000;

/// How many seconds a removed configuration is remembered in PostgreSQL, longer than any batch takes that was under way when it was removed.
pub const DOOMED_KEPT_S: f64 = 3_600.0;

/// Rows that are read at once from PostgreSQL where it cannot say what is asked: a megabyte or two.
pub const SCAN_PART: u64 = 5_000;

/// Rows that are kept to be sorted in an order that PostgreSQL cannot say: as many as a page and what may be skipped before it.
pub const MAX_SCAN_SORTED: u64 = 2 * MAX_PAGE as u64;

/// How long it is waited for what is under way when a tenant is paused: longer than any COMMIT that waits for a standby which comes back.
pub const PAUSE_DEADLINE: Duration = Duration::from_secs(30);

/// Tenants whose cluster is kept in mind, some 60 bytes each. The directory is asked for others, and for them it has to be reached.
pub const MAX_ROUTES: u64 = 262_144;

/// How often it is tried to open a cluster that was away when the service started.
pub const REOPEN_INTERVAL: Duration = Duration::from_secs(2);

/// Bytes of a cluster's name: as many as PostgreSQL gives its own.
pub const MAX_CLUSTER_NAME: usize = 63;

/// Check-in rows that a copy into another database reads and writes at once, or compares: about a megabyte, and far less work than
/// [`READ_DEADLINE`] leaves the time for.
pub const COPIED_ROWS: usize = 2_000;

/// How often such a copy asks once more when an answer was late, or the store busy: hours of work are not lost to a slow moment.
pub const COPY_ASKS: u32 = 5;

/// Bytes of payloads that such a copy writes at once, unless one has more.
pub const COPIED_PAYLOAD_BYTES: usize = 8 << 20;

/// Numbers of rows that such a copy takes at once from those that PostgreSQL gives out: some hundred milliseconds' worth.
pub const COPIED_NUMBERS: i64 = 1_000_000;

/// How long the COMMIT of a copied tenant may take: a standby that confirms it may have gigabytes to catch up with.
pub const COPY_COMMIT_WAIT: Duration = Duration::from_mins(5);

/// How long the server waits for a copy that says nothing: it reads from elsewhere meanwhile, a part within [`READ_DEADLINE`].
pub const COPY_IDLE: Duration = Duration::from_mins(1);

/// No copy of a tenant is begun anew later than after so long. One of ten million rows takes a quarter of an hour.
pub const COPY_DEADLINE: Duration = Duration::from_hours(24);
