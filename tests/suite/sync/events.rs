//! `weld-host sync --json` prints what docs/sync-events.md says.

use super::desk;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use weld_host_tests::paged::JSON;
use weld_host_tests::upstream::Upstream;

/// The members of each event as documented, by the event's name.
fn documented() -> BTreeMap<String, BTreeSet<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/sync-events.md");
    let page = fs::read_to_string(page).expect("the page of the events");
    let quoted = |cell: &str| -> Vec<String> {
        let words = cell.split('`').skip(1).step_by(2);
        words.map(str::to_owned).collect()
    };
    page.lines()
        .filter(|line| line.starts_with("| `"))
        .skip(1)
        .filter_map(|line| {
            let cells: Vec<_> = line.split('|').collect();
            let name = quoted(cells.get(1)?).pop()?;
            Some((name, quoted(cells.get(3)?).into_iter().collect()))
        })
        .collect()
}

/// A connector that fails once, waits once, and then has a page with one key twice. In later syncs it has more pages.
fn eventful() -> Upstream {
    let asked = AtomicU32::new(0);
    Upstream::start(move |request, exchange| {
        if request.target().ends_with("/schema") {
            let schema = r#"{"schema": {"rows": {"primary_key": "id"}}}"#;
            exchange.answer(200, &[JSON], schema);
            return;
        }
        match asked.fetch_add(1, Ordering::SeqCst) {
            0 => exchange.answer(500, &[("retry-after", "0")], "no tap"),
            1 => {
                let headers = [JSON, ("weld-host-pending", "waiting")];
                let answer = r#"{"insert": [], "state": {}, "hasMore": true}"#;
                exchange.answer(200, &headers, answer);
            }
            number => {
                let answer = json!({
                    "insert": [{"id": 1}, {"id": 1}], "state": {}, "hasMore": number > 2,
                });
                exchange.answer(200, &[JSON], answer.to_string());
            }
        }
    })
}

#[test]
fn every_event_has_the_documented_members() {
    let documented = documented();
    let (server, desk) = (eventful(), desk());
    let sync = [&server.origin(), "--to", "rows.sqlite", "--json"];
    let mut lines = desk.good(&sync).stdout;
    lines.extend(desk.good(&[&sync[..], &["--pages", "1"]].concat()).stdout);
    let failed = desk.run(&[&sync[..], &["--table", "wines"]].concat());
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    lines.extend(failed.stdout);
    let mut seen = BTreeSet::new();
    for line in &lines {
        let event: Value = line.parse().expect("JSON");
        let name = event["event"].as_str().expect("a name").to_owned();
        let members = event.as_object().expect("an object").keys();
        let members: BTreeSet<String> = members
            .filter(|member| *member != "event")
            .cloned()
            .collect();
        assert_eq!(Some(&members), documented.get(&name), "{line}");
        seen.insert(name);
    }
    let all: BTreeSet<String> = documented.into_keys().collect();
    assert_eq!(seen, all, "{lines:?}");
}
