//! Checks whether a language, with its tools and its kit, supports everything in the contract. There is a list of
//! cases. Each is a table of a connector written for this purpose, and an API is served for them.
//!
//! This module contains the cases with their expected results, and the API. The connector can be written in any
//! language; `docs/conformance.md` describes its tables.

mod api;
mod cases;
mod judge;
mod log_line;
mod read;
mod texts;

use std::net::SocketAddr;

pub(crate) use api::Api;
pub(crate) use cases::{CASES, Case};
pub(crate) use log_line::LogLine;

use self::judge::judge;
use crate::sync::ConnectorClient;

/// The result of a case.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) case: &'static Case,
    /// Why it failed; `None` if it passed.
    pub(crate) failure: Option<String>,
}

/// Runs every case. `lines` returns the lines that the connector has logged since the last call.
pub(crate) async fn run(
    client: &ConnectorClient,
    lines: impl Fn() -> Vec<LogLine>,
) -> Vec<Verdict> {
    let schema = client.schema().await;
    let mut verdicts = Vec::new();
    for case in &CASES {
        drop(lines());
        let judged = match &schema {
            Ok(tables) => judge(client, tables, case, &lines).await,
            Err(error) => Err(crate::report::chain(error)),
        };
        verdicts.push(Verdict {
            case,
            failure: judged.err(),
        });
    }
    verdicts
}

/// The `NAME.toml` for the connector, with the API at this address.
pub(crate) fn config(api: SocketAddr) -> String {
    format!(
        r#"[env]
BASE_URL = "http://{api}"
GREETING = "good morning"

[network]
allow = ["http://{api}", "http://127.0.0.1:1"]

[rate-limit]
retries = 0
failures = 3
cool-down = "1h"

[limits]
page-timeout = "1m"
max-wait = "1h"
response-size = "1MiB"
calls = 20
"#
    )
}

#[cfg(test)]
mod tests;
