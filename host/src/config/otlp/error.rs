//! Why traces can't be exported as configured.

use std::path::PathBuf;

use crate::config::reading::FileFault;

/// A variable of OpenTelemetry that can't be used. No message contains a value that may be a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OtlpError {
    /// It is not UTF-8.
    #[error("{0} is not UTF-8")]
    NotText(&'static str),

    /// Its value is invalid.
    #[error("{variable} is `{value}`: {expected}")]
    Value {
        /// Its name.
        variable: &'static str,
        /// The value, shortened.
        value: String,
        /// What to write instead.
        expected: String,
    },

    /// One of the pairs in it is invalid. Its value may be a secret, so it is not shown.
    #[error("{variable}: pair {number} {problem}")]
    Pair {
        /// Its name.
        variable: &'static str,
        /// The number of the pair, starting at 1.
        number: usize,
        /// What is wrong with it, and what to write instead.
        problem: &'static str,
    },

    /// The endpoint is invalid. It may contain a credential, so it is not shown.
    #[error("{variable}: {problem}")]
    Endpoint {
        /// Its name.
        variable: &'static str,
        /// What is wrong with it, and what to write instead.
        problem: String,
    },

    /// A file that it names can't be read.
    #[error("the file {} in {variable} can't be read", path.display())]
    Unreadable {
        /// Its name.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: FileFault,
    },

    /// A file that it names has invalid content.
    #[error("the file {} in {variable} can't be used: {problem}", path.display())]
    Pem {
        /// Its name.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },

    /// Only one of two variables that belong together is set.
    #[error(
        "{given} is set, but {missing} is missing: name both files, the certificate's and its key's"
    )]
    HalfOfIdentity {
        /// The variable that is set.
        given: &'static str,
        /// The missing one.
        missing: &'static str,
    },
}
