//! The flags of `serve`: what help says, and what the reference table in docs/operating/configuration.md says.

use super::{cells, page, rows};
use crate::PROGRAM;
use std::collections::BTreeMap;
use std::process::Command;

/// What is said of a flag besides its meaning.
#[derive(Debug, Default, PartialEq, Eq)]
struct Flag {
    /// The word that stands for its value.
    value: Option<String>,
    variable: Option<String>,
    default: Option<String>,
}

fn help_of_serve() -> String {
    let output = Command::new(PROGRAM)
        .args(["serve", "--help"])
        .env_clear()
        .output()
        .expect("the program can be started");
    String::from_utf8(output.stdout).expect("help is text")
}

/// The text between `open` and the next `]`.
fn bracketed(text: &str, open: &str) -> Option<String> {
    let (_, after) = text.split_once(open)?;
    Some(after.split(']').next()?.to_owned())
}

/// The flags of a help text, in which each begins a line.
fn flags_of_help(help: &str) -> BTreeMap<String, Flag> {
    let begins_flag = |line: &str| line.trim_start().starts_with('-');
    let mut entries: Vec<String> = Vec::new();
    let (_, options) = help.split_once("Options:").expect("a list of flags");
    for line in options.lines() {
        if begins_flag(line) {
            entries.push(line.trim().to_owned());
        } else if let Some(entry) = entries.last_mut() {
            entry.push(' ');
            entry.push_str(line.trim());
        }
    }
    let flags = entries.iter().map(|entry| {
        let (_, after) = entry.split_once("--").expect("a long name");
        let mut words = after.split_whitespace();
        let name = words.next().expect("a name").to_owned();
        let value = words.next().and_then(|word| word.strip_prefix('<'));
        let flag = Flag {
            value: value.map(|value| value.trim_end_matches('>').to_owned()),
            variable: bracketed(entry, "[env: ").map(|text| text.trim_end_matches('=').to_owned()),
            default: bracketed(entry, "[default: "),
        };
        (name, flag)
    });
    flags.filter(|(name, _)| name != "help").collect()
}

/// The flags of the table, whose first columns are flag, variable and default.
fn flags_of_table(page: &str) -> BTreeMap<String, Flag> {
    let mut flags = BTreeMap::new();
    for row in rows(page, "| flag of `serve` |") {
        let row = row.replace('`', "");
        let cells = cells(&row);
        let said = |cell: &str| {
            let is_nothing = ["", "none", "off"].contains(&cell);
            (!is_nothing).then(|| cell.to_owned())
        };
        let Some(flag) = cells[1].strip_prefix("--") else {
            continue;
        };
        let (name, value) = flag.split_once(' ').unwrap_or((flag, ""));
        let flag = Flag {
            value: said(value),
            variable: said(cells[2]),
            default: said(cells[3]),
        };
        flags.insert(name.to_owned(), flag);
    }
    flags
}

#[test]
fn help_of_serve_and_the_reference_table_say_the_same() {
    let table = flags_of_table(&page("docs/operating/configuration.md"));
    let help = flags_of_help(&help_of_serve());
    assert!(help.len() > 20, "{help:?}");
    for (name, flag) in &help {
        assert_eq!(table.get(name), Some(flag), "the table's row of --{name}");
    }
    for name in table.keys() {
        assert!(help.contains_key(name), "--{name} is in the table alone");
    }
}

#[test]
fn differences_between_help_and_table_are_found() {
    let help = "Options:\n      --max-body <SIZE>\n          The largest [default: 8MiB]\n      --grace <TIME>  \
                How long [env: GRACE=] [default: 30s]\n      --once          End\n  -h, --help  Print help\n";
    let table = "| flag of `serve` | environment | default | meaning |\n|---|---|---|---|\n\
                 | `--max-body SIZE` | | `8MiB` | x |\n| `--grace TIME` | `GRACE` | `20s` | x |\n| | `KEY` | none | x |\n";
    let (help, table) = (flags_of_help(help), flags_of_table(table));
    assert_eq!(help["max-body"], table["max-body"]);
    assert_ne!(help["grace"], table["grace"]);
    assert_eq!(help["once"], Flag::default());
    assert!(!table.contains_key("once") && help.len() == 3 && table.len() == 2);
}
