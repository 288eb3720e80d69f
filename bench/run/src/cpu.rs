//! Which core runs what. It must never know what it pins.

use std::time::Duration;

use rustix::thread::{CpuSet, sched_setaffinity};

/// The servers' core.
const SERVER: usize = 0;
/// The generator's core.
const GENERATOR: usize = 1;

/// Whether there are enough cores to keep the two apart.
pub(crate) fn can_pin() -> bool {
    cores() > GENERATOR
}

/// The machine's cores, whatever this process is pinned to.
pub(crate) fn cores() -> usize {
    std::fs::read_to_string("/proc/cpuinfo")
        .map_or(1, |text| text.lines().filter(|line| line.starts_with("processor")).count())
}

/// How long this thread has waited so far for a core that others used.
pub(crate) fn waited() -> Duration {
    scheduled(1)
}

/// How long this thread has run so far.
pub(crate) fn used() -> Duration {
    scheduled(0)
}

/// One of the times, in nanoseconds, that the scheduler keeps of this thread.
fn scheduled(field: usize) -> Duration {
    let nanos = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').nth(field)?.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

/// Keeps this thread on the generator's core.
pub(crate) fn pin_generator() {
    pin(GENERATOR);
}

/// Runs `spawn` on the servers' core: a child inherits the affinity of the thread that spawns it.
pub(crate) fn on_server_core<T>(spawn: impl FnOnce() -> T) -> T {
    pin(SERVER);
    let result = spawn();
    pin(GENERATOR);
    result
}

/// Lets this thread run on every core again: for work before or between what is measured.
pub(crate) fn roam() {
    let mut set = CpuSet::new();
    for core in 0..cores() {
        set.set(core);
    }
    // Where it is not allowed the work only takes longer.
    let _ = sched_setaffinity(None, &set);
}

/// Runs `work` on whatever core is free.
pub(crate) fn everywhere<T>(work: impl FnOnce() -> T) -> T {
    roam();
    let result = work();
    pin(GENERATOR);
    result
}

fn pin(core: usize) {
    if !can_pin() {
        return;
    }
    let mut set = CpuSet::new();
    set.set(core);
    if let Err(error) = sched_setaffinity(None, &set) {
        eprintln!("cannot pin to core {core} ({error}): the figures will be noisier");
    }
}
