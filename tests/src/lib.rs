//! The harness of the test suite: the real server as a child process, a fake upstream API, and Weld as a client.
//!
//! Everything here is blocking and on plain sockets, so that a test decides which bytes go out and when. No test
//! sleeps for a time: waits are for a condition, and give up after [`PATIENCE`].

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stderr,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "test code, though in a library: a failure here is a failed test"
)]

pub mod component;
pub mod connection;
pub mod gate;
pub mod host;
pub mod http;
pub mod lines;
pub mod process;
pub mod screen;
pub mod terminal;
pub mod upstream;
pub mod weld;

use std::time::Duration;

/// How long a test waits for a condition that should hold at once. Generous, since machines that run tests are busy.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits for a condition that nothing tells of.
///
/// # Panics
/// Where it does not come to hold within [`PATIENCE`].
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let began = std::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
