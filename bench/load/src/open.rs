//! The open loop: requests are due at times that no answer moves. One that has to wait, for a connection or for the generator itself, is sent
//! later, and its latency counts from when it was due (no coordinated omission). It must never know what is asked, or when.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use hdrhistogram::Histogram;
use mio::{Events, Poll, Token};
use rustix::event::{PollFd, PollFlags, Timespec};

use crate::connection::{Connection, Progress};
use crate::head::Reply;

/// Holds every answer but a huge one in one read.
const SCRATCH_BYTES: usize = 64 << 10;

/// How often [`Source::tick`] is called and connections are looked over.
const TICK: Duration = Duration::from_millis(100);

/// Requests sent before answers are looked at again.
const SENT_AT_ONCE: usize = 32;

/// How a run is done.
pub struct OpenPlan<'a> {
    /// The server.
    pub address: SocketAddr,
    /// Connections, opened before the start; with all in use requests wait for one.
    pub connections: usize,
    /// A request that is answered on each of them before the start: a server accepts thousands only one after the other, and may close
    /// those that say nothing. Empty for none.
    pub greeting: &'a [u8],
    /// An answer that takes longer after its request was sent is given up.
    pub patience: Duration,
    /// The run ends here whatever is still to come.
    pub end: Duration,
}

/// What is asked, and when. All times are from the start of the run.
pub trait Source {
    /// When the next request is due; `None` when there is none (an answer may bring another).
    fn due(&mut self) -> Option<Duration>;

    /// Takes the request that is due next, writes its bytes and gives a number to know it by.
    fn take(&mut self, request: &mut Vec<u8>) -> anyhow::Result<u64>;

    /// A request has come to its end. Each that was taken does.
    fn ended(&mut self, arrival: &Arrival);

    /// Called some times a second.
    fn tick(&mut self, now: Duration);
}

/// A request that has come to its end.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// What [`Source::take`] gave.
    pub ticket: u64,
    /// When it was due.
    pub due: Duration,
    /// When it ended.
    pub ended: Duration,
    /// How.
    pub end: End,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With an answer.
    Answered(Reply),
    /// With a broken connection, or with the generator's patience.
    Lost,
    /// Without having been sent when the run ended.
    Unsent,
}

impl Arrival {
    /// From when it was due.
    pub fn latency(&self) -> Duration {
        self.ended.saturating_sub(self.due)
    }

    /// Answered as hoped, and on record.
    pub fn is_good(&self) -> bool {
        matches!(self.end, End::Answered(Reply { status: 200 | 204 | 304, recorded: true, .. }))
    }
}

/// What a run showed of the generator itself.
pub struct OpenOutcome {
    /// From the start to the last end.
    pub elapsed: Duration,
    /// Connections that had to be opened again.
    pub reopened: u64,
    /// Requests that found all connections in use when they were due.
    pub waited: u64,
    delays: Histogram<u64>,
}

impl OpenOutcome {
    /// How late this part (0 to 1) of the requests were sent at most, of those that had a connection: the generator's own delay.
    pub fn own_delay(&self, quantile: f64) -> Duration {
        Duration::from_micros(self.delays.value_at_quantile(quantile))
    }
}

/// Runs to the end of the source or of the plan.
pub fn run_open(plan: &OpenPlan<'_>, source: &mut dyn Source) -> anyhow::Result<OpenOutcome> {
    let mut run = Run::new(plan)?;
    let mut events = Events::with_capacity(1024);
    run.greet(&mut events)?;
    run.started = Instant::now();
    loop {
        let now = run.now();
        run.tick(now, source);
        run.send_due(source)?;
        let next = source.due();
        if (next.is_none() && run.in_flight == 0) || now >= plan.end {
            break;
        }
        run.wait(now, next)?;
        match run.poll.poll(&mut events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        }
        for event in &events {
            run.wake(event.token().0, source);
        }
    }
    run.finish(source)
}

struct Slot {
    /// None while it cannot be opened.
    connection: Option<Connection>,
    request: Vec<u8>,
    ticket: u64,
    due: Duration,
    sent: Duration,
}

struct Run<'a> {
    plan: &'a OpenPlan<'a>,
    poll: Poll,
    slots: Vec<Slot>,
    /// Those that wait longest are used first, so that none is closed for being idle.
    idle: VecDeque<usize>,
    in_flight: usize,
    started: Instant,
    next_tick: Duration,
    /// Whether the request that is due next has been counted as waiting for a connection.
    outcome: OpenOutcome,
    starved_since: Option<Duration>,
    scratch: Vec<u8>,
}

