//! The names of HTTP's methods in spans.

use super::attribute::AttributeValue;
use super::open_span::OpenSpan;

/// The methods that a span is named after.
const METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
];

/// What the name of a request's span begins with. Clients and guests can make up methods, of any length.
pub(crate) fn method_name(method: &str) -> &'static str {
    known(method).unwrap_or("HTTP")
}

fn known(method: &str) -> Option<&'static str> {
    METHODS.into_iter().find(|known| *known == method)
}

impl OpenSpan {
    /// Adds the attributes for a request's method.
    pub(crate) fn set_method(&mut self, method: &str) {
        let known = known(method);
        self.set("http.request.method", known.unwrap_or("_OTHER"));
        if known.is_none() {
            let original = AttributeValue::text(method);
            self.set("http.request.method_original", original);
        }
    }
}
