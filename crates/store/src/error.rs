//! What can go wrong, in the domain's words. Texts of the variants are fit for a caller; causes are for the log. It must never
//! know a status code.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::ClientConfigurationId;

/// A cause, shared because one failed transaction answers every commit in it.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// A kind of thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// An officeConfiguration.
    Configuration,
    /// An officeClientConfiguration.
    ClientConfiguration,
    /// An assignment.
    Assignment,
    /// A payload.
    Payload,
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Configuration => "officeConfiguration",
            Self::ClientConfiguration => "officeClientConfiguration",
            Self::Assignment => "assignment",
            Self::Payload => "payload",
        })
    }
}

/// Why a commit did not happen. Nothing of it did.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CommitError {
    /// The thing addressed is not there.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: What,
    },
    /// Its id is taken.
    #[error("an {what} with this id exists already")]
    AlreadyExists {
        /// What was to be made.
        what: What,
    },
    /// The client configuration is of another concrete type.
    #[error("the type of a client configuration cannot be changed")]
    KindMismatch,
    /// The assignment's target is of another type.
    #[error("the type of a target cannot be changed; replace the target")]
    TargetTypeMismatch,
    /// What was merged left a group target without a group (ruling R7).
    #[error("a group target names its group")]
    GroupMissing,
    /// A stored client configuration has this priority.
    #[error("priority {priority} is taken by the client configuration {by}")]
    PriorityTaken {
        /// The priority.
        priority: i32,
        /// Who has it.
        by: ClientConfigurationId,
    },
    /// Two elements of one request ask for one priority.
    #[error("elements {first} and {second} have the same priority {priority}")]
    DuplicatePriority {
        /// The priority.
        priority: i32,
        /// Position of the first, from 0.
        first: usize,
        /// Position of the second, from 0.
        second: usize,
    },
    /// Two elements of one request name one thing.
    #[error("elements {first} and {second} name the same thing")]
    DuplicateMember {
        /// Position of the first, from 0.
        first: usize,
        /// Position of the second, from 0.
        second: usize,
    },
    /// A priority below 0, the highest.
    #[error("a priority is 0 or more, not {priority}")]
    InvalidPriority {
        /// The priority.
        priority: i32,
    },
    /// Every number is taken.
    #[error("no priority is free")]
    PrioritiesExhausted,
    /// An element of the request names what is not there.
    #[error("element {index}: there is no client configuration {id}")]
    UnknownMember {
        /// Its position, from 0.
        index: usize,
        /// What it names.
        id: ClientConfigurationId,
    },
    /// Two check-in rows of one identity (user, device, platform) in one request (ruling R4).
    #[error("elements {first} and {second} are of the same user, device and platform")]
    DuplicateStatus {
        /// Position of the first, from 0.
        first: usize,
        /// Position of the second, from 0.
        second: usize,
    },
    /// More check-in rows than an administrator may write at once.
    #[error("{given} check-in statuses are more than the {limit} that can be written at once")]
    TooManyStatuses {
        /// How many there are.
        given: usize,
        /// How many may be.
        limit: usize,
    },
    /// Clients have checked in: the rows are theirs (ruling R4).
    #[error("clients have checked in; their statuses cannot be replaced")]
    StatusesOwnedByClients,
    /// The id given for the default configuration is not the tenant's.
    #[error("the default configuration has the id that follows from the tenant")]
    NotTheDefaultId,
    /// The precondition does not hold.
    #[error("the thing has changed, or is there or not there contrary to what was asked")]
    PreconditionFailed,
    /// The tenant is not at [`crate::Commit::expected_version`].
    #[error("the tenant has changed meanwhile")]
    Moved,
    /// Too much to do: the queue is full, or the deadline passed in it.
    #[error("too many changes are waiting")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The disk is full. Reads go on; writes go on by themselves once there is room.
    #[error("the disk is full")]
    Full,
    /// The tenant is being moved to another cluster: it is read, and not changed until it is there.
    #[error("the tenant is being moved and takes no changes now")]
    Paused,
    /// The database cannot be written, or is closed.
    #[error("the store cannot take changes")]
    Unavailable(#[source] Cause),
}

impl CommitError {
    /// Whether the tenant lives in another cluster than the one that was asked.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Unavailable(cause) if cause.is::<Gone>())
    }
}

impl StoreError {
    /// Whether the tenant lives in another cluster than the one that was asked.
    pub(crate) fn is_gone(&self) -> bool {
        matches!(self, Self::Unavailable(cause) if cause.is::<Gone>())
    }
}

/// The cause of what is `Unavailable` where a tenant was: it lives in another cluster now. Nothing of what was asked for happened.
#[derive(Debug, thiserror::Error)]
#[error("the tenant lives in another cluster")]
pub(crate) struct Gone;

