//! The processes of a worker: its own, and those that it has started.

use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::lock::Mutex;

/// The process group of the current worker, if there is one. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct ProcessGroup(Arc<Mutex<Option<Pid>>>);

impl ProcessGroup {
    /// Notes the group of a worker that has begun, by the id of its first process.
    pub(super) fn begin(&self, first: Option<u32>) {
        let id = first.and_then(|id| i32::try_from(id).ok());
        *self.0.lock() = id.and_then(Pid::from_raw);
    }

    /// Kills all processes of the group. Does nothing if there is none, or for the second time: the id may be used
    /// again.
    pub(super) fn kill(&self) {
        if let Some(group) = self.0.lock().take() {
            // An error means that none is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
