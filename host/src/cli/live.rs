//! The settings that take effect while the host runs.

use std::sync::Arc;

use tokio::sync::watch;

use super::client_keys::ClientKeyFile;
use crate::config::{Ceilings, OperatorBounds, ServerConfig};
use crate::connectors::Connectors;
use crate::egress::{CurrentPolicy, is_special};
use crate::server::LiveSettings;

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
        generation: 0,
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

    /// Replaces the bounds. The policy applies to requests at once, before any configuration is read again.
    fn set(&self, config: &ServerConfig) {
        self.policy.set(config.policy.clone());
        let new = bounds(config);
        self.bounds.send_if_modified(|old| {
            let ceilings = Ceilings {
                // Each sandbox has room for so much, and the host's memory for components of this size.
                memory_bytes: old.ceilings.memory_bytes,
                component_bytes: old.ceilings.component_bytes,
                concurrency: old.ceilings.concurrency,
                ..new.ceilings
            };
            let is_new = old.ceilings != ceilings || old.policy != new.policy;
            if is_new {
                *old = OperatorBounds {
                    ceilings,
                    generation: old.generation.wrapping_add(1),
                    ..new
                };
            }
            is_new
        });
    }
}

/// The parts of a running host whose settings can change.
pub(super) struct LiveHost {
    pub(super) bounds: Arc<LiveBounds>,
    pub(super) connectors: Arc<Connectors>,
    pub(super) server: LiveSettings,
    pub(super) key_file: ClientKeyFile,
}

impl LiveHost {
    /// Applies the settings that can change. Returns whether the keys of clients stay valid although `config` has none.
    pub(super) fn set(&self, config: &ServerConfig) -> bool {
        self.bounds.set(config);
        self.connectors.set_queue(config.queue, config.queue_wait);
        let keeps_keys =
            self.server
                .set(&config.api_keys, config.max_body_bytes, config.body_timeout);
        if !keeps_keys {
            self.key_file.set_path(config.api_key_file.clone());
        }
        keeps_keys
    }
}
