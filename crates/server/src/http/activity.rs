//! Which connections are alive: counters that a connection's reads, writes and requests move, and the rule that reads them.
//!
//! Counting costs an atomic add where a timer for every request would cost a timer wheel's lock.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// What has happened on one connection so far. All numbers wrap; only their differences count.
#[derive(Debug, Default)]
pub(crate) struct Activity {
    reads: AtomicU32,
    writes: AtomicU32,
    requests: AtomicU32,
    busy: AtomicU32,
    /// `reads` when the last request began or ended: more reads than that are the beginning of another request.
    mark: AtomicU32,
    http2: AtomicBool,
}

/// A request that is being answered; ends when dropped.
#[derive(Debug)]
pub(crate) struct Busy<'a>(&'a Activity);

impl Activity {
    pub(crate) fn read(&self) {
        self.reads.fetch_add(1, Relaxed);
    }

    pub(crate) fn wrote(&self) {
        self.writes.fetch_add(1, Relaxed);
    }

    pub(crate) fn begin(&self, http2: bool) -> Busy<'_> {
        self.busy.fetch_add(1, Relaxed);
        self.requests.fetch_add(1, Relaxed);
        if http2 {
            self.http2.store(true, Relaxed);
        }
        Busy(self)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        // What was read until now belonged to this request's head or body.
        self.0.mark.store(self.0.reads.load(Relaxed), Relaxed);
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

/// What to do with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    /// It has lain still: close it as the protocol closes.
    Close,
    /// A client that sends headers drop by drop, or does not take its answer, or ignores the close.
    Cut,
}

/// The rule, asked once every [`Watch::interval`].
#[derive(Debug)]
pub(crate) struct Watch {
    idle_ticks_max: u32,
    writes: u32,
    requests: u32,
    header_ticks: u32,
    idle_ticks: u32,
    closing: bool,
}

/// Looks at a connection in the time that a header may take. One look more than that has seen all of the time pass.
const LOOKS_PER_HEADER_TIMEOUT: u32 = 4;

impl Watch {
    /// How often to look.
    pub(crate) fn interval(header_timeout: Duration) -> Duration {
        header_timeout / LOOKS_PER_HEADER_TIMEOUT
    }

    pub(crate) fn new(header_timeout: Duration, idle_timeout: Duration) -> Self {
        let interval = Self::interval(header_timeout).as_nanos().max(1);
        let idle_ticks_max = u32::try_from(idle_timeout.as_nanos() / interval).unwrap_or(u32::MAX - 1) + 1;
        Self { idle_ticks_max, writes: 0, requests: 0, header_ticks: 0, idle_ticks: 0, closing: false }
    }

    pub(crate) fn look(&mut self, activity: &Activity) -> Verdict {
        let writes = activity.writes.load(Relaxed);
        let requests = activity.requests.load(Relaxed);
        let moved = writes != self.writes || requests != self.requests;
        (self.writes, self.requests) = (writes, requests);
        if activity.busy.load(Relaxed) > 0 || (moved && requests > 0) {
            (self.header_ticks, self.idle_ticks) = (0, 0);
            return Verdict::Keep;
        }
        self.idle_ticks += 1;
        // HTTP/2 reads control frames that begin nothing, so there only silence counts, once the first request was there.
        let in_header = requests == 0
            || (!activity.http2.load(Relaxed) && activity.reads.load(Relaxed) != activity.mark.load(Relaxed));
        self.header_ticks = if in_header { self.header_ticks + 1 } else { 0 };
        if self.header_ticks > LOOKS_PER_HEADER_TIMEOUT {
            return Verdict::Cut;
        }
        if self.idle_ticks < self.idle_ticks_max {
            return Verdict::Keep;
        }
        if std::mem::replace(&mut self.closing, true) { Verdict::Cut } else { Verdict::Close }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> Watch {
        Watch::new(Duration::from_secs(4), Duration::from_secs(10))
    }

    fn looks(watch: &mut Watch, activity: &Activity, times: usize) -> Vec<Verdict> {
        (0..times).map(|_| watch.look(activity)).collect()
    }

    #[test]
    fn a_connection_that_never_sends_a_whole_header_is_cut() {
        let (mut watch, activity) = (watch(), Activity::default());
        for _ in 0..4 {
            activity.read();
            assert_eq!(watch.look(&activity), Verdict::Keep);
        }
        activity.read();
        assert_eq!(watch.look(&activity), Verdict::Cut);
    }

    #[test]
    fn a_slow_second_header_is_cut_too() {
        let (mut watch, activity) = (watch(), Activity::default());
        activity.read();
        drop(activity.begin(false));
        activity.wrote();
        assert_eq!(watch.look(&activity), Verdict::Keep);
        activity.read();
        assert_eq!(looks(&mut watch, &activity, 5), [[Verdict::Keep; 4].as_slice(), &[Verdict::Cut]].concat());
    }

    #[test]
    fn an_idle_connection_is_closed_and_cut_when_it_stays() {
        let (mut watch, activity) = (watch(), Activity::default());
        activity.read();
        drop(activity.begin(false));
        activity.wrote();
        assert_eq!(looks(&mut watch, &activity, 11), [Verdict::Keep; 11]);
        assert_eq!(looks(&mut watch, &activity, 2), [Verdict::Close, Verdict::Cut]);
    }

    #[test]
    fn a_busy_or_downloading_connection_is_kept() {
        let (mut watch, activity) = (watch(), Activity::default());
        let busy = activity.begin(false);
        assert_eq!(looks(&mut watch, &activity, 50), [Verdict::Keep; 50]);
        drop(busy);
        for _ in 0..50 {
            activity.wrote();
            assert_eq!(watch.look(&activity), Verdict::Keep);
        }
    }

    #[test]
    fn control_frames_of_http2_are_no_slow_header() {
        let (mut watch, activity) = (watch(), Activity::default());
        drop(activity.begin(true));
        activity.read();
        assert_eq!(looks(&mut watch, &activity, 11), [Verdict::Keep; 11]);
    }
}
