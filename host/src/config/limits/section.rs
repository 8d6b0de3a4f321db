//! Section `[limits]` of `NAME.toml`.

use std::time::Duration;

use super::{Limits, MIN_MEMORY_BYTES, SecretInState};
use crate::config::ceilings::Ceilings;
use crate::config::document::{TomlTable, ValueSources};
use crate::config::error::Problem;
use crate::config::range::Range;
use crate::config::settings::Settings;

impl Limits {
    /// Reads `[limits]`. A missing key has its default, within the ceilings. An invalid value becomes a problem and
    /// counts as missing.
    pub(in crate::config) fn read(
        table: &mut TomlTable<'_>,
        sources: &ValueSources<'_>,
        ceilings: &Ceilings,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let memory = Range::SIZE
            .from(MIN_MEMORY_BYTES)
            .up_to(ceilings.memory_bytes, "--max-memory");
        let cpu_time = Range::TIME.up_to(ceilings.cpu_time, "--max-cpu-time");
        let page_timeout = Range::TIME.up_to(ceilings.page_timeout, "--max-page-timeout");
        let pause = Range::TIME.from(Duration::ZERO);
        let body = Range::SIZE.from(0);
        let state = Range::SIZE.up_to(ceilings.state_bytes, "--max-body");

        let defaults = Self::within(ceilings);
        let mut settings = Settings::new(table, sources, problems);
        Self {
            memory_bytes: settings.size("memory", defaults.memory_bytes, memory),
            cpu_time: settings.time("cpu-time", defaults.cpu_time, cpu_time),
            page_timeout: settings.time("page-timeout", defaults.page_timeout, page_timeout),
            answer_within: settings.time_or_off(
                "answer-within",
                defaults.answer_within,
                Range::TIME,
            ),
            max_wait: settings.time("max-wait", defaults.max_wait, pause),
            linger: settings.time("linger", defaults.linger, pause),
            schema_ttl: settings.time("schema-ttl", defaults.schema_ttl, pause),
            concurrency: settings.count_if_set("concurrency", 1..=ceilings.concurrency),
            max_page_bytes: settings.size("page-size", defaults.max_page_bytes, Range::SIZE),
            max_state_bytes: settings.size("state-size", defaults.max_state_bytes, state),
            max_schema_bytes: settings.size("schema-size", defaults.max_schema_bytes, Range::SIZE),
            max_request_bytes: settings.size("request-size", defaults.max_request_bytes, body),
            max_response_bytes: settings.size(
                "response-size",
                defaults.max_response_bytes,
                Range::SIZE,
            ),
            max_calls: settings.count("calls", defaults.max_calls, 0..=u32::MAX),
            max_call_bytes: settings.size("bytes", defaults.max_call_bytes, Range::SUM),
            max_empty_pages: settings.count("empty-pages", defaults.max_empty_pages, 1..=u32::MAX),
            max_log_lines: settings.count("log-lines", defaults.max_log_lines, 0..=u32::MAX),
            secret_in_state: settings.value(
                "secret-in-state",
                defaults.secret_in_state,
                "\"refuse\" or \"allow\"",
                SecretInState::parse,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env::VarError;
    use std::path::Path;

    use super::super::LimitValue;
    use super::*;
    use crate::config::document::Document;
    use crate::config::reading::SystemFiles;

    fn read(text: &str, ceilings: &Ceilings) -> (Limits, Vec<String>) {
        let document = Document::parse(text).expect(text);
        let sources = ValueSources::new(
            Path::new("beers.toml"),
            &|_| Err(VarError::NotPresent),
            &SystemFiles,
        );
        let mut problems = Vec::new();
        let limits = Limits::read(&mut document.root(), &sources, ceilings, &mut problems);
        (limits, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn every_limit_can_be_set() {
        let text = r#"
            memory = "64MiB"
            cpu-time = "5s"
            page-timeout = "3h"
            answer-within = "25s"
            max-wait = "0s"
            linger = "0s"
            schema-ttl = "1h"
            concurrency = 7
            page-size = "1MiB"
            state-size = "2KiB"
            schema-size = "3KiB"
            request-size = "0B"
            response-size = "3MiB"
            calls = 0
            bytes = "5GiB"
            empty-pages = 3
            log-lines = 0
            secret-in-state = "allow"
        "#;
        let expected = Limits {
            memory_bytes: 64 << 20,
            cpu_time: Duration::from_secs(5),
            page_timeout: Duration::from_secs(3 * 60 * 60),
            answer_within: Some(Duration::from_secs(25)),
            max_wait: Duration::ZERO,
            linger: Duration::ZERO,
            schema_ttl: Duration::from_secs(3600),
            concurrency: Some(7),
            max_page_bytes: 1 << 20,
            max_state_bytes: 2 << 10,
            max_schema_bytes: 3 << 10,
            max_request_bytes: 0,
            max_response_bytes: 3 << 20,
            max_calls: 0,
            max_call_bytes: 5 << 30,
            max_empty_pages: 3,
            max_log_lines: 0,
            secret_in_state: SecretInState::Allow,
        };
        assert_eq!(read(text, &Ceilings::default()), (expected, vec![]));
        let off = Limits {
            answer_within: None,
            ..Limits::default()
        };
        assert_eq!(
            read("answer-within = 'off'", &Ceilings::default()),
            (off, vec![])
        );
    }

    #[test]
    fn limits_are_written_as_they_are_read() {
        let others = Limits {
            memory_bytes: (64 << 20) + 1,
            answer_within: None,
            concurrency: Some(7),
            linger: Duration::from_millis(1_500),
            secret_in_state: SecretInState::Allow,
            ..Limits::default()
        };
        for limits in [Limits::default(), others] {
            let lines = limits.values().map(|(key, value)| match value {
                LimitValue::Text(text) => format!("{key} = \"{text}\"\n"),
                LimitValue::Number(number) => format!("{key} = {number}\n"),
                LimitValue::Unset => String::new(),
            });
            let text = lines.concat();
            assert_eq!(
                read(&text, &Ceilings::default()),
                (limits, vec![]),
                "{text}"
            );
        }
    }

    #[test]
    fn concurrency_stays_within_the_operators_ceiling() {
        let ceilings = Ceilings {
            concurrency: 3,
            ..Ceilings::default()
        };
        assert_eq!(read("concurrency = 3", &ceilings).0.concurrency, Some(3));
        let (limits, problems) = read("concurrency = 4", &ceilings);
        assert_eq!(limits.concurrency, None);
        assert_eq!(
            problems,
            ["1: concurrency: out of range: expected a whole number from 1 to 3"]
        );
    }

    #[test]
    fn invalid_values_are_refused_with_the_right_form() {
        let size = "not a size: write a number and a unit such as \"64MiB\" or \"500KiB\"";
        let time = "not a time: write a number and a unit (ms, s, m or h) such as \"500ms\", \"55s\" or \"2h\"";
        let cases = [
            ("memory = '32KiB'", "too small: write at least \"64KiB\""),
            (
                "memory = '257MiB'",
                "above the ceiling of \"256MiB\": lower the value, or raise --max-memory of `serve`, `sync`, `check` or `run`",
            ),
            ("memory = '-1MiB'", size),
            ("memory = '64'", size),
            (
                "memory = '16EiB'",
                "too large: a size has less than 16 EiB; write a number and a unit such as \"64MiB\"",
            ),
            (
                "memory = 64",
                "expected a size such as \"64MiB\", found an integer",
            ),
            (
                "memory = { env = 'M' }",
                "the environment variable \"M\" is not set",
            ),
            ("cpu-time = '0s'", "too small: write at least \"1ms\""),
            (
                "cpu-time = '11m'",
                "above the ceiling of \"10m\": lower the value, or raise --max-cpu-time of `serve`, `sync`, `check` or `run`",
            ),
            (
                "page-timeout = '25h'",
                "above the ceiling of \"24h\": lower the value, or raise --max-page-timeout of `serve`, `sync`, `check` or `run`",
            ),
            ("page-timeout = '1day'", time),
            ("answer-within = '0s'", "too small: write at least \"1ms\""),
            ("answer-within = 'never'", time),
            (
                "answer-within = false",
                "expected a time such as \"55s\", or \"off\", found a boolean",
            ),
            (
                "max-wait = '9000h'",
                "too long: write at most a year, \"8760h\"",
            ),
            (
                "linger = -1",
                "expected a time such as \"55s\", found an integer",
            ),
            (
                "concurrency = 0",
                "out of range: expected a whole number from 1 to 4294967295",
            ),
            ("page-size = '0B'", "too small: write at least \"1B\""),
            (
                "state-size = '9MiB'",
                "above the ceiling of \"8128KiB\": lower the value, or raise --max-body of `serve`, `sync`, `check` or `run`",
            ),
            ("schema-size = '0B'", "too small: write at least \"1B\""),
            ("page-size = '5GiB'", "too large: write at most \"4GiB\""),
            ("response-size = '0KiB'", "too small: write at least \"1B\""),
            (
                "calls = 4294967296",
                "out of range: expected a whole number from 0 to 4294967295",
            ),
            (
                "calls = '1000'",
                "expected a whole number from 0 to 4294967295, found a string",
            ),
            ("bytes = '512'", size),
            (
                "empty-pages = 0",
                "out of range: expected a whole number from 1 to 4294967295",
            ),
            (
                "secret-in-state = 'warn'",
                "no such value \"warn\": write one of refuse, allow",
            ),
            (
                "log-lines = -1",
                "out of range: expected a whole number from 0 to 4294967295",
            ),
        ];
        for (text, message) in cases {
            let (limits, problems) = read(text, &Ceilings::default());
            let key = text.split(' ').next().expect("a key");
            assert_eq!(problems, [format!("1: {key}: {message}")], "{text}");
            assert_eq!(limits, Limits::default(), "{text}");
        }
    }
}
