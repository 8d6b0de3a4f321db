//! The behaviour of `weld-host`, tried through the running server: real sockets, real components, a fake upstream.
//!
//! One test binary, so that it links once. A module per subject; a test's name is the sentence that it proves.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "clippy knows only functions marked as tests, not what they call"
)]

mod auth;
mod auth_commands;
mod build;
mod cache;
mod ceilings;
mod check;
mod cli;
mod compiler;
mod config;
mod connections;
mod credential_examples;
mod credentials;
mod demo;
mod egress;
mod example;
mod exchange_limits;
mod exchange_memory;
mod exchanges;
mod failures;
mod fairness;
mod folders;
mod gate;
mod governor;
mod hour;
mod idle;
mod in_flight;
mod in_process;
mod joining;
mod kept_tokens;
mod key_rotation;
mod limits;
mod loading;
mod logs;
mod marks;
mod new;
mod oauth;
mod pages;
mod postman;
mod quota;
mod rate_limits;
mod reload;
mod repo;
mod requests;
mod routes;
mod sandbox;
mod secrets;
mod shutdown;
mod starting;
mod startup;
mod stuck;
mod sync;
mod sync_answers;
mod sync_destinations;
mod sync_events;
mod sync_failures;
mod sync_kill;
mod sync_names;
mod sync_signals;
mod sync_terminal;
mod synced;
mod waiting;

/// The path of each test guest; one that no test uses is a dead-code warning.
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::path::Path;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_weld-host-under-test");

/// A host yet to be set up. All share one cache, which outlives the run: its keys are contents.
fn host() -> HostBuilder {
    HostBuilder::new(
        PROGRAM,
        &Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache"),
    )
}

/// A running host with one connector, `guest`.
fn host_with(component: &str) -> Host {
    host().plugin("guest", component).start()
}

/// A running host with one connector, `guest`, of this configuration.
fn host_with_config(component: &str, toml: &str) -> Host {
    host()
        .plugin("guest", component)
        .config("guest", toml)
        .start()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

/// Checks an error's status and kind, and that it has the form of every error; answers its message.
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
    let message = error["message"].as_str().expect("a message");
    assert!(!message.is_empty(), "{body}");
    message.to_owned()
}
