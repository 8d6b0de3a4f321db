//! The headers of an event.

use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::error::EventFault;

/// The headers of an event as its source writes them: each once, each with all its values, or both.
pub(super) struct EventHeaders {
    pub(super) single: Option<BTreeMap<String, Option<String>>>,
    pub(super) multiple: Option<BTreeMap<String, Vec<String>>>,
}

/// All headers. Values of a header that occurs in both forms come from the complete one.
///
/// # Errors
///
/// [`EventFault::Header`]: a name or a value can't occur in a request.
pub(super) fn headers(event: EventHeaders) -> Result<HeaderMap, EventFault> {
    let mut headers = HeaderMap::new();
    for (name, values) in event.multiple.into_iter().flatten() {
        let parsed = parse_name(&name)?;
        for value in values {
            headers.append(parsed.clone(), parse_value(&name, &value)?);
        }
    }
    let multiple: Vec<HeaderName> = headers.keys().cloned().collect();
    for (name, value) in event.single.into_iter().flatten() {
        let parsed = parse_name(&name)?;
        if let Some(value) = value
            && !multiple.contains(&parsed)
        {
            headers.append(parsed, parse_value(&name, &value)?);
        }
    }
    Ok(headers)
}

fn parse_name(name: &str) -> Result<HeaderName, EventFault> {
    HeaderName::try_from(name).map_err(|_| EventFault::Header(name.to_owned()))
}

/// Bytes beyond ASCII are permitted, as in a request of HTTP/1.
fn parse_value(name: &str, value: &str) -> Result<HeaderValue, EventFault> {
    HeaderValue::from_bytes(value.as_bytes()).map_err(|_| EventFault::Header(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(single: &str, multiple: &str) -> Result<Vec<String>, EventFault> {
        let read = headers(EventHeaders {
            single: serde_json::from_str(single).unwrap(),
            multiple: serde_json::from_str(multiple).unwrap(),
        })?;
        let line = |(name, value): (&HeaderName, &HeaderValue)| {
            format!("{name}: {}", String::from_utf8_lossy(value.as_bytes()))
        };
        let mut lines: Vec<_> = read.iter().map(line).collect();
        lines.sort();
        Ok(lines)
    }

    #[test]
    fn values_of_both_forms_count_once() {
        let single = r#"{"Accept": "b", "Host": "h", "X-None": null}"#;
        let multiple = r#"{"accept": ["a", "b"], "x-name": ["é"]}"#;
        let both = read(single, multiple).unwrap();
        assert_eq!(both, ["accept: a", "accept: b", "host: h", "x-name: é"]);
        assert_eq!(read(single, "null").unwrap(), ["accept: b", "host: h"]);
        assert!(read("null", "null").unwrap().is_empty());
    }

    #[test]
    fn headers_that_no_request_can_have_are_named() {
        for (single, multiple) in [
            (r#"{"a b": "c"}"#, "null"),
            (r#"{"a": "b", "c": "d\ne"}"#, "null"),
            ("null", r#"{"": ["c"]}"#),
            ("null", r#"{"c": ["d", "\u0000"]}"#),
        ] {
            let fault = read(single, multiple).unwrap_err();
            assert!(
                matches!(fault, EventFault::Header(_)),
                "{single} {multiple}"
            );
        }
    }
}
