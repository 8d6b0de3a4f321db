//! The cost of one scrape: the time and the size of the metrics of many busy connectors.
//!
//! `cargo bench -p weld-host-tests --bench scrape_cost`.

#![allow(missing_docs, clippy::print_stdout, reason = "a benchmark prints")]

use std::time::{Duration, Instant};

use weld_host::telemetry::BenchScrape;

const SCRAPES: usize = 50;

fn main() {
    // `cargo test --benches` passes no `--bench`. Then one small scrape shows that the benchmark still works.
    let (all, scrapes) = if std::env::args().any(|argument| argument == "--bench") {
        (&[10, 100, 1_000][..], SCRAPES)
    } else {
        (&[10][..], 1)
    };
    println!(
        "{:>10} {:>10} {:>10} {:>12} {:>12}",
        "connectors", "lines", "KB", "median ms", "longest ms"
    );
    for connectors in all {
        let metrics = BenchScrape::of(*connectors);
        let text = metrics.scrape();
        let mut times: Vec<Duration> = (0..scrapes)
            .map(|_| {
                let began = Instant::now();
                let _text = metrics.scrape();
                began.elapsed()
            })
            .collect();
        times.sort();
        let milliseconds =
            |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
        println!(
            "{connectors:>10} {:>10} {:>10} {:>12.2} {:>12.2}",
            text.lines().count(),
            text.len() / 1_000,
            milliseconds(times.get(times.len() / 2)),
            milliseconds(times.last())
        );
    }
}
