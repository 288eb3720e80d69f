//! `cargo bench -p micro` in `bench/`. Goals: parse and bind 3 µs; a page of 20 entities 400 MB/s; 20 million rows/s of a
//! simple comparison.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::{HeaderMap, Method};
use micro::{QUERY, model, row_type, rows};
use odata::edm::DateTimeOffset;
use odata::engine::{Engine, Outcome, Page, Settings, Unsealed};
use odata::exec::memory::{Context, matches};
use odata::syntax::{Query, RawPath};
use odata::{Profile, bind};

fn parse_and_bind(criterion: &mut Criterion) {
    let model = model();
    let target = bind::path(&model, &RawPath::parse("checkins").expect("a path"), &Query::default()).expect("a set");
    criterion.bench_function("parse and bind", |bencher| {
        bencher.iter(|| {
            let query = Query::parse(black_box(QUERY)).expect("well-formed");
            bind::query(&model, &target, &query).expect("bound")
        });
    });
}

fn render(criterion: &mut Criterion) {
    let model = model();
    let engine = Engine::new(model.clone(), Settings::new(Profile::Graph));
    let page = Page { items: rows(&model, 20), ..Page::default() };
    let head =
        engine.head(&Method::GET, "/checkins", &HeaderMap::new(), "https://example.org", &Unsealed).expect("a head");
    let bytes = engine.render(&head, Outcome::Collection(page.clone()), &Unsealed).expect("rendered").body().len();
    let mut group = criterion.benchmark_group("render");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("a page of 20 entities", |bencher| {
        bencher.iter_batched(
            || page.clone(),
            |page| engine.render(&head, Outcome::Collection(page), &Unsealed).expect("rendered"),
            criterion::BatchSize::SmallInput,
        );
    });
    group.finish();
}

fn filter(criterion: &mut Criterion) {
    let model = model();
    let rows = rows(&model, 100_000);
    let context = Context::new(&model, DateTimeOffset::from_unix_nanos(0));
    let mut group = criterion.benchmark_group("filter 100,000 rows");
    group.throughput(Throughput::Elements(rows.len() as u64));
    for text in [
        "wasSuccessful eq false",
        "id gt 50000",
        "checkinDateTime ge 2023-11-15T00:00:00Z",
        "deviceName eq 'LAB-PC-000003'",
        "startswith(deviceName,'LAB-')",
        "wasSuccessful eq false and startswith(deviceName,'LAB-')",
        "length(deviceName) gt 5 or id mod 2 eq 1",
    ] {
        let filter = bind::filter(&model, row_type(&model), text).expect("bound");
        group.bench_function(text, |bencher| {
            bencher.iter(|| rows.iter().filter(|row| matches(&filter, row, context) == Ok(true)).count());
        });
    }
    group.finish();
}

criterion_group!(benches, parse_and_bind, render, filter);
criterion_main!(benches);
