//! Rules for well-known APIs, by name: `refusals` of `[rate-limit]`.

use std::env::VarError;
use std::path::Path;

use super::body_path::BodyPath;
use super::rule::{RefusalAction, RefusalRule, WaitPlace};
use super::section;
use crate::config::choice::chosen;
use crate::config::document::{Document, ValueSources};
use crate::config::error::Problem;
use crate::config::reading::SystemFiles;
use crate::config::settings::Settings;

/// A preset, in the syntax of a configuration file.
struct Preset {
    name: &'static str,
    rules: &'static str,
}

/// Statuses and texts are those of the APIs' documentation.
const PRESETS: [Preset; 5] = [
    // The secondary limit comes with 403 or 429, often without a header; GitHub then asks for at least a minute's wait.
    // GraphQL responds with 200 and a remaining quota of 0 in the headers.
    Preset {
        name: "github",
        rules: r#"
            [[refusal]]
            status = [403, 429]
            text = ["secondary rate limit", "abuse detection", "rate limit exceeded"]
            then = "wait"
            wait = "60s"
            [[refusal]]
            status = 200
            header = { x-ratelimit-remaining = "0" }
            json = { "errors.*.type" = ["RATE_LIMITED", "RATE_LIMIT"] }
            then = "wait"
            wait = "60s"
        "#,
    },
    // A limit per second or minute passes soon. A daily limit ends at midnight in California, which no response states,
    // so the host tries again once an hour.
    Preset {
        name: "google",
        rules: r#"
            [[refusal]]
            status = [403, 429]
            json = { "error.errors.*.reason" = "dailyLimitExceeded" }
            then = "wait"
            wait = "1h"
            [[refusal]]
            status = [403, 429]
            json = { "error.errors.*.reason" = ["rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded"] }
            then = "wait"
            wait-json = "error.details.*.retryDelay"
            [[refusal]]
            status = [403, 429]
            json = { "error.status" = "RESOURCE_EXHAUSTED" }
            then = "wait"
            wait-json = "error.details.*.retryDelay"
        "#,
    },
    // GraphQL responds with 200. The cost of a query is refilled at a rate that the response states.
    Preset {
        name: "shopify",
        rules: r#"
            [[refusal]]
            status = [200, 429]
            json = { "errors.*.extensions.code" = "THROTTLED" }
            then = "wait"
            wait = "1s"
        "#,
    },
    // The limit on concurrent calls passes soon. The daily limit is a sliding window, so the host tries again every 15
    // min.
    Preset {
        name: "salesforce",
        rules: r#"
            [[refusal]]
            status = [400, 403, 500, 503]
            json = { "*.errorCode" = "REQUEST_LIMIT_EXCEEDED" }
            text = "Concurrent"
            then = "wait"
            [[refusal]]
            status = [400, 403, 500, 503]
            json = { "*.errorCode" = "REQUEST_LIMIT_EXCEEDED" }
            then = "wait"
            wait = "15m"
        "#,
    },
    // GraphQL responds with 400 or 200; the headers state the reset.
    Preset {
        name: "linear",
        rules: r#"
            [[refusal]]
            status = [200, 400]
            json = { "errors.*.extensions.code" = "RATELIMITED" }
            then = "wait"
            wait = "60s"
        "#,
    },
];

/// The names of all presets, as a list for messages.
pub(super) fn names() -> String {
    PRESETS.map(|preset| preset.name).join(", ")
}

/// The rules of this preset.
///
/// # Errors
///
/// There is no preset with this name.
pub(super) fn rules(name: &str) -> Result<Vec<RefusalRule>, String> {
    let preset = chosen("preset", name, &PRESETS, |preset| preset.name)?;
    let mut rules = parsed(preset.rules);
    for rule in &mut rules {
        rule.name = format!("preset \"{name}\" of `rate-limit.refusals`");
        if let (RefusalAction::Wait(wait), "shopify") = (&mut rule.action, name) {
            wait.place = cost_of_shopify();
        }
    }
    Ok(rules)
}

/// Parses rules that a test proves valid.
fn parsed(text: &str) -> Vec<RefusalRule> {
    Document::parse(text).map_or_else(|_| Vec::new(), |document| read(&document).0)
}

/// The rules of a document, and its problems.
fn read(document: &Document<'_>) -> (Vec<RefusalRule>, Vec<Problem>) {
    let no_variable = |_: &str| Err(VarError::NotPresent);
    let sources = ValueSources::new(Path::new("preset"), &no_variable, &SystemFiles);
    let (mut table, mut problems) = (document.root(), Vec::new());
    let rules = section::rules(
        &mut Settings::new(&mut table, &sources, &mut problems),
        true,
    );
    problems.extend(table.unknown());
    (rules, problems)
}

/// Where a response states how long the refill for the query takes.
fn cost_of_shopify() -> Option<WaitPlace> {
    let path = |field| BodyPath::parse(&format!("extensions.cost.{field}")).ok();
    Some(WaitPlace::Refill {
        needed: path("requestedQueryCost")?,
        available: path("throttleStatus.currentlyAvailable")?,
        rate: path("throttleStatus.restoreRate")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_rules_of_presets_are_valid() {
        for Preset { name, rules: text } in PRESETS {
            let document = Document::parse(text).expect(name);
            let (read, problems) = read(&document);
            assert_eq!(problems, [], "{name}");
            assert_eq!(read.len(), text.matches("[[refusal]]").count(), "{name}");
            assert_eq!(rules(name).map(|rules| rules.len()), Ok(read.len()));
        }
        assert_eq!(
            rules("gitlab"),
            Err("no such preset \"gitlab\": did you mean \"github\"?".to_owned())
        );
    }
}
