//! The settings that take effect while the host runs.

use tokio::sync::watch;

use crate::config::{OperatorBounds, ServerConfig};
use crate::egress::{CurrentPolicy, is_special};

/// What connectors may do at most. It can change while the host runs.
pub(super) struct LiveBounds {
    bounds: watch::Sender<OperatorBounds>,
    policy: CurrentPolicy,
}

/// The bounds that these settings describe.
pub(super) fn bounds(config: &ServerConfig) -> OperatorBounds {
    OperatorBounds {
        ceilings: config.effective_ceilings(),
        policy: config.policy.clone(),
        is_special,
    }
}

impl LiveBounds {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self {
            bounds: watch::Sender::new(bounds(config)),
            policy: CurrentPolicy::new(config.policy.clone()),
        }
    }

    /// The bounds for reading configurations.
    pub(super) fn subscribe(&self) -> watch::Receiver<OperatorBounds> {
        self.bounds.subscribe()
    }

    /// The policy for requests.
    pub(super) fn policy(&self) -> CurrentPolicy {
        self.policy.clone()
    }
}
