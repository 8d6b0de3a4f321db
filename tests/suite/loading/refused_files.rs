//! Files in the plugins folder that are not connectors: each is reported, and doesn't keep others from serving.

use super::assert_not_loaded;
use crate::{assert_error, guests, host};
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use weld_host_tests::component::section;
use weld_host_tests::host::Host;

/// Checks that a connector is reported with this reason, and that requests for it are refused.
fn assert_refused(host: &Host, connector: &str, reason: &str) {
    assert_not_loaded(host, connector, reason);
    let answer = host.weld(connector).schema();
    assert_error(&answer, 503, "connector_unavailable");
}

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
        ("half", half, "truncated"),
        ("header-only", b"\0asm\x0d\0\x01\0", "weld:connector/source"),
    ];
    let mut builder = host().plugin("good", guests::ECHOES_STATE);
    for (name, contents, _) in broken {
        builder = builder.file(&format!("{name}.wasm"), contents);
    }
    let host = builder.start();
    for (name, _, reason) in broken {
        assert_refused(&host, name, reason);
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
fn author_learns_why_the_connector_failed_to_load_and_nobody_else() {
    let host = host()
        .variable("WELD_API_KEY", "the host's key")
        .plugin("open", guests::ECHOES_STATE)
        .config("open", "[limits]\nmemroy = 'hunter2'")
        .file("own.wasm", "no component")
        .config("own", "api-key = \"its own key\"")
        .start();
    let broken = "open.toml:2: limits.memroy: unknown key; did you mean `memory`?";
    let text = "own.wasm";
    host.announcement("open");
    host.announcement("own");
    let message = |connector: &str, key: &str, header: Option<(&str, &str)>| {
        let request = host.weld(connector).with_key(key).request("GET", "/schema");
        let request = match header {
            None => request,
            Some((name, value)) => request.header(name, value),
        };
        let answer = request.send();
        match answer.status() {
            401 => answer.text(),
            _ => assert_error(&answer, 503, "connector_unavailable"),
        }
    };
    let hidden = "the connector failed to load; the host's log has the reason";
    let shown = message("open", "the host's key", None);
    assert!(shown.ends_with(broken), "on this machine: {shown}");
    for proxied in [
        ("X-Forwarded-For", "203.0.113.7"),
        ("Forwarded", "for=203.0.113.7"),
        ("Via", "1.1 proxy"),
        ("host", "connectors.example.com"),
    ] {
        let answered = message("open", "the host's key", Some(proxied));
        assert_eq!(answered, hidden, "{proxied:?}");
        let own = message("own", "its own key", Some(proxied));
        assert!(own.contains("WebAssembly"), "its own key: {own}");
    }
    for (connector, key) in [("open", "another key"), ("own", "the host's key")] {
        let refused = message(connector, key, None);
        assert!(
            refused.contains("unauthorized")
                && !refused.contains(".toml")
                && !refused.contains(text),
            "{connector}: {refused}"
        );
    }
    let line = host.log().wait_for_text("status=503");
    assert!(line.contains(broken), "the log has it in any case: {line}");
    assert!(!host.log().so_far().join("\n").contains("hunter2"));
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
            guests::IMPORTS_AN_UNKNOWN_FUNCTION,
            "teleport",
        ),
    ];
    let mut builder = host().plugin("good", guests::ECHOES_STATE);
    for (name, component, _) in foreign {
        builder = builder.plugin(name, component);
    }
    let host = builder.start();
    for (name, _, reason) in foreign {
        assert_refused(&host, name, reason);
    }
    assert_eq!(host.weld("good").schema().status(), 200);
}

#[test]
fn reason_is_one_line_without_a_backtrace() {
    let host = host()
        .plugin("other-imports", guests::IMPORTS_AN_UNKNOWN_FUNCTION)
        .plugin("other-shape", guests::EXPORTS_ANOTHER_SHAPE)
        .file("text.wasm", "no component")
        .start();
    for name in ["other-imports", "other-shape", "text"] {
        host.announcement(name);
    }
    let lines = host.stdout().so_far();
    assert!(
        lines[1..].iter().all(|line| line.starts_with("  ")),
        "each begins its own line: {lines:?}"
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.contains("backtrace") || line.contains("panicked")),
        "{lines:?}"
    );
}

