//! What an operator watches, as `/metrics` gives it (OpenMetrics text). Numbers of the whole process: nothing in them tells about a tenant. It must
//! never decide anything.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use http_body_util::Full;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use store::{Observer, Transaction};

use crate::http::Answer;

/// Upper bounds of times, in seconds: from an answer out of memory to one that gave up.
const SECONDS: [f64; 14] = [0.000_1, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// Upper bounds of what shares a transaction.
const ENTRIES: [f64; 8] = [1.0, 4.0, 16.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];

/// One label.
type Labels<const N: usize> = [(&'static str, &'static str); N];

/// Which part of the service answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plane {
    /// `/beta`, `/v1.0`
    Admin,
    /// `/user`
    Client,
    /// Health, documents, and what nobody answers.
    Operations,
}

impl Plane {
    const ALL: [Self; 3] = [Self::Admin, Self::Client, Self::Operations];

    fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Client => "client",
            Self::Operations => "operations",
        }
    }
}

/// Classes of statuses, by their first digit.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// The counters of one plane, found once.
#[derive(Debug)]
struct PlaneCounters {
    by_class: [Counter; CLASSES.len()],
    seconds: Histogram,
}

/// All of them.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    planes: [PlaneCounters; 3],
    /// Requests to the admin plane that were one too many.
    pub(crate) limited: Limited,
    /// Policies that were fetched and are on record.
    pub(crate) fetches_recorded: Counter,
    /// Policies that were given although it could not be recorded.
    pub(crate) fetches_unrecorded: Counter,
    /// Reports that are on record.
    pub(crate) reports_recorded: Counter,
    /// Reports that were turned away because they could not be recorded.
    pub(crate) reports_unrecorded: Counter,
    /// Answers to clients that were there.
    pub(crate) effective_hits: Counter,
    /// Answers to clients that had to be made.
    pub(crate) effective_misses: Counter,
    /// Configurations that had to be read for clients.
    pub(crate) audience_misses: Counter,
    store: StoreCounters,
}

/// By what is bounded.
#[derive(Debug, Default)]
pub(crate) struct Limited {
    pub(crate) tenant: Counter,
    pub(crate) app: Counter,
}

#[derive(Debug, Clone)]
struct StoreCounters {
    commits: Counter,
    checkins: Counter,
    refused: Counter,
    failed: Counter,
    waiting: Gauge,
    entries: Histogram,
    seconds: Histogram,
}

impl Metrics {
    /// All at zero.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("officeconfig");
        let requests = Family::<Labels<2>, Counter>::default();
        let seconds = Family::<Labels<1>, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        registry.register("requests", "Requests answered", requests.clone());
        let help = "From the request's headers to its answer";
        registry.register_with_unit("request_duration", help, Unit::Seconds, seconds.clone());
        let planes = Plane::ALL.map(|plane| PlaneCounters {
            by_class: CLASSES
                .map(|class| requests.get_or_create(&[("plane", plane.name()), ("status", class)]).clone()),
            seconds: seconds.get_or_create(&[("plane", plane.name())]).clone(),
        });
        let limited = Family::<Labels<2>, Counter>::default();
        registry.register("requests_limited", "Requests answered with 429", limited.clone());
        let limited = |by| limited.get_or_create(&[("plane", Plane::Admin.name()), ("limit", by)]).clone();
        let checkins = Family::<Labels<2>, Counter>::default();
        registry.register("checkins", "Check-ins of clients answered", checkins.clone());
        let checkin = |kind, recorded| checkins.get_or_create(&[("kind", kind), ("recorded", recorded)]).clone();
        let cache = Family::<Labels<2>, Counter>::default();
        registry.register("client_cache", "Lookups for answers to clients", cache.clone());
        let looked_up = |what, result| cache.get_or_create(&[("cache", what), ("result", result)]).clone();
        Self {
            planes,
            limited: Limited { tenant: limited("tenant"), app: limited("app") },
            fetches_recorded: checkin("fetch", "true"),
            fetches_unrecorded: checkin("fetch", "false"),
            reports_recorded: checkin("report", "true"),
            reports_unrecorded: checkin("report", "false"),
            effective_hits: looked_up("effective", "hit"),
            effective_misses: looked_up("effective", "miss"),
            audience_misses: looked_up("audience", "miss"),
            store: StoreCounters::new(&mut registry),
            registry,
        }
    }

    /// A request was answered.
    pub(crate) fn answered(&self, plane: Plane, status: StatusCode, took: Duration) {
        let counters = &self.planes[plane as usize];
        let class = usize::from(status.as_u16() / 100).saturating_sub(1);
        if let Some(counter) = counters.by_class.get(class) {
            counter.inc();
        }
        counters.seconds.observe(took.as_secs_f64());
    }

    /// Whoever is told by the store.
    pub fn observer(&self) -> std::sync::Arc<dyn Observer> {
        std::sync::Arc::new(self.store.clone())
    }

    /// `GET /metrics`
    pub(crate) fn answer(&self) -> Answer {
        let mut text = String::with_capacity(16 * 1024);
        // Writing to a `String` cannot fail.
        let _ = encode(&mut text, &self.registry);
        let mut answer = Answer::new(Full::new(Bytes::from(text)));
        let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl StoreCounters {
    fn new(registry: &mut Registry) -> Self {
        let entries = Family::<Labels<1>, Counter>::default();
        registry.register("store_entries", "Commits and check-ins that became durable", entries.clone());
        // A family is locked as long as what it gave is looked at.
        let of = |kind| entries.get_or_create(&[("kind", kind)]).clone();
        let counters = Self {
            commits: of("commit"),
            checkins: of("checkin"),
            refused: Counter::default(),
            failed: Counter::default(),
            waiting: Gauge::default(),
            entries: Histogram::new(ENTRIES),
            seconds: Histogram::new(SECONDS),
        };
        let help = "Commits and check-ins that were not begun: too many waited, or they would have waited too long";
        registry.register("store_refused", help, counters.refused.clone());
        registry.register(
            "store_failed_transactions",
            "Transactions that did not reach the disk",
            counters.failed.clone(),
        );
        registry.register("store_waiting", "Commits and check-ins in the writer's queue", counters.waiting.clone());
        let help = "Commits and check-ins in one transaction";
        registry.register("store_transaction_entries", help, counters.entries.clone());
        let help = "One transaction, from its first statement to the disk";
        registry.register_with_unit("store_transaction_duration", help, Unit::Seconds, counters.seconds.clone());
        counters
    }
}

impl Observer for StoreCounters {
    fn transaction(&self, done: Transaction) {
        self.waiting.set(i64::try_from(done.waiting).unwrap_or(i64::MAX));
        self.seconds.observe(done.took.as_secs_f64());
        if !done.is_durable {
            self.failed.inc();
            return;
        }
        self.commits.inc_by(done.commits);
        self.checkins.inc_by(done.checkins);
        // Counts of a batch are far below 2^52.
        #[expect(clippy::cast_precision_loss, reason = "a batch is bounded")]
        self.entries.observe((done.commits + done.checkins) as f64);
    }

    fn refused(&self) {
        self.refused.inc();
    }
}
