//! Reads a certificate and its key from their files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;

use super::chain::{Disorder, disorder};
use super::der::CertificateFields;
use super::error::CertificateError;
use crate::config::FileFault;

const CERTIFICATE_FLAG: &str = "--tls-cert";
const KEY_FLAG: &str = "--tls-key";

/// What marks an encrypted key: in PKCS #8, and in the older formats of OpenSSL.
const ENCRYPTED: [&[u8]; 2] = [
    b"-----BEGIN ENCRYPTED PRIVATE KEY-----",
    b"Proc-Type: 4,ENCRYPTED",
];

/// The files of a certificate and its key, both in PEM. They may be the same file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// `--tls-cert`: the server's certificate, then those that lead to an authority.
    pub certificate: PathBuf,
    /// `--tls-key`: the key of the server's certificate, not encrypted.
    pub key: PathBuf,
}

/// A certificate that can be shown, with its key.
#[derive(Debug, Clone)]
pub(super) struct CertificatePair {
    pub(super) certified: Arc<CertifiedKey>,
    /// The last second in which the certificate is valid.
    pub(super) not_after: Timestamp,
}

/// Two pairs are the same if clients are shown the same.
impl PartialEq for CertificatePair {
    fn eq(&self, other: &Self) -> bool {
        self.certified.cert == other.certified.cert
    }
}

impl CertificateFiles {
    /// Reads both files with this function, and checks them for use at this time.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub(super) fn read(
        &self,
        read: impl Fn(&Path) -> Result<Vec<u8>, FileFault>,
        now: Timestamp,
    ) -> Result<CertificatePair, CertificateError> {
        let content = |flag, path: &Path| match read(path) {
            Ok(content) if content.trim_ascii().is_empty() => Err(CertificateError::Empty {
                flag,
                path: path.to_owned(),
            }),
            Ok(content) => Ok(content),
            Err(source) => Err(CertificateError::Unreadable {
                flag,
                path: path.to_owned(),
                source,
            }),
        };
        let certificate = content(CERTIFICATE_FLAG, &self.certificate)?;
        let key = content(KEY_FLAG, &self.key)?;
        if is_key_alone(&certificate) && is_certificate_alone(&key) {
            return Err(CertificateError::Swapped {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            });
        }
        let chain = self.chain(&certificate)?;
        let key = self.private_key(&key)?;
        self.pair(&chain, &key, now)
    }

    fn chain(&self, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = read.map_err(|_| CertificateError::Damaged {
            flag: CERTIFICATE_FLAG,
            path: self.certificate.clone(),
        })?;
        if chain.is_empty() {
            return Err(CertificateError::NoCertificate(self.certificate.clone()));
        }
        let invalid = chain.iter().position(|certificate| {
            ParsedCertificate::try_from(certificate).is_err()
                || CertificateFields::of(certificate).is_none()
        });
        match invalid {
            None => Ok(chain),
            Some(place) => Err(CertificateError::InvalidCertificate {
                path: self.certificate.clone(),
                number: place + 1,
            }),
        }
    }

    fn private_key(&self, pem: &[u8]) -> Result<PrivateKeyDer<'static>, CertificateError> {
        let path = || self.key.clone();
        let is_encrypted = ENCRYPTED
            .iter()
            .any(|mark| pem.windows(mark.len()).any(|part| part == *mark));
        if is_encrypted {
            return Err(CertificateError::EncryptedKey(path()));
        }
        let read: Result<Vec<_>, _> = PrivateKeyDer::pem_slice_iter(pem).collect();
        let keys = read.map_err(|_| CertificateError::Damaged {
            flag: KEY_FLAG,
            path: path(),
        })?;
        let mut keys = keys.into_iter();
        match (keys.next(), keys.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(CertificateError::NoKey(path())),
            (Some(_), Some(_)) => Err(CertificateError::SeveralKeys(path())),
        }
    }

    fn pair(
        &self,
        chain: &[CertificateDer<'static>],
        key: &PrivateKeyDer<'static>,
        now: Timestamp,
    ) -> Result<CertificatePair, CertificateError> {
        let path = || self.certificate.clone();
        let provider = ring::default_provider();
        let belongs = |chain: Vec<CertificateDer<'static>>| {
            CertifiedKey::from_der(chain, key.clone_key(), &provider)
        };
        let certified = match belongs(chain.to_vec()) {
            Ok(certified) => certified,
            Err(rustls::Error::InconsistentKeys(_)) => {
                let others = chain.iter().enumerate().skip(1);
                let mut others = others.map(|(place, other)| (place, vec![other.clone()]));
                return Err(
                    match others.find(|(_, other)| belongs(other.clone()).is_ok()) {
                        Some((place, _)) => CertificateError::ServerNotFirst {
                            path: path(),
                            number: place + 1,
                        },
                        None => CertificateError::OtherKey {
                            certificate: path(),
                            key: self.key.clone(),
                        },
                    },
                );
            }
            Err(_) => return Err(CertificateError::UnusableKey(self.key.clone())),
        };
        if let Some(Disorder { issued, issuer }) = disorder(chain) {
            return Err(CertificateError::WrongOrder {
                path: path(),
                issued,
                issuer,
            });
        }
        let fields = chain.first().and_then(|first| CertificateFields::of(first));
        let Some(CertificateFields {
            not_before,
            not_after,
            ..
        }) = fields
        else {
            return Err(CertificateError::NoCertificate(path()));
        };
        if now > not_after {
            return Err(CertificateError::Expired {
                path: path(),
                not_after,
            });
        }
        if now < not_before {
            return Err(CertificateError::NotYetValid {
                path: path(),
                not_before,
            });
        }
        Ok(CertificatePair {
            certified: Arc::new(certified),
            not_after,
        })
    }
}

fn is_key_alone(pem: &[u8]) -> bool {
    !has_block(pem, b"CERTIFICATE-----") && has_block(pem, b"PRIVATE KEY-----")
}

fn is_certificate_alone(pem: &[u8]) -> bool {
    has_block(pem, b"CERTIFICATE-----") && !has_block(pem, b"PRIVATE KEY-----")
}

/// Whether a line begins a block whose label ends like this.
fn has_block(pem: &[u8], label: &[u8]) -> bool {
    pem.split(|byte| *byte == b'\n').any(|line| {
        let line = line.trim_ascii();
        line.starts_with(b"-----BEGIN ") && line.ends_with(label)
    })
}

#[cfg(test)]
mod tests;
