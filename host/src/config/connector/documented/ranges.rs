//! Defaults and ranges of the table: what it says is what the program accepts and refuses.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::{Row, rows};
use crate::config::connector::ConnectorConfig;
use crate::config::quantity::{duration_text, parse_duration, parse_size};
use crate::config::{Ceilings, ConfigError};
use crate::report::size_text;
use crate::samples::quoted;

/// Keys with a range whose default is a rule or nothing, not a value.
const WITHOUT_DEFAULT: [&str; 4] = ["concurrency", "limit", "wait", "window"];

/// The longest time that any key accepts.
const LONGEST: Duration = Duration::from_secs(8760 * 60 * 60);

/// A size that a key without a maximum accepts.
const HUGE: u64 = 1 << 62;

/// The ceilings of the test, so low that each can be exceeded.
fn ceilings() -> Ceilings {
    Ceilings {
        concurrency: 7,
        ..Ceilings::default()
    }
}

/// The ceiling that an operator's flag sets, as a file would write it.
fn ceiling(flag: &str) -> String {
    let ceilings = ceilings();
    match flag {
        "--max-memory" => size_text(ceilings.memory_bytes),
        "--max-cpu-time" => duration_text(ceilings.cpu_time),
        "--max-page-timeout" => duration_text(ceilings.page_timeout),
        "--max-concurrency" => ceilings.concurrency.to_string(),
        "--max-body" => size_text(ceilings.state_bytes),
        _ => panic!("no ceiling has the flag {flag}"),
    }
}

/// What a row counts.
#[derive(Clone, Copy)]
enum Unit {
    Number,
    Time,
    Size,
}

impl Unit {
    fn of(range: &str) -> Option<Self> {
        let units = [
            ("whole number", Self::Number),
            ("time", Self::Time),
            ("size", Self::Size),
        ];
        let unit = units.into_iter().find(|(name, _)| range.starts_with(name));
        unit.map(|(_, unit)| unit)
    }

    /// The amount in numbers, nanoseconds or bytes.
    fn amount(self, text: &str) -> i128 {
        match self {
            Self::Number => text.parse().expect(text),
            Self::Time => {
                let time = parse_duration(text).expect(text);
                time.as_nanos().try_into().expect(text)
            }
            Self::Size => parse_size(text).expect(text).into(),
        }
    }

    /// The amount as a file writes it.
    fn written(self, amount: i128) -> String {
        match self {
            Self::Number => amount.to_string(),
            Self::Time => {
                let nanoseconds = amount.try_into().expect("a time");
                format!("\"{}\"", duration_text(Duration::from_nanos(nanoseconds)))
            }
            Self::Size => format!("\"{amount}B\""),
        }
    }

    /// The largest amount of a row without a maximum.
    fn largest(self) -> i128 {
        match self {
            Self::Number => u32::MAX.into(),
            Self::Time => LONGEST.as_nanos().try_into().expect("a time"),
            Self::Size => HUGE.into(),
        }
    }
}

/// A range as the page writes it, such as `size, `1B` to `4GiB``.
struct DocumentedRange {
    unit: Unit,
    least: i128,
    most: i128,
    /// The flag that sets the maximum, if one does.
    flag: Option<&'static str>,
    is_bounded: bool,
}

impl DocumentedRange {
    fn read(cell: &'static str) -> Option<Self> {
        let unit = Unit::of(cell)?;
        let cell = cell.split(", or ").next().unwrap_or(cell);
        let (low, high) = match cell.split_once(" to ") {
            Some((low, high)) => (low, Some(high)),
            None => (cell, None),
        };
        let least = low.rsplit(' ').next()?.trim_matches('`');
        let most = high.map(|high| quoted(high).next().unwrap_or(high));
        let flag = most.filter(|most| most.starts_with("--"));
        let most = match flag {
            Some(flag) => Some(ceiling(flag)),
            None => most.map(str::to_owned),
        };
        Some(Self {
            unit,
            least: unit.amount(least),
            most: most
                .as_deref()
                .map_or(unit.largest(), |most| unit.amount(most)),
            flag,
            is_bounded: most.is_some(),
        })
    }
}

/// A file that sets one key, with what its section needs beside it.
fn file(row: &Row, key: &str, value: &str) -> String {
    let beside = match row.section {
        "[[rate-limit.quota]]" => "paths = ['/a']\n",
        "[[rate-limit.refusal]]" if key == "then" => "status = 429\n",
        "[[rate-limit.refusal]]" => "status = 429\nthen = 'wait'\nwait-header = 'x-wait'\n",
        _ => "",
    };
    // Only a connector with such a credential can renew one.
    let auth = match key {
        "then" => {
            "[network]\nallow = ['https://a.example']\n[auth.api]\nurls = ['https://a.example']\nkind = 'oauth2'\n\
             grant = 'client-credentials'\ntoken-url = 'https://a.example/t'\nclient-id = 'a'\n\
             client-secret = 'a-secret-of-some-length'\n"
        }
        _ => "",
    };
    format!("{}\n{beside}{key} = {value}\n{auth}", row.section)
}

