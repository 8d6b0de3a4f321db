//! Only one room asks which system it is compiled for.

use std::fs;

use super::{repository, rust_files, shown};

/// The room that may.
const ROOM: &str = "host/src/platform/";

/// Words of conditions, and of code that works on Linux alone.
const WORDS: [&str; 11] = [
    "target_os",
    "target_env",
    "target_vendor",
    "target_family",
    "target_arch",
    "cfg(unix)",
    "cfg(not(unix))",
    "cfg(windows)",
    "os::linux",
    "os::macos",
    "\"/proc/",
];

/// The first of the words in a line of code.
fn word(line: &str) -> Option<&'static str> {
    let code = line.trim_start();
    let is_code = !code.starts_with("//");
    WORDS
        .into_iter()
        .find(|word| is_code && code.contains(*word))
}

/// The code before the tests at the end of a file.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap()
}

#[test]
fn only_one_room_asks_for_the_system() {
    let sources = repository().join("host/src");
    let mut found = Vec::new();
    let mut own = 0;
    for path in rust_files(&sources) {
        let name = shown(&path);
        let text = fs::read_to_string(&path).unwrap();
        let lines = without_tests(&text).lines().enumerate();
        let hits = lines.filter_map(|(index, line)| Some((index + 1, word(line)?)));
        if name.starts_with(ROOM) {
            own += hits.count();
        } else if !name.ends_with("/tests.rs") && !name.contains("/tests/") {
            found.extend(hits.map(|(line, word)| format!("{name}:{line}: {word}")));
        }
    }
    assert!(own > 10, "the test found almost nothing: {own}");
    assert!(
        found.is_empty(),
        "what differs between systems belongs in {ROOM}: {found:#?}"
    );
}

#[test]
fn conditions_are_found() {
    for (line, expected) in [
        ("#[cfg(target_os = \"linux\")]", Some("target_os")),
        ("    let path = \"/proc/self/fd\";", Some("\"/proc/")),
        ("use std::os::linux::net::SocketAddrExt;", Some("os::linux")),
        ("#[cfg(unix)]", Some("cfg(unix)")),
        ("/// Reads `/proc/self/fd` if target_os is Linux.", None),
        ("use std::os::unix::fs::MetadataExt;", None),
    ] {
        assert_eq!(word(line), expected, "{line}");
    }
    assert_eq!(without_tests("a\n#[cfg(test)]\nmod tests {\nb"), "a");
}
