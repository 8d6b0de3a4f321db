//! The id of a request, in its answer and in every log line that belongs to it.

/// The answer's header with the request's id.
pub(super) const HEADER: http::HeaderName = http::HeaderName::from_static("x-request-id");

/// Sixteen random hexadecimal digits. All zero if the system has no randomness, which must not keep a page from being
/// served.
pub(super) fn new() -> String {
    let mut bytes = [0; 8];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::warn!(%error, "could not obtain random bytes for a request's id");
    }
    crate::report::hexadecimal(&bytes)
}
