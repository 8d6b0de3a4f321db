//! `weld-host status`: the connectors of a running host, as its admin listener lists them.

use clap::Args;
use jiff::Timestamp;
use serde_json::Value;

use super::admin_key::AdminKeyFlags;
use super::error::CliError;
use super::output::{printable, say};
use super::text_table::text_table;
use crate::admin::AdminClient;
use crate::config::AdminAddress;
use crate::report;

/// How much of a problem a row shows. `--json` shows all of it.
const MAX_PROBLEM_BYTES: usize = 160;

/// The digits of a digest that a row shows.
const DIGEST_DIGITS: usize = 12;

#[derive(Debug, Args)]
pub(super) struct StatusFlags {
    /// The address of the host's admin listener, as its own --admin names it
    #[arg(long, value_name = "ADDRESS", env = "WELD_ADMIN")]
    admin: Option<AdminAddress>,
    /// Print the listener's JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    key: AdminKeyFlags,
}

pub(super) async fn run(flags: StatusFlags) -> Result<(), CliError> {
    let address = flags.admin.ok_or(CliError::NoAdminAddress)?;
    let key = flags.key.key()?;
    let client = AdminClient {
        address: address.clone(),
        key,
    };
    let text = client.get("/connectors").await?;
    let unreadable = || CliError::AdminAnswer {
        address: address.clone(),
    };
    let status: Value = serde_json::from_slice(&text).map_err(|_| unreadable())?;
    let connectors = member(&status, "connectors")
        .as_array()
        .ok_or_else(unreadable)?;
    if flags.json {
        say(&status.to_string());
        return Ok(());
    }
    let (version, stage) = (
        text_of(member(&status, "version")),
        text_of(member(&status, "status")),
    );
    say(&printable(&format!(
        "weld-host {version} at {address}: {stage}, {} connectors",
        connectors.len()
    )));
    if !connectors.is_empty() {
        let now = Timestamp::now();
        let rows = connectors.iter().map(|connector| row(connector, now));
        for line in text_table(HEAD, rows) {
            say(&line);
        }
    }
    Ok(())
}

const HEAD: [&str; 8] = [
    "CONNECTOR",
    "STATE",
    "LANGUAGE",
    "DIGEST",
    "LOADED",
    "CALLS",
    "LAST PAGE",
    "PROBLEM",
];

/// One connector. The numbers of calls are those that compute, wait, are queued, and are held until a time.
fn row(connector: &Value, now: Timestamp) -> [String; 8] {
    let (version, calls) = (member(connector, "version"), member(connector, "calls"));
    let digest = text_of(member(version, "digest"));
    let digest: String = digest
        .trim_start_matches("sha256:")
        .chars()
        .take(DIGEST_DIGITS)
        .collect();
    let counts = ["running", "waiting", "queued", "held"].map(|what| text_of(member(calls, what)));
    [
        text_of(member(connector, "name")),
        text_of(member(connector, "state")).replace('_', " "),
        text_of(member(version, "language")),
        digest,
        ago(member(version, "loaded_at"), now),
        counts.join("/"),
        last_page(connector, now),
        problem(connector, now),
    ]
}

/// The newest page: `beers: 80 rows, 2m ago`.
fn last_page(connector: &Value, now: Timestamp) -> String {
    let tables = member(connector, "tables")
        .as_object()
        .into_iter()
        .flatten();
    // RFC 3339 in UTC sorts by time.
    let newest = tables.max_by_key(|(_, page)| text_of(member(page, "at")));
    newest.map_or_else(String::new, |(table, page)| {
        let rows = text_of(member(page, "rows"));
        format!("{table}: {rows} rows, {}", ago(member(page, "at"), now))
    })
}

fn problem(connector: &Value, now: Timestamp) -> String {
    let of = |what: &str, error: &Value| {
        let message = member(error, "message").as_str()?;
        Some(format!(
            "{what} {}: {message}",
            ago(member(error, "at"), now)
        ))
    };
    let load = of("load failed", member(connector, "load_error"));
    let problem = load.or_else(|| of("call failed", member(connector, "call_error")));
    report::shortened(&problem.unwrap_or_default(), MAX_PROBLEM_BYTES)
}

/// How long ago a time was, such as `2m ago`.
fn ago(at: &Value, now: Timestamp) -> String {
    let Some(at) = at.as_str().and_then(|text| text.parse::<Timestamp>().ok()) else {
        return String::new();
    };
    let seconds = now.duration_since(at).as_secs().max(0);
    let (count, unit) = match seconds {
        0..60 => (seconds, "s"),
        60..3_600 => (seconds / 60, "m"),
        3_600..86_400 => (seconds / 3_600, "h"),
        _ => (seconds / 86_400, "d"),
    };
    format!("{count}{unit} ago")
}

/// A member of an object; null if there is none.
fn member<'v>(value: &'v Value, name: &str) -> &'v Value {
    value.get(name).unwrap_or(&Value::Null)
}

/// A text as it is, anything else as JSON; nothing for what is not there.
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn connector_is_shown_in_one_row() {
        let now = "2030-01-02T03:04:05Z".parse().unwrap();
        let connector = json!({
            "name": "beers", "state": "ready",
            "version": {
                "digest": format!("sha256:{}", "0123456789abcdef".repeat(4)),
                "language": "Rust", "loaded_at": "2030-01-02T01:04:05Z",
            },
            "load_error": null,
            "call_error": { "at": "2030-01-01T00:00:00Z", "message": "x".repeat(1_000) },
            "calls": { "running": 1, "waiting": 20, "queued": 3, "held": 4 },
            "tables": {
                "old": { "at": "2030-01-02T03:03:00.000Z", "rows": 1 },
                "new": { "at": "2030-01-02T03:04:03.500Z", "rows": 80 },
            },
        });
        let row = row(&connector, now);
        let (problem, others) = row.split_last().unwrap();
        assert_eq!(
            others,
            [
                "beers",
                "ready",
                "Rust",
                "0123456789ab",
                "2h ago",
                "1/20/3/4",
                "new: 80 rows, 1s ago"
            ]
        );
        assert!(problem.starts_with("call failed 1d ago: xxx"), "{problem}");
        assert!(problem.len() < MAX_PROBLEM_BYTES + 10);
    }

    #[test]
    fn connector_that_is_loading_has_empty_cells() {
        let now = Timestamp::UNIX_EPOCH;
        let row = row(&json!({ "name": "beers", "state": "not_loaded" }), now);
        assert_eq!(row, ["beers", "not loaded", "", "", "", "///", "", ""]);
    }

    #[test]
    fn times_are_shown_in_their_largest_unit() {
        let now = "2030-01-02T03:04:05Z".parse().unwrap();
        for (at, expected) in [
            ("2030-01-02T03:04:05Z", "0s ago"),
            ("2030-01-02T03:03:06Z", "59s ago"),
            ("2030-01-02T03:03:05Z", "1m ago"),
            ("2030-01-02T01:04:05Z", "2h ago"),
            ("2029-12-31T03:04:05Z", "2d ago"),
            // The clocks differ.
            ("2030-01-02T03:04:15Z", "0s ago"),
            ("", ""),
        ] {
            assert_eq!(ago(&json!(at), now), expected, "{at}");
        }
        assert_eq!(ago(&Value::Null, now), "");
    }
}
