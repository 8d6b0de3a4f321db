//! The manual's page of metrics lists those of the catalog, and no others. So does the code that reports them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::catalog;
use super::metric::{Metric, MetricKind};
use crate::samples::{quoted, table_cells};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/operating/metrics.md")).unwrap()
}

/// The row of a metric in the manual.
fn row(metric: &Metric) -> String {
    let labels: Vec<String> = metric
        .labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect();
    let (name, kind, help) = (metric.name, metric.kind.name(), metric.help);
    format!("| `{name}` | {kind} | {} | {help} |", labels.join(", "))
}

#[test]
fn the_manual_has_a_row_for_each_metric() {
    let page = page();
    let starts = ["| `weld_host_", "| `process_"];
    let is_row = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    let documented: Vec<&str> = page.lines().filter(is_row).collect();
    let expected: Vec<String> = catalog::all().map(row).collect();
    assert_eq!(
        documented, expected,
        "docs/operating/metrics.md, in the order of the catalog"
    );
}

#[test]
fn the_manual_explains_each_label() {
    let page = page();
    let rows = table_cells(&page, "| label | values |");
    let documented: BTreeSet<&str> = rows.iter().flat_map(|row| quoted(row[0])).collect();
    let labels = catalog::all().flat_map(|metric| metric.labels);
    let known: BTreeSet<&str> = labels.copied().collect();
    assert_eq!(documented, known);
}

#[test]
fn names_and_descriptions_follow_the_conventions() {
    let mut names = BTreeSet::new();
    for Metric {
        name, kind, help, ..
    } in catalog::all()
    {
        assert!(names.insert(name), "{name} is there twice");
        assert_eq!(kind.name() == "counter", name.ends_with("_total"), "{name}");
        let times = ["_seconds", "_seconds_total"];
        let is_time = times.iter().any(|ending| name.ends_with(ending));
        assert_eq!(
            is_time,
            matches!(kind, MetricKind::Seconds | MetricKind::Histogram(_))
                || [catalog::START_TIME.name, catalog::CERTIFICATE_EXPIRY.name].contains(name),
            "{name}"
        );
        assert!(
            help.ends_with('.') && !help.contains(['\\', '\n', '|']),
            "{help}"
        );
        if let MetricKind::Histogram(bounds) = kind {
            assert!(bounds.is_sorted() && !bounds.is_empty(), "{name}");
        }
    }
}

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => sources(&path),
        false => vec![path],
    });
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .collect()
}

#[test]
fn every_constant_is_in_its_list_and_in_use() {
    let folder = root().join("host/src");
    let (mut constants, mut users) = (Vec::new(), String::new());
    for path in sources(&folder) {
        let code = fs::read_to_string(&path).unwrap();
        if path.starts_with(folder.join("telemetry/catalog")) {
            let lines = code
                .lines()
                .filter_map(|line| line.strip_prefix("pub(crate) const "));
            let names = lines.filter_map(|line| Some(line.split_once(": Metric")?.0.to_owned()));
            constants.extend(names);
        } else if !path.ends_with("telemetry/busy.rs") && !path.ends_with("tests.rs") {
            users.push_str(&code);
        }
    }
    assert_eq!(constants.len(), catalog::all().count(), "{constants:?}");
    for constant in constants {
        let full = format!("catalog::{constant}");
        let used = users.split(&full).skip(1);
        let used = used
            .filter(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'));
        assert!(used.count() > 0, "catalog::{constant} is reported nowhere");
    }
}

#[test]
fn no_room_names_a_metric_that_the_catalog_does_not_have() {
    let known: BTreeSet<&str> = catalog::all().map(|metric| metric.name).collect();
    let mut found = 0;
    for path in sources(&root().join("host/src")) {
        let code = fs::read_to_string(&path).unwrap();
        for rest in code.split("\"weld_host_").skip(1) {
            let name = rest
                .split(|next: char| !next.is_ascii_lowercase() && next != '_')
                .next();
            let name = format!("weld_host_{}", name.unwrap());
            // Tests name some that don't exist, and beginnings.
            if !name.ends_with('_') && !name.contains("unknown") {
                assert!(
                    known.contains(name.as_str()),
                    "{name} in {}",
                    path.display()
                );
                found += 1;
            }
        }
    }
    assert!(
        found >= known.len() - 10,
        "the test found almost nothing: {found}"
    );
}
