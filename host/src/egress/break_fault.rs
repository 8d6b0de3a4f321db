//! What broke an exchange off, for who decides about another try.

use std::error::Error;

use hyper_util::client::legacy;

/// No byte of a request was taken by the connection that it was to go over, which had been used before.
#[derive(Debug, thiserror::Error)]
#[error("the connection was closed before it took the request")]
pub(super) struct UnbegunFault(#[source] pub(super) Option<legacy::Error>);

/// A connection that had been used before took a request, and was closed without a byte of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection, which had answered before, was closed without an answer")]
pub(super) struct StaleFault(#[source] pub(super) Option<legacy::Error>);

/// A request broke off that may have been carried out.
#[derive(Debug, thiserror::Error)]
#[error(
    "the connection broke off, and nobody knows whether the request was carried out; it is not sent again, unless it is \
     marked as `idempotent` or `rate-limit.retry-methods` names its method"
)]
pub(super) struct UnrepeatedFault {
    pub(super) source: Box<dyn Error + Send + Sync>,
}
