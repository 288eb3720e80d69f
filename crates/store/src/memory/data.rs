//! The data plane of one tenant in memory: check-in rows and payloads by the `seq` of what they belong to. It must never know the
//! control plane beyond that.

use std::collections::HashMap;

use bytes::Bytes;

use super::rows::Rows;
use crate::domain::{Checkin, PayloadKind, Summary};
use crate::error::StoreError;
use crate::ids::ClientConfigurationId;
use crate::rules::DataEffect;
use crate::snapshot::TenantSnapshot;
use crate::status::{StatusPage, StatusQuery};
use crate::summary::summarize;

#[derive(Default)]
pub(crate) struct Data {
    rows: HashMap<u64, Rows>,
    payloads: HashMap<(u64, PayloadKind), Bytes>,
}

impl Data {
    /// Does what a commit left to be done; `next` is the tenant after it.
    pub(crate) fn write(&mut self, next: &mut TenantSnapshot, effect: DataEffect) {
        match effect {
            DataEffect::ReplaceRows { configuration, rows, .. } => {
                self.rows.insert(configuration, Rows::written(rows));
            }
            DataEffect::RecordRows { configuration, rekey, day, rows } => {
                let kept = self.rows.entry(configuration).or_default();
                if rekey {
                    kept.rekey();
                }
                kept.reach(day);
                for row in rows {
                    kept.record(row);
                }
                next.set_status_count(configuration, kept.len() as u64);
            }
            DataEffect::DeleteConfiguration { configuration, clients, .. } => {
                self.rows.remove(&configuration);
                self.payloads.retain(|(client, _), _| !clients.contains(client));
            }
            DataEffect::DeleteClient { client, .. } => self.payloads.retain(|(of, _), _| *of != client),
            DataEffect::PutPayload { client, which, content, .. } => {
                self.payloads.insert((client, which), content);
            }
            DataEffect::DeletePayload { client, which } => {
                self.payloads.remove(&(client, which));
            }
        }
    }

    /// Records a check-in and tells how many rows there are.
    pub(crate) fn check_in(&mut self, configuration: u64, checkin: &Checkin) -> u64 {
        let kept = self.rows.entry(configuration).or_default();
        kept.check_in(checkin);
        kept.len() as u64
    }

    /// The bytes of a stream; `None` when none are here.
    pub(crate) fn payload(&self, client: u64, which: PayloadKind) -> Option<&Bytes> {
        self.payloads.get(&(client, which))
    }

    /// A page of a configuration's rows; `None` when none are here.
    pub(crate) fn page(&self, configuration: u64, query: &StatusQuery) -> Option<Result<StatusPage, StoreError>> {
        self.rows.get(&configuration).map(|rows| rows.page(query))
    }

    /// What a configuration's rows, or those of one of its client configurations, add up to; `None` when none are here.
    pub(crate) fn summary(
        &self,
        configuration: u64,
        client: Option<ClientConfigurationId>,
        today: i32,
    ) -> Option<Summary> {
        let rows = self.rows.get(&configuration)?.all();
        Some(match client {
            None => summarize(rows, today),
            Some(id) => {
                let id = id.to_string();
                summarize(rows.filter(|row| row.applies(&id)), today)
            }
        })
    }
}
