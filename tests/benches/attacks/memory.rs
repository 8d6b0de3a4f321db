//! The resident memory of a process over time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use weld_host_tests::process::own_memory;

const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Records the peak memory of a process.
pub(crate) struct Memory {
    peak: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    watcher: JoinHandle<()>,
}

impl Memory {
    /// The present memory of the process in bytes.
    pub(crate) fn now(process: u32) -> u64 {
        own_memory(process)
    }

    /// Begins to record.
    pub(crate) fn watch(process: u32) -> Self {
        let peak = Arc::new(AtomicU64::new(0));
        let ended = Arc::new(AtomicBool::new(false));
        let watcher = {
            let (peak, ended) = (peak.clone(), ended.clone());
            thread::spawn(move || {
                while !ended.load(Ordering::Relaxed) {
                    peak.fetch_max(own_memory(process), Ordering::Relaxed);
                    thread::sleep(LOOK_EVERY);
                }
            })
        };
        Self {
            peak,
            ended,
            watcher,
        }
    }

    /// Ends the recording, and returns the peak in bytes.
    pub(crate) fn peak(self) -> u64 {
        self.ended.store(true, Ordering::Relaxed);
        self.watcher.join().expect("the process runs");
        self.peak.load(Ordering::Relaxed)
    }
}
