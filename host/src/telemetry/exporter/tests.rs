use metrics::{histogram, with_local_recorder};

use super::super::busy;
use super::super::series_table::{
    MAX_SERIES, MAX_TABLE_BYTES, MAX_TABLES, MAX_TABLES_OF_A_CONNECTOR,
};
use super::*;

const SECOND: u64 = 1_000_000_000;

/// Reports to the exporter instead of the process's recorder.
fn report(exporter: &Exporter, report: impl FnOnce()) {
    with_local_recorder(&*exporter.series, report);
}

fn rows(connector: impl Into<String>, table: impl Into<String>, rows: u64) {
    counter!(catalog::ROWS.name, "connector" => connector.into(), "table" => table.into())
        .increment(rows);
}

fn text(exporter: &Exporter) -> String {
    exporter.render(|_| true, || ())
}

/// The lines of this metric, without its description.
fn lines<'t>(text: &'t str, metric: &str) -> Vec<&'t str> {
    let lines = text.lines();
    lines.filter(|line| line.starts_with(metric)).collect()
}

#[test]
fn series_are_written_as_prometheus_reads_them() {
    let exporter = Exporter::new();
    report(&exporter, || {
        rows("beers", "ales", 80);
        rows("beers", "\"quoted\" \\ and\nbroken", 1);
        counter!(catalog::GUEST_CPU_SECONDS.name, "connector" => "beers")
            .increment(SECOND * 3 / 2 + 123_456);
        histogram!(catalog::UPSTREAM_SECONDS.name, "connector" => "beers").record(0.2);
        histogram!(catalog::UPSTREAM_SECONDS.name, "connector" => "beers").record(600.0);
    });
    let observe = || gauge!(catalog::SLOTS.name).set(16);
    let text = exporter.render(|_| true, observe);
    for expected in [
        "# HELP weld_host_rows_total Rows in answers.\n\
         # TYPE weld_host_rows_total counter\n\
         weld_host_rows_total{connector=\"beers\",table=\"\\\"quoted\\\" \\\\ and\\nbroken\"} 1\n\
         weld_host_rows_total{connector=\"beers\",table=\"ales\"} 80\n",
        "# TYPE weld_host_guest_cpu_seconds_total counter\n\
         weld_host_guest_cpu_seconds_total{connector=\"beers\"} 1.5\n",
        "# TYPE weld_host_upstream_seconds histogram\n\
         weld_host_upstream_seconds_bucket{connector=\"beers\",le=\"0.1\"} 0\n\
         weld_host_upstream_seconds_bucket{connector=\"beers\",le=\"1\"} 1\n\
         weld_host_upstream_seconds_bucket{connector=\"beers\",le=\"10\"} 1\n\
         weld_host_upstream_seconds_bucket{connector=\"beers\",le=\"60\"} 1\n\
         weld_host_upstream_seconds_bucket{connector=\"beers\",le=\"+Inf\"} 2\n\
         weld_host_upstream_seconds_sum{connector=\"beers\"} 600.2\n\
         weld_host_upstream_seconds_count{connector=\"beers\"} 2\n",
        "# TYPE weld_host_slots gauge\nweld_host_slots 16\n",
        // Before the first event.
        "# TYPE weld_host_sandbox_wait_seconds histogram\n\
         weld_host_sandbox_wait_seconds_bucket{le=\"0.001\"} 0\n",
        "weld_host_metrics_refused_total 0\n",
    ] {
        assert!(text.contains(expected), "no {expected}in\n{text}");
    }
}

#[test]
fn each_metric_is_described_once_and_each_series_written_once() {
    let exporter = Exporter::new();
    report(&exporter, || busy::count(3));
    let text = exporter.render(|_| true, || busy::observe(3));
    let mut described = lines(&text, "# TYPE ");
    let all = described.len();
    assert!(all > 20, "{text}");
    described.sort_unstable();
    described.dedup();
    assert_eq!(described.len(), all);
    let mut series: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.rsplit_once(' ')?.0))
        .collect();
    let all = series.len();
    series.sort_unstable();
    series.dedup();
    assert_eq!(series.len(), all);
}

#[test]
fn a_million_table_names_take_the_memory_of_a_hundred() {
    let exporter = Exporter::new();
    report(&exporter, || {
        for number in 0..1_000_000 {
            rows("beers", format!("table-{number}"), 1);
        }
    });
    let text = text(&exporter);
    let lines = lines(&text, catalog::ROWS.name);
    assert_eq!(lines.len(), MAX_TABLES_OF_A_CONNECTOR + 1);
    let other = "weld_host_rows_total{connector=\"beers\",table=\"other\"} 999900";
    assert!(lines.contains(&other), "{lines:?}");
    assert!(exporter.series.len() < MAX_TABLES_OF_A_CONNECTOR + 20);
    assert_eq!(exporter.series.refused(), 0);
}

#[test]
fn long_table_names_and_those_beyond_the_total_are_counted_together() {
    let exporter = Exporter::new();
    let connectors = MAX_TABLES / MAX_TABLES_OF_A_CONNECTOR;
    report(&exporter, || {
        rows("long", "x".repeat(MAX_TABLE_BYTES + 1), 7);
        for connector in 0..connectors {
            for table in 0..MAX_TABLES_OF_A_CONNECTOR {
                rows(format!("c-{connector}"), format!("t-{table}"), 1);
            }
        }
        rows("late", "one", 3);
        rows("late", "two", 4);
    });
    let text = text(&exporter);
    for expected in [
        "weld_host_rows_total{connector=\"long\",table=\"other\"} 7\n",
        "weld_host_rows_total{connector=\"late\",table=\"other\"} 7\n",
    ] {
        assert!(text.contains(expected), "no {expected}");
    }
    assert_eq!(lines(&text, catalog::ROWS.name).len(), MAX_TABLES + 2);
}

