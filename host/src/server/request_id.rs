//! The name of one request, in its answer and in every line of the log that belongs to it.

/// The header of an answer that names its request.
pub(super) const HEADER: http::HeaderName = http::HeaderName::from_static("x-request-id");

/// Sixteen hexadecimal digits at random. All zero where the system has no randomness, which must not keep a page from
/// being served.
pub(super) fn new() -> String {
    let mut bytes = [0; 8];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::warn!(%error, "no random bytes for a request's id");
    }
    crate::report::hexadecimal(&bytes)
}
