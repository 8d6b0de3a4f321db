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
use crate::config::{FileFault, FileStamp};

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

    /// The stamps of both files.
    pub(super) fn stamps(&self) -> [FileStamp; 2] {
        [&self.certificate, &self.key].map(|path| FileStamp::of(path))
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
mod tests {
    use super::super::fixtures::{AUTHORITY, EXPIRED, GOOD, KEY, NOT_YET_VALID, SELF_SIGNED};
    use super::*;

    /// A key of no certificate here.
    const OTHER_KEY: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
";

    fn now() -> Timestamp {
        "2026-11-30T12:00:00Z".parse().unwrap()
    }

    fn files() -> CertificateFiles {
        CertificateFiles {
            certificate: "server.pem".into(),
            key: "server.key".into(),
        }
    }

    fn read(certificate: &str, key: &str) -> Result<CertificatePair, CertificateError> {
        let content = |path: &Path| {
            let is_key = path == Path::new("server.key");
            Ok((if is_key { key } else { certificate }).as_bytes().to_vec())
        };
        files().read(content, now())
    }

    #[test]
    fn pair_is_read_with_its_expiry() {
        let last = "2125-12-31T00:00:00Z".parse().unwrap();
        for (what, certificate, key) in [
            ("alone", GOOD.to_owned(), KEY.to_owned()),
            (
                "with its authority",
                format!("{GOOD}{AUTHORITY}"),
                KEY.to_owned(),
            ),
            (
                "both in both files",
                format!("{KEY}{GOOD}"),
                format!("{KEY}{GOOD}"),
            ),
            (
                "with text around it",
                format!("My own\n{GOOD}"),
                format!("my key\n{KEY}"),
            ),
            (
                "from another system",
                GOOD.replace('\n', "\r\n"),
                KEY.replace('\n', "\r\n"),
            ),
        ] {
            let pair = read(&certificate, &key).expect(what);
            assert_eq!(pair.not_after, last, "{what}");
        }
    }

    #[test]
    fn pair_that_cannot_be_used_is_refused_with_its_reason() {
        type Refusal = fn(&CertificateError) -> bool;
        let hollow =
            |label: &str| format!("-----BEGIN {label}-----\naGVsbG8=\n-----END {label}-----\n");
        let cases: [(&str, String, String, Refusal); 17] = [
            ("no certificate", "text".into(), KEY.into(), |error| {
                matches!(error, CertificateError::NoCertificate(_))
            }),
            ("empty certificate", " \n".into(), KEY.into(), |error| {
                matches!(
                    error,
                    CertificateError::Empty {
                        flag: "--tls-cert",
                        ..
                    }
                )
            }),
            ("empty key", GOOD.into(), String::new(), |error| {
                matches!(
                    error,
                    CertificateError::Empty {
                        flag: "--tls-key",
                        ..
                    }
                )
            }),
            ("swapped", KEY.into(), GOOD.into(), |error| {
                matches!(error, CertificateError::Swapped { .. })
            }),
            (
                "cut certificate",
                GOOD.replace("-----END", ""),
                KEY.into(),
                |error| {
                    matches!(
                        error,
                        CertificateError::Damaged {
                            flag: "--tls-cert",
                            ..
                        }
                    )
                },
            ),
            (
                "cut key",
                GOOD.into(),
                KEY.replace("-----END", ""),
                |error| {
                    matches!(
                        error,
                        CertificateError::Damaged {
                            flag: "--tls-key",
                            ..
                        }
                    )
                },
            ),
            (
                "hollow certificate",
                format!("{GOOD}{}", hollow("CERTIFICATE")),
                KEY.into(),
                |error| {
                    matches!(
                        error,
                        CertificateError::InvalidCertificate { number: 2, .. }
                    )
                },
            ),
            ("no key", GOOD.into(), GOOD.into(), |error| {
                matches!(error, CertificateError::NoKey(_))
            }),
            (
                "encrypted key",
                GOOD.into(),
                hollow("ENCRYPTED PRIVATE KEY"),
                |error| matches!(error, CertificateError::EncryptedKey(_)),
            ),
            (
                "old encrypted key",
                GOOD.into(),
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n".into(),
                |error| matches!(error, CertificateError::EncryptedKey(_)),
            ),
            (
                "two keys",
                GOOD.into(),
                format!("{KEY}{OTHER_KEY}"),
                |error| matches!(error, CertificateError::SeveralKeys(_)),
            ),
            ("hollow key", GOOD.into(), hollow("PRIVATE KEY"), |error| {
                matches!(error, CertificateError::UnusableKey(_))
            }),
            ("another's key", GOOD.into(), OTHER_KEY.into(), |error| {
                matches!(error, CertificateError::OtherKey { .. })
            }),
            (
                "authority first",
                format!("{AUTHORITY}{GOOD}"),
                KEY.into(),
                |error| matches!(error, CertificateError::ServerNotFirst { number: 2, .. }),
            ),
            (
                "wrong order",
                format!("{GOOD}{SELF_SIGNED}{AUTHORITY}"),
                KEY.into(),
                |error| {
                    matches!(
                        error,
                        CertificateError::WrongOrder {
                            issued: 1,
                            issuer: 3,
                            ..
                        }
                    )
                },
            ),
            ("expired", EXPIRED.into(), KEY.into(), |error| {
                matches!(error, CertificateError::Expired { .. })
            }),
            ("too early", NOT_YET_VALID.into(), KEY.into(), |error| {
                matches!(error, CertificateError::NotYetValid { .. })
            }),
        ];
        for (what, certificate, key, is_expected) in cases {
            let error = read(&certificate, &key).expect_err(what);
            assert!(is_expected(&error), "{what}: {error:?}");
        }
    }

    #[test]
    fn missing_file_is_named() {
        let missing = |_: &Path| Err(FileFault::Io(std::io::ErrorKind::NotFound.into()));
        let error = files().read(missing, now()).expect_err("no file");
        assert!(
            matches!(&error, CertificateError::Unreadable { path, .. } if path == Path::new("server.pem")),
            "{error:?}"
        );
    }
}
