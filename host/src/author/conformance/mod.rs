//! Whether a language, with its tools and its kit, can do what the contract offers: a list of cases, each a table of a
//! connector that is written for this, against an API that is made for it.
//!
//! Here belong the cases, what each must come to, and the API. A connector for them can be written in any language;
//! `docs/conformance.md` says what each of its tables does.

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

/// What became of a case.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) case: &'static Case,
    /// Why it failed; none where it passed.
    pub(crate) failure: Option<String>,
}

/// Runs every case. `lines` gives the lines that the connector wrote since the last time.
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

/// The `NAME.toml` of a connector that is run through the cases, with the API at this address.
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
