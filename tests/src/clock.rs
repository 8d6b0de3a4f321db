//! A wall clock of a host's own, which a test moves while the host runs. Its other clocks go on as ever.

use crate::host::HostBuilder;
use jiff::{SignedDuration, Timestamp};
use std::os::unix::fs::FileExt;
use tempfile::NamedTempFile;

/// What is preloaded into the host; the build script compiles it.
const LIBRARY: &str = env!("SHIFTED_CLOCK_LIBRARY");

/// The wall clock of each host that was started with it.
pub struct ShiftedClock {
    /// What the library maps.
    file: NamedTempFile,
}

impl ShiftedClock {
    /// A clock that goes as the test's own does.
    ///
    /// # Panics
    /// Where there is no temporary file.
    pub fn right() -> Self {
        let clock = Self {
            file: NamedTempFile::new().expect("a temporary file"),
        };
        clock.shift(SignedDuration::ZERO);
        clock
    }

    /// From now on it goes so much before the test's own, or behind it.
    ///
    /// # Panics
    /// Where the file can't be written.
    pub fn shift(&self, offset: SignedDuration) {
        let nanoseconds = i64::try_from(offset.as_nanos()).expect("less than centuries");
        let bytes = nanoseconds.to_ne_bytes();
        let written = self.file.as_file().write_all_at(&bytes, 0);
        written.expect("a temporary file can be written");
    }

    /// What it shows where it is shifted by this.
    ///
    /// # Panics
    /// Where that is no time.
    pub fn now(offset: SignedDuration) -> Timestamp {
        Timestamp::now() + offset
    }
}

impl HostBuilder {
    /// With this wall clock in place of the machine's.
    pub fn clock(self, clock: &ShiftedClock) -> Self {
        self.variable("LD_PRELOAD", LIBRARY)
            .variable("SHIFTED_CLOCK", clock.file.path())
    }
}
