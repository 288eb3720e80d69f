//! A round: warm-up, measured part, and the wait for the last answers, so that every request sent is accounted for and the server is quiet
//! afterwards. It must never know what is measured.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use hdrhistogram::Histogram;
use mio::{Events, Poll, Token};

use crate::connection::{Connection, Progress};
use crate::head::Reply;

/// Faults after which a round that expects none says nothing any more.
pub const FAULTS_MAX: u64 = 1000;

/// The longest wait for an answer: past it the server hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Holds every answer but a huge one in one read.
const SCRATCH_BYTES: usize = 256 << 10;

/// What a round does.
pub struct Plan<'a> {
    /// The server.
    pub address: SocketAddr,
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Whole requests (see [`crate::request`]), sent in turn.
    pub requests: &'a [Bytes],
    /// The statuses that count, for the requests in turn; any other is a fault. So is an answer to a check-in that is not on record.
    pub expect: &'a [u16],
    /// Ends when each request was sent once.
    pub once: bool,
    /// Faults after which a round says nothing any more; usually [`FAULTS_MAX`].
    pub faults_max: u64,
    /// Not measured, before the rest.
    pub warm_up: Duration,
    /// When it ends.
    pub stop: Stop,
    /// Poll without sleeping: the core belongs to the generator, and the server need not wake it.
    pub spin: bool,
    /// Note the time after each so many answers; 0 for never.
    pub mark_every: u64,
}

/// When a round ends.
#[derive(Clone, Copy)]
pub enum Stop {
    /// After so long, the warm-up not counted.
    After(Duration),
    /// After so many requests, the warm-up not counted.
    Requests(u64),
}

/// What a round showed.
pub struct Outcome {
    /// Right answers in the measured part.
    pub answers: u64,
    /// The measured part.
    pub elapsed: Duration,
    /// Wrong statuses and broken connections, warm-up included.
    pub faults: u64,
    /// The first fault, in words.
    pub first_fault: Option<String>,
    /// From the start of the measured part to each multiple of `mark_every`.
    pub marks: Vec<Duration>,
    latencies: Histogram<u64>,
}

impl Outcome {
    /// Right answers a second.
    pub fn rate(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52 answers")]
        let answers = self.answers as f64;
        answers / self.elapsed.as_secs_f64()
    }

    /// The latency that the given part of the answers (0 to 1) stayed within.
    pub fn latency(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.latencies.value_at_quantile(quantile))
    }
}

/// Runs a round to its end.
pub fn run(plan: &Plan<'_>) -> anyhow::Result<Outcome> {
    anyhow::ensure!(
        !plan.requests.is_empty() && !plan.expect.is_empty(),
        "a round needs a request and what it expects"
    );
    let mut poll = Poll::new()?;
    let mut connections = (0..plan.connections)
        .map(|index| Connection::open(plan.address, poll.registry(), Token(index)))
        .collect::<io::Result<Vec<_>>>()
        .context("connecting")?;
    let mut round = Round::new(plan)?;
    for connection in &mut connections {
        connection.sent_at = Instant::now();
        round.send_next(connection);
    }
    let mut events = Events::with_capacity(plan.connections.max(64));
    let mut scratch = vec![0; SCRATCH_BYTES];
    let timeout = if plan.spin { Duration::ZERO } else { Duration::from_millis(100) };
    let mut last_event = Instant::now();
    while round.in_flight > 0 {
        if let Err(error) = poll.poll(&mut events, Some(timeout)) {
            if error.kind() == io::ErrorKind::Interrupted {
                continue;
            }
            return Err(error.into());
        }
        if events.is_empty() {
            if last_event.elapsed() > PATIENCE {
                bail!("no answer for {PATIENCE:?}");
            }
            continue;
        }
        for event in &events {
            let index = event.token().0;
            let connection = &mut connections[index];
            if !round.wake(connection, &mut scratch)? {
                *connection =
                    Connection::open(plan.address, poll.registry(), Token(index)).context("connecting again")?;
                round.send_next(connection);
            }
        }
        last_event = Instant::now();
    }
    Ok(round.finish())
}

