//! How the lines of the log name the trace that they belong to, whether it is exported or not.

use http::{HeaderMap, HeaderName};

use super::context::{RemoteParent, SpanContext};
use super::ids::{SpanId, TraceId};

/// The header by which Google's front ends name a trace, besides `traceparent`.
const CLOUD_TRACE: HeaderName = HeaderName::from_static("x-cloud-trace-context");

/// A trace, and the span in it, that lines of the log belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoggedSpan {
    trace: TraceId,
    span: Option<SpanId>,
    is_recorded: bool,
}

impl LoggedSpan {
    /// The client's span, as `traceparent` or Google's own header names it. `None` if neither is there and valid.
    pub(crate) fn of_client(headers: &HeaderMap) -> Option<Self> {
        if let Some(parent) = RemoteParent::of(headers) {
            return Some(Self {
                trace: parent.context.trace,
                span: Some(parent.context.span),
                is_recorded: parent.is_recorded,
            });
        }
        let mut values = headers.get_all(CLOUD_TRACE).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        cloud_trace(value.to_str().ok()?)
    }

    /// A span of this host that is exported.
    pub(super) fn of(context: &SpanContext) -> Self {
        Self {
            trace: context.trace,
            span: Some(context.span),
            is_recorded: true,
        }
    }

    /// Adds the ids to the lines of the log that `span` surrounds, which must have the fields `trace_id`, `span_id` and
    /// `trace_sampled`. Ids that it has already are replaced.
    pub(crate) fn record_in(&self, span: &tracing::Span) {
        span.record("trace_id", tracing::field::display(&self.trace));
        if let Some(id) = &self.span {
            span.record("span_id", tracing::field::display(id));
        }
        span.record("trace_sampled", self.is_recorded);
    }
}

/// Reads `TRACE`, `TRACE/SPAN` or `TRACE/SPAN;o=FLAGS`: hexadecimal digits, a decimal number, and 1 for a recorded trace
/// (<https://cloud.google.com/trace/docs/trace-context#legacy-http-header>).
fn cloud_trace(text: &str) -> Option<LoggedSpan> {
    let (ids, options) = text.split_once(';').unwrap_or((text, ""));
    let (trace, span) = match ids.split_once('/') {
        Some((trace, span)) => (trace, Some(span.parse::<u64>().ok()?)),
        None => (ids, None),
    };
    let span = span.filter(|number| *number != 0);
    Some(LoggedSpan {
        trace: TraceId::parse(&trace.to_ascii_lowercase())?,
        span: span.map(|number| SpanId(number.to_be_bytes())),
        is_recorded: options.trim() == "o=1",
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(headers: &[(&'static str, &str)]) -> Option<LoggedSpan> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        LoggedSpan::of_client(&map)
    }

    fn texts(span: &LoggedSpan) -> (String, Option<String>, bool) {
        let id = span.span.as_ref().map(SpanId::to_string);
        (span.trace.to_string(), id, span.is_recorded)
    }

    const TRACE: &str = "105445aa7843bc8bf206b12000100000";

    #[test]
    fn googles_header_is_read_in_each_of_its_forms() {
        let whole = format!("{TRACE}/1;o=1");
        let upper = format!("{}/18446744073709551615;o=0", TRACE.to_uppercase());
        for (text, span, is_recorded) in [
            (whole.as_str(), Some("0000000000000001"), true),
            (&upper, Some("ffffffffffffffff"), false),
            (&format!("{TRACE}/10"), Some("000000000000000a"), false),
            (&format!("{TRACE}/0;o=1"), None, true),
            (TRACE, None, false),
            (&format!("{TRACE};o=1"), None, true),
        ] {
            let found = of(&[("x-cloud-trace-context", text)]).expect(text);
            let expected = (TRACE.to_owned(), span.map(str::to_owned), is_recorded);
            assert_eq!(texts(&found), expected, "{text}");
        }
    }

    #[test]
    fn invalid_headers_name_no_trace() {
        for text in [
            "",
            "/",
            "105445aa7843bc8bf206b1200010000",
            "105445aa7843bc8bf206b1200010000g/1",
            "00000000000000000000000000000000/1",
            "105445aa7843bc8bf206b12000100000/-1",
            "105445aa7843bc8bf206b12000100000/18446744073709551616",
            "105445aa7843bc8bf206b12000100000/1/2",
            "\"105445aa7843bc8bf206b12000100000\"",
        ] {
            assert_eq!(of(&[("x-cloud-trace-context", text)]), None, "{text}");
        }
        let twice = [("x-cloud-trace-context", TRACE); 2];
        assert_eq!(of(&twice), None);
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn standard_header_counts_first() {
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
        let both = [("x-cloud-trace-context", TRACE), ("traceparent", parent)];
        let expected = (
            "0af7651916cd43dd8448eb211c80319c".to_owned(),
            Some("b7ad6b7169203331".to_owned()),
            false,
        );
        assert_eq!(texts(&of(&both).unwrap()), expected);
        let invalid = [
            ("x-cloud-trace-context", TRACE),
            ("traceparent", "00-0-0-00"),
        ];
        assert_eq!(texts(&of(&invalid).unwrap()).0, TRACE);
    }
}
