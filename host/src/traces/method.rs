//! The names of HTTP's methods in spans.

/// The methods that a span is named after.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
];

/// The method as a name; `None` if it is not one of HTTP's. Clients and guests can make up others, of any length.
pub(crate) fn known_method(method: &str) -> Option<&'static str> {
    METHODS.into_iter().find(|known| *known == method)
}
