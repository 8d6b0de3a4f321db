//! Why a certificate can't be used, and what to do about it. No message quotes a file, which may contain a key.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::config::FileFault;

/// Why the server can't use the certificate and the key that it was given.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The TLS library has no usable version of the protocol.
    #[error("TLS can't be used")]
    Library(#[source] rustls::Error),

    /// A file can't be read.
    #[error("{flag}: {} can't be read", path.display())]
    Unreadable {
        /// The flag that names the file.
        flag: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FileFault,
    },

    /// A file without content.
    #[error("{flag}: {} is empty; write the file again, or name another one", path.display())]
    Empty {
        /// The flag that names the file.
        flag: &'static str,
        /// The file.
        path: PathBuf,
    },

    /// A block without an end, or one that isn't base64.
    #[error(
        "{flag}: {} is damaged: one of its PEM blocks is truncated or not base64; write the file again",
        path.display()
    )]
    Damaged {
        /// The flag that names the file.
        flag: &'static str,
        /// The file.
        path: PathBuf,
    },

    /// Each of the two files has what the other one should have.
    #[error(
        "--tls-cert names a private key ({}) and --tls-key a certificate ({}); exchange the two files",
        certificate.display(),
        key.display()
    )]
    Swapped {
        /// The file named by `--tls-cert`.
        certificate: PathBuf,
        /// The file named by `--tls-key`.
        key: PathBuf,
    },

    /// There is no certificate in the file.
    #[error(
        "--tls-cert: {} has no certificate in PEM, which begins with \"-----BEGIN CERTIFICATE-----\"; name the file \
         with the server's certificate, followed by those that lead to an authority",
        .0.display()
    )]
    NoCertificate(PathBuf),

    /// A block of the file is labeled as a certificate, but isn't one.
    #[error(
        "--tls-cert: certificate {number} of {} is not a valid certificate; write the file again",
        path.display()
    )]
    InvalidCertificate {
        /// The file.
        path: PathBuf,
        /// Its number in the file, starting at 1.
        number: usize,
    },

    /// The first certificate is expired.
    #[error(
        "--tls-cert: the certificate of {} expired at {not_after}; renew it, or check the clock of this machine",
        path.display()
    )]
    Expired {
        /// The file.
        path: PathBuf,
        /// The last second in which it was valid.
        not_after: Timestamp,
    },

    /// The first certificate is not valid yet.
    #[error(
        "--tls-cert: the certificate of {} is not valid before {not_before}; wait until then, or check the clock of \
         this machine",
        path.display()
    )]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// The first second in which it is valid.
        not_before: Timestamp,
    },

    /// Another certificate of the file belongs to the key.
    #[error(
        "--tls-cert: the key belongs to certificate {number} of {}, not to the first one; put the server's certificate \
         first, followed by those that lead to an authority",
        path.display()
    )]
    ServerNotFirst {
        /// The file.
        path: PathBuf,
        /// The number of the key's certificate in the file, starting at 1.
        number: usize,
    },

    /// The certificate of an issuer follows later than it should.
    #[error(
        "--tls-cert: the certificates of {} are in the wrong order: number {issuer} issued number {issued} and must \
         follow it directly",
        path.display()
    )]
    WrongOrder {
        /// The file.
        path: PathBuf,
        /// The number of a certificate in the file, starting at 1.
        issued: usize,
        /// The number of the certificate of its issuer.
        issuer: usize,
    },

    /// There is no key in the file.
    #[error(
        "--tls-key: {} has no private key in PEM, which begins with \"-----BEGIN PRIVATE KEY-----\"; name the file with \
         the key of the certificate",
        .0.display()
    )]
    NoKey(PathBuf),

    /// The key is encrypted.
    #[error(
        "--tls-key: the key of {} is encrypted, and the server can't ask for its password; decrypt it with `openssl pkey \
         -in {} -out NEW-FILE`",
        .0.display(),
        .0.display()
    )]
    EncryptedKey(PathBuf),

    /// More than one key.
    #[error(
        "--tls-key: {} has more than one private key; keep only the one of the certificate",
        .0.display()
    )]
    SeveralKeys(PathBuf),

    /// An algorithm or a length that the TLS library doesn't support, or not a key at all.
    #[error(
        "--tls-key: the key of {} can't be used: it is damaged, or is neither RSA with 2048 to 4096 bits nor P-256, P-384 \
         or Ed25519",
        .0.display()
    )]
    UnusableKey(PathBuf),

    /// The key of a certificate that the file doesn't have.
    #[error(
        "--tls-key: the key of {} does not belong to the certificate of {}; name the two files of one pair",
        key.display(),
        certificate.display()
    )]
    OtherKey {
        /// The file named by `--tls-cert`.
        certificate: PathBuf,
        /// The file named by `--tls-key`.
        key: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{messages, samples};

    #[test]
    fn operators_read_these_errors() {
        let flag = "--tls-key";
        let path = || PathBuf::from("/etc/weld/server.pem");
        let certificate = path;
        let key = || PathBuf::from("/etc/weld/server.key");
        let moment = "2026-11-30T12:00:00Z".parse().unwrap();
        let errors = samples!(CertificateError:
            CertificateError::Library(_) => CertificateError::Library(rustls::Error::HandshakeNotComplete),
            CertificateError::Unreadable { .. } => CertificateError::Unreadable { flag, path: key(), source: FileFault::NotRegular("a folder") },
            CertificateError::Empty { .. } => CertificateError::Empty { flag, path: key() },
            CertificateError::Damaged { .. } => CertificateError::Damaged { flag, path: key() },
            CertificateError::Swapped { .. } => CertificateError::Swapped { certificate: key(), key: path() },
            CertificateError::NoCertificate(_) => CertificateError::NoCertificate(path()),
            CertificateError::InvalidCertificate { .. } => CertificateError::InvalidCertificate { path: path(), number: 2 },
            CertificateError::Expired { .. } => CertificateError::Expired { path: path(), not_after: moment },
            CertificateError::NotYetValid { .. } => CertificateError::NotYetValid { path: path(), not_before: moment },
            CertificateError::ServerNotFirst { .. } => CertificateError::ServerNotFirst { path: path(), number: 2 },
            CertificateError::WrongOrder { .. } => CertificateError::WrongOrder { path: path(), issued: 1, issuer: 3 },
            CertificateError::NoKey(_) => CertificateError::NoKey(key()),
            CertificateError::EncryptedKey(_) => CertificateError::EncryptedKey(key()),
            CertificateError::SeveralKeys(_) => CertificateError::SeveralKeys(key()),
            CertificateError::UnusableKey(_) => CertificateError::UnusableKey(key()),
            CertificateError::OtherKey { .. } => CertificateError::OtherKey { certificate: certificate(), key: key() },
        );
        insta::assert_snapshot!(messages(&errors));
    }
}
