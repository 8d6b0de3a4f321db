//! Why an exchange broke, for the decision about another try.

use std::error::Error;

use hyper_util::client::legacy;

/// The reused connection of a request accepted none of its bytes.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed before it accepted any of the request")]
pub(super) struct UnbegunFault(#[source] pub(super) Option<legacy::Error>);

/// A reused connection accepted a request, and was closed without a byte of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the reused connection was closed without an answer")]
pub(super) struct StaleFault(#[source] pub(super) Option<legacy::Error>);

/// A connection broke after its request may have been carried out.
#[derive(Debug, thiserror::Error)]
#[error(
    "the connection broke, and it is unknown whether the request was carried out; to have such a request sent again, \
     mark it as `idempotent` or add its method to `rate-limit.retry-methods`"
)]
pub(super) struct UnrepeatedFault {
    pub(super) source: Box<dyn Error + Send + Sync>,
}