#[test]
fn name_that_is_not_valid_in_a_url_is_reported() {
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
        assert_not_loaded(&host, name, "name");
    }
    assert_eq!(host.weld("good").schema().status(), 200);
}

#[test]
fn other_files_are_ignored() {
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
fn anything_but_a_regular_file_is_reported_without_being_read() {
    let builder = host().plugin("good", guests::ECHOES_STATE);
    let path = |name: &str| builder.plugins().join(name);
    let made = Command::new("mkfifo")
        .arg(path("pipe.wasm"))
        .status()
        .expect("mkfifo is part of every Unix");
    assert!(made.success());
    fs::create_dir(path("folder.wasm")).unwrap();
    symlink("/dev/zero", path("endless.wasm")).unwrap();
    symlink("moved/away.wasm", path("dangling.wasm")).unwrap();
    let host = builder.start();
    for (name, reason) in [
        ("pipe", "it is a named pipe, not a regular file"),
        ("folder", "it is a folder, not a regular file"),
        ("endless", "it is a device, not a regular file"),
        ("dangling", "could not read the file"),
    ] {
        assert_refused(&host, name, reason);
    }
    assert_eq!(host.weld("good").schema().status(), 200);
}

#[test]
fn connector_whose_start_never_ends_is_reported() {
    let host = host()
        .plugin("good", guests::ECHOES_STATE)
        .file("guest.wasm", component_whose_start_never_ends())
        .config("guest", "[limits]\ncpu-time = \"100ms\"")
        .start();
    assert_not_loaded(&host, "guest", "cpu-time");
    assert_eq!(host.weld("good").schema().status(), 200);
}

/// A component in the binary format, with exports of the right names. No compiler writes such a start function.
fn component_whose_start_never_ends() -> Vec<u8> {
    let module = [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, b"\x01\x60\x00\x00"),
        section(3, b"\x01\x00"),
        section(7, b"\x01\x01f\x00\x00"),
        // The start function is the module's only function: `loop br 0 end`.
        section(8, b"\x00"),
        section(10, b"\x01\x07\x00\x03\x40\x0c\x00\x0b\x0b"),
    ]
    .concat();
    let source = "weld:connector/source@0.1.0";
    let exports = [
        &[1, 0, u8::try_from(source.len()).unwrap()],
        source.as_bytes(),
        &[5, 0, 0],
    ]
    .concat();
    [
        b"\0asm\x0d\0\x01\0".to_vec(),
        section(1, &module),
        // An instance of the module, and its function, lifted as one without parameters and results.
        section(2, b"\x01\x00\x00\x00"),
        section(6, b"\x01\x00\x00\x01\x00\x01f"),
        section(7, b"\x01\x40\x00\x01\x00"),
        section(8, b"\x01\x00\x00\x00\x00\x00"),
        // An instance with that function under both names in the contract.
        section(
            5,
            b"\x01\x01\x02\x00\x06schema\x01\x00\x00\x0afetch-page\x01\x00",
        ),
        section(11, &exports),
    ]
    .concat()
}

#[test]
fn component_with_more_initial_memory_than_its_limit_is_reported() {
    // A Rust guest begins with a stack of 1 MiB, followed by its data.
    let small = host()
        .plugin("guest", guests::ECHOES_STATE)
        .flag("--max-memory", "1MiB")
        .start();
    let line = small.announcement("guest");
    assert!(
        line.contains("not loaded: ") && line.contains("exceeds") && line.contains("--max-memory"),
        "{line}"
    );
    let limited = host()
        .plugin("guest", guests::ECHOES_STATE)
        .config("guest", "[limits]\nmemory = \"1MiB\"")
        .start();
    assert_not_loaded(&limited, "guest", "limits.memory");
    for host in [small, limited] {
        assert_error(&host.weld("guest").schema(), 503, "connector_unavailable");
    }
}

#[test]
fn host_with_an_empty_plugins_folder_runs() {
    let host = host().start();
    assert_eq!(host.weld_at_root().schema().status(), 404);
    assert_error(&host.weld("beers").schema(), 404, "unknown_connector");
}
