//! The page about the contract has every function and every error of `wit/connector.wit`, with the kinds that clients get.

use super::page;
use std::collections::BTreeSet;
use weld_protocol::ErrorKind;

/// The text in backticks at the beginning of each row of the tables under a heading.
fn first_cells(text: &str, heading: &str) -> BTreeSet<String> {
    let (_, section) = text.split_once(heading).expect(heading);
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split('`').next().unwrap().to_owned())
        .collect()
}

/// The names of the functions of an interface.
fn functions(wit: &str, interface: &str) -> BTreeSet<String> {
    let lines = block(wit, &format!("interface {interface} {{"), "\n}");
    let names = lines.filter_map(|line| line.split_once(": func("));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// The names of the cases of a variant.
fn cases(wit: &str, variant: &str) -> BTreeSet<String> {
    let lines = block(wit, &format!("variant {variant} {{"), "\n    }");
    let names = lines.map(|line| line.split(['(', ',']).next().unwrap());
    names.map(str::to_owned).collect()
}

/// The lines of a block without comments and blanks.
fn block<'a>(
    wit: &'a str,
    opening: &str,
    closing: &str,
) -> impl Iterator<Item = &'a str> + use<'a> {
    let (_, rest) = wit.split_once(opening).expect(opening);
    let (inside, _) = rest.split_once(closing).expect("its end");
    let lines = inside.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with("//"))
}

#[test]
fn page_of_the_contract_has_its_functions_and_errors() {
    let (text, wit) = (page("docs/contract.md"), page("wit/connector.wit"));
    let exports = first_cells(&text, "\n## What a connector exports\n");
    assert_eq!(exports, functions(&wit, "source"));
    let errors = first_cells(&text, "\n## Errors of a connector\n");
    assert_eq!(errors, cases(&wit, "error"));
    let offered = first_cells(&text, "\n## What the host offers\n");
    let of_host = functions(&wit, "host");
    let expected: BTreeSet<_> = of_host.union(&cases(&wit, "http-error")).cloned().collect();
    assert_eq!(offered, expected);
}

#[test]
fn statuses_on_the_page_of_the_contract_are_those_of_their_kinds() {
    let text = page("docs/contract.md");
    let mut compared = 0;
    for kind in ErrorKind::ALL {
        let quoted = format!("`{}`", kind.as_str());
        for (before, _) in text.match_indices(&quoted).map(|(at, _)| text.split_at(at)) {
            // Without a status before it, it is a name of the contract, such as `misconfigured`.
            let Some(status) = before.trim_end().split(' ').next_back() else {
                continue;
            };
            if let Ok(status) = status.parse::<u16>() {
                assert_eq!(status, kind.status(), "{quoted}");
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 7);
}
