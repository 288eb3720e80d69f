//! An `atomicityGroup`: its requests see what those before them did, nobody else does, and one commit makes all of it. Where other
//! changes came between, its requests are run again on what those left. It never knows what a request does.

use std::future::ready;

use odata::Error;
use odata::engine::{BatchRun, BatchStep};
use store::{CommitError, Staged};
use tokio::time::{Instant, timeout_at};

use super::Inside;
use crate::admin::InGroup;
use crate::admin::error::{commit_error, store_error, unavailable};
use crate::limits::{GROUP_ATTEMPTS_MAX, GROUP_TURN_MAX};

/// What came of running a group once.
enum Attempt {
    /// It is over: made and durable, or failed and nothing of it made.
    Over(BatchRun),
    /// All its requests succeeded, but on a version that is no more.
    Overtaken(BatchRun),
}

/// Runs the group that `begun` has just begun, to its end.
pub(super) async fn run(inside: &Inside<'_>, begun: BatchRun) -> BatchRun {
    let turns = &inside.app.admin.turns;
    let tenant = inside.caller.tenant;
    let mut attempt = once(inside, &begun, false, inside.deadline, turns.beside_others(tenant)).await;
    if matches!(attempt, Attempt::Overtaken(_)) {
        let _turn = match turns.alone(tenant).await {
            Ok(turn) => turn,
            Err(fault) => return give_up(inside, begun, fault),
        };
        let until = inside.deadline.min(Instant::now() + GROUP_TURN_MAX);
        for _ in 1..GROUP_ATTEMPTS_MAX {
            if matches!(attempt, Attempt::Overtaken(_)) {
                attempt = once(inside, &begun, true, until, ready(Ok(()))).await;
            }
        }
    }
    match attempt {
        Attempt::Over(run) => run,
        Attempt::Overtaken(mut run) => {
            run.answer(inside.refuse(commit_error(CommitError::Moved)));
            run
        }
    }
}

/// Runs its requests, which have time until `until`, and in its turn commits what they changed.
async fn once<T>(
    inside: &Inside<'_>,
    begun: &BatchRun,
    is_again: bool,
    until: Instant,
    turn: impl Future<Output = Result<T, Error>>,
) -> Attempt {
    let app = inside.app;
    let staged = match Staged::begin(app.store.as_ref(), inside.caller.clone(), app.now()).await {
        Ok(staged) => staged,
        Err(fault) => return Attempt::Over(give_up(inside, begun.clone(), store_error(fault))),
    };
    let mut run = begun.clone();
    match timeout_at(until, requests(inside, &mut run, InGroup { staged: &staged, is_again })).await {
        Ok(true) => {}
        // What the others changed is forgotten with `staged`.
        Ok(false) => return Attempt::Over(run),
        Err(_) => return Attempt::Over(give_up(inside, begun.clone(), unavailable(1))),
    }
    let _turn = match turn.await {
        Ok(turn) => turn,
        Err(fault) => return Attempt::Over(give_up(inside, begun.clone(), fault)),
    };
    // No time is set for this: once the commit is under way, only its end tells what has happened.
    match staged.finish().await {
        Ok(()) => Attempt::Over(run),
        Err(CommitError::Moved) => Attempt::Overtaken(run),
        Err(fault) => {
            run.answer(inside.refuse(commit_error(fault)));
            Attempt::Over(run)
        }
    }
}

/// Runs the requests up to the end of the group; whether all of them succeeded.
async fn requests(inside: &Inside<'_>, run: &mut BatchRun, group: InGroup<'_, '_>) -> bool {
    loop {
        match run.next() {
            Some(BatchStep::Execute(request)) => {
                let answer = inside.execute(request, run.body_bytes(), Some(group)).await;
                run.answer(answer);
            }
            Some(BatchStep::Refuse(fault)) => run.answer(inside.refuse(fault)),
            Some(BatchStep::Commit) => return true,
            // There are no groups in groups.
            Some(BatchStep::Rollback | BatchStep::Begin) | None => return false,
        }
    }
}

/// Ends a group of which nothing was made, with this fault as the answer to its first request.
fn give_up(inside: &Inside<'_>, mut begun: BatchRun, fault: Error) -> BatchRun {
    if begun.next().is_some() {
        begun.answer(inside.refuse(fault));
    }
    begun
}
