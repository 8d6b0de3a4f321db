//! The settings that take effect while the host runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::followed_keys::{ADMIN_KEYS, CLIENT_KEYS, FollowedKeys};
use crate::access_check::AccessKeys;
use crate::admin::AdminKeys;
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
    pub(super) admin_keys: AdminKeys,
    pub(super) key_files: KeyFiles,
    pub(super) unmap_after: watch::Sender<Option<Duration>>,
}

/// The files of keys that a host follows. Clones are the same files.
#[derive(Clone)]
pub(super) struct KeyFiles {
    pub(super) of_clients: FollowedKeys,
    pub(super) of_the_admin: FollowedKeys,
}

/// Which keys stay valid although the new settings have none.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeptKeys {
    pub(super) of_clients: bool,
    pub(super) of_the_admin: bool,
}

impl KeyFiles {
    /// The files in `config`. Changes of theirs apply to these.
    pub(super) fn new(config: &ServerConfig, server: LiveSettings, admin: AdminKeys) -> Self {
        let files = Self {
            of_clients: FollowedKeys::new(CLIENT_KEYS, move |keys| server.set_keys(keys)),
            of_the_admin: FollowedKeys::new(ADMIN_KEYS, move |keys| admin.replace(keys)),
        };
        files.follow_clients(config);
        files.follow_admin(config);
        files
    }

    fn follow_clients(&self, config: &ServerConfig) {
        self.of_clients
            .set_path(config.api_key_file.clone(), &config.api_keys);
    }

    fn follow_admin(&self, config: &ServerConfig) {
        self.of_the_admin
            .set_path(config.admin_key_file.clone(), &config.admin_keys);
    }

    /// Follows the files. Looks at them at least this often; never ends.
    pub(super) async fn follow(self, interval: Duration) {
        tokio::join!(
            self.of_clients.follow(interval),
            self.of_the_admin.follow(interval)
        );
    }
}

impl LiveHost {
    /// Applies the settings that can change. Returns which keys stay valid although `config` has none.
    pub(super) fn set(&self, config: &ServerConfig) -> KeptKeys {
        self.bounds.set(config);
        self.connectors.set_queue(config.queue, config.queue_wait);
        self.unmap_after.send_replace(config.unmap_after);
        let kept = KeptKeys {
            of_clients: self.server.set(config),
            of_the_admin: config.admin_keys.is_empty() && self.admin_keys.are_required(),
        };
        if !kept.of_clients {
            self.key_files.follow_clients(config);
        }
        if !kept.of_the_admin {
            self.admin_keys
                .replace(&AccessKeys::new(&config.admin_keys));
            self.key_files.follow_admin(config);
        }
        kept
    }
}
