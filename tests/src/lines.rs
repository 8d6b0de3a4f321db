//! The output of a child process, line by line as it is written.

use crate::PATIENCE;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

/// How many lines a failed test shows, since a guest may have written thousands.
const SHOWN: usize = 40;

/// The lines of one output stream so far. Clones see the same lines.
#[derive(Clone, Default)]
pub struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    written: Mutex<Written>,
    changed: Condvar,
}

#[derive(Default)]
struct Written {
    lines: Vec<String>,
    ended: bool,
}

impl Lines {
    /// Reads the stream in its own thread until it ends.
    pub fn capture(stream: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let shared = Arc::clone(&lines.0);
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                shared
                    .written
                    .lock()
                    .unwrap()
                    .lines
                    .push(String::from_utf8_lossy(&line).into_owned());
                shared.changed.notify_all();
            }
            shared.written.lock().unwrap().ended = true;
            shared.changed.notify_all();
        });
        lines
    }

    /// The first line that `is_wanted`, once it has been written.
    ///
    /// # Panics
    /// If the stream ends without such a line, or there is none within [`PATIENCE`].
    pub fn wait_for(&self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        let find = |written: &Written| written.lines.iter().find(|line| is_wanted(line)).cloned();
        let written = self.wait(PATIENCE, |written| find(written).is_some() || written.ended);
        let found = find(&written);
        // A panic with the lock held would poison it, and the host's last lines could not be shown.
        drop(written);
        found.unwrap_or_else(|| panic!("no line with {what} in:\n{}", self.end()))
    }

    /// The first line that contains `text`, once it has been written.
    ///
    /// # Panics
    /// As for [`Lines::wait_for`].
    pub fn wait_for_text(&self, text: &str) -> String {
        self.wait_for(&format!("{text:?}"), |line| line.contains(text))
    }

    /// Waits until `is_enough` holds for the lines so far. Returns false if the stream ended before.
    ///
    /// # Panics
    /// If neither happens within [`PATIENCE`].
    pub fn wait_until(&self, is_enough: impl Fn(&[String]) -> bool) -> bool {
        let written = self.wait(PATIENCE, |written| {
            written.ended || is_enough(&written.lines)
        });
        let (enough, ended) = (is_enough(&written.lines), written.ended);
        drop(written);
        assert!(enough || ended, "waited in vain in:\n{}", self.end());
        enough
    }

    /// The lines written so far.
    pub fn so_far(&self) -> Vec<String> {
        self.0.written.lock().unwrap().lines.clone()
    }

    /// The last lines written so far, as one text.
    pub fn end(&self) -> String {
        let lines = self.so_far();
        lines[lines.len().saturating_sub(SHOWN)..].join("\n")
    }

    /// Whether the stream ends within this time. It ends when the process is gone.
    pub fn end_within(&self, time: Duration) -> bool {
        self.wait(time, |written| written.ended).ended
    }

    fn wait(
        &self,
        time: Duration,
        until: impl Fn(&Written) -> bool,
    ) -> std::sync::MutexGuard<'_, Written> {
        let written = self.0.written.lock().unwrap();
        self.0
            .changed
            .wait_timeout_while(written, time, |written| !until(written))
            .unwrap()
            .0
    }
}
