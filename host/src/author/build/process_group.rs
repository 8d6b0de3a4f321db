//! The processes of a running tool, which end together.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The group of a tool and of everything that it starts: `npm` starts a shell and Node, `cargo` starts compilers. When
/// dropped, all of them are killed, unless the tool has ended by itself.
pub(super) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    /// The group of a child that was started as the leader of its own group.
    pub(super) fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    /// The tool has ended. Whatever it left running in the background stays.
    pub(super) fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Fails only if all of them have ended.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
