//! The settings that can change while the server runs.

use std::sync::Arc;

use super::body::BodyBounds;
use super::ServerSettings;
use crate::config::ServerConfig;
use crate::access_check::AccessKeys;
use crate::lock::RwLock;

/// The keys and the bounds of bodies. Copies share them; a change applies to the requests that begin afterwards.
#[derive(Clone, Debug)]
pub struct LiveSettings(Arc<RwLock<Arc<LiveValues>>>);

/// The values at one moment.
#[derive(Debug)]
pub(super) struct LiveValues {
    /// The host's own keys.
    pub(super) keys: AccessKeys,
    pub(super) body_bounds: BodyBounds,
}

impl LiveSettings {
    /// The settings of a server that does not run yet.
    pub(super) fn of_defaults() -> Self {
        let settings = ServerSettings::new(&ServerConfig::default(), 0);
        Self(Arc::new(RwLock::new(LiveValues::of(&settings))))
    }

    /// Replaces the keys and the bounds of bodies by those of `settings`.
    pub fn set(&self, settings: &ServerSettings) {
        *self.0.write() = LiveValues::of(settings);
    }

    pub(super) fn get(&self) -> Arc<LiveValues> {
        self.0.read().clone()
    }
}

impl LiveValues {
    fn of(settings: &ServerSettings) -> Arc<Self> {
        Arc::new(Self {
            keys: AccessKeys::new(&settings.api_keys),
            body_bounds: BodyBounds {
                max_bytes: settings.max_body_bytes,
                within: settings.body_timeout,
            },
        })
    }
}
