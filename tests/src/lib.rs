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

#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub mod clock;
pub mod component;
pub mod connection;
pub mod demo_api;
pub mod desk;
pub mod gate;
pub mod held_call;
pub mod host;
pub mod http;
pub mod in_process;
pub mod lines;
pub mod mark;
pub mod paged;
pub mod process;
pub mod screen;
pub mod tables;
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
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    until_some(what, || holds().then_some(()));
}

/// Waits for something that nothing tells of, and answers it.
///
/// # Panics
/// Where it is not there within [`PATIENCE`].
pub fn until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = std::time::Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "still waiting: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
