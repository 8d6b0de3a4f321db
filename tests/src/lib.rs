//! The harness of the test suite: the real server as a child process, a fake upstream API, and Weld as a client.
//!
//! Everything here is blocking and uses plain sockets, so that a test decides which bytes are sent and when. No test
//! sleeps for a fixed time: tests wait for conditions, and give up after [`PATIENCE`].

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
pub mod runtime_api;
pub mod screen;
pub mod tables;
pub mod terminal;
pub mod upstream;
pub mod weld;

use std::time::Duration;

/// How long a test waits for a condition that should hold soon. It is generous, since machines that run tests are
/// busy.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits for a condition that can only be polled.
///
/// # Panics
/// If it doesn't hold within [`PATIENCE`].
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    until_some(what, || holds().then_some(()));
}

/// Waits for a value that can only be polled, and returns it.
///
/// # Panics
/// If there is none within [`PATIENCE`].
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
