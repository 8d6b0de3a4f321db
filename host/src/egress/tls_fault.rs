//! Explains why TLS failed, for the person who can change it.

use std::error::Error;
use std::io;

use rustls::{AlertDescription as Alert, CertificateError, PeerIncompatible};

/// The explanation if the versions differ. [`super::tls`] sets the versions of the host.
const NO_VERSION: &str =
    "the server and the host have no TLS version in common; the host supports TLS 1.2 and 1.3";

const NO_CIPHER: &str = "the server and the host have no cipher or key exchange in common, or the server requires a client \
                         certificate; the host supports ECDHE (X25519, P-256, P-384) with AES-GCM or \
                         ChaCha20-Poly1305, but not RSA key exchange, finite-field Diffie-Hellman or CBC ciphers";

/// The two sides are incompatible, and another try would not change that.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{words}")]
pub(super) struct TlsFault {
    words: String,
    source: rustls::Error,
}

impl TlsFault {
    /// Explains the failure of this handshake. `None` if another try may succeed.
    pub(super) fn of_handshake(error: &io::Error) -> Option<Self> {
        let source = cause(error)?;
        let words = words(source)?;
        Some(Self {
            words: words.to_owned(),
            source: source.clone(),
        })
    }

    /// Finds, among the causes of an error, that the server refused the handshake after the host had finished it:
    /// with TLS 1.3 the server checks the host's certificate only then.
    pub(super) fn after_handshake(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(found) = next {
            if let Some(error) = found.downcast_ref::<io::Error>()
                && let Some(rustls::Error::AlertReceived(alert)) = cause(error)
            {
                let is_refusal = of_client_certificate(*alert) || *alert == Alert::HandshakeFailure;
                return is_refusal.then(|| Self::of_handshake(error)).flatten();
            }
            next = found.source();
        }
        None
    }
}

fn cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn of_client_certificate(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::NoCertificate
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::UnknownCA
            | Alert::AccessDenied
            | Alert::CertificateRequired
    )
}

/// The explanation and the remedy; `None` if the failure may pass.
fn words(error: &rustls::Error) -> Option<&'static str> {
    Some(match error {
        rustls::Error::AlertReceived(Alert::ProtocolVersion)
        | rustls::Error::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13
            | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
            | PeerIncompatible::Tls12NotOfferedOrEnabled
            | PeerIncompatible::Tls12NotOffered,
        ) => NO_VERSION,
        rustls::Error::AlertReceived(Alert::HandshakeFailure | Alert::InsufficientSecurity) => {
            NO_CIPHER
        }
        rustls::Error::PeerIncompatible(_) => NO_CIPHER,
        rustls::Error::AlertReceived(Alert::UnrecognisedName) => {
            "the server doesn't recognize the host name in the URL"
        }
        rustls::Error::AlertReceived(Alert::NoApplicationProtocol)
        | rustls::Error::NoApplicationProtocol => {
            "the server supports neither HTTP/1.1 nor HTTP/2 on this port; the host supports only these"
        }
        rustls::Error::AlertReceived(alert) if of_client_certificate(*alert) => {
            "the server requires a client certificate and didn't accept what the host sent; set `client-certificate` \
             and `client-key` under [network]"
        }
        // The cause may be an overload or a deployment under way.
        rustls::Error::AlertReceived(_) => return None,
        rustls::Error::InvalidMessage(_) => {
            "the server's answer is not TLS; call it with `http://`, or use another port"
        }
        rustls::Error::InvalidCertificate(fault) => certificate_words(fault),
        rustls::Error::NoCertificatesPresented => "the server sent no certificate",
        rustls::Error::PeerMisbehaved(_)
        | rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. }
        | rustls::Error::PeerSentOversizedRecord => "the server violates the TLS protocol",
        _ => return None,
    })
}

fn certificate_words(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired, or this machine's clock is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet, or this machine's clock is wrong"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is not valid for the host name in the URL; use a name that the certificate \
             contains"
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate was not issued by an authority that the host trusts (Mozilla's list and \
             `roots` under [network]), or the server omits intermediate certificates"
        }
        CertificateError::Revoked => "the server's certificate is revoked",
        _ => "the server's certificate is not valid",
    }
}
