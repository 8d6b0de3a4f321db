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
        Self(Arc::new(RwLock::new(Arc::new(values))))
    }

    /// Replaces all values by these, which are as in [`new`](Self::new). An empty list of keys leaves the present keys valid,
    /// since it would open the host, and its socket may be reachable for everyone. Returns whether that is so.
    pub fn set(&self, api_keys: &[Secret], max_body_bytes: u64, body_timeout: Duration) -> bool {
        let mut new = LiveValues::new(api_keys, max_body_bytes, body_timeout);
        let mut current = self.0.write();
        let keeps_keys = new.keys.is_empty() && !current.keys.is_empty();
        if keeps_keys {
            new.keys = current.keys.clone();
        }
        *current = Arc::new(new);
        keeps_keys
    }

    /// Replaces the host's own keys alone. An empty list changes nothing, since it would open the host; neither does any
    /// list for a host that is open. Returns whether the keys are others now.
    pub fn set_keys(&self, api_keys: &[Secret]) -> bool {
        let keys = AccessKeys::new(api_keys);
        let mut current = self.0.write();
        let is_new = !keys.is_empty() && !current.keys.is_empty() && keys != current.keys;
        if is_new {
            *current = Arc::new(LiveValues {
                keys,
                body_bounds: current.body_bounds,
            });
        }
        is_new
    }

    pub(super) fn get(&self) -> Arc<LiveValues> {
        self.0.read().clone()
    }
}

impl LiveValues {
    fn new(api_keys: &[Secret], max_body_bytes: u64, body_timeout: Duration) -> Self {
        Self {
            keys: AccessKeys::new(api_keys),
            body_bounds: BodyBounds {
                max_bytes: max_body_bytes,
                within: body_timeout,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(keys: &[&str]) -> Vec<Secret> {
        keys.iter().map(|key| Secret::new(*key)).collect()
    }

    fn live(keys: &[&str]) -> LiveSettings {
        LiveSettings::new(&secrets(keys), 1, Duration::from_secs(1))
    }

    #[test]
    fn replaced_keys_count_at_once_and_never_open_the_host() {
        let live = live(&["old"]);
        let before = live.get();
        let permitted =
            || ["old", "new", "other"].map(|key| live.get().keys.contain(key.as_bytes()));
        for (replacement, is_new, expected) in [
            (&["old", "new"][..], true, [true, true, false]),
            (&["old", "new"], false, [true, true, false]),
            (&[], false, [true, true, false]),
            (&["new"], true, [false, true, false]),
        ] {
            assert_eq!(
                live.set_keys(&secrets(replacement)),
                is_new,
                "{replacement:?}"
            );
            assert_eq!(permitted(), expected, "{replacement:?}");
        }
        assert!(before.keys.contain(b"old") && !before.keys.contain(b"new"));
        assert_eq!(live.get().body_bounds.max_bytes, 1);
    }

    #[test]
    fn settings_without_keys_never_open_the_host() {
        let live = live(&["old"]);
        let second = Duration::from_secs(1);
        assert!(live.set(&[], 2, second));
        assert!(live.get().keys.contain(b"old") && live.get().body_bounds.max_bytes == 2);
        assert!(!live.set(&secrets(&["new"]), 2, second));
        assert!(live.get().keys.contain(b"new") && !live.get().keys.contain(b"old"));
    }

    #[test]
    fn open_host_stays_open() {
        let open = live(&[]);
        assert!(!open.set_keys(&secrets(&["new"])) && open.get().keys.is_empty());
    }
}