fn parse(text: &str) -> Result<ConnectorConfig, ConfigError> {
    ConnectorConfig::parse(text, Path::new("beers.toml"), &ceilings())
}

/// Whether two files say the same.
fn same(one: &ConnectorConfig, other: &ConnectorConfig) -> bool {
    one.limits == other.limits && one.network == other.network && one.rate_limit == other.rate_limit
}

fn accepted(row: &Row, key: &str, value: &str) -> ConnectorConfig {
    let text = file(row, key, value);
    parse(&text).unwrap_or_else(|error| panic!("the page permits {key} = {value}: {error}"))
}

/// The message for a value that the page does not permit.
fn refused(row: &Row, key: &str, value: &str) -> String {
    match parse(&file(row, key, value)) {
        Ok(_) => panic!("the page does not permit {key} = {value}, but the program does"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn ranges_of_the_table_end_where_the_program_refuses() {
    let mut count = 0;
    for row in rows() {
        let Some(range) = DocumentedRange::read(row.range) else {
            continue;
        };
        let DocumentedRange { unit, .. } = range;
        for key in &row.keys {
            count += 1;
            let least = accepted(&row, key, &unit.written(range.least));
            let most = accepted(&row, key, &unit.written(range.most));
            assert!(!same(&least, &most), "{key} changes nothing");
            // No time or size is negative.
            if range.least > 0 || matches!(unit, Unit::Number) {
                refused(&row, key, &unit.written(range.least - 1));
            }
            if range.is_bounded || !matches!(unit, Unit::Size) {
                let message = refused(&row, key, &unit.written(range.most + 1));
                // The number of calls at once names no flag.
                let flag = range.flag.filter(|_| !matches!(unit, Unit::Number));
                assert!(message.contains(flag.unwrap_or_default()), "{message}");
            }
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn defaults_of_the_table_are_those_of_the_program() {
    let mut without = BTreeSet::new();
    let mut count = 0;
    let nothing = parse("").expect("an empty file");
    for row in rows() {
        let values: Vec<_> = quoted(row.default).collect();
        let unit = Unit::of(row.range);
        let value = match values[..] {
            [] if unit.is_some() => {
                without.extend(row.keys);
                continue;
            }
            // A text that names another key's value, or a section's keys together.
            [] => continue,
            _ if row.range == "as above" => continue,
            // What credentials have is compared with `docs/credentials.md`.
            _ if row.section == "[auth.NAME]" => continue,
            [value] => match unit {
                Some(unit) => unit.written(unit.amount(value)),
                None => value.to_owned(),
            },
            _ => format!("{values:?}"),
        };
        for key in &row.keys {
            let config = accepted(&row, key, &value);
            assert!(
                same(&config, &nothing),
                "{key} = {value} is not the default"
            );
            count += 1;
        }
    }
    assert_eq!(without, BTreeSet::from(WITHOUT_DEFAULT));
    assert!(count > 30, "{count}");
}

/// Whether a row names all values that its key may have.
fn has_alternatives(row: &Row) -> bool {
    let is_list = [" or `", "`, `"]
        .iter()
        .any(|list| row.range.contains(list));
    let are_values = quoted(row.range).all(|value| value.starts_with('"'));
    let are_examples = row.range.starts_with("such as");
    row.section != "[auth.NAME]" && row.keys.len() == 1 && is_list && are_values && !are_examples
}

#[test]
fn alternatives_of_the_table_are_those_of_the_program() {
    let mut keys = BTreeSet::new();
    for row in rows().into_iter().filter(has_alternatives) {
        let key = row.keys[0];
        let documented: BTreeSet<_> = quoted(row.range)
            .map(|value| value.trim_matches('"'))
            .collect();
        for value in &documented {
            accepted(&row, key, &format!("'{value}'"));
        }
        // The message for another value names those that there are.
        let message = refused(&row, key, "'no-such-value'");
        let words = message.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-');
        for word in words.filter(|word| !word.is_empty()) {
            let is_value = parse(&file(&row, key, &format!("'{word}'"))).is_ok();
            assert!(
                !is_value || documented.contains(word),
                "{key} = {word:?} is not in the table"
            );
        }
        keys.insert(key);
    }
    assert_eq!(
        keys,
        BTreeSet::from(["refusals", "secret-in-state", "then", "wait-unit"])
    );
}
