//! How far a copy is, told on stderr: a line for each tenant, and one now and then in the middle of it. It must never say what came of it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use store::transfer::{Progress, Stage};

use super::output;
use crate::env::Env;

/// How often is told how far it is.
const TELL_EVERY: Duration = Duration::from_secs(2);

/// The UTC day of the summaries that are compared.
pub(super) fn today(env: &Env) -> i32 {
    i32::try_from(env.clock.unix_seconds().div_euclid(86_400)).unwrap_or(i32::MAX)
}

/// Says on stderr how far it is.
#[derive(Default)]
pub(super) struct Telling(Mutex<Option<Turn>>);

/// A tenant's turn.
struct Turn {
    began: Instant,
    told: Instant,
    rows: usize,
}

impl Telling {
    pub(super) fn tell(&self, progress: Progress) {
        let mut turn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        match progress {
            Progress::Tenant { stage, tenant, nth, of } => {
                let doing = match stage {
                    Stage::Copying => "copying",
                    Stage::Found => "comparing, because it is there already,",
                    Stage::Comparing => "comparing",
                };
                output::note(&format!("{doing} tenant {tenant} ({nth} of {of})"));
                *turn = Some(Turn { began: now, told: now, rows: 0 });
            }
            Progress::Rows(rows) => {
                let Some(turn) = &mut *turn else { return };
                turn.rows += rows;
                if now.duration_since(turn.told) >= TELL_EVERY {
                    turn.told = now;
                    let rate = (turn.rows as u128 * 1_000) / now.duration_since(turn.began).as_millis().max(1);
                    output::note(&format!("  {} check-ins, {rate} a second", turn.rows));
                }
            }
        }
    }
}
