//! What `weld-host serve` prints when it starts.

use crate::{guests, host};
use weld_host_tests::host::{Host, HostBuilder};

/// A line without what differs from one run to the next: addresses, folders, times.
fn settled(line: &str, host: &Host) -> String {
    let line = line.replace(&host.address().to_string(), "ADDRESS");
    let line = line.replace(&host.plugins().display().to_string(), "PLUGINS");
    let words: Vec<&str> = line.split(' ').collect();
    let is_unit = |word: &str| ["ms", "ms,", "s", "s,"].contains(&word);
    let words = words.iter().enumerate().map(|(index, word)| {
        let is_time = words.get(index + 1).is_some_and(|next| is_unit(next));
        let is_number = word.parse::<f64>().is_ok();
        if is_time && is_number { "TIME" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// What a host prints until it has said something of each of these connectors.
fn printed(builder: HostBuilder, connectors: &[&str]) -> String {
    let host = builder.start();
    host.stdout().wait_for_text("sandboxes at once");
    if connectors.is_empty() {
        host.stdout().wait_for_text("no connectors");
    }
    for connector in connectors {
        host.announcement(connector);
    }
    let mut lines = host.stdout().so_far();
    // Whether it is there depends on the time.
    lines.retain(|line| !line.starts_with("  still loading "));
    let (head, mut rest): (Vec<_>, Vec<_>) = lines
        .iter()
        .map(|line| settled(line, &host))
        .partition(|line| {
            let names_a_connector = |name: &&str| line.starts_with(&format!("  {name}  "));
            !connectors.iter().any(names_a_connector)
        });
    // They load at once.
    rest.sort();
    [head, rest].concat().join("\n")
}

#[test]
fn host_without_a_key_starts_like_this() {
    insta::assert_snapshot!(printed(host(), &[]));
}

#[test]
fn host_with_good_and_bad_connectors_starts_like_this() {
    let builder = host()
        .variable("WELD_API_KEY", "secret")
        .plugin("good", guests::ECHOES_STATE)
        .plugin("misconfigured", guests::ECHOES_STATE)
        .config("misconfigured", "[limits]\nmemroy = 1")
        .file("text.wasm", "no wasm")
        .file("No Name.wasm", "no wasm");
    insta::assert_snapshot!(printed(builder, &["good", "misconfigured", "text"]));
}
