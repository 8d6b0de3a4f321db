//! Files in the plugins folder that are no connectors: each is reported, and keeps no other from serving.

use crate::{assert_error, guests, host};
use serde_json::json;
use std::fs;

#[test]
fn every_connector_is_announced_with_its_url() {
    let host = host()
        .plugin("beers", guests::ECHOES_STATE)
        .plugin("a.b_c-1", guests::ECHOES_STATE)
        .start();
    for name in ["beers", "a.b_c-1"] {
        let line = host.announcement(name);
        assert!(
            line.contains(&format!("http://{}/{name}", host.address())),
            "{line}"
        );
        assert!(
            line.contains("  loaded in ") && line.contains(" ms"),
            "{line}"
        );
        assert_eq!(host.weld(name).schema().status(), 200, "{name}");
    }
}

#[test]
fn broken_file_is_reported_with_its_reason_while_the_others_serve() {
    let whole = fs::read(guests::ECHOES_STATE).unwrap();
    let half = &whole[..whole.len() / 2];
    let broken: [(&str, &[u8], &str); 5] = [
        ("empty", b"", "empty"),
        ("text", b"no component\n", "not WebAssembly"),
        ("core-module", b"\0asm\x01\0\0\0", "core module"),
        ("half", half, "cut short"),
        ("header-only", b"\0asm\x0d\0\x01\0", "weld:connector/source"),
    ];
    let mut builder = host().plugin("good", guests::ECHOES_STATE);
    for (name, contents, _) in broken {
        builder = builder.file(&format!("{name}.wasm"), contents);
    }
    let host = builder.start();
    for (name, _, reason) in broken {
        let line = host.announcement(name);
        assert!(
            line.contains("not loaded: ") && line.contains(reason),
            "{line}"
        );
        assert_error(&host.weld(name).schema(), 503, "connector_unavailable");
        assert_error(
            &host.weld(name).page("rows", &json!({})),
            503,
            "connector_unavailable",
        );
    }
    assert_eq!(
        host.weld("good").good_row("beers", &json!({}))["table"],
        "beers"
    );
}

#[test]
fn component_of_another_contract_is_reported_with_what_differs() {
    let foreign = [
        ("command", guests::IS_A_COMMAND, "weld:connector/source"),
        (
            "later-version",
            guests::SPEAKS_ANOTHER_VERSION,
            "weld:connector/source@0.1.0",
        ),
        (
            "other-shape",
            guests::EXPORTS_ANOTHER_SHAPE,
            "weld:connector/source",
        ),
        (
            "other-imports",
            guests::IMPORTS_WHAT_NO_HOST_OFFERS,
            "teleport",
        ),
    ];
    let mut builder = host().plugin("good", guests::ECHOES_STATE);
    for (name, component, _) in foreign {
        builder = builder.plugin(name, component);
    }
    let host = builder.start();
    for (name, _, reason) in foreign {
        let line = host.announcement(name);
        assert!(
            line.contains("not loaded: ") && line.contains(reason),
            "{line}"
        );
        assert_error(&host.weld(name).schema(), 503, "connector_unavailable");
    }
    assert_eq!(host.weld("good").schema().status(), 200);
}

#[test]
fn reason_is_one_line_and_no_backtrace() {
    let host = host()
        .plugin("other-imports", guests::IMPORTS_WHAT_NO_HOST_OFFERS)
        .plugin("other-shape", guests::EXPORTS_ANOTHER_SHAPE)
        .file("text.wasm", "no component")
        .start();
    for name in ["other-imports", "other-shape", "text"] {
        host.announcement(name);
    }
    let lines = host.stdout().so_far();
    assert!(
        lines[1..].iter().all(|line| line.starts_with("  ")),
        "each begins a line of its own: {lines:?}"
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("backtrace") || line.contains("panicked")),
        "{lines:?}"
    );
}

#[test]
fn name_that_is_no_url_segment_is_reported() {
    let names = [
        "Beers",
        "two words",
        "-beers",
        "bier\u{e4}",
        "schema",
        "healthz",
        "readyz",
        "metrics",
    ];
    let mut builder = host().plugin("good", guests::ECHOES_STATE);
    for name in names {
        builder = builder.plugin(name, guests::ECHOES_STATE);
    }
    let long = "x".repeat(64);
    let host = builder.plugin(&long, guests::ECHOES_STATE).start();
    for name in names.into_iter().chain([long.as_str()]) {
        let line = host.announcement(name);
        assert!(
            line.contains("not loaded: ") && line.contains("name"),
            "{line}"
        );
    }
    assert_eq!(host.weld("good").schema().status(), 200);
}

#[test]
fn other_files_are_no_connectors() {
    let builder = host()
        .plugin("good", guests::ECHOES_STATE)
        .file("README.md", "about")
        .file("old.wasm.bak", "old");
    fs::create_dir(builder.plugins().join("folder")).unwrap();
    let host = builder.file("folder/inner.wasm", "not looked at").start();
    host.announcement("good");
    let lines = host.stdout().so_far();
    assert_eq!(
        lines.iter().filter(|line| line.contains("loaded")).count(),
        1,
        "{lines:?}"
    );
    assert_eq!(
        host.weld_at_root().schema().status(),
        200,
        "it is the only one"
    );
}

#[test]
fn folder_named_like_a_connector_keeps_nobody_from_serving() {
    let builder = host().plugin("good", guests::ECHOES_STATE);
    fs::create_dir(builder.plugins().join("folder.wasm")).unwrap();
    let host = builder.start();
    assert_eq!(host.weld("good").schema().status(), 200);
}

#[test]
fn empty_plugins_folder_serves_nothing_but_runs() {
    let host = host().start();
    assert_eq!(host.weld_at_root().schema().status(), 404);
    assert_error(&host.weld("beers").schema(), 404, "unknown_connector");
}
