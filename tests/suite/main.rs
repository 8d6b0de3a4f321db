//! The behavior of `weld-host`, tested through the running server: real sockets, real components, a fake upstream.
//!
//! There is one test binary, so that it is linked only once. Each field has a folder and each subject a module. A
//! test's name is the sentence that it proves.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "clippy knows only functions marked as tests, not what they call"
)]

mod authoring;
mod credentials;
mod deploying;
mod egress;
mod limits;
mod loading;
mod manual;
mod operating;
mod pages;
mod repo;
mod serving;
mod sync;
mod texts;

/// The path of each test guest; an unused one causes a dead-code warning.
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::{Path, PathBuf};
use weld_host_tests::held_call::{HeldCall, UnansweredCalls};
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_weld-host-under-test");

/// The cache that all hosts share. It survives the run, since its keys depend on the contents.
fn cache_folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache")
}

/// A host that is not yet set up.
fn host() -> HostBuilder {
    HostBuilder::new(PROGRAM, &cache_folder())
}

/// A running host with one connector, `guest`.
fn host_with(component: &str) -> Host {
    host().plugin("guest", component).start()
}

/// A running host with one connector, `guest`, with this configuration.
fn host_with_config(component: &str, toml: &str) -> Host {
    host()
        .plugin("guest", component)
        .config("guest", toml)
        .start()
}

/// A host with the connector `guest`, and one of its pages in the middle of its call.
fn held_call(builder: HostBuilder) -> HeldCall {
    builder.start_with_held_call(guests::FETCHES)
}

/// A host with the connector `guest`, whose calls are never answered and end after this `linger` without a client.
fn unanswered(linger: &str) -> UnansweredCalls {
    host().start_with_unanswered_calls(guests::FETCHES, linger)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

/// Checks an error's status and kind, and that it has the form of every error. Returns its message.
fn assert_error(answer: &Message, status: u16, kind: &str) -> String {
    assert_eq!(answer.status(), status, "{}", answer.text());
    assert_eq!(
        answer.header("content-type"),
        Some("application/json"),
        "{}",
        answer.text()
    );
    let body = answer.json();
    let error = &body["error"];
    assert_eq!(error["kind"], kind, "{body}");
    assert!(
        error["request_id"]
            .as_str()
            .is_some_and(|id| !id.is_empty()),
        "{body}"
    );
    assert!(error["temporary"].is_boolean(), "{body}");
    let message = error["message"].as_str().expect("a message");
    assert!(!message.is_empty(), "{body}");
    message.to_owned()
}
