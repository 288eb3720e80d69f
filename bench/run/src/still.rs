//! What is measured without load: size, start, idle memory. It must never send more than a health check.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use load::Client;
use serde::Serialize;

use crate::report::median;
use crate::server::{Kind, Programs};

/// After this an idle server has done whatever it does after its start.
const SETTLE: Duration = Duration::from_secs(3);

/// Milliseconds from the start of the process to the first 200 of `/healthz`.
#[derive(Serialize)]
pub(crate) struct Start {
    /// On an empty folder: the schema and keys are made.
    pub(crate) new_folder_ms: f64,
    /// On the folder of the run before, which was killed.
    pub(crate) again_ms: f64,
    pub(crate) runs: usize,
}

/// The binaries' sizes in bytes; the release profile strips them.
pub(crate) fn sizes(programs: &Programs) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    programs.kinds().into_iter().map(|kind| Ok((kind.name(), fs::metadata(programs.binary(kind)?)?.len()))).collect()
}

/// Medians over twice as many starts as rounds.
pub(crate) fn starts(programs: &Programs, rounds: usize) -> anyhow::Result<BTreeMap<&'static str, Start>> {
    let runs = 2 * rounds + 1;
    let mut starts = BTreeMap::new();
    for kind in programs.kinds() {
        let (mut fresh, mut again) = (Vec::new(), Vec::new());
        for _ in 0..runs {
            let folder = programs.folder(kind.name())?;
            fresh.push(first_answer_ms(programs, kind, &folder)?);
            again.push(first_answer_ms(programs, kind, &folder)?);
        }
        let start = Start { new_folder_ms: median(&fresh), again_ms: median(&again), runs };
        starts.insert(kind.name(), start);
    }
    Ok(starts)
}

/// Resident bytes of each server a while after its start and first answer.
pub(crate) fn idle_memory(programs: &Programs) -> anyhow::Result<BTreeMap<&'static str, u64>> {
    let mut memory = BTreeMap::new();
    for kind in programs.kinds() {
        let server = programs.start(kind)?;
        healthz(&mut Client::connect(server.address)?)?;
        std::thread::sleep(SETTLE);
        memory.insert(kind.name(), server.resident()?);
    }
    Ok(memory)
}

fn first_answer_ms(programs: &Programs, kind: Kind, folder: &Path) -> anyhow::Result<f64> {
    let server = programs.start_in(kind, folder)?;
    healthz(&mut Client::connect(server.address)?)?;
    let elapsed = server.spawned_at.elapsed();
    Ok(elapsed.as_secs_f64() * 1000.0)
}

fn healthz(client: &mut Client) -> anyhow::Result<()> {
    let (status, _) = client.send(&load::request("GET", "/healthz", &[], &[]))?;
    ensure!(status == 200, "/healthz answers {status}");
    Ok(())
}
