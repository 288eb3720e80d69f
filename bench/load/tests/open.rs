//! The open loop's accounting against small servers: a stall is seen by all who came in it, and nothing that was due is forgotten.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use load::{Arrival, Arrivals, OpenOutcome, OpenPlan, Phase, Source, Timeline, run_open};

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// Answers each request of a connection in turn with what `answer` makes of the time since the start; `None` closes the connection.
fn serve(answer: impl Fn(Duration) -> Option<&'static str> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        let started = Instant::now();
        for stream in listener.incoming() {
            let (stream, answer) = (stream.expect("accepts"), Arc::clone(&answer));
            std::thread::spawn(move || converse(stream, || answer(started.elapsed())));
        }
    });
    address
}

fn converse(mut stream: TcpStream, answer: impl Fn() -> Option<&'static str>) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {
        let Some(text) = answer() else { return };
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Asks at the times of `arrivals` and keeps the books.
struct Steady {
    arrivals: Arrivals,
    next: Option<Duration>,
    taken: u64,
    timeline: Timeline,
}

impl Steady {
    fn new(length: Duration, per_second: f64) -> Self {
        let mut arrivals = Arrivals::new(&[Phase { length, per_second }], 1);
        let next = arrivals.next();
        Self { arrivals, next, taken: 0, timeline: Timeline::new(Duration::from_millis(100)) }
    }

    fn run(&mut self, address: SocketAddr, connections: usize, end: Duration) -> OpenOutcome {
        let plan = OpenPlan { address, connections, greeting: &[], patience: Duration::from_secs(5), end };
        run_open(&plan, self).expect("a run")
    }
}

impl Source for Steady {
    fn due(&mut self) -> Option<Duration> {
        self.next
    }

    fn take(&mut self, request: &mut Vec<u8>) -> anyhow::Result<u64> {
        request.extend_from_slice(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n");
        self.next = self.arrivals.next();
        self.taken += 1;
        Ok(self.taken)
    }

    fn ended(&mut self, arrival: &Arrival) {
        self.timeline.take(arrival);
    }

    fn tick(&mut self, _now: Duration) {}
}

const LONG: Duration = Duration::from_secs(20);

#[test]
fn a_stall_of_a_second_is_seen_by_all_who_came_in_it() {
    // One connection that stalls once from its first request on: a closed loop would send nothing meanwhile, and find one slow answer.
    let stalled = AtomicBool::new(false);
    let address = serve(move |_| {
        if !stalled.swap(true, Ordering::SeqCst) {
            std::thread::sleep(Duration::from_secs(1));
        }
        Some(OK)
    });
    let mut source = Steady::new(Duration::from_secs(2), 200.0);
    let outcome = source.run(address, 1, LONG);
    let total = source.timeline.total();
    assert_eq!((total.due, total.ok), (source.taken, source.taken));
    assert!(total.latency(1.0) >= Duration::from_secs(1), "{:?}", total.latency(1.0));
    // Who came 0.4 s into the stall waited for the 0.6 s that were left of it.
    let early = source.timeline.between(Duration::ZERO, Duration::from_millis(400));
    assert!(
        early.due > 20 && early.latency(0.0) >= Duration::from_millis(500),
        "{} {:?}",
        early.due,
        early.latency(0.0)
    );
    assert!(outcome.waited > 100, "{} had to wait for the connection", outcome.waited);
}

#[test]
fn a_stalled_server_does_not_slow_the_arrivals() {
    let address = serve(|since| {
        std::thread::sleep(Duration::from_secs(1).saturating_sub(since));
        Some(OK)
    });
    let mut source = Steady::new(Duration::from_secs(2), 300.0);
    source.run(address, 600, LONG);
    let first = source.timeline.between(Duration::ZERO, Duration::from_secs(1));
    assert!((200..400).contains(&first.due), "{} were due in the second of the stall", first.due);
    assert_eq!(source.timeline.total().good(), source.taken);
    let finished: u64 = source.timeline.windows().iter().map(|window| window.finished).sum();
    assert_eq!(finished, source.taken);
}

#[test]
fn what_is_not_sent_or_not_answered_by_the_end_is_accounted_for() {
    let address = serve(|_| {
        std::thread::sleep(LONG);
        None
    });
    let mut source = Steady::new(Duration::from_millis(500), 200.0);
    source.run(address, 3, Duration::from_millis(600));
    let total = source.timeline.total();
    assert_eq!((total.lost, total.good()), (3, 0));
    assert!(total.unsent > 50);
    assert_eq!(total.due, total.lost + total.unsent);
}

#[test]
fn broken_connections_are_opened_again() {
    let count = std::sync::atomic::AtomicU64::new(0);
    let address = serve(move |_| (!count.fetch_add(1, Ordering::SeqCst).is_multiple_of(10)).then_some(OK));
    let mut source = Steady::new(Duration::from_secs(1), 300.0);
    let outcome = source.run(address, 4, LONG);
    let total = source.timeline.total();
    assert!(total.lost > 0 && outcome.reopened >= total.lost, "{} lost, {} opened again", total.lost, outcome.reopened);
    assert_eq!(total.ok + total.lost, source.taken);
}

#[test]
fn refusals_are_told_apart() {
    let count = std::sync::atomic::AtomicU64::new(0);
    let address = serve(move |_| {
        Some(match count.fetch_add(1, Ordering::SeqCst) % 4 {
            0 => "HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n",
            1 => "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
            2 => "HTTP/1.1 304 Not Modified\r\nofficeconfig-recorded: false\r\n\r\n",
            _ => "HTTP/1.1 204 No Content\r\n\r\n",
        })
    });
    let mut source = Steady::new(Duration::from_millis(500), 400.0);
    source.run(address, 1, LONG);
    let total = source.timeline.total();
    let quarter = source.taken / 4;
    assert!(total.busy.abs_diff(quarter) <= 1 && total.busy_for_ever.abs_diff(quarter) <= 1);
    assert!(total.unrecorded == total.unmodified && total.unmodified.abs_diff(quarter) <= 1);
    assert_eq!(total.good(), total.accepted);
    assert_eq!(total.bad(), total.due - total.accepted);
}

#[test]
fn each_connection_is_greeted_before_the_start() {
    let count = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let address = serve(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Some(OK)
    });
    let mut source = Steady::new(Duration::from_millis(100), 100.0);
    let greeting = load::request("GET", "/healthz", &[], &[]);
    let plan = OpenPlan { address, connections: 50, greeting: &greeting, patience: Duration::from_secs(5), end: LONG };
    run_open(&plan, &mut source).expect("a run");
    assert_eq!(count.load(Ordering::SeqCst), 50 + source.taken);
    assert_eq!(source.timeline.total().due, source.taken);
}
