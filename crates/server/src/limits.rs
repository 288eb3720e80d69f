//! Every limit of the process side, with its reason. A queue, body, depth or list without a line here is a bug.

use std::time::Duration;

// Connections and requests: http/.

/// Connections served at once; more wait in the kernel's backlog. At the 20 KiB an idle one may cost this is 320 MiB.
pub const CONNECTIONS_MAX: usize = 16_384;
/// Connections the kernel keeps waiting while we accept: a burst of a fleet coming back after an outage.
pub const BACKLOG: u32 = 4_096;
/// Request line and headers of one HTTP/1 request, and one read buffer. Tokens with hundreds of groups reach 20 KiB.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Headers of one HTTP/2 request, decoded and with 32 bytes of overhead each, as its SETTINGS count them.
pub const HEADER_LIST_BYTES_MAX: u32 = 64 * 1024;
/// Requests at once on one HTTP/2 connection: what nginx and the RFC's advice settle on.
pub const STREAMS_MAX: u32 = 128;
/// Streams that a client may reset before we have looked at them (rapid reset, CVE-2023-44487).
pub const PENDING_RESETS_MAX: usize = 32;
/// Bytes of response that HTTP/2 buffers for one stream.
pub const STREAM_SEND_BUFFER_MAX: usize = 256 * 1024;
/// Time for a TLS handshake. A device on a bad mobile link needs 3 s.
pub const TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Time from the first byte of a request to the end of its headers, and from connecting to the first request.
pub const HEADER_TIMEOUT: Duration = Duration::from_secs(10);
/// Time a connection may lie still between requests, or a client may leave an answer unread.
pub const IDLE_TIMEOUT: Duration = Duration::from_mins(2);
/// Time for a whole request body: 4 MiB at 1 Mbit/s take 34 s.
pub const BODY_TIMEOUT: Duration = Duration::from_mins(1);
/// Time between two pieces of a request body.
pub const BODY_PIECE_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of an unwanted request body that are read and thrown away so that its connection stays usable.
pub const DRAIN_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Time for that: past it the connection is closed instead.
pub const DRAIN_BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// Time that running requests get to finish after SIGTERM. Kubernetes sends SIGKILL after 30 s.
pub const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(20);
/// After the signal to stop: for a connection that has not said anything yet, and for answers that say so.
pub const FIRST_REQUEST_GRACE: Duration = Duration::from_secs(1);
/// Longest `client-request-id` that is echoed: a GUID has 36, some SDKs put two of them.
pub const CLIENT_REQUEST_ID_BYTES_MAX: usize = 128;
/// Longest `Host`: the longest DNS name and a port.
pub const HOST_BYTES_MAX: usize = 261;
/// Entries of `X-Forwarded-For` that are looked at, from the right. No sane chain of proxies is longer.
pub const FORWARDED_HOPS_MAX: usize = 16;
/// How often the certificate files are looked at for a change. Renewals come days before expiry.
pub const CERTIFICATE_POLL_INTERVAL: Duration = Duration::from_secs(30);
/// How long the self-signed certificate counts. It is trusted by hand, once; less would only break that without warning.
pub const SELF_SIGNED_DAYS: u32 = 3650;
/// Connections that are answered "come back later" at once while the service drains.
pub const REFUSED_CONNECTIONS_MAX: usize = 256;
/// How long to wait when the system is out of file descriptors.
pub const ACCEPT_RETRY: Duration = Duration::from_millis(100);

// Identity: auth/.

