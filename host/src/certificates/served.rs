//! The certificate in use, which may be replaced at any time.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use metrics::gauge;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};

use super::error::CertificateError;
use super::pair::{CertificateFiles, CertificatePair};
use crate::config::{ReadLimit, read_in_time};
use crate::lock::Mutex;
use crate::telemetry::catalog;

/// How long before its expiry a certificate is reported in the log: automatic renewals usually come 30 days before.
const WARNED_BEFORE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The certificate that clients are shown. New connections use the newest one.
#[derive(Debug)]
pub struct ServedCertificate {
    pub(super) files: CertificateFiles,
    pair: Mutex<CertificatePair>,
    builder: ConfigBuilder<ServerConfig, WantsVerifier>,
}

impl ServedCertificate {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn read(files: CertificateFiles) -> Result<Arc<Self>, CertificateError> {
        let read = |path: &_| read_in_time(path, ReadLimit::PEM);
        let pair = files.read(read, Timestamp::now())?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Library)?;
        Ok(Arc::new(Self {
            files,
            pair: Mutex::new(pair),
            builder,
        }))
    }

    /// The settings of a server with TLS 1.2 and 1.3 that shows this certificate, or the one that replaces it, and speaks
    /// these protocols inside TLS, the preferred one first.
    #[must_use]
    pub fn server_config(self: &Arc<Self>, protocols: &[&[u8]]) -> ServerConfig {
        let builder = self.builder.clone().with_no_client_auth();
        let mut config = builder.with_cert_resolver(self.clone());
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        config
    }

    /// The last second in which the certificate in use is valid.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.pair.lock().not_after
    }

    /// The certificate in use, with its key.
    pub(super) fn certified(&self) -> Arc<CertifiedKey> {
        self.pair.lock().certified.clone()
    }

    /// Uses this certificate from now on.
    pub(super) fn replace(&self, pair: CertificatePair) {
        *self.pair.lock() = pair;
        self.announce();
    }

    /// Sets the metric of the expiry.
    pub(super) fn announce(&self) {
        // Seconds have far fewer digits than a float can hold.
        gauge!(catalog::CERTIFICATE_EXPIRY.name).set(self.expires().as_duration().as_secs_f64());
    }

    /// Writes to the log if the certificate is about to expire at this time.
    pub(super) fn warn_of_expiry(&self, now: Timestamp) {
        let not_after = self.expires();
        let left = not_after.duration_since(now);
        let file = self.files.certificate.display();
        if left < SignedDuration::ZERO {
            tracing::error!(%file, %not_after, "the TLS certificate has expired, so clients refuse it; renew it (--tls-cert)");
        } else if left < WARNED_BEFORE {
            let days = left.as_hours() / 24;
            tracing::warn!(%file, %not_after, days, "the TLS certificate expires soon; renew it (--tls-cert)");
        }
    }
}

impl ResolvesServerCert for ServedCertificate {
    fn resolve(&self, _client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certified())
    }
}
