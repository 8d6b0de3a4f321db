//! The certificate in use, which may be replaced at any time.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use metrics::gauge;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};
use tokio::time::Instant;

use super::error::CertificateError;
use super::pair::{CertificateFiles, CertificatePair};
use crate::config::{FileSystem, ReadLimit, read_in_time};
use crate::followed_file::{FollowTexts, FollowedFile};
use crate::telemetry::catalog;

/// How long before its expiry a certificate is reported in the log: automatic renewals usually come 30 days before.
const WARNED_BEFORE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How often the files are examined. Renewals are rare, and a look costs two system calls. Files are examined instead of
/// watched, since in Kubernetes their change is that of a link to a folder elsewhere.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often the expiry is examined, and reported if it is near.
const WARN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

const TEXTS: FollowTexts = FollowTexts {
    unusable: "the changed TLS certificate can't be used (--tls-cert, --tls-key), so the previous one stays in use",
    silent: "the files of the TLS certificate don't respond (--tls-cert, --tls-key), so the certificate stays in use, and a \
             renewed one would go unnoticed",
    usable: "the files of the TLS certificate are usable again (--tls-cert, --tls-key)",
};

/// The certificate that clients are shown. New connections use the newest one.
#[derive(Debug)]
pub struct ServedCertificate {
    files: CertificateFiles,
    pair: FollowedFile<CertificatePair>,
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
        let paths = [files.certificate.clone(), files.key.clone()];
        let again = files.clone();
        let pair = FollowedFile::new(paths, TEXTS, pair, move |system: &dyn FileSystem| {
            let read = |path: &_| system.read(path, ReadLimit::PEM);
            Ok(again.read(read, Timestamp::now())?)
        });
        Ok(Arc::new(Self {
            files,
            pair,
            builder,
        }))
    }

    /// Replaces the certificate whenever its files have changed. A pair that can't be used changes nothing and is
    /// reported in the log, once. Never returns.
    pub async fn follow(&self) {
        // Not before: the recorder of metrics is set up after the certificate is read.
        self.announce();
        let mut warn_at = Instant::now();
        loop {
            if Instant::now() >= warn_at {
                self.warn_of_expiry(Timestamp::now());
                warn_at = Instant::now() + WARN_EVERY;
            }
            tokio::time::sleep(self.pair.pause(LOOK_EVERY)).await;
            if let Some(new) = self.pair.look().await {
                self.announce();
                tracing::info!(not_after = %new.not_after, "the TLS certificate was replaced");
                self.warn_of_expiry(Timestamp::now());
            }
        }
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
        self.pair.current().not_after
    }

    /// Sets the metric of the expiry.
    fn announce(&self) {
        // Seconds have far fewer digits than a float can hold.
        gauge!(catalog::CERTIFICATE_EXPIRY.name).set(self.expires().as_duration().as_secs_f64());
    }

    /// Writes to the log if the certificate is about to expire at this time.
    fn warn_of_expiry(&self, now: Timestamp) {
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
        Some(self.pair.current().certified.clone())
    }
}
