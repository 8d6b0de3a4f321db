//! Starting the server, and refusing to start: one clear line, exit status 1, no backtrace.

use crate::{guests, host};
use std::ffi::OsStr;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use weld_host_tests::host::HostBuilder;

/// Checks that the host refuses to start with one line that contains these texts.
fn assert_refused(builder: HostBuilder, words: &[&str]) {
    let failure = builder.variable("RUST_BACKTRACE", "1").fail();
    assert_eq!(failure.status.code(), Some(1), "{failure:?}");
    let lines: Vec<&String> = failure
        .stderr
        .iter()
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(lines.len(), 1, "{failure:?}");
    assert!(
        words.iter().all(|word| lines[0].contains(word)),
        "{words:?} in {failure:?}"
    );
    assert!(
        !failure.stdout.iter().any(|line| line.contains("listening")),
        "{failure:?}"
    );
}

#[test]
fn first_line_says_version_and_address() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    let expected = format!(
        "weld-host {} listening on http://{}",
        env!("CARGO_PKG_VERSION"),
        host.address()
    );
    assert_eq!(host.stdout().so_far()[0], expected);
}

#[test]
fn port_in_use_is_a_refusal() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_refused(host().flag("--listen", &address), &[&address]);
}

#[test]
fn unreadable_plugins_folder_is_a_refusal() {
    assert_refused(
        host().flag("--plugins", "/no/such/folder"),
        &["/no/such/folder"],
    );
    let builder = host().file("a-file", "");
    let file = builder.plugins().join("a-file").display().to_string();
    assert_refused(builder.flag("--plugins", &file), &["a-file"]);
}

#[test]
fn unusable_key_file_is_a_refusal() {
    assert_refused(
        host().flag("--api-key-file", "/no/such/key"),
        &["/no/such/key"],
    );
    let builder = host().file("empty-key", "\n");
    let file = builder.plugins().join("empty-key").display().to_string();
    assert_refused(builder.flag("--api-key-file", &file), &["empty"]);
}

#[test]
fn open_address_without_a_key_is_a_refusal() {
    for address in ["0.0.0.0:0", "[::]:0"] {
        assert_refused(host().flag("--listen", address), &["WELD_API_KEY"]);
    }
    assert_refused(
        host().without("--listen").variable("PORT", "0"),
        &["WELD_API_KEY"],
    );
}

#[test]
fn empty_key_never_opens_the_host() {
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let builder = host()
            .flag("--listen", address)
            .variable("WELD_API_KEY", "");
        assert_refused(builder, &["key"]);
    }
}

#[test]
fn invalid_port_in_the_environment_is_a_refusal() {
    for port in ["http", "65536", ""] {
        assert_refused(host().without("--listen").variable("PORT", port), &["PORT"]);
    }
}

#[test]
fn port_in_the_environment_means_every_address() {
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .without("--listen")
        .variable("PORT", "0")
        .variable("WELD_API_KEY", "key")
        .start();
    assert!(host.address().ip().is_unspecified(), "{}", host.address());
    assert_eq!(host.weld("guest").with_key("key").schema().status(), 200);
}

#[test]
fn host_without_a_key_announces_it() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    host.stdout().wait_for_text("WELD_API_KEY");
    assert_eq!(
        host.weld("guest").schema().status(),
        200,
        "on loopback only"
    );
}

#[test]
fn unknown_default_connector_is_a_refusal() {
    assert_refused(host().flag("--default", "beers"), &["--default", "beers"]);
}

#[test]
fn key_that_is_not_text_is_a_refusal() {
    let key = OsStr::from_bytes(b"s3cret\xff");
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let builder = host()
            .flag("--listen", address)
            .variable("WELD_API_KEY", key);
        assert_refused(builder, &["WELD_API_KEY", "UTF-8"]);
    }
}

#[test]
fn host_with_unread_output_serves_all_the_same() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let host = host()
        .plugin("guest", guests::ECHOES_STATE)
        .file("broken.wasm", "no component")
        .flag("--listen", &free.to_string())
        .start_unread("broken");
    assert_eq!(host.weld("guest").schema().status(), 200);
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("panicked"), "{log}");
}
