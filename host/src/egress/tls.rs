//! The TLS settings of connections to upstreams. Verification can't be turned off.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::{ClientConfig, RootCertStore};

use crate::config::NetworkConfig;

/// How many sessions a connector can resume: one for each origin that it calls often.
const RESUMED_SESSIONS: usize = 32;

/// Mozilla's root certificates and the one crypto provider, ring, for all connectors.
pub(crate) struct Tls {
    roots: RootCertStore,
    provider: Arc<rustls::crypto::CryptoProvider>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            roots: webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(),
            provider: Arc::new(rustls::crypto::ring::default_provider()),
        }
    }
}

impl Tls {
    /// The settings of one connector: its roots and its certificate, and sessions that no other connector resumes.
    ///
    /// # Errors
    ///
    /// A root is not the certificate of an authority, or a key doesn't belong to its certificate.
    pub(super) fn client(&self, network: &NetworkConfig) -> Result<ClientConfig, rustls::Error> {
        let mut roots = self.roots.clone();
        for root in &network.roots {
            roots.add(root.clone())?;
        }
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match &network.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                builder.with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())?
            }
        };
        config.resumption = Resumption::in_memory_sessions(RESUMED_SESSIONS);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }
}
