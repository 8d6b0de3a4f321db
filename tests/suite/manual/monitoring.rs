//! The dashboard and the alerts use only metrics that exist, with labels that they have. `.ci/run monitoring` checks the
//! alerts with the tools of Prometheus.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{cells, page, quoted};

/// The labels of each metric of the manual, with the names under which Prometheus has them.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let page = page("docs/operating/metrics.md");
    let mut known = BTreeMap::new();
    // Prometheus' own.
    known.insert("up".to_owned(), BTreeSet::new());
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    for row in rows.map(cells).filter(|cells| cells.len() == 6) {
        let name = quoted(row[1]).next().unwrap();
        let mut labels: BTreeSet<String> = quoted(row[3]).map(str::to_owned).collect();
        if row[2] == "histogram" {
            known.insert(format!("{name}_sum"), labels.clone());
            known.insert(format!("{name}_count"), labels.clone());
            labels.insert("le".to_owned());
            known.insert(format!("{name}_bucket"), labels);
        } else {
            known.insert(name.to_owned(), labels);
        }
    }
    assert!(known.len() > 40, "the test found almost nothing: {known:?}");
    known
}

/// Labels that Prometheus adds.
const ADDED: [&str; 2] = ["instance", "job"];

/// Words of the language that are followed by names of labels in parentheses.
const GROUPING: [&str; 3] = ["by", "on", "without"];

/// Functions, operators and words of the language.
const LANGUAGE: [&str; 12] = [
    "and",
    "by",
    "histogram_quantile",
    "increase",
    "label_values",
    "on",
    "rate",
    "sum",
    "time",
    "topk",
    "unless",
    "without",
];

/// The metrics of an expression with the labels that it selects, and the labels by which it groups.
fn parsed(expression: &str) -> (Vec<(String, Vec<String>)>, Vec<String>) {
    let (mut metrics, mut groups): (Vec<(String, Vec<String>)>, Vec<String>) = Default::default();
    let is_word = |next: char| next.is_ascii_alphanumeric() || next == '_' || next == '$';
    let mut rest = expression;
    while let Some(start) = rest.find(is_word) {
        rest = &rest[start..];
        let end = rest.find(|next| !is_word(next)).unwrap_or(rest.len());
        let word = &rest[..end];
        rest = &rest[end..];
        let list = |open: char, close: char| {
            let inner = rest.trim_start().strip_prefix(open)?;
            inner.split_once(close)
        };
        if GROUPING.contains(&word) {
            let (names, after) = list('(', ')').expect(expression);
            groups.extend(names.split(',').map(|name| name.trim().to_owned()));
            rest = after;
        } else if let Some((selected, after)) = list('{', '}') {
            let names = selected.split(',').map(|one| {
                let end = one.find(['=', '!']).expect(expression);
                one[..end].trim().to_owned()
            });
            metrics.push((word.to_owned(), names.collect()));
            // The range is a time, not a name.
            rest = after
                .strip_prefix('[')
                .map_or(after, |range| range.split_once(']').unwrap().1);
        } else if !LANGUAGE.contains(&word) && !word.starts_with(|next: char| next.is_ascii_digit())
        {
            metrics.push((word.to_owned(), Vec::new()));
            rest = rest
                .strip_prefix('[')
                .map_or(rest, |range| range.split_once(']').unwrap().1);
        }
    }
    (metrics, groups)
}

fn check(known: &BTreeMap<String, BTreeSet<String>>, expression: &str) {
    let (metrics, groups) = parsed(expression);
    assert!(!metrics.is_empty(), "no metric: {expression}");
    let mut labels = BTreeSet::from(ADDED.map(str::to_owned));
    for (metric, selected) in &metrics {
        let own = known.get(metric);
        let own = own
            .unwrap_or_else(|| panic!("docs/operating/metrics.md has no {metric}: {expression}"));
        for label in selected {
            let has = own.contains(label) || ADDED.contains(&label.as_str());
            assert!(has, "{metric} has no label {label}: {expression}");
        }
        labels.extend(own.iter().cloned());
    }
    for label in groups {
        assert!(labels.contains(&label), "no label {label}: {expression}");
    }
}

