//! Writes answers in the form that an event's source expects.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::source::{EventSource, PayloadVersion};
use crate::server::AnswerTooLarge;

/// Room for the headers that are added later: the request's id.
const LATER_BYTES: u64 = 1 << 10;

/// How many bytes a byte of a text takes in JSON at most: `\u0001`.
const LONGEST_ESCAPE: u64 = 6;

/// The answer to an event. A member that its source doesn't know is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionAnswer<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<BTreeMap<&'a str, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<BTreeMap<&'a str, Vec<String>>>,
    is_base64_encoded: bool,
    body: Cow<'a, str>,
}

/// The JSON of an answer.
///
/// # Errors
///
/// None in practice: texts and numbers can always be written.
pub(super) fn encoded(
    source: EventSource,
    response: &Response<Bytes>,
) -> Result<Box<RawValue>, serde_json::Error> {
    let body = match text(response) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(BASE64_STANDARD.encode(response.body())),
    };
    to_raw_value(&answer(source, response, body))
}

/// Checks that an answer in its source's form is not larger than what the source takes.
///
/// # Errors
///
/// [`AnswerTooLarge`].
pub(super) fn check_size(
    source: EventSource,
    response: &Response<Bytes>,
) -> Result<(), AnswerTooLarge> {
    let most = source.largest_answer();
    let rest = length(&answer(source, response, Cow::Borrowed(""))).saturating_add(LATER_BYTES);
    let plain = response.body().len() as u64;
    let body = match text(response) {
        // Most are small enough in any case.
        Some(_)
            if plain.saturating_mul(LONGEST_ESCAPE).saturating_add(rest) <= most.limit_bytes =>
        {
            return Ok(());
        }
        // The rest has the quotation marks.
        Some(text) => length(text).saturating_sub(2),
        None => plain.div_ceil(3).saturating_mul(4),
    };
    let bytes = body.saturating_add(rest);
    if bytes > most.limit_bytes {
        return Err(AnswerTooLarge { bytes, ..most });
    }
    Ok(())
}

fn answer<'r>(
    source: EventSource,
    response: &'r Response<Bytes>,
    body: Cow<'r, str>,
) -> FunctionAnswer<'r> {
    let status = response.status();
    let headers = response.headers();
    let has_multi_values = match source {
        EventSource::LoadBalancer { has_multi_values } => has_multi_values,
        _ => source.payload() == Some(PayloadVersion::V1),
    };
    FunctionAnswer {
        status_code: status.as_u16(),
        status_description: match source {
            EventSource::LoadBalancer { .. } => Some(description(status)),
            _ => None,
        },
        headers: (!has_multi_values).then(|| joined(headers)),
        multi_value_headers: has_multi_values.then(|| separate(headers)),
        is_base64_encoded: text(response).is_none(),
        body,
    }
}

/// The body, unless it is compressed or not UTF-8.
fn text(response: &Response<Bytes>) -> Option<&str> {
    if response.headers().contains_key(header::CONTENT_ENCODING) {
        return None;
    }
    std::str::from_utf8(response.body()).ok()
}

/// `200 OK`.
fn description(status: StatusCode) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    format!("{} {reason}", status.as_u16())
        .trim_end()
        .to_owned()
}

/// Each header once, with its values as one list. None of the host's headers forbids that, as `Set-Cookie` would.
fn joined(headers: &HeaderMap) -> BTreeMap<&str, String> {
    let mut joined = BTreeMap::<_, String>::new();
    for (name, value) in headers {
        let all = joined.entry(name.as_str()).or_default();
        if !all.is_empty() {
            all.push_str(", ");
        }
        all.push_str(&lossy(value));
    }
    joined
}

fn separate(headers: &HeaderMap) -> BTreeMap<&str, Vec<String>> {
    let mut separate = BTreeMap::<_, Vec<String>>::new();
    for (name, value) in headers {
        let values = separate.entry(name.as_str()).or_default();
        values.push(lossy(value).into_owned());
    }
    separate
}

fn lossy(value: &HeaderValue) -> Cow<'_, str> {
    String::from_utf8_lossy(value.as_bytes())
}

