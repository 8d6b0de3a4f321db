//! The present state of connectors and slots, for metrics.

use std::collections::BTreeMap;

use metrics::{SharedString, gauge};

use super::entry::EntryState;
use super::registry::Connectors;
use crate::telemetry::catalog;

impl Connectors {
    /// Reports the present values of its gauges.
    pub(crate) fn observe(&self) {
        let admission = self.admission().usage();
        gauge!(catalog::SLOTS.name).set(admission.slots);
        gauge!(catalog::SLOTS_IN_USE.name).set(admission.in_use);
        gauge!(catalog::QUEUED_CALLS.name).set(admission.queued as f64);
        gauge!(catalog::QUEUE_LIMIT.name).set(admission.queue_limit);
        let account = self.host_account();
        gauge!(catalog::MEMORY_BYTES.name).set(account.used_bytes() as f64);
        gauge!(catalog::MEMORY_LIMIT_BYTES.name).set(account.limit_bytes() as f64);
        // All states are exported, so that an alert finds a 0 rather than nothing.
        let mut states = BTreeMap::from([("ready", 0_u32), ("loading", 0), ("not_loaded", 0)]);
        for entry in self.entries() {
            let name = SharedString::from_shared(entry.name.shared());
            let (state, is_up) = match &entry.state {
                EntryState::Ready(_) => ("ready", 1.0),
                EntryState::Loading => ("loading", 0.0),
                EntryState::Failed(_) => ("not_loaded", 0.0),
            };
            *states.entry(state).or_default() += 1;
            gauge!(catalog::CONNECTOR_UP.name, "connector" => name.clone()).set(is_up);
            if let Some(connector) = entry.connector() {
                let running = admission.running.get(&entry.name).copied();
                gauge!(catalog::RUNNING_CALLS.name, "connector" => name)
                    .set(running.unwrap_or_default());
                connector.egress().observe();
            }
        }
        for (state, connectors) in states {
            gauge!(catalog::CONNECTORS.name, "state" => state).set(connectors);
        }
    }
}
