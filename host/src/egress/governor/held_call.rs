//! A call that the governor may hold, and where it shows the reason for its wait.

use std::sync::Arc;

use crate::egress::phase::{CallPhase, PhaseClock};
use crate::waits::{Wait, WaitGuard, WaitReason, Waits};

/// A call that the governor may hold, and where it shows the reason for its wait.
#[derive(Debug, Clone, Default)]
pub(in crate::egress) struct HeldCall {
    pub(super) waits: Arc<Waits>,
    pub(super) phases: PhaseClock,
}

impl HeldCall {
    /// A call with these waits, whose timeouts and log report these phases.
    pub(in crate::egress) fn new(waits: &Arc<Waits>, phases: PhaseClock) -> Self {
        Self {
            waits: waits.clone(),
            phases,
        }
    }

    /// Shows a wait until the returned guard is dropped.
    pub(super) fn show(&self, wait: Wait) -> WaitGuard {
        self.phases.enter(match wait.reason {
            WaitReason::OtherCall { .. } => CallPhase::OtherCall,
            _ => CallPhase::Quota,
        });
        self.waits.begin(wait)
    }
}