/// Longest token in bytes. Those with hundreds of groups reach 20 KiB.
pub const TOKEN_BYTES_MAX: usize = 32 * 1024;
/// How far issuers' clocks and ours may differ, in seconds (the usual five minutes of Kerberos and Entra).
pub const SKEW_SECONDS: i64 = 300;
/// What the cache of verified tokens may take, in bytes of estimated memory: some 60,000 ordinary tokens.
pub const TOKEN_CACHE_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Tokens the cache expects; sizes its shards and its memory of evicted ones, not its limit.
pub const TOKEN_CACHE_EXPECTED: usize = 16 * 1024;
/// Shortest time between two fetches of a key set because of an unknown `kid`: a stranger's random `kid`s must not
/// make us hammer the issuer.
pub const JWKS_REFRESH_FLOOR: Duration = Duration::from_mins(5);
/// Shortest time between two attempts while no key set was ever fetched: nothing works until then, so sooner.
pub const JWKS_FIRST_RETRY: Duration = Duration::from_secs(10);
/// How often key sets are fetched without being asked, so that a withdrawn key goes even when no new one comes.
pub const JWKS_PERIOD: Duration = Duration::from_hours(1);
/// Largest key set in bytes. Entra's common one is about 20 KiB with its certificates.
pub const JWKS_BYTES_MAX: usize = 256 * 1024;
/// Largest discovery document in bytes. Real ones are 2 to 6 KiB.
pub const DISCOVERY_BYTES_MAX: usize = 64 * 1024;
/// Most keys taken from a set. Real ones hold 2 to 20.
pub const JWKS_KEYS_MAX: usize = 100;
/// Time to connect to an issuer.
pub const FETCH_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time for one whole fetch. Requests with an unknown `kid` wait for it.
pub const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Redirects followed within an issuer's own origin.
pub const FETCH_REDIRECTS_MAX: usize = 3;
/// RSA keys under this many bits are not used (NIST SP 800-131A); over `RSA_BITS_MAX` a check costs too much.
pub const RSA_BITS_MIN: usize = 2048;
/// See [`RSA_BITS_MIN`].
pub const RSA_BITS_MAX: usize = 8192;
/// Longest identifier (user, application, name) taken from a token, in bytes; they become columns.
pub const IDENTIFIER_BYTES_MAX: usize = 512;
/// Longest life of a token of the built-in issuer: a forgotten one must end some day.
pub const MINTED_TTL_MAX: Duration = Duration::from_hours(366 * 24);

// Resources: admin/.

/// What `pages.max` may be raised to: what the store gives at once.
pub const PAGE_SIZE_CEILING: u32 = 10_000;
const _: () = assert!(PAGE_SIZE_CEILING as usize <= store::limits::MAX_PAGE);
/// Seconds that come, by chance, on top of those after which a tool that met a 503 may come back: enough to take the edge off, few enough for a
/// person who waits.
pub const TOOL_RETRY_JITTER_S_MAX: u8 = 4;
/// Largest JSON body of the admin plane: 10,000 check-in statuses of some 300 bytes, or a payload inline in base64.
pub const BODY_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest payload stream. A settings document of all 2,200 Office policies is about 1 MiB.
pub const PAYLOAD_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most check-in statuses that one request writes (ruling R4).
pub const STATUSES_WRITTEN_MAX: usize = 10_000;
/// Most assignments of one client configuration; Cloud Policy takes far fewer groups.
pub const ASSIGNMENTS_MAX: usize = 1_000;
/// Most configurations over which one query may look at check-ins: each costs a read of the data plane.
pub const COMPUTED_QUERY_ROWS_MAX: usize = 1_000;
/// Time for one such query, and how many run at once (ruling R4).
pub const COMPUTED_QUERY_DEADLINE: Duration = Duration::from_secs(10);
/// See [`COMPUTED_QUERY_DEADLINE`].
pub const COMPUTED_QUERIES_MAX: usize = 4;
/// Most requests of one batch: Graph's number.
pub const BATCH_REQUESTS_MAX: usize = 20;
/// Bytes of bodies in the answer to a batch past which no further request of it is begun; 20 payloads of 1 MiB fit. The answer is put
/// together in memory, and the last of its parts comes on top.
pub const BATCH_ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Time past which no further request of a batch is begun: with it the last one ends while a service that is told to stop still drains.
pub const BATCH_TIME_MAX: Duration = Duration::from_secs(15);
/// How often the requests of one atomicity group are run when other changes come between: once beside those others, then, with the tenant
/// for itself, once more, and once again for good measure.
pub const GROUP_ATTEMPTS_MAX: usize = 3;
/// How long the requests of a group may have a tenant for themselves, while other changes wait. Their usual need is milliseconds.
pub const GROUP_TURN_MAX: Duration = Duration::from_secs(2);
/// How long a change waits for its turn to change a tenant: as long as the store lets it wait in its queue.
pub const TURN_WAIT_MAX: Duration = store::limits::COMMIT_DEADLINE;
/// Applications, and tenants, whose rates are counted at once; one that has not called for longer than so many others begins anew.
pub const RATED_CALLERS_MAX: usize = 16_384;
/// Highest rate and burst that can be set: above it the counting itself, at some 100 ns a request, is what a machine would do.
pub const RATE_CEILING: u32 = 1_000_000;
/// Locks that tenants share by their ids for that; more make it rarer that one waits for another's group.
pub const GROUP_TURNS: usize = 256;
/// Most rows of one page, and of check-ins embedded in an entity: what Graph gives where a page is not asked for.
pub const PAGE_SIZE_MAX: u32 = 100;
/// Bytes of answers that are kept rendered: some 15,000 entities, far more than administrators' tools ask for again and again.
pub const RENDERED_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// Largest answer that is kept rendered: a larger one costs more to send than to make.
pub const RENDERED_ANSWER_BYTES_MAX: usize = 64 * 1024;