/// The values of all keys of this name, at any depth.
fn values<'v>(json: &'v Value, key: &str, found: &mut Vec<&'v Value>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                if name == key {
                    found.push(value);
                }
                values(value, key, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| values(item, key, found)),
        _ => {}
    }
}

#[test]
fn dashboard_shows_metrics_that_exist() {
    let known = documented();
    let dashboard: Value = serde_json::from_str(&page("deploy/monitoring/dashboard.json")).unwrap();
    let mut expressions = Vec::new();
    values(&dashboard, "expr", &mut expressions);
    assert!(
        expressions.len() > 25,
        "only {} expressions",
        expressions.len()
    );
    for expression in &expressions {
        check(&known, expression.as_str().unwrap());
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if let Some(query) = variable["query"]["query"].as_str() {
            let inner = query.strip_prefix("label_values(").unwrap();
            let (metric, label) = inner.strip_suffix(')').unwrap().split_once(", ").unwrap();
            let has = known[metric].contains(label) || ADDED.contains(&label);
            assert!(has, "{query}");
        }
    }
}

#[test]
fn panels_of_the_dashboard_have_their_own_titles_and_places() {
    let dashboard: Value = serde_json::from_str(&page("deploy/monitoring/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut places = BTreeSet::new();
    for key in ["id", "title"] {
        let distinct: BTreeSet<String> =
            panels.iter().map(|panel| panel[key].to_string()).collect();
        assert_eq!(distinct.len(), panels.len(), "{key}");
    }
    for panel in panels {
        let place = &panel["gridPos"];
        let number = |key: &str| place[key].as_u64().unwrap();
        assert!(number("x") + number("w") <= 24, "{}", panel["title"]);
        for x in number("x")..number("x") + number("w") {
            for y in number("y")..number("y") + number("h") {
                assert!(
                    places.insert((x, y)),
                    "{} overlaps another panel",
                    panel["title"]
                );
            }
        }
    }
}

/// Each alert of the file with its lines.
fn alerts(rules: &str) -> Vec<(&str, &str)> {
    let alerts = rules.split("- alert: ").skip(1);
    alerts
        .map(|alert| alert.split_once('\n').unwrap())
        .collect()
}

/// The expression of an alert, on one line or folded with `>-`.
fn expression(alert: &str) -> String {
    let (_, after) = alert.split_once("expr: ").unwrap();
    let mut lines = after.lines();
    let first = lines.next().unwrap();
    if first != ">-" {
        return first.to_owned();
    }
    let folded = lines.take_while(|line| line.starts_with("          "));
    folded.map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn alerts_use_metrics_that_exist_say_what_to_do_and_are_tested() {
    let known = documented();
    let (rules, tests) = (
        page("deploy/monitoring/alerts.yml"),
        page("deploy/monitoring/alerts_test.yml"),
    );
    let alerts = alerts(&rules);
    assert!(alerts.len() > 8, "only {} alerts", alerts.len());
    for (name, alert) in alerts {
        check(&known, &expression(alert));
        for part in ["severity: ", "summary: ", "action: "] {
            assert!(alert.contains(part), "{name} has no {part}");
        }
        let expected = format!("alertname=\"{name}\"");
        assert!(tests.contains(&expected), "no test of {name}");
    }
}

#[test]
fn wrong_metrics_and_labels_are_found() {
    let (metrics, groups) = parsed(
        r#"sum by (le, host) (rate(weld_host_a_total{b=~"x",c!="y"}[5m])) / on (d) weld_host_e > 0.8"#,
    );
    let expected = [
        (
            "weld_host_a_total".to_owned(),
            vec!["b".to_owned(), "c".to_owned()],
        ),
        ("weld_host_e".to_owned(), Vec::new()),
    ];
    assert_eq!(metrics, expected);
    assert_eq!(groups, ["le", "host", "d"]);
    for wrong in [
        "weld_host_nothing > 0",
        "rate(weld_host_rows_total{host=\"a\"}[5m])",
        "sum by (host) (weld_host_rows_total)",
        "weld_host_page_seconds > 1",
    ] {
        let checked = std::panic::catch_unwind(|| check(&documented(), wrong));
        assert!(checked.is_err(), "{wrong}");
    }
}
