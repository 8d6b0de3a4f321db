//! The table of what is held for calls is complete: it lists exactly the files that charge memory.

use std::collections::BTreeSet;
use std::fs;

use super::map::{architecture, quoted, rows};
use super::{repository, rust_files, shown};

/// The methods that charge memory to an account.
const CHARGES: [&str; 3] = [".own(", ".transit(", ".charge("];

/// The mechanism itself.
const ACCOUNT: &str = "host/src/account/";

/// The files that charge, apart from tests, relative to `host/src`.
fn charging() -> BTreeSet<String> {
    rust_files(&repository().join("host/src"))
        .into_iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
            let is_test = path.components().any(|part| part.as_os_str() == "tests")
                || path.ends_with("tests.rs");
            !is_test && CHARGES.iter().any(|charge| calls(code, charge))
        })
        .map(|path| shown(&path))
        .filter(|path| !path.starts_with(ACCOUNT))
        .filter_map(|path| path.strip_prefix("host/src/").map(str::to_owned))
        .collect()
}

/// Whether a line of code, not a comment, has this call with an argument.
fn calls(code: &str, call: &str) -> bool {
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .filter_map(|line| line.split_once(call))
        .any(|(_, arguments)| !arguments.starts_with(')'))
}

#[test]
fn table_of_holders_lists_exactly_the_files_that_charge_memory() {
    let text = architecture();
    let named: BTreeSet<String> = rows(&text, "What is held")
        .into_iter()
        .filter_map(|(_, rest)| rest.split(" | ").last())
        .flat_map(|files| quoted(files).map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let charging = charging();
    let missing: Vec<&String> = charging.difference(&named).collect();
    assert!(
        missing.is_empty(),
        "these files charge memory; say what it is for in ARCHITECTURE.md, \"What is held, and for whom\": {missing:?}"
    );
    let idle: Vec<&String> = named.difference(&charging).collect();
    assert!(
        idle.is_empty(),
        "ARCHITECTURE.md, \"What is held, and for whom\", names these files, which charge nothing: {idle:?}"
    );
}
