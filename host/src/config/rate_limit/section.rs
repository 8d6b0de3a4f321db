//! Reads section `[rate-limit]`.

use super::keys::{headers, name, rate, window};
use super::quota::MAX_QUOTAS;
use super::{QuotaRule, RateLimitConfig, RefusalRule};
use crate::config::document::{TomlTable, ValueSources};
use crate::config::error::Problem;
use crate::config::range::Range;
use crate::config::settings::Settings;

/// The limit on retries, more than any temporary failure needs.
const MAX_RETRIES: u32 = 10;

impl RateLimitConfig {
    /// Reads `[rate-limit]`. A missing key has its default. An invalid value becomes a problem and counts as missing;
    /// so does a rule that renews a credential if no credential can be renewed.
    pub(in crate::config) fn read(
        table: &mut TomlTable<'_>,
        sources: &ValueSources<'_>,
        has_renewable_credential: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let defaults = Self::default();
        let mut settings = Settings::new(table, sources, problems);
        let rate = rate(&mut settings);
        // At least one of the calls of `rate` must be left.
        let most_reserve = rate.map_or(u32::MAX, |rate| rate.calls.saturating_sub(1));
        Self {
            budget: settings.value("budget", None, "a name such as \"shop\"", |text| {
                name(text).map(Some)
            }),
            rate,
            burst: settings.count("burst", defaults.burst, 1..=u32::MAX),
            reserve: settings.count("reserve", defaults.reserve, 0..=most_reserve),
            pace_below: settings.count("pace-below", defaults.pace_below, 0..=100),
            headers: headers(&mut settings),
            window: window(&mut settings),
            max_learned_wait: settings.time(
                "max-learned-wait",
                defaults.max_learned_wait,
                Range::TIME,
            ),
            quotas: quotas(&mut settings),
            retries: settings.count("retries", defaults.retries, 0..=MAX_RETRIES),
            retry_methods: settings
                .list_or("retry-methods", ("method", "POST"), method)
                .unwrap_or(defaults.retry_methods),
            failures: settings.count("failures", defaults.failures, 0..=u32::MAX),
            cool_down: settings.time("cool-down", defaults.cool_down, Range::TIME),
            refusals: RefusalRule::read_all(&mut settings, has_renewable_credential),
        }
    }
}

/// Reads `quota`. The first entry that matches a call applies, so an entry is invalid if earlier ones cover its paths.
fn quotas(settings: &mut Settings<'_, '_, '_>) -> Vec<QuotaRule> {
    let quotas = settings.sections("quota", MAX_QUOTAS, QuotaRule::read);
    let entries = settings.entry("quota").and_then(|entry| entry.items());
    let entries = entries.filter(|entries| entries.len() == quotas.len());
    for (place, entry) in entries.into_iter().flatten().enumerate() {
        let (before, rest) = quotas.split_at_checked(place).unwrap_or_default();
        let Some(rule) = rest.first().filter(|rule| !rule.paths.is_empty()) else {
            continue;
        };
        let earlier = before.iter().flat_map(|rule| &rule.paths);
        let is_dead = |path| earlier.clone().any(|other| other.covers(path));
        if rule.paths.iter().all(is_dead) {
            settings.note(entry.problem(
                "no call counts against this quota, since earlier entries match all of its paths: write the narrower one first",
            ));
        }
    }
    quotas
}