/// Why a read did not happen.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The thing addressed is not there.
    #[error("there is no such {what}")]
    NotFound {
        /// What was looked for.
        what: What,
    },
    /// The shape of the query has no index and too many of that kind run.
    #[error("too many slow queries are running")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// It took too long.
    #[error("the query took longer than {} seconds", limit.as_secs())]
    Deadline {
        /// How long it may take.
        limit: Duration,
    },
    /// A construct in the filter or order cannot be run over check-in rows.
    #[error("{what}")]
    Unsupported {
        /// Which.
        what: String,
    },
    /// The continuation is not one of this query.
    #[error("the continuation does not belong to this query")]
    BadContinuation,
    /// The change log does not go back to the point, or the point is of another history.
    #[error("what changed since then is not known any more; read the collection again")]
    PointNotFound,
    /// The database cannot be read, or is closed.
    #[error("the store cannot be read")]
    Unavailable(#[source] Cause),
}

/// Why a data folder or a database cannot be opened, copied or checked.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error("the data folder {path} is in use by another process")]
    InUse {
        /// The folder.
        path: String,
    },
    /// The database is of a newer version of this program.
    #[error("the database is of schema version {found}; this program knows up to {known}: use a newer program")]
    Newer {
        /// What the database has.
        found: i64,
        /// What the program has.
        known: i64,
    },
    /// The database is not as this program's migrations leave it.
    #[error("the database's schema was altered: {what}")]
    Altered {
        /// The first difference.
        what: String,
    },
    /// The database of a data folder is of an older version of this program, and may not be changed here.
    #[error(
        "the database in {path} is of schema version {found} and has to be of {known}: `officeconfig serve` on the folder brings it up to date"
    )]
    Older {
        /// The folder.
        path: String,
        /// What the database has.
        found: i64,
        /// What the program has.
        known: i64,
    },
    /// A file by that name is not a database of this program.
    #[error("{path} is not an officeconfig database")]
    Foreign {
        /// The file.
        path: String,
    },
    /// There is already something where the copy should go.
    #[error("{path} is not empty")]
    NotEmpty {
        /// The file or folder.
        path: String,
    },
    /// There is no database.
    #[error("there is no database in {path}")]
    Missing {
        /// The folder or file.
        path: String,
    },
    /// The copy is damaged.
    #[error("the database is damaged: {what}")]
    Damaged {
        /// The first finding.
        what: String,
    },
    /// A file operation failed.
    #[error("{path}")]
    File {
        /// On what.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The URL of a database is none.
    #[error("the database's URL is not usable: {what}")]
    Address {
        /// What is wrong with it.
        what: String,
    },
    /// The server does not answer, or none of its hosts takes writes.
    #[error("the database {shown} cannot be reached: {what}")]
    Unreachable {
        /// Hosts and database.
        shown: String,
        /// Why.
        what: String,
    },
    /// The server does not let the role in.
    #[error("the database {shown} refuses the login: {what}")]
    LoginRefused {
        /// Hosts and database.
        shown: String,
        /// The server's reason.
        what: String,
    },
    /// The server is older than those this program works with.
    #[error("PostgreSQL {found} is too old: version {oldest} or later is needed")]
    ServerTooOld {
        /// Its major version.
        found: i32,
        /// The oldest that will do.
        oldest: i32,
    },
    /// A role is missing, or may do too much or too little.
    #[error("{what}")]
    Role {
        /// What is wrong, and what to do.
        what: String,
    },
    /// Somebody else is changing the schema, or uses it in a way that keeps it from being changed.
    #[error("the schema of the database {shown} cannot be changed now: somebody else holds it; try again")]
    Held {
        /// Hosts and database.
        shown: String,
    },
    /// A program is connected that would not go on working.
    #[error(
        "the database is in use by “{name}” (so pg_stat_activity shows it), which is made for a schema before version {oldest} or does not say for which: update it or stop it first"
    )]
    OlderConnected {
        /// How it names itself.
        name: String,
        /// The oldest version of the schema whose programs may stay.
        oldest: i64,
    },
    /// The schema is older than this program's, and the role may not change it.
    #[error(
        "the database is of schema version {found} and has to be of {known}: run `officeconfig migrate` as the owner of its tables"
    )]
    Behind {
        /// What the database has; 0 is nothing.
        found: i64,
        /// What the program has.
        known: i64,
    },
    /// The database is one of several clusters, and was to be opened by itself.
    #[error(
        "the database {shown} is the cluster `{name}` of several: name them all as [[clusters]] in the configuration file"
    )]
    OneOfSeveral {
        /// Hosts and database.
        shown: String,
        /// What it is called.
        name: String,
    },
    /// The clusters do not belong together as they were named.
    #[error("the cluster `{name}`: {what}")]
    Clusters {
        /// The first that does not.
        name: String,
        /// Why, and what to do.
        what: String,
    },
    /// One of several clusters cannot be opened.
    #[error("the cluster `{name}`")]
    InCluster {
        /// Which.
        name: String,
        /// Why.
        #[source]
        source: Box<OpenError>,
    },
    /// The database failed.
    #[error("the database cannot be opened")]
    Database(#[source] Cause),
}
