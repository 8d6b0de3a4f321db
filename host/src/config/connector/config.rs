//! The parsed configuration of one connector.

use std::collections::BTreeSet;
use std::fmt;

use crate::config::auth::Credential;
use crate::config::limits::Limits;
use crate::config::network::NetworkConfig;
use crate::config::rate_limit::RateLimitConfig;
use crate::config::secret::Secret;

/// The configuration of one connector. The default is the configuration without a file: no variables, no permitted
/// requests, the default limits, the server's keys.
#[derive(Clone, Default)]
pub struct ConnectorConfig {
    /// Section `[env]`: names and values of the guest's whole environment, in the order of the file. Names are not
    /// empty and contain no `=`; neither names nor values contain a zero byte. Values may be secret.
    pub env: Vec<(String, String)>,
    /// The names in `[env]` whose values are secrets: they come from a variable or a file, without `secret = false`.
    pub secret_env: BTreeSet<String>,
    /// Section `[network]`.
    pub network: NetworkConfig,
    /// Section `[rate-limit]`.
    pub rate_limit: RateLimitConfig,
    /// Sections `[auth.NAME]`, in the order of the file.
    pub credentials: Vec<Credential>,
    /// Section `[limits]`.
    pub limits: Limits,
    /// `api-key`: the keys that are valid for this connector instead of the server's; `None` if it has no keys of its
    /// own. Never an empty list.
    pub api_keys: Option<Vec<Secret>>,
}

impl fmt::Debug for ConnectorConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.env.iter().map(|(name, _)| name).collect();
        f.debug_struct("ConnectorConfig")
            .field("env", &names)
            .field("network", &self.network)
            .field("rate_limit", &self.rate_limit)
            .field("credentials", &self.credentials)
            .field("limits", &self.limits)
            .field("api_keys", &self.api_keys)
            .finish()
    }
}