fn method(text: &str) -> Result<String, String> {
    if text.is_empty() || !text.bytes().all(|letter| letter.is_ascii_uppercase()) {
        return Err("write a method in upper-case letters, such as \"POST\"".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::env::VarError;
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::config::document::Document;
    use crate::config::rate_limit::{QuotaHeaders, Rate};
    use crate::config::reading::SystemFiles;

    fn read(text: &str) -> (RateLimitConfig, Vec<String>) {
        let document = Document::parse(text).expect(text);
        let variable = |name: &str| match name {
            "RATE" => Ok("10/s".to_owned()),
            _ => Err(VarError::NotPresent),
        };
        let sources = ValueSources::new(Path::new("beers.toml"), &variable, &SystemFiles);
        let mut problems = Vec::new();
        let config = RateLimitConfig::read(&mut document.root(), &sources, true, &mut problems);
        (config, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_key_can_be_set() {
        let text = r#"
            budget = "punk"
            rate = "3600/h"
            burst = 10
            reserve = 5
            pace-below = 100
            headers = { limit = "X-Quota", remaining = "x-quota-left", reset = "x-quota-reset", used = "x-quota-used", cost = "x-cost", resource = "X-Kind" }
            window = "60s"
            max-learned-wait = "10m"
            retries = 0
            retry-methods = ["GET", "POST"]
            failures = 3
            cool-down = "1m"
            [[quota]]
            paths = ["/search*", "/v1/find"]
            headers = { remaining = "X-Search-Left" }
            limit = 30
            window = "60s"
            rate = "30/m"
            burst = 5
        "#;
        let expected = RateLimitConfig {
            budget: Some("punk".to_owned()),
            rate: Some(Rate {
                calls: 3600,
                period: Duration::from_secs(3600),
            }),
            burst: 10,
            reserve: 5,
            pace_below: 100,
            headers: QuotaHeaders {
                limit: Some("x-quota".to_owned()),
                remaining: Some("x-quota-left".to_owned()),
                reset: Some("x-quota-reset".to_owned()),
                used: Some("x-quota-used".to_owned()),
                cost: Some("x-cost".to_owned()),
                resource: Some("x-kind".to_owned()),
            },
            window: Some(Duration::from_secs(60)),
            max_learned_wait: Duration::from_secs(600),
            quotas: vec![QuotaRule {
                paths: vec!["/search*".parse().unwrap(), "/v1/find".parse().unwrap()],
                headers: QuotaHeaders {
                    remaining: Some("x-search-left".to_owned()),
                    ..QuotaHeaders::default()
                },
                limit: Some(30),
                window: Some(Duration::from_secs(60)),
                rate: Some(Rate {
                    calls: 30,
                    period: Duration::from_secs(60),
                }),
                burst: 5,
            }],
            retries: 0,
            retry_methods: vec!["GET".to_owned(), "POST".to_owned()],
            failures: 3,
            cool_down: Duration::from_secs(60),
            refusals: Vec::new(),
        };
        assert_eq!(read(text), (expected, vec![]));
        assert_eq!(read(""), (RateLimitConfig::default(), vec![]));
        assert!(read("retry-methods = []").0.retry_methods.is_empty());
        assert_eq!(
            read("rate = { env = 'RATE' }")
                .0
                .rate
                .map(|rate| rate.calls),
            Some(10)
        );
    }

    #[test]
    fn invalid_values_are_refused_with_the_right_form() {
        let name = "a name must have 1 to 63 characters: letters, digits, `.`, `_` and `-`";
        let cases = [
            ("budget = ''", format!("budget: {name}")),
            ("budget = 'a b'", format!("budget: {name}")),
            ("budget = 7", "budget: expected a name such as \"shop\", found an integer".to_owned()),
            ("rate = 10", "rate: expected a rate such as \"3600/h\", found an integer".to_owned()),
            ("rate = '0.5/s'", "rate: the rate is less than one call: write one call in a longer time, such as \"1/2s\" for \"0.5/s\"".to_owned()),
            ("rate = '10'", "rate: not a rate: write a number of calls, a slash and a time, such as \"3600/h\", \"10/s\" or \"100/15m\"".to_owned()),
            ("burst = 0", "burst: out of range: expected a whole number from 1 to 4294967295".to_owned()),
            ("reserve = -1", "reserve: out of range: expected a whole number from 0 to 4294967295".to_owned()),
            ("pace-below = 101", "pace-below: out of range: expected a whole number from 0 to 100".to_owned()),
            ("headers = 'x'", "headers: expected a table, found a string".to_owned()),
            ("headers = { limit = 'x y' }", format!("headers.limit: {name}")),
            ("headers = { left = 'x' }", "headers.left: unknown key; known here: limit, remaining, reset, used, cost, resource".to_owned()),
            ("window = '0s'", "window: too small: write at least \"1ms\"".to_owned()),
            ("max-learned-wait = 60", "max-learned-wait: expected a time such as \"55s\", found an integer".to_owned()),
            ("quota = 7", "quota: expected a list of tables, found an integer".to_owned()),
            ("[[quota]]", "quota[0]: a quota needs `paths`, such as [\"/search*\"], or `headers` with `remaining` or `used`".to_owned()),
            ("[[quota]]\nheaders = { used = 'x' }\nrate = '1/s'", "quota[0]: a quota without `paths` may not have a `rate`: write the rate of all calls as `rate-limit.rate`".to_owned()),
            ("retries = 11", "retries: out of range: expected a whole number from 0 to 10".to_owned()),
            ("retry-methods = 'POST'", "retry-methods: expected a list of methods such as [\"POST\"], found a string".to_owned()),
            ("retry-methods = ['post']", "retry-methods[0]: write a method in upper-case letters, such as \"POST\"".to_owned()),
            ("failures = '3'", "failures: expected a whole number from 0 to 4294967295, found a string".to_owned()),
            ("cool-down = '0s'", "cool-down: too small: write at least \"1ms\"".to_owned()),
        ];
        for (text, expected) in cases {
            let (config, problems) = read(text);
            assert_eq!(problems, [format!("1: {expected}")], "{text}");
            assert!(
                config == RateLimitConfig::default() || text.starts_with("retry-methods = ["),
                "{text}"
            );
        }
        let many = "[[quota]]\npaths = ['/a']\n".repeat(17);
        assert_eq!(read(&many).1, ["1: quota: too many: write at most 16"]);
        assert_eq!(
            read("rate = '5/s'\nreserve = 5").1,
            ["2: reserve: out of range: expected a whole number from 0 to 4"]
        );
    }

    #[test]
    fn a_quota_that_no_call_counts_against_is_refused() {
        for (text, expected) in [
            (
                "[[quota]]\npaths = ['/*']\n[[quota]]\npaths = ['/search*']",
                "3: quota[1]: no call counts against this quota, since earlier entries match all of its paths: write the narrower one first",
            ),
            (
                "[[quota]]\npaths = ['search']",
                "2: quota[0].paths[0]: not a path: begin with the first slash, as in \"/search*\"",
            ),
        ] {
            assert_eq!(read(text).1, [expected], "{text}");
        }
        for text in [
            "[[quota]]\npaths = ['/search*']\n[[quota]]\npaths = ['/*']",
            "[[quota]]\npaths = ['/a*']\n[[quota]]\npaths = ['/a/b', '/c']",
        ] {
            assert!(read(text).1.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_header_that_two_keys_name_is_refused() {
        let twice = |first: &str, second: &str| {
            format!("headers = {{ {first} = 'x-r', {second} = 'X-R' }}")
        };
        for (first, second) in [
            ("remaining", "reset"),
            ("limit", "used"),
            ("limit", "reset"),
        ] {
            let expected = format!(
                "1: headers.{second}: `{first}` names the same header, which can't have both values"
            );
            assert_eq!(read(&twice(first, second)).1, [expected]);
        }
        // The cost of a call may be in the same header as the remaining quota.
        assert!(read(&twice("remaining", "cost")).1.is_empty());
    }
}