impl<'a> Run<'a> {
    fn new(plan: &'a OpenPlan<'a>) -> anyhow::Result<Self> {
        let poll = Poll::new()?;
        let slots = (0..plan.connections.max(1))
            .map(|index| {
                let connection = Connection::open(plan.address, poll.registry(), Token(index))?;
                let (due, sent) = (Duration::ZERO, Duration::ZERO);
                Ok(Slot { connection: Some(connection), request: Vec::new(), ticket: 0, due, sent })
            })
            .collect::<io::Result<Vec<_>>>()
            .context("connecting")?;
        let idle = (0..slots.len()).collect();
        let delays = Histogram::new_with_bounds(1, 120_000_000, 2)?;
        let outcome = OpenOutcome { elapsed: Duration::ZERO, reopened: 0, waited: 0, delays };
        Ok(Self {
            plan,
            poll,
            slots,
            idle,
            in_flight: 0,
            started: Instant::now(),
            next_tick: Duration::ZERO,
            outcome,
            starved_since: None,
            scratch: vec![0; SCRATCH_BYTES],
        })
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// Has the greeting answered on each connection.
    fn greet(&mut self, events: &mut Events) -> anyhow::Result<()> {
        if self.plan.greeting.is_empty() {
            return Ok(());
        }
        let mut waiting = 0;
        for slot in &mut self.slots {
            if let Some(connection) = &mut slot.connection {
                connection.send(0, self.plan.greeting)?;
                waiting += 1;
            }
        }
        let give_up = Instant::now() + self.plan.patience;
        while waiting > 0 {
            ensure!(Instant::now() < give_up, "{waiting} connections are not served");
            match self.poll.poll(events, Some(TICK)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            }
            for event in &*events {
                let slot = &mut self.slots[event.token().0];
                let Some(connection) = slot.connection.as_mut().filter(|connection| connection.in_flight) else {
                    continue;
                };
                if let Progress::Answered(reply) = connection.receive(&mut self.scratch).context("greeting")? {
                    ensure!(reply.status == 200 && !reply.closes, "a greeting is answered {}", reply.status);
                    waiting -= 1;
                }
            }
        }
        Ok(())
    }

    /// Sends what is due, as far as there are connections.
    fn send_due(&mut self, source: &mut dyn Source) -> anyhow::Result<()> {
        for _ in 0..SENT_AT_ONCE {
            let now = self.now();
            let Some(due) = source.due().filter(|due| *due <= now) else {
                self.starved_since = None;
                return Ok(());
            };
            let Some(index) = self.idle.pop_front() else {
                self.starved_since.get_or_insert(now);
                return Ok(());
            };
            let slot = &mut self.slots[index];
            slot.request.clear();
            slot.ticket = source.take(&mut slot.request)?;
            slot.due = due;
            slot.sent = now;
            // While connections were short, what came due waited for one and not for the generator.
            if self.starved_since.is_some_and(|since| due >= since) {
                self.outcome.waited += 1;
            } else {
                self.outcome
                    .delays
                    .saturating_record(u64::try_from(now.saturating_sub(due).as_micros()).unwrap_or(u64::MAX));
            }
            self.in_flight += 1;
            let sent = slot.connection.as_mut().is_some_and(|connection| connection.send(0, &slot.request).is_ok());
            if !sent {
                self.end(index, End::Lost, source);
                self.reopen(index);
            }
        }
        Ok(())
    }

    fn wake(&mut self, index: usize, source: &mut dyn Source) {
        let slot = &mut self.slots[index];
        let Some(connection) = &mut slot.connection else { return };
        let was_in_flight = connection.in_flight;
        if let Some(offset) = connection.unsent {
            if connection.send(offset, &slot.request).is_ok() {
                return;
            }
        } else {
            match connection.receive(&mut self.scratch) {
                Ok(Progress::Waits) => return,
                Ok(Progress::Answered(reply)) if was_in_flight => {
                    self.end(index, End::Answered(reply), source);
                    if reply.closes {
                        self.reopen(index);
                    } else {
                        self.idle.push_back(index);
                    }
                    return;
                }
                // An answer to nothing, or a connection that the server has closed.
                Ok(Progress::Answered(_)) | Err(_) => {}
            }
        }
        if was_in_flight {
            self.end(index, End::Lost, source);
        } else {
            self.idle.retain(|idle| *idle != index);
        }
        self.reopen(index);
    }

    fn end(&mut self, index: usize, end: End, source: &mut dyn Source) {
        self.in_flight -= 1;
        let slot = &self.slots[index];
        source.ended(&Arrival { ticket: slot.ticket, due: slot.due, ended: self.started.elapsed(), end });
    }

    /// Opens a connection anew. One that cannot be opened is tried again at the next tick.
    fn reopen(&mut self, index: usize) {
        self.outcome.reopened += 1;
        let opened = Connection::open(self.plan.address, self.poll.registry(), Token(index));
        self.slots[index].connection = opened.ok();
        if self.slots[index].connection.is_some() {
            self.idle.push_back(index);
        }
    }

    fn tick(&mut self, now: Duration, source: &mut dyn Source) {
        if now < self.next_tick {
            return;
        }
        self.next_tick = now + TICK;
        source.tick(now);
        for index in 0..self.slots.len() {
            let slot = &self.slots[index];
            match &slot.connection {
                None => self.reopen(index),
                Some(connection) if connection.in_flight && now.saturating_sub(slot.sent) > self.plan.patience => {
                    self.end(index, End::Lost, source);
                    self.reopen(index);
                }
                Some(_) => {}
            }
        }
    }

    /// Sleeps until an answer comes, a request is due, or a tick is. To the microsecond, which `epoll` itself does not.
    fn wait(&self, now: Duration, next: Option<Duration>) -> anyhow::Result<()> {
        let next = next.filter(|_| !self.idle.is_empty()).unwrap_or(Duration::MAX);
        let until = next.min(self.next_tick);
        let Some(pause) = until.checked_sub(now).filter(|pause| !pause.is_zero()) else { return Ok(()) };
        let timeout = Timespec::try_from(pause).context("a short time")?;
        match rustix::event::poll(&mut [PollFd::new(self.poll.registry(), PollFlags::IN)], Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Accounts for what has not ended.
    fn finish(mut self, source: &mut dyn Source) -> anyhow::Result<OpenOutcome> {
        for index in 0..self.slots.len() {
            if self.slots[index].connection.as_ref().is_some_and(|connection| connection.in_flight) {
                self.end(index, End::Lost, source);
            }
        }
        let mut scratch = Vec::new();
        let now = self.now();
        while let Some(due) = source.due().filter(|due| *due <= now) {
            scratch.clear();
            let ticket = source.take(&mut scratch)?;
            source.ended(&Arrival { ticket, due, ended: now, end: End::Unsent });
        }
        source.tick(now);
        self.outcome.elapsed = now;
        Ok(self.outcome)
    }
}