// Check-ins: client/.

/// Minutes after which a client comes back: what the Cloud Policy service says where there are settings for the user.
pub const INTERVAL_MINUTES: u32 = 90;
/// The same where there are none.
pub const IDLE_INTERVAL_MINUTES: u32 = 1440;
/// Characters of a device's name: a DNS name has 253.
pub const DEVICE_NAME_CHARS_MAX: usize = 256;
/// Largest report: real ones have some 300 bytes.
pub const REPORT_BODY_BYTES_MAX: usize = 64 * 1024;
/// Characters of a platform, a version or a task's name in a report.
pub const REPORT_NAME_CHARS_MAX: usize = 256;
/// Characters of an error message in a report.
pub const REPORT_MESSAGE_CHARS_MAX: usize = 8_192;
/// How long a check-in waits for being on record: well within the second after which a device takes us for dead. Past it the policies are given
/// all the same, for what a device may do does not hang on our disk; a report is 503, though it may be on disk: made again it changes nothing.
pub const CHECKIN_RECORD_TIME_MAX: Duration = Duration::from_millis(950);
const _: () = assert!(store::limits::CHECKIN_DEADLINE.as_millis() < CHECKIN_RECORD_TIME_MAX.as_millis());
/// Bytes of settings documents that are kept read, as they are stored; read they take some three times as much.
pub const DOCUMENTS_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// What one counts at least, so that their number is bounded too; most have about this.
pub const DOCUMENT_BYTES_USUAL: u64 = 4 * 1024;
/// Bytes of settings documents and assignments of the configurations that are kept ready to answer clients; what goes beyond is made ready anew
/// each time it is asked for.
pub const AUDIENCES_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// What a configuration counts at least, so that no more than 32,768 are kept, however small.
pub const AUDIENCE_BYTES_MIN: u64 = 4 * 1024;
/// What it counts at most: one that were larger than the cache's smallest part would never be kept, and making it ready for every check-in
/// costs more than its memory.
pub const AUDIENCE_BYTES_COUNTED_MAX: u64 = 2 * 1024 * 1024;
/// Configurations that are expected; it sizes caches and bounds nothing.
pub const AUDIENCES_EXPECTED: usize = 1_024;
/// Bytes of answers to clients that are kept rendered.
pub const EFFECTIVE_BYTES_MAX: u64 = 128 * 1024 * 1024;
/// Answers from which on a compressed form is kept, too: below it a packet carries either.
pub const GZIP_BYTES_MIN: usize = 1_024;
/// Seconds after which a client that was turned away may come back, at least.
pub const RETRY_S_MIN: u32 = 5;
/// Seconds that come on top, by chance.
pub const RETRY_JITTER_S_MAX: u8 = 25;

// Demonstration: demo/.

/// Check-ins in one commit of the demo: the writer shares its transactions, so this only bounds one of them.
pub const DEMO_CHECKINS_PER_COMMIT: usize = 1_000;
