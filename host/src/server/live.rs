//! The settings that can change while the server runs.

use std::sync::Arc;
use std::time::Duration;

use super::body::BodyBounds;
use crate::access_check::AccessKeys;
use crate::config::Secret;
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
    /// `api_keys` are the host's own keys. A request's body has at most `max_body_bytes`, before and after
    /// decompression, and arrives within `body_timeout`.
    #[must_use]
    pub fn new(api_keys: &[Secret], max_body_bytes: u64, body_timeout: Duration) -> Self {
        let values = LiveValues::new(api_keys, max_body_bytes, body_timeout);
        Self(Arc::new(RwLock::new(values)))
    }

    /// Replaces all values by these, which are as in [`new`](Self::new).
    pub fn set(&self, api_keys: &[Secret], max_body_bytes: u64, body_timeout: Duration) {
        *self.0.write() = LiveValues::new(api_keys, max_body_bytes, body_timeout);
    }

    pub(super) fn get(&self) -> Arc<LiveValues> {
        self.0.read().clone()
    }
}

impl LiveValues {
    fn new(api_keys: &[Secret], max_body_bytes: u64, body_timeout: Duration) -> Arc<Self> {
        Arc::new(Self {
            keys: AccessKeys::new(api_keys),
            body_bounds: BodyBounds {
                max_bytes: max_body_bytes,
                within: body_timeout,
            },
        })
    }
}
