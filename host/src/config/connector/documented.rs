//! `docs/configuration.md` has every key of `NAME.toml`, and no others.

mod ranges;

use std::collections::BTreeSet;
use std::path::Path;

use super::ConnectorConfig;
use crate::config::Ceilings;
use crate::samples::{quoted, table_cells};

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// Headings of the sections that have fixed keys, as in a file.
const SECTIONS: [&str; 6] = [
    "",
    "[network]",
    "[rate-limit]",
    "[[rate-limit.quota]]",
    "[[rate-limit.refusal]]",
    "[limits]",
];

/// The keys that the program knows in a section: the error for an unknown key lists them if none is similar to it.
fn known(section: &str) -> BTreeSet<String> {
    let text = format!("{section}\nno-such-key-at-all-in-here = 1\n");
    let error = ConnectorConfig::parse(&text, Path::new("beers.toml"), &Ceilings::default());
    let error = error.expect_err("an unknown key").to_string();
    let (_, list) = error.split_once("known here: ").expect(&error);
    let list = list.lines().next().unwrap_or_default();
    list.split(", ").map(str::to_owned).collect()
}

/// One row of the page's table of keys.
struct Row {
    /// The head of its section, such as `[limits]`; empty for the top of the file.
    section: &'static str,
    keys: Vec<&'static str>,
    default: &'static str,
    /// Unit and range.
    range: &'static str,
}

/// The rows of the page's table of keys.
fn rows() -> Vec<Row> {
    let mut section = "";
    let mut rows = Vec::new();
    for cells in table_cells(PAGE, "| key | default |") {
        let [keys, default, range, ..] = cells[..] else {
            panic!("{cells:?}");
        };
        let mut keys: Vec<_> = quoted(keys).collect();
        if keys.first().is_some_and(|key| key.starts_with('[')) {
            section = keys.remove(0);
        }
        rows.push(Row {
            section,
            keys,
            default,
            range,
        });
    }
    rows
}

/// The keys that the page's table lists for a section.
fn documented(section: &str) -> BTreeSet<String> {
    let rows = rows().into_iter().filter(|row| row.section == section);
    let keys = rows.flat_map(|row| row.keys);
    keys.map(str::to_owned).collect()
}

#[test]
fn table_of_keys_has_every_key_of_each_section() {
    for section in SECTIONS {
        let mut known = known(section);
        match section {
            "" => known.retain(|key| key == "api-key"),
            "[rate-limit]" => known.retain(|key| !["quota", "refusal"].contains(&key.as_str())),
            _ => {}
        }
        assert!(!known.is_empty(), "{section}");
        assert_eq!(documented(section), known, "{section}");
    }
}

#[test]
fn examples_of_the_page_are_valid() {
    for example in PAGE.split("```toml\n").skip(1) {
        let example = example.split("```").next().unwrap_or_default();
        let example = example.replace("{ env = \"API_TOKEN\" }", "\"a-token-of-some-length\"");
        let config =
            ConnectorConfig::parse(&example, Path::new("beers.toml"), &Ceilings::default());
        assert_eq!(
            config.err().map(|error| error.to_string()),
            None,
            "{example}"
        );
    }
}