struct Round<'a> {
    plan: &'a Plan<'a>,
    next: usize,
    in_flight: usize,
    measure_from: Instant,
    /// Requests of the measured part that were sent.
    sent: u64,
    ends: bool,
    ended_at: Option<Instant>,
    outcome: Outcome,
}

impl<'a> Round<'a> {
    fn new(plan: &'a Plan<'a>) -> anyhow::Result<Self> {
        Ok(Self {
            plan,
            next: 0,
            in_flight: 0,
            measure_from: Instant::now() + plan.warm_up,
            sent: 0,
            ends: false,
            ended_at: None,
            outcome: Outcome {
                answers: 0,
                elapsed: Duration::ZERO,
                faults: 0,
                first_fault: None,
                marks: Vec::new(),
                latencies: Histogram::new_with_bounds(1000, 60_000_000_000, 3)?,
            },
        })
    }

    /// False when the connection broke and is to be replaced.
    fn wake(&mut self, connection: &mut Connection, scratch: &mut [u8]) -> anyhow::Result<bool> {
        if !connection.in_flight {
            return Ok(true);
        }
        if let Some(offset) = connection.unsent {
            if connection.send(offset, &self.plan.requests[connection.index]).is_err() {
                return self.broken("sending failed");
            }
            return Ok(true);
        }
        match connection.receive(scratch) {
            Ok(Progress::Waits) => Ok(true),
            Ok(Progress::Answered(reply)) => {
                self.in_flight -= 1;
                let now = Instant::now();
                self.answered(reply, now, connection)?;
                if reply.closes {
                    return Ok(self.ends);
                }
                connection.sent_at = now;
                self.send_next(connection);
                Ok(true)
            }
            Err(error) => self.broken(&error.to_string()),
        }
    }

    fn answered(&mut self, reply: Reply, now: Instant, connection: &Connection) -> anyhow::Result<()> {
        if reply.status != self.plan.expect[connection.index % self.plan.expect.len()] {
            return self.fault(&format!("status {}", reply.status));
        }
        if !reply.recorded {
            return self.fault("an answer that is not on record");
        }
        if self.ended_at.is_some() || now < self.measure_from {
            return Ok(());
        }
        let since = now - self.measure_from;
        self.outcome.answers += 1;
        let latency = u64::try_from((now - connection.sent_at).as_nanos()).unwrap_or(u64::MAX);
        self.outcome.latencies.saturating_record(latency);
        let every = self.plan.mark_every;
        if every > 0 && self.outcome.answers.is_multiple_of(every) {
            self.outcome.marks.push(since);
        }
        match self.plan.stop {
            Stop::After(duration) if since >= duration => {
                self.ends = true;
                self.ended_at = Some(now);
            }
            // Overwritten by the end, unless the requests have run out before.
            Stop::After(_) => self.outcome.elapsed = since,
            // The last answers count too: the end is where the last one came.
            Stop::Requests(count) => {
                self.ends |= self.sent >= count;
                self.outcome.elapsed = since;
            }
        }
        Ok(())
    }

    fn send_next(&mut self, connection: &mut Connection) {
        if self.ends {
            return;
        }
        if let Stop::Requests(count) = self.plan.stop {
            if self.sent >= count {
                self.ends = true;
                return;
            }
            if connection.sent_at >= self.measure_from {
                self.sent += 1;
            }
        }
        if self.plan.once && self.next == self.plan.requests.len() {
            self.ends = true;
            return;
        }
        let index = self.next % self.plan.requests.len();
        self.next = index + 1;
        self.in_flight += 1;
        connection.index = index;
        // A broken connection is reported by its next wake-up.
        let _ = connection.send(0, &self.plan.requests[index]);
    }

    fn broken(&mut self, why: &str) -> anyhow::Result<bool> {
        self.in_flight -= 1;
        self.fault(why)?;
        Ok(false)
    }

    fn fault(&mut self, what: &str) -> anyhow::Result<()> {
        self.outcome.faults += 1;
        self.outcome.first_fault.get_or_insert_with(|| what.to_owned());
        if self.outcome.faults > self.plan.faults_max {
            bail!("too many faults; the first: {what}");
        }
        Ok(())
    }

    fn finish(mut self) -> Outcome {
        if let Some(ended_at) = self.ended_at {
            self.outcome.elapsed = ended_at - self.measure_from;
        }
        self.outcome
    }
}
