//! A wall clock for one host, which a test can move while the host runs. The host's other clocks are unaffected.

use crate::host::HostBuilder;
use jiff::{SignedDuration, Timestamp};
use std::os::unix::fs::FileExt;
use tempfile::NamedTempFile;

/// The library preloaded into the host; the build script compiles it.
const LIBRARY: &str = env!("SHIFTED_CLOCK_LIBRARY");

/// The wall clock of every host that is started with it.
pub struct ShiftedClock {
    /// The file that the library maps.
    file: NamedTempFile,
}

impl ShiftedClock {
    /// A clock that shows the same time as the test's own.
    ///
    /// # Panics
    /// If there is no temporary file.
    pub fn right() -> Self {
        let clock = Self {
            file: NamedTempFile::new().expect("a temporary file"),
        };
        clock.shift(SignedDuration::ZERO);
        clock
    }

    /// From now on the clock is ahead of the test's own by `offset`, or behind it if that is negative.
    ///
    /// # Panics
    /// If the file can't be written.
    pub fn shift(&self, offset: SignedDuration) {
        let nanoseconds = i64::try_from(offset.as_nanos()).expect("less than centuries");
        let bytes = nanoseconds.to_ne_bytes();
        let written = self.file.as_file().write_all_at(&bytes, 0);
        written.expect("a temporary file can be written");
    }

    /// The time that a clock shows with this offset.
    ///
    /// # Panics
    /// If that is not a valid time.
    pub fn now(offset: SignedDuration) -> Timestamp {
        Timestamp::now() + offset
    }
}

impl HostBuilder {
    /// Starts the host with this wall clock instead of the machine's.
    pub fn clock(self, clock: &ShiftedClock) -> Self {
        self.variable("LD_PRELOAD", LIBRARY)
            .variable("SHIFTED_CLOCK", clock.file.path())
    }
}
