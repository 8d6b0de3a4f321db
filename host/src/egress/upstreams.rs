//! The state that the requests of all connectors share.

use std::sync::Arc;

use super::governor::Budgets;
use super::host_maps::HostMaps;
use super::network::{Network, SystemNetwork};
use super::passage::Passages;
use super::policy::CurrentPolicy;
use super::tls::Tls;
use super::token_requests::TokenRequests;
use crate::config::ProxyConfig;
use crate::tokens::Store;

/// The network under all connectors, TLS settings, budgets, and the token store. A connector that is reloaded
/// continues with the budgets that it has spent.
pub struct Upstreams {
    pub(super) network: Arc<dyn Network>,
    pub(super) tls: Tls,
    pub(super) budgets: Budgets,
    /// Tokens stay in memory if this is `None` or has no key.
    pub(super) tokens: Option<Store>,
    pub(super) token_requests: TokenRequests,
    /// The proxies to APIs, and the maps of a trial.
    pub(super) passages: Passages,
    /// Bounds all connectors.
    pub(super) policy: CurrentPolicy,
}

impl Upstreams {
    /// Uses this network. The layers above it check which addresses connectors may reach.
    #[must_use]
    pub fn new(network: Arc<dyn Network>) -> Self {
        Self {
            network,
            tls: Tls::default(),
            budgets: Budgets::default(),
            tokens: None,
            token_requests: TokenRequests::default(),
            passages: Passages::default(),
            policy: CurrentPolicy::default(),
        }
    }

    /// Keeps the tokens of connectors' credentials in this store.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Store) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Reaches APIs through these proxies.
    #[must_use]
    pub fn with_proxies(mut self, proxies: ProxyConfig) -> Self {
        self.passages.proxies = Arc::new(proxies);
        self
    }

    /// Sends only requests that this policy permits.
    #[must_use]
    pub fn with_policy(mut self, policy: CurrentPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Waits until no token is being requested: an endpoint's answer must not be lost, since it may contain the only
    /// refresh token that is still valid.
    pub async fn token_requests_ended(&self) {
        self.token_requests.ended().await;
    }

    /// Sends the requests for some origins to servers on this machine.
    #[must_use]
    pub fn with_maps(mut self, maps: HostMaps) -> Self {
        self.passages.maps = maps;
        self
    }
}

/// Upstreams that use the system's network and keep tokens in memory only.
impl Default for Upstreams {
    fn default() -> Self {
        Self::new(Arc::new(SystemNetwork))
    }
}
