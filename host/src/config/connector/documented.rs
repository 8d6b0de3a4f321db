//! `docs/configuration.md` has every key of `NAME.toml`, and no others.

use std::collections::BTreeSet;
use std::path::Path;

use super::ConnectorConfig;
use crate::config::Ceilings;

const PAGE: &str = include_str!("../../../../docs/configuration.md");

/// Heads of the sections whose keys are the program's, as they stand in a file.
const SECTIONS: [&str; 6] = [
    "",
    "[network]",
    "[rate-limit]",
    "[[rate-limit.quota]]",
    "[[rate-limit.refusal]]",
    "[limits]",
];

/// The keys that the program knows in a section: it lists them where it knows none that is like an unknown one.
fn known(section: &str) -> BTreeSet<String> {
    let text = format!("{section}\nno-such-key-at-all-in-here = 1\n");
    let error = ConnectorConfig::parse(&text, Path::new("beers.toml"), &Ceilings::default());
    let error = error.expect_err("an unknown key").to_string();
    let (_, list) = error.split_once("known here: ").expect(&error);
    let list = list.lines().next().unwrap_or_default();
    list.split(", ").map(str::to_owned).collect()
}

/// The keys that the page's table has for a section.
fn documented(section: &str) -> BTreeSet<String> {
    let (_, table) = PAGE.split_once("| key | default |").expect("the table");
    let mut current = "";
    let mut keys = BTreeSet::new();
    for row in table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
    {
        let cell = row.split('|').nth(1).unwrap_or_default();
        for quoted in cell.split('`').skip(1).step_by(2) {
            if quoted.starts_with('[') {
                current = quoted;
            } else if current == section {
                keys.insert(quoted.to_owned());
            }
        }
    }
    keys
}

#[test]
fn table_of_keys_has_those_of_each_section() {
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
fn examples_of_the_page_are_right() {
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
