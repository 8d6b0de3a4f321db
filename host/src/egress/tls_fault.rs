//! Why TLS can't be agreed on, in words that help whoever can change it.

use std::error::Error;
use std::io;

use rustls::{AlertDescription as Alert, CertificateError, PeerIncompatible};

/// What is wrong where the versions differ. What the host has, [`super::tls`] sets up.
const NO_VERSION: &str =
    "the two sides have no version of TLS in common; the host has TLS 1.2 and 1.3";

const NO_CIPHER: &str = "the two sides have no cipher or key exchange in common, or the server asks for a certificate of the \
                         client's; the host has ECDHE (X25519, P-256, P-384) with AES-GCM or ChaCha20-Poly1305, and \
                         neither RSA key exchange nor finite-field Diffie-Hellman nor CBC ciphers";

/// The two sides don't go together, and would not another time.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{words}")]
pub(super) struct TlsFault {
    words: String,
    source: rustls::Error,
}

impl TlsFault {
    /// What is wrong with this handshake. `None` if it may come about another time.
    pub(super) fn of_handshake(error: &io::Error) -> Option<Self> {
        let source = cause(error)?;
        let words = words(source)?;
        Some(Self {
            words: words.to_owned(),
            source: source.clone(),
        })
    }

    /// Finds among the causes of an error that the server refused the handshake once the host was done with it: with
    /// TLS 1.3 it looks at the host's certificate only then.
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

/// What is wrong, and what helps; `None` if it may pass.
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
            "the server doesn't answer to the name in the URL"
        }
        rustls::Error::AlertReceived(Alert::NoApplicationProtocol)
        | rustls::Error::NoApplicationProtocol => {
            "the server speaks neither HTTP/1.1 nor HTTP/2 there, which are what the host has"
        }
        rustls::Error::AlertReceived(alert) if of_client_certificate(*alert) => {
            "the server asks for a certificate of the client's, and doesn't accept what it got; `client-certificate` and \
             `client-key` under [network] set it"
        }
        // It may be an overload or a deployment under way.
        rustls::Error::AlertReceived(_) => return None,
        rustls::Error::InvalidMessage(_) => {
            "what the server sent is no TLS; is it to be called by `http://`, or at another port?"
        }
        rustls::Error::InvalidCertificate(fault) => certificate_words(fault),
        rustls::Error::NoCertificatesPresented => "the server has no certificate",
        rustls::Error::PeerMisbehaved(_)
        | rustls::Error::InappropriateMessage { .. }
        | rustls::Error::InappropriateHandshakeMessage { .. }
        | rustls::Error::PeerSentOversizedRecord => "the server doesn't keep to the protocol",
        _ => return None,
    })
}

fn certificate_words(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the time of the server's certificate is over, or this machine's clock is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the time of the server's certificate has not begun, or this machine's clock is wrong"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for other names than the one in the URL; call it by a name that it is for"
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate leads to no authority that the host trusts, which are Mozilla's and those of `roots` under \
             [network]; or the server leaves out the certificates between"
        }
        CertificateError::Revoked => "the server's certificate is revoked",
        _ => "the server's certificate proves nothing",
    }
}
