//! The present state of the host, for metrics.

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::{SharedString, gauge};

use super::make::PageMaker;
use crate::telemetry::catalog;

/// Reports the present values of all gauges of the host.
pub struct HostGauges(Arc<PageMaker>);

impl HostGauges {
    pub(super) fn new(maker: Arc<PageMaker>) -> Self {
        Self(maker)
    }

    /// Whether the plugins folder has a connector of this name, loaded or not.
    #[must_use]
    pub fn has_connector(&self, name: &str) -> bool {
        self.0.connectors.has(name)
    }

    /// Reports the values to the recorder of this thread. It waits for no call.
    pub fn observe(&self) {
        self.0.connectors.observe();
        let mut waiting: BTreeMap<(Arc<str>, &'static str), u32> = BTreeMap::new();
        let maker = &self.0;
        for waits in [maker.pages.running(), maker.schemas.running()].concat() {
            if let Some(labels) = waits.labels() {
                *waiting.entry(labels).or_default() += 1;
            }
        }
        for ((connector, reason), calls) in waiting {
            let connector = SharedString::from_shared(connector);
            gauge!(catalog::WAITING_CALLS.name, "connector" => connector, "reason" => reason)
                .set(calls);
        }
        let (pages, schemas) = (maker.pages.kept(), maker.schemas.kept());
        let (outcomes, bytes) = (pages.0 + schemas.0, pages.1 + schemas.1);
        gauge!(catalog::KEPT_PAGES.name).set(outcomes as f64);
        gauge!(catalog::KEPT_BYTES.name).set(bytes as f64);
    }
}