/// The length of a value's JSON in bytes.
fn length<V: Serialize + ?Sized>(value: &V) -> u64 {
    struct Counter(u64);
    impl Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len() as u64);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // Neither these values nor the counter can fail; if they could, the answer would count as too large.
    match serde_json::to_writer(&mut counter, value) {
        Ok(()) => counter.0,
        Err(_) => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ALL: [EventSource; 6] = [
        EventSource::FunctionUrl,
        EventSource::HttpApi {
            payload: PayloadVersion::V1,
        },
        EventSource::HttpApi {
            payload: PayloadVersion::V2,
        },
        EventSource::RestApi,
        EventSource::LoadBalancer {
            has_multi_values: false,
        },
        EventSource::LoadBalancer {
            has_multi_values: true,
        },
    ];

    fn response(body: &[u8], headers: &[(&'static str, &'static str)]) -> Response<Bytes> {
        let mut response = Response::new(Bytes::copy_from_slice(body));
        for (name, value) in headers {
            response
                .headers_mut()
                .append(*name, HeaderValue::from_static(value));
        }
        response
    }

    fn written(source: EventSource, response: &Response<Bytes>) -> Value {
        serde_json::from_str(encoded(source, response).unwrap().get()).unwrap()
    }

    #[test]
    fn each_source_gets_the_members_that_it_reads() {
        let headers = [
            ("content-type", "application/json"),
            ("vary", "a"),
            ("vary", "b"),
        ];
        let mut response = response(b"{\"a\": \"\xc3\xa9\"}", &headers);
        *response.status_mut() = StatusCode::NOT_FOUND;
        let single = json!({"content-type": "application/json", "vary": "a, b"});
        let multiple = json!({"content-type": ["application/json"], "vary": ["a", "b"]});
        for source in ALL {
            let mut expected =
                json!({"statusCode": 404, "isBase64Encoded": false, "body": "{\"a\": \"é\"}"});
            match source {
                EventSource::FunctionUrl
                | EventSource::HttpApi {
                    payload: PayloadVersion::V2,
                } => expected["headers"] = single.clone(),
                EventSource::RestApi
                | EventSource::HttpApi {
                    payload: PayloadVersion::V1,
                } => expected["multiValueHeaders"] = multiple.clone(),
                EventSource::LoadBalancer { has_multi_values } => {
                    expected["statusDescription"] = "404 Not Found".into();
                    if has_multi_values {
                        expected["multiValueHeaders"] = multiple.clone();
                    } else {
                        expected["headers"] = single.clone();
                    }
                }
            }
            assert_eq!(written(source, &response), expected, "{source:?}");
        }
    }

    #[test]
    fn compressed_bodies_and_other_bytes_are_base64() {
        for (body, headers) in [
            (&b"\x1f\x8b\x08"[..], &[("content-encoding", "gzip")][..]),
            (b"text", &[("content-encoding", "zstd")]),
            (b"\xff\xfe", &[]),
        ] {
            for source in ALL {
                let answer = written(source, &response(body, headers));
                assert_eq!(answer["isBase64Encoded"], true, "{source:?}");
                let body_again = BASE64_STANDARD.decode(answer["body"].as_str().unwrap());
                assert_eq!(body_again.unwrap(), body, "{source:?}");
            }
        }
    }

    #[test]
    fn size_counts_as_it_is_sent() {
        for source in ALL {
            let limit = source.largest_answer().limit_bytes;
            let size = |body: &[u8], headers: &[(&'static str, &'static str)]| {
                let response = response(body, headers);
                let checked = check_size(source, &response);
                let sent = encoded(source, &response).unwrap().get().len() as u64;
                if let Err(error) = checked {
                    assert!(error.bytes >= sent && error.bytes <= sent + LATER_BYTES);
                }
                (sent, checked.is_ok())
            };
            let most = usize::try_from(limit - LATER_BYTES).unwrap();
            // Half a kilobyte for the other members.
            for (plain, fits) in [(most - 512, true), (most, false)] {
                let (sent, is_ok) = size(&vec![b'a'; plain], &[]);
                assert_eq!(is_ok, fits, "{source:?} {sent}");
            }
            // Every quotation mark takes two bytes, and every third byte a fourth one.
            for (plain, fits) in [(most / 2 - 256, true), (most / 2 + 1, false)] {
                let (sent, is_ok) = size(&vec![b'"'; plain], &[]);
                assert_eq!(is_ok, fits, "{source:?} {sent}");
            }
            let gzip = [("content-encoding", "gzip")];
            for (bytes, fits) in [(most / 4 * 3 - 512, true), (most / 4 * 3 + 3, false)] {
                let (sent, is_ok) = size(&vec![0; bytes], &gzip);
                assert_eq!(is_ok, fits, "{source:?} {sent}");
            }
        }
    }
}
