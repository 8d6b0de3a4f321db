//! The settings that can change while the server runs.

use std::sync::Arc;
use std::time::Duration;

use super::body::BodyBounds;
use crate::access_check::AccessKeys;
use crate::config::ServerConfig;
use crate::lock::RwLock;

/// The keys, the bounds of bodies and the times of the shutdown. Copies share them; a change applies to the requests that
/// begin afterwards, and to a shutdown that begins afterwards.
#[derive(Clone, Debug)]
pub struct LiveSettings(Arc<RwLock<Arc<LiveValues>>>);

/// The values at one moment.
#[derive(Debug)]
pub(super) struct LiveValues {
    /// The host's own keys.
    pub(super) keys: AccessKeys,
    pub(super) body_bounds: BodyBounds,
    stop_times: StopTimes,
}

/// The times of a shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopTimes {
    /// `--drain`: how long the port stays open after the signal to stop; at most nine tenths of `grace` count.
    pub drain: Duration,
    /// `--grace`: how long everything may take after the signal to stop.
    pub grace: Duration,
}

impl LiveSettings {
    /// The settings in `config`: the host's own keys, how large a request's body may be, before and after decompression, and
    /// how long it may take to arrive, and the times of the shutdown.
    #[must_use]
    pub fn new(config: &ServerConfig) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(LiveValues::new(config)))))
    }

    /// Replaces all values by those of `config`. A configuration without keys leaves the present keys valid, since it would
    /// open the host, and its socket may be reachable for everyone. Returns whether that is so.
    pub fn set(&self, config: &ServerConfig) -> bool {
        let mut new = LiveValues::new(config);
        let mut current = self.0.write();
        let keeps_keys = new.keys.is_empty() && !current.keys.is_empty();
        if keeps_keys {
            new.keys = current.keys.clone();
        }
        *current = Arc::new(new);
        keeps_keys
    }

    /// The times of a shutdown that begins now.
    #[must_use]
    pub fn stop_times(&self) -> StopTimes {
        self.get().stop_times
    }

    /// Replaces the host's own keys alone. An empty list changes nothing, since it would open the host; neither does any
    /// list for a host that is open. Returns whether the keys are others now.
    pub(crate) fn set_keys(&self, keys: &AccessKeys) -> bool {
        let mut current = self.0.write();
        let is_new = !keys.is_empty() && !current.keys.is_empty() && *keys != current.keys;
        if is_new {
            *current = Arc::new(LiveValues {
                keys: keys.clone(),
                body_bounds: current.body_bounds,
                stop_times: current.stop_times,
            });
        }
        is_new
    }

    pub(super) fn get(&self) -> Arc<LiveValues> {
        self.0.read().clone()
    }
}

impl LiveValues {
    fn new(config: &ServerConfig) -> Self {
        Self {
            keys: AccessKeys::new(&config.api_keys),
            body_bounds: BodyBounds {
                max_bytes: config.max_body_bytes,
                within: config.body_timeout,
            },
            stop_times: StopTimes {
                drain: config.drain,
                grace: config.grace,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Secret;

    fn secrets(keys: &[&str]) -> Vec<Secret> {
        keys.iter().map(|key| Secret::new(*key)).collect()
    }

    fn config(keys: &[&str], max_body_bytes: u64) -> ServerConfig {
        ServerConfig {
            api_keys: secrets(keys),
            max_body_bytes,
            grace: Duration::from_secs(max_body_bytes),
            ..ServerConfig::default()
        }
    }

    fn live(keys: &[&str]) -> LiveSettings {
        LiveSettings::new(&config(keys, 1))
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
                live.set_keys(&AccessKeys::new(&secrets(replacement))),
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
        assert!(live.set(&config(&[], 2)));
        assert!(live.get().keys.contain(b"old") && live.get().body_bounds.max_bytes == 2);
        assert_eq!(live.stop_times().grace, Duration::from_secs(2));
        assert!(!live.set(&config(&["new"], 2)));
        assert!(live.get().keys.contain(b"new") && !live.get().keys.contain(b"old"));
    }

    #[test]
    fn open_host_stays_open() {
        let open = live(&[]);
        let new = AccessKeys::new(&secrets(&["new"]));
        assert!(!open.set_keys(&new) && open.get().keys.is_empty());
    }
}
