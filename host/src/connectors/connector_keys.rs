//! Which keys open a connector.

use crate::access_check::AccessKeys;
use crate::config::ConfiguredKeys;

/// Which keys open a connector.
#[derive(Clone, Debug)]
pub(super) enum ConnectorKeys {
    /// The host's.
    Hosts,
    /// Its own, which replace the host's. They are known even if only the component is broken.
    Own(AccessKeys),
    /// Nobody knows, since its configuration isn't read yet, or can't be. The connector then isn't loaded.
    Unknown,
}

impl ConnectorKeys {
    /// Its own keys, if it has some and they are known.
    pub(super) fn own(&self) -> Option<&AccessKeys> {
        match self {
            Self::Own(keys) => Some(keys),
            Self::Hosts | Self::Unknown => None,
        }
    }
}

impl From<ConfiguredKeys> for ConnectorKeys {
    fn from(configured: ConfiguredKeys) -> Self {
        match configured {
            ConfiguredKeys::Servers => Self::Hosts,
            ConfiguredKeys::Own(keys) => Self::Own(AccessKeys::new(&keys)),
            ConfiguredKeys::Unknown => Self::Unknown,
        }
    }
}
