//! The headers by which traces are continued across programs (<https://www.w3.org/TR/trace-context/>, level 1).

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::ids::{SpanId, TraceId, bytes};

/// The header with the ids of a trace and of a span in it.
pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The header with what tracing systems add to a trace.
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The longest `tracestate` that is kept. Everyone has to pass on that much.
const MAX_STATE_BYTES: usize = 512;

/// The bit of the flags that says that a trace is recorded.
const IS_RECORDED: u8 = 1;

/// A span that others may name as their parent or link to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SpanContext {
    pub(super) trace: TraceId,
    pub(super) span: SpanId,
    /// What tracing systems have added to the trace, as the client sent it.
    pub(super) state: Option<Arc<str>>,
}

/// The span of a client that a request belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RemoteParent {
    pub(super) context: SpanContext,
    /// Whether the client records the trace.
    pub(super) is_recorded: bool,
}

impl RemoteParent {
    /// The client's span that these headers name. `None` if they name none, or are invalid: a new trace begins.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(TRACEPARENT).iter();
        let (Some(value), None) = (all.next(), all.next()) else {
            return None;
        };
        let (trace, span, flags) = parse(value.to_str().ok()?)?;
        Some(Self {
            context: SpanContext {
                trace,
                span,
                state: state(headers),
            },
            is_recorded: flags & IS_RECORDED != 0,
        })
    }
}

/// The `traceparent` of a request that belongs to this span, which is recorded.
pub(super) fn traceparent(context: &SpanContext) -> Option<HeaderValue> {
    let SpanContext { trace, span, .. } = context;
    HeaderValue::try_from(format!("00-{trace}-{span}-{IS_RECORDED:02x}")).ok()
}

fn parse(text: &str) -> Option<(TraceId, SpanId, u8)> {
    let mut parts = text.splitn(5, '-');
    let [version] = bytes::<1>(parts.next()?)?;
    let trace = TraceId::parse(parts.next()?)?;
    let span = SpanId::parse(parts.next()?)?;
    let [flags] = bytes::<1>(parts.next()?)?;
    // Later versions may add parts.
    let is_known = match version {
        0 => parts.next().is_none(),
        version => version != u8::MAX,
    };
    is_known.then_some((trace, span, flags))
}

/// The `tracestate`, all headers together; `None` if there is none, or it is too long or not text.
fn state(headers: &HeaderMap) -> Option<Arc<str>> {
    let mut state = String::new();
    for value in headers.get_all(TRACESTATE) {
        let value = value.to_str().ok()?.trim();
        if value.is_empty() {
            continue;
        }
        if !state.is_empty() {
            state.push(',');
        }
        state.push_str(value);
        if state.len() > MAX_STATE_BYTES {
            return None;
        }
    }
    (!state.is_empty()).then(|| state.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    fn parent(values: &[&str], states: &[&str]) -> Option<RemoteParent> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(TRACEPARENT, HeaderValue::from_str(value).unwrap());
        }
        for value in states {
            headers.append(TRACESTATE, HeaderValue::from_str(value).unwrap());
        }
        RemoteParent::of(&headers)
    }

    #[test]
    fn valid_parent_is_read_and_written() {
        let parent = parent(&[VALID], &[]).unwrap();
        assert!(parent.is_recorded);
        assert_eq!(traceparent(&parent.context).unwrap(), VALID);
    }

    #[test]
    fn flags_say_whether_the_client_records() {
        for (flags, is_recorded) in [("00", false), ("01", true), ("02", false), ("ff", true)] {
            let text = format!("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-{flags}");
            assert_eq!(
                parent(&[&text], &[]).unwrap().is_recorded,
                is_recorded,
                "{flags}"
            );
        }
    }

    #[test]
    fn later_versions_may_be_longer() {
        let later = VALID.replacen("00", "cc", 1);
        for (text, is_valid) in [
            (later.clone(), true),
            (format!("{later}-what-comes"), true),
            (format!("{later}x"), false),
            (VALID.replacen("00", "ff", 1), false),
            (format!("{VALID}-more"), false),
        ] {
            assert_eq!(parent(&[&text], &[]).is_some(), is_valid, "{text}");
        }
    }

    #[test]
    fn invalid_parents_are_ignored() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
            "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
        ] {
            assert_eq!(parent(&[text], &[]), None, "{text}");
        }
        assert_eq!(parent(&[VALID, VALID], &[]), None, "two of them");
        assert_eq!(parent(&[], &["a=1"]), None);
    }

    #[test]
    fn state_is_kept_up_to_its_limit() {
        let state = |states: &[&str]| parent(&[VALID], states).unwrap().context.state;
        assert_eq!(state(&[]), None);
        assert_eq!(state(&["", "  "]), None);
        assert_eq!(state(&["a=1", "b=2"]).as_deref(), Some("a=1,b=2"));
        let longest = "x".repeat(MAX_STATE_BYTES);
        assert_eq!(state(&[&longest]).as_deref(), Some(longest.as_str()));
        assert_eq!(state(&[&longest, "a=1"]), None);
    }
}
