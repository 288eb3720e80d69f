//! What an applied commit leaves to be written: rows and bytes in order, and the things whose final state has to be stored. It
//! must never know SQL.

use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use crate::domain::{CheckinStatus, Payload, PayloadKind};
use crate::ids::{ClientConfigurationId, ConfigurationId};

/// Everything a commit leaves to be written.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// In order.
    pub(crate) data: Vec<DataEffect>,
    /// Things whose row follows from the snapshot after the commit, where they are still in it. One may be named twice.
    pub(crate) touched: Vec<Touched>,
    /// What the change log says.
    pub(crate) log: Log,
}

impl Effects {
    pub(crate) fn touch(&mut self, thing: Touched) {
        if self.touched.last() != Some(&thing) {
            self.touched.push(thing);
        }
    }
}

/// A thing of the control plane.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Touched {
    /// By `seq`.
    Configuration(u64),
    /// In the configuration with this `seq`.
    Client { configuration: u64, client: ClientConfigurationId },
    /// All assignments of a client configuration.
    Assignments { configuration: u64, client: ClientConfigurationId },
}

/// A change of what is not in the snapshot, or a removal.
#[derive(Debug)]
pub(crate) enum DataEffect {
    /// All rows of a configuration, as an administrator wrote them. `had` is how many rows go.
    ReplaceRows { configuration: u64, had: u64, rows: Vec<Arc<CheckinStatus>> },
    /// Rows that clients reported. `rekey`: the rows written before get their identity as key first.
    RecordRows { configuration: u64, rekey: bool, rows: Vec<Arc<CheckinStatus>> },
    /// A configuration and everything in it. `recorded`: whether its rows are its clients'.
    DeleteConfiguration { configuration: u64, had: u64, recorded: bool, clients: Vec<u64> },
    /// A client configuration and everything in it.
    DeleteClient { configuration: u64, client: u64 },
    /// The bytes of a stream.
    PutPayload { client: u64, which: PayloadKind, payload: Arc<Payload>, content: Bytes },
    /// No stream.
    DeletePayload { client: u64, which: PayloadKind },
}

/// The compact text of a commit in the change log: tokens of an operation (`+` made, `~` changed, `-` removed), a kind (`o`
/// officeConfiguration, `c` client configuration, `a` its assignments, `s` check-in rows, `p`/`u` payloads) and a `seq`;
/// a removal adds the id, because nothing else tells it any more.
#[derive(Debug, Default)]
pub(crate) struct Log(pub(crate) String);

impl Log {
    fn token(&mut self, token: &str, seq: u64) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(token);
        let _ = write!(self.0, "{seq}");
    }

    pub(crate) fn created_configuration(&mut self, seq: u64) {
        self.token("+o", seq);
    }

    pub(crate) fn changed_configuration(&mut self, seq: u64) {
        self.token("~o", seq);
    }

    pub(crate) fn removed_configuration(&mut self, seq: u64, id: ConfigurationId) {
        self.token("-o", seq);
        let _ = write!(self.0, "={}", id.0.as_simple());
    }

    pub(crate) fn replaced_rows(&mut self, seq: u64) {
        self.token("~s", seq);
    }

    pub(crate) fn recorded_rows(&mut self, seq: u64) {
        self.token("+s", seq);
    }

    pub(crate) fn created_client(&mut self, seq: u64) {
        self.token("+c", seq);
    }

    pub(crate) fn changed_client(&mut self, seq: u64) {
        self.token("~c", seq);
    }

    pub(crate) fn removed_client(&mut self, seq: u64, id: ClientConfigurationId) {
        self.token("-c", seq);
        let _ = write!(self.0, "={}", id.0.as_simple());
    }

    pub(crate) fn changed_assignments(&mut self, client: u64) {
        self.token("~a", client);
    }

    pub(crate) fn changed_payload(&mut self, client: u64, which: PayloadKind) {
        let token = match which {
            PayloadKind::Policy => "~p",
            PayloadKind::UserPreference => "~u",
        };
        self.token(token, client);
    }
}
