//! Certificates and keys from PEM files (RFC 7468).

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::pem::{Error, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

/// The identity of a client, for servers that request one.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// `client-certificate`: the client's certificate, then those that lead to an authority; never empty.
    pub chain: Vec<CertificateDer<'static>>,
    /// `client-key`: the key of the first certificate.
    pub key: Arc<PrivateKeyDer<'static>>,
}

impl ClientIdentity {
    /// Combines a chain with its key.
    ///
    /// # Errors
    ///
    /// [`PemFault::UnusableKey`] for an algorithm or length that our TLS library doesn't support, and
    /// [`PemFault::OtherKey`] for the key of another certificate.
    pub(in crate::config) fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, PemFault> {
        let provider = ring::default_provider();
        match CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider) {
            Ok(_) => Ok(Self {
                chain,
                key: Arc::new(key),
            }),
            Err(rustls::Error::InconsistentKeys(_)) => Err(PemFault::OtherKey),
            Err(_) => Err(PemFault::UnusableKey),
        }
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("chain", &self.chain)
            .finish_non_exhaustive()
    }
}

/// Reads the certificates of authorities: all that are in a file, ignoring everything else in it.
///
/// # Errors
///
/// [`PemFault`] if one is invalid, or there are none.
pub(in crate::config) fn roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    certificates(pem, |certificate| {
        RootCertStore::empty().add(certificate.clone()).is_ok()
    })
}

/// Reads a client's certificate and the ones that follow it.
///
/// # Errors
///
/// As [`roots`].
pub(in crate::config) fn chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    certificates(pem, |certificate| {
        ParsedCertificate::try_from(certificate).is_ok()
    })
}

fn certificates(
    pem: &[u8],
    is_certificate: impl Fn(&CertificateDer<'static>) -> bool,
) -> Result<Vec<CertificateDer<'static>>, PemFault> {
    let certificates = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>()?;
    if let Some(index) = certificates
        .iter()
        .position(|certificate| !is_certificate(certificate))
    {
        return Err(PemFault::Certificate { number: index + 1 });
    }
    if certificates.is_empty() {
        return Err(PemFault::NoCertificate);
    }
    Ok(certificates)
}

/// Reads the only private key of a file, in PKCS #8, PKCS #1 or SEC 1, ignoring everything else in it.
///
/// # Errors
///
/// [`PemFault`] if there is no key, or more than one.
pub(in crate::config) fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, PemFault> {
    let mut keys = PrivateKeyDer::pem_slice_iter(pem);
    let key = keys.next().ok_or(PemFault::NoKey)??;
    match keys.next().transpose()? {
        Some(_) => Err(PemFault::SeveralKeys),
        None => Ok(key),
    }
}

/// Why a PEM file cannot be used. Messages don't quote the file, which may contain a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::config) enum PemFault {
    /// A block without an end, or one that isn't base64.
    #[error("the file is damaged: one of its PEM blocks is truncated or not base64")]
    Broken,
    /// No certificate, or one that isn't PEM.
    #[error(
        "the file has no certificate in PEM, which begins with \"-----BEGIN CERTIFICATE-----\""
    )]
    NoCertificate,
    /// The content of a block is not a certificate.
    #[error("certificate {number} of the file is not a valid certificate")]
    Certificate {
        /// Its number in the file, starting at 1.
        number: usize,
    },
    /// No key, or one that isn't PEM or is encrypted.
    #[error(
        "the file has no private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\": if it is encrypted, decrypt it first"
    )]
    NoKey,
    /// More than one key.
    #[error("the file has more than one private key: keep only the one of the client certificate")]
    SeveralKeys,
    /// An algorithm or a length that our TLS library doesn't support, or not a key at all.
    #[error(
        "the private key cannot be used: it is damaged, or is neither RSA with 2048 to 4096 bits nor P-256, P-384 or Ed25519"
    )]
    UnusableKey,
    /// The key of another certificate.
    #[error("the private key does not belong to the first certificate of `client-certificate`")]
    OtherKey,
}

