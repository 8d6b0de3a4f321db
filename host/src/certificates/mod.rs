//! The certificate that the server shows to its clients: read from files, checked, followed, and replaced while the
//! server runs.
//!
//! A pair that can't be used is an error at startup. Later, the previous pair stays in use, and the log says why.
//!
//! A leaf: it knows files and certificates, but no connections. It uses `followed_file`.

mod chain;
mod der;
mod error;
mod pair;
mod served;

#[cfg(test)]
mod fixtures;

pub use error::CertificateError;
pub use pair::CertificateFiles;
pub use served::ServedCertificate;
