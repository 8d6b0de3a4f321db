//! `NAME.toml` next to a connector: its settings take effect, and mistakes are reported by file, line and key.

use crate::{assert_error, guests, host, host_with_config};
use serde_json::json;
use std::os::unix::fs::symlink;

/// The reason why a connector with this configuration failed to load.
fn refusal(toml: &str) -> String {
    let host = host()
        .plugin("good", guests::ECHOES_STATE)
        .plugin("guest", guests::ECHOES_STATE)
        .config("guest", toml)
        .start();
    let line = host.announcement("guest");
    assert!(line.contains("not loaded: "), "{toml}: {line}");
    assert_error(&host.weld("guest").schema(), 503, "connector_unavailable");
    assert_eq!(host.weld("good").schema().status(), 200, "the others serve");
    line
}

#[test]
fn mistake_is_reported_by_file_line_and_key() {
    for (toml, place, words) in [
        (
            "[limits]\npage-timout = \"1h\"",
            "guest.toml:2: limits.page-timout",
            "`page-timeout`",
        ),
        (
            "[limit]\nmemory = \"1MiB\"",
            "guest.toml:1: limit",
            "`limits`",
        ),
        ("\n\napi_key = \"x\"", "guest.toml:3: api_key", "`api-key`"),
        (
            "[limits]\nmemory = 64",
            "guest.toml:2: limits.memory",
            "64MiB",
        ),
        (
            "[limits]\nmemory = \"lots\"",
            "guest.toml:2: limits.memory",
            "64MiB",
        ),
        (
            "[limits]\nmemory = \"64GiB\"",
            "guest.toml:2: limits.memory",
            "--max-memory",
        ),
        (
            "[limits]\ncpu-time = \"5 parsecs\"",
            "guest.toml:2: limits.cpu-time",
            "55s",
        ),
        (
            "[limits]\nstate-size = \"16MiB\"",
            "guest.toml:2: limits.state-size",
            "--max-body",
        ),
        (
            "[limits]\nlog-lines = \"many\"",
            "guest.toml:2: limits.log-lines",
            "number",
        ),
        (
            "[network]\nallow = \"https://example.com\"",
            "guest.toml:2: network.allow",
            "list",
        ),
        (
            "[network]\nallow = [\n  \"example.com\",\n]",
            "guest.toml:3: network.allow[0]",
            "http",
        ),
        (
            "[network]\nallow = [\"https://*.example.com\",\n\"GET https://a.example.com/v1\"]",
            "guest.toml:3: network.allow[1]",
            "network.allow[0] on line 2",
        ),
        (
            "[network]\nallow-networks = [\"10.1.2.3/16\"]",
            "guest.toml:2: network.allow-networks[0]",
            "\"10.1.0.0/16\"",
        ),
        (
            "[network]\nroots = \"no.pem\"",
            "guest.toml:2: network.roots",
            "no.pem",
        ),
        (
            "[env]\nTOKEN = { env = \"NOT_SET\" }",
            "guest.toml:2: env.TOKEN",
            "NOT_SET",
        ),
        (
            "[env]\nTOKEN = { file = \"no.token\" }",
            "guest.toml:2: env.TOKEN",
            "no.token",
        ),
        ("[env]\nTOKEN = 5", "guest.toml:2: env.TOKEN", "string"),
        ("api-key = \"\"", "guest.toml:1: api-key", "key"),
        ("[limits\nmemory = \"1MiB\"", "guest.toml:1: ", ""),
        ("[env]\nA = \"1\"\nA = \"2\"", "guest.toml:3: ", ""),
    ] {
        let line = refusal(toml);
        assert!(
            line.contains(place) && line.contains(words),
            "{toml}: {line}"
        );
    }
}

#[test]
fn refusal_shows_no_value() {
    for toml in [
        "api-key = [\"hunter2\", 5]",
        "[env]\nTOKEN = [\"hunter2\"]",
        "[env]\nTOKEN = \"hunter2",
        "[env]\nTOKEN = { value = \"hunter2\" }",
        "[limits]\nmemory = \"hunter2\"",
    ] {
        let line = refusal(toml);
        assert!(!line.contains("hunter2"), "{toml}: {line}");
    }
}

#[test]
fn values_come_from_variables_and_from_files_next_to_the_configuration() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .config(
            "guest",
            "[env]\nA = \"plain\"\nB = { env = \"OUTER\" }\nC = { file = \"c.token\" }",
        )
        .file("c.token", "from a file\n")
        .variable("OUTER", "outside")
        .start();
    let row = host.weld("guest").good_row("rows", &json!({}));
    assert_eq!(
        row["environment"],
        json!({ "A": "plain", "B": "outside", "C": "from a file" })
    );
}

#[test]
fn empty_configuration_equals_a_missing_one() {
    let host = host_with_config(guests::ECHOES_STATE, "# nothing\n");
    assert_eq!(
        host.weld("guest").good_row("rows", &json!({}))["environment"],
        json!({})
    );
}

#[test]
fn state_larger_than_any_request_body_is_a_mistake() {
    // The table's name and the JSON around the state take part of the body.
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .config("guest", "[limits]\nstate-size = \"64KiB\"")
        .plugin("default", guests::ECHOES_STATE)
        .flag("--max-body", "64KiB")
        .start();
    let line = host.announcement("guest");
    assert!(
        line.contains("guest.toml:2: limits.state-size") && line.contains("--max-body"),
        "{line}"
    );
    assert_eq!(
        host.weld("default").schema().status(),
        200,
        "a default is lowered, as to any ceiling"
    );
}

#[test]
fn dangling_link_as_configuration_is_not_treated_as_missing() {
    let builder = host()
        .plugin("guest", guests::ECHOES_STATE)
        .plugin("good", guests::ECHOES_STATE)
        .variable("WELD_API_KEY", "key");
    let link = builder.plugins().join("guest.toml");
    symlink("moved/away/guest.toml", link).unwrap();
    let host = builder.start();
    let line = host.announcement("guest");
    assert!(
        line.contains("not loaded: ") && line.contains("guest.toml"),
        "{line}"
    );
    let guest = host.weld("guest").with_key("key");
    assert_error(&guest.schema(), 503, "connector_unavailable");
    assert_error(
        &guest.page("beers", &json!({})),
        503,
        "connector_unavailable",
    );
    let good = host.weld("good").with_key("key");
    assert_eq!(good.schema().status(), 200);
}
