//! Streams of prepared requests for the open loop, each with its own arrivals and its own books. It must never know what the requests mean.

use std::time::Duration;

use bytes::Bytes;
use load::{Arrival, Arrivals, OpenOutcome, OpenPlan, Phase, Source, Timeline, run_open};

use crate::progress::Progress;

/// After this a request that was sent is lost.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the run may take after the last arrival: until all have ended or lost patience.
const AFTERMATH: Duration = Duration::from_secs(40);

/// The windows of the books.
pub(crate) const WINDOW: Duration = Duration::from_millis(500);

/// Requests that are sent in turn at the times of an arrival process.
pub(crate) struct Stream<'a> {
    requests: &'a [Bytes],
    arrivals: Arrivals,
    next: Option<Duration>,
    sent: usize,
    pub(crate) timeline: Timeline,
}

impl<'a> Stream<'a> {
    pub(crate) fn new(requests: &'a [Bytes], phases: &[Phase], seed: u64) -> Self {
        let mut arrivals = Arrivals::new(phases, seed);
        let next = arrivals.next();
        Self { requests, arrivals, next, sent: 0, timeline: Timeline::new(WINDOW) }
    }
}

/// Several streams to one server.
pub(crate) struct Streams<'a> {
    pub(crate) streams: Vec<Stream<'a>>,
    progress: Progress,
}

impl<'a> Streams<'a> {
    /// Runs them to their end, at `length`.
    pub(crate) fn run(
        streams: Vec<Stream<'a>>,
        address: std::net::SocketAddr,
        connections: usize,
        length: Duration,
        what: &str,
    ) -> anyhow::Result<(Vec<Stream<'a>>, OpenOutcome)> {
        let mut all = Self { streams, progress: Progress::new(what, length) };
        let greeting = load::request("GET", "/healthz", &[], &[]);
        let end = length + AFTERMATH;
        let plan = OpenPlan { address, connections, greeting: &greeting, patience: PATIENCE, end };
        let outcome = run_open(&plan, &mut all)?;
        all.progress.finish();
        Ok((all.streams, outcome))
    }

    /// The stream whose request is due first.
    fn first(&self) -> Option<(usize, Duration)> {
        let due = self.streams.iter().enumerate().filter_map(|(index, stream)| Some((index, stream.next?)));
        due.min_by_key(|(_, due)| *due)
    }
}

impl Source for Streams<'_> {
    fn due(&mut self) -> Option<Duration> {
        self.first().map(|(_, due)| due)
    }

    fn take(&mut self, request: &mut Vec<u8>) -> anyhow::Result<u64> {
        let (index, _) = self.first().ok_or_else(|| anyhow::anyhow!("nothing is due"))?;
        let stream = &mut self.streams[index];
        request.extend_from_slice(&stream.requests[stream.sent % stream.requests.len()]);
        stream.sent += 1;
        stream.next = stream.arrivals.next();
        Ok(index as u64)
    }

    fn ended(&mut self, arrival: &Arrival) {
        self.progress.count(arrival);
        if let Some(stream) = usize::try_from(arrival.ticket).ok().and_then(|index| self.streams.get_mut(index)) {
            stream.timeline.take(arrival);
        }
    }

    fn tick(&mut self, now: Duration) {
        self.progress.show(now);
    }
}
