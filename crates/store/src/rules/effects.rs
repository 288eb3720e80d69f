//! What an applied commit leaves to be written: rows and bytes in order, and the things whose final state has to be stored. It
//! must never know SQL.

use std::sync::Arc;

use bytes::Bytes;

use crate::domain::{CheckinStatus, Payload, PayloadKind};
use crate::ids::ClientConfigurationId;
use crate::log::Log;

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
    /// Rows that clients reported, on the UTC day `day`. `rekey`: the rows written before become the clients' first.
    RecordRows { configuration: u64, rekey: bool, day: i32, rows: Vec<Arc<CheckinStatus>> },
    /// A configuration and everything in it. `recorded`: whether its rows are its clients'.
    DeleteConfiguration { configuration: u64, had: u64, recorded: bool, clients: Vec<u64> },
    /// A client configuration and everything in it.
    DeleteClient { configuration: u64, client: u64 },
    /// The bytes of a stream.
    PutPayload { client: u64, which: PayloadKind, payload: Arc<Payload>, content: Bytes },
    /// No stream.
    DeletePayload { client: u64, which: PayloadKind },
}
