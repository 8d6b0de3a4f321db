//! The processor time of calls, for metrics.

use std::sync::Arc;

use metrics::{SharedString, counter};

use crate::connectors::Connector;
use crate::scope::{CallScope, CpuClock};
use crate::telemetry::{catalog, nanoseconds};

/// Counts the processor time of a call when it is dropped, however the call ends.
pub(super) struct CpuMeter {
    connector: Arc<str>,
    clock: Arc<CpuClock>,
}

impl CpuMeter {
    /// For the call of this scope.
    pub(super) fn of(connector: &Connector, scope: &CallScope) -> Self {
        Self {
            connector: connector.name().shared(),
            clock: scope.cpu.clone(),
        }
    }
}

impl Drop for CpuMeter {
    fn drop(&mut self) {
        let connector = SharedString::from_shared(self.connector.clone());
        counter!(catalog::GUEST_CPU_SECONDS.name, "connector" => connector)
            .increment(nanoseconds(self.clock.used()));
    }
}