impl From<Error> for PemFault {
    fn from(_: Error) -> Self {
        Self::Broken
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AUTHORITY, AUTHORITY_KEY, CLIENT, CLIENT_KEY, ENCRYPTED_KEY};
    use super::*;

    /// A block of PEM that is valid base64, but not what its label says.
    fn hollow(name: &str) -> String {
        format!("-----BEGIN {name}-----\naGVsbG8=\n-----END {name}-----\n")
    }

    #[test]
    fn every_certificate_of_a_file_is_read() {
        let file = format!("Our authority\n\n{AUTHORITY}\n{CLIENT_KEY}{CLIENT}");
        assert_eq!(roots(file.as_bytes()).expect("two").len(), 2);
        assert_eq!(
            roots(file.replace('\n', "\r\n").as_bytes()),
            roots(file.as_bytes())
        );
    }

    #[test]
    fn files_without_usable_certificates_are_refused() {
        let none = hollow("CERTIFICATE");
        let cases = [
            (String::new(), PemFault::NoCertificate),
            ("hunter2".to_owned(), PemFault::NoCertificate),
            (CLIENT_KEY.to_owned(), PemFault::NoCertificate),
            (none.clone(), PemFault::Certificate { number: 1 }),
            (
                format!("{AUTHORITY}{none}"),
                PemFault::Certificate { number: 2 },
            ),
            (AUTHORITY.replace("-----END", ""), PemFault::Broken),
            (AUTHORITY.replacen("MII", "!!!", 1), PemFault::Broken),
        ];
        for (file, expected) in cases {
            assert_eq!(roots(file.as_bytes()), Err(expected), "{file}");
            assert_eq!(chain(file.as_bytes()), Err(expected), "{file}");
        }
        assert_eq!(roots(b"\x30\x82\xff"), Err(PemFault::NoCertificate));
    }

    #[test]
    fn a_file_must_have_exactly_one_key() {
        let cases = [
            (String::new(), PemFault::NoKey),
            (CLIENT.to_owned(), PemFault::NoKey),
            (ENCRYPTED_KEY.to_owned(), PemFault::NoKey),
            (
                format!("{CLIENT_KEY}{AUTHORITY_KEY}"),
                PemFault::SeveralKeys,
            ),
            (CLIENT_KEY.replace("-----END", ""), PemFault::Broken),
        ];
        for (file, expected) in cases {
            assert_eq!(private_key(file.as_bytes()).err(), Some(expected), "{file}");
        }
        let key = private_key(CLIENT_KEY.as_bytes()).expect("a key");
        let both = private_key(format!("{CLIENT}{CLIENT_KEY}").as_bytes()).expect("a key");
        assert_eq!(key, both);
    }

    #[test]
    fn a_key_belongs_to_the_first_certificate() {
        let key = |pem: &str| private_key(pem.as_bytes()).expect("a key");
        let chain = |pem: &str| chain(pem.as_bytes()).expect("a chain");
        let both = chain(&format!("{CLIENT}{AUTHORITY}"));
        let cases = [
            (both.clone(), key(CLIENT_KEY), None),
            (both, key(AUTHORITY_KEY), Some(PemFault::OtherKey)),
            (chain(AUTHORITY), key(CLIENT_KEY), Some(PemFault::OtherKey)),
            (
                chain(CLIENT),
                key(&hollow("PRIVATE KEY")),
                Some(PemFault::UnusableKey),
            ),
        ];
        for (index, (chain, key, expected)) in cases.into_iter().enumerate() {
            assert_eq!(
                ClientIdentity::new(chain, key).err(),
                expected,
                "case {index}"
            );
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let key = private_key(CLIENT_KEY.as_bytes()).expect("a key");
        let chain = chain(CLIENT.as_bytes()).expect("a chain");
        let debug = format!("{:?}", ClientIdentity::new(chain, key).expect("they match"));
        assert!(debug.ends_with(", .. }"), "{debug}");
    }
}