#[test]
fn only_one_metric_has_a_table() {
    // The limits count series, not names.
    let with_table = catalog::all().filter(|metric| metric.labels.contains(&"table"));
    assert_eq!(with_table.count(), 1);
}

#[test]
fn series_beyond_the_limit_are_refused_and_counted() {
    let exporter = Exporter::new();
    let more = 10;
    let free = MAX_SERIES - exporter.series.len();
    report(&exporter, || {
        for number in 0..free + more {
            counter!(catalog::ANSWER_BYTES.name, "connector" => format!("c-{number}")).increment(1);
        }
        counter!(catalog::ANSWER_BYTES.name, "connector" => "c-0").increment(1);
    });
    assert_eq!(exporter.series.len(), MAX_SERIES);
    assert_eq!(exporter.series.refused(), more as u64);
    let text = text(&exporter);
    let known = "weld_host_answer_bytes_total{connector=\"c-0\"} 2\n";
    assert!(text.contains(known), "known series still count");
}

#[test]
fn series_of_a_removed_connector_are_forgotten_after_a_while() {
    let exporter = Exporter::new();
    report(&exporter, || {
        for connector in ["gone", "back", "stays", NO_CONNECTOR] {
            rows(connector, "ales", 1);
        }
    });
    let began = Instant::now();
    let scrape = |after: Duration, served: &[&str]| {
        let at = began + after;
        let text = exporter.render_at(at, |name| served.contains(&name), || ());
        let lines = lines(&text, catalog::ROWS.name);
        ["gone", "back", "stays", NO_CONNECTOR]
            .into_iter()
            .filter(|name| {
                lines
                    .iter()
                    .any(|line| line.contains(&format!("\"{name}\"")))
            })
            .collect::<Vec<_>>()
    };
    let half = KEPT_AFTER_REMOVAL / 2;
    let all = ["gone", "back", "stays", NO_CONNECTOR];
    assert_eq!(scrape(Duration::ZERO, &["stays"]), all);
    assert_eq!(scrape(half, &["stays", "back"]), all);
    let rest = ["back", "stays", NO_CONNECTOR];
    assert_eq!(scrape(KEPT_AFTER_REMOVAL, &["stays"]), rest);
    // For the one that came back, the time starts over.
    assert_eq!(scrape(KEPT_AFTER_REMOVAL + half, &["stays"]), rest);
    assert_eq!(
        scrape(KEPT_AFTER_REMOVAL * 2, &["stays"]),
        ["stays", NO_CONNECTOR]
    );
    // Its tables have room again.
    report(&exporter, || {
        for number in 0..=MAX_TABLES_OF_A_CONNECTOR {
            rows("gone", format!("t-{number}"), 1);
        }
    });
    let text = text(&exporter);
    let other = "weld_host_rows_total{connector=\"gone\",table=\"other\"} 1\n";
    assert!(text.contains(other), "{text}");
}

#[test]
fn gauges_last_for_one_scrape() {
    let exporter = Exporter::new();
    let up = || gauge!(catalog::CONNECTOR_UP.name, "connector" => "beers").set(1);
    let line = "weld_host_connector_up{connector=\"beers\"} 1\n";
    assert!(exporter.render(|_| true, up).contains(line));
    assert!(!text(&exporter).contains(catalog::CONNECTOR_UP.name));
}

#[test]
fn unknown_metrics_and_other_kinds_are_left_out() {
    let exporter = Exporter::new();
    // Adds what a scrape itself counts.
    text(&exporter);
    let before = exporter.series.len();
    report(&exporter, || {
        counter!("weld_host_unknown_total").increment(1);
        gauge!("requests").set(1);
        histogram!(catalog::ROWS.name, "connector" => "beers", "table" => "ales").record(1.0);
    });
    let text = text(&exporter);
    assert!(
        !text.contains("unknown") && !text.contains("\nrequests"),
        "{text}"
    );
    assert!(exporter.series.len() <= before + 1);
}

#[test]
fn a_kept_handle_counts_like_a_new_one() {
    let exporter = Exporter::new();
    let handle = with_local_recorder(
        &*exporter.series,
        || counter!(catalog::ANSWER_BYTES.name, "connector" => "beers"),
    );
    handle.increment(1);
    report(&exporter, || {
        counter!(catalog::ANSWER_BYTES.name, "connector" => "beers").increment(2);
    });
    handle.increment(4);
    let line = "weld_host_answer_bytes_total{connector=\"beers\"} 7\n";
    assert!(text(&exporter).contains(line));
}

#[test]
fn scrape_of_a_thousand_busy_connectors_is_at_most_three_megabytes() {
    let exporter = Exporter::new();
    report(&exporter, || busy::count(1_000));
    let text = exporter.render(|_| true, || busy::observe(1_000));
    let (bytes, lines) = (text.len(), text.lines().count());
    assert!(lines > 30_000, "{lines} lines");
    assert!(bytes < 3_000_000, "{bytes} bytes");
}

#[test]
fn labels_of_one_series_come_in_the_order_of_the_catalog() {
    let exporter = Exporter::new();
    report(&exporter, || {
        counter!(catalog::ROWS.name, "table" => "ales", "connector" => "beers").increment(1);
    });
    let line = "weld_host_rows_total{connector=\"beers\",table=\"ales\"} 1\n";
    assert!(text(&exporter).contains(line));
}
