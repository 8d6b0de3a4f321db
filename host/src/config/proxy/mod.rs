//! The proxies through which the host reaches APIs, and which hosts it reaches directly.

mod address;
mod exemptions;

pub use address::{ProxyAddress, ProxyAddressError};
pub use exemptions::{Exemption, ExemptionError, ProxyExemptions};

/// The proxies of all connectors.
#[derive(Clone, Debug)]
pub struct ProxyConfig {
    /// `--https-proxy`: the proxy for `https` URLs; `None` to connect directly.
    pub https: Option<ProxyAddress>,
    /// `--http-proxy`: the proxy for `http` URLs; `None` to connect directly.
    pub http: Option<ProxyAddress>,
    /// `--no-proxy`: hosts that are reached directly. This machine itself always is.
    pub exemptions: ProxyExemptions,
    /// Whether the host resolves names and judges their addresses itself; `--proxy-resolves` turns this off, and then
    /// the proxy gets names.
    pub host_resolves: bool,
}

impl ProxyConfig {
    /// The proxy for this host, which is a name in ASCII or an address without brackets; `None` to connect directly.
    #[must_use]
    pub fn for_host(&self, is_https: bool, host: &str, port: u16) -> Option<&ProxyAddress> {
        let proxy = if is_https { &self.https } else { &self.http };
        proxy
            .as_ref()
            .filter(|_| !self.exemptions.include(host, port))
    }

    /// Whether there is a proxy at all.
    #[must_use]
    pub fn has_proxy(&self) -> bool {
        self.https.is_some() || self.http.is_some()
    }
}

impl Default for ProxyConfig {
    /// No proxy.
    fn default() -> Self {
        Self {
            https: None,
            http: None,
            exemptions: ProxyExemptions::default(),
            host_resolves: true,
        }
    }
}
