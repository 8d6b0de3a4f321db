//! What a token endpoint answers (RFC 6749, sections 5.1 and 5.2), and what some answer instead.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::config::Secret;
use crate::egress::auth::error::EndpointFault;
use crate::report;

/// No token counts for longer, whatever the endpoint says.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How much of an error's text is shown.
const SHOWN_CODE_BYTES: usize = 100;
const SHOWN_DESCRIPTION_BYTES: usize = 500;

/// What an endpoint answers: a token, and what comes with it.
#[derive(Debug)]
pub(super) struct TokenResponse {
    pub(super) access_token: Secret,
    /// None where the endpoint doesn't say, or says nothing of use.
    pub(super) expires_in: Option<Duration>,
    /// In place of the one that it was asked with.
    pub(super) refresh_token: Option<Secret>,
}

/// Reads an answer.
///
/// # Errors
///
/// It holds no token that can be used; says what it is instead. What the endpoint says itself is escaped and shortened,
/// but may hold secrets.
pub(super) fn read(status: u16, body: &[u8]) -> Result<TokenResponse, EndpointFault> {
    if (300..400).contains(&status) {
        return Err(EndpointFault::Redirect);
    }
    let is_good = (200..300).contains(&status);
    let Ok(Value::Object(answer)) = serde_json::from_slice(body) else {
        return Err(no_object(body, is_good));
    };
    // Some say so with status 200.
    if !is_good || answer.contains_key("error") {
        return Err(refused(&answer));
    }
    let token_type = answer.get("token_type").and_then(Value::as_str);
    if let Some(other) = token_type.filter(|other| !other.eq_ignore_ascii_case("bearer")) {
        return Err(EndpointFault::OtherType {
            token_type: shown(other, SHOWN_CODE_BYTES),
        });
    }
    let access_token = text(&answer, "access_token").ok_or(EndpointFault::NoToken)?;
    Ok(TokenResponse {
        access_token,
        expires_in: answer.get("expires_in").and_then(lifetime),
        refresh_token: text(&answer, "refresh_token"),
    })
}

fn text(answer: &Map<String, Value>, key: &str) -> Option<Secret> {
    let text = answer.get(key)?.as_str()?;
    (!text.is_empty()).then(|| Secret::new(text))
}

/// Seconds as a number, also one with a fraction or in quotes. Zero and less say nothing: some endpoints mean by it that
/// a token has no end.
fn lifetime(value: &Value) -> Option<Duration> {
    let seconds = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse::<f64>().ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds| *seconds > 0.0 && !seconds.is_nan())?;
    Some(Duration::try_from_secs_f64(seconds).map_or(LONGEST, |time| time.min(LONGEST)))
}

/// Why there is no token in what is no JSON object.
fn no_object(body: &[u8], is_good: bool) -> EndpointFault {
    let begin = body.trim_ascii_start();
    if begin.is_empty() {
        return EndpointFault::Empty;
    }
    if begin.starts_with(b"<") {
        return EndpointFault::Html;
    }
    if is_good {
        EndpointFault::NotJson
    } else {
        EndpointFault::Refused {
            code: String::new(),
            description: shown(&String::from_utf8_lossy(begin), SHOWN_DESCRIPTION_BYTES),
        }
    }
}

fn refused(answer: &Map<String, Value>) -> EndpointFault {
    let text = |keys: &[&str], most| {
        keys.iter()
            .find_map(|key| answer.get(*key)?.as_str())
            .map(|text| shown(text, most))
            .unwrap_or_default()
    };
    EndpointFault::Refused {
        code: text(&["error"], SHOWN_CODE_BYTES),
        description: text(
            &["error_description", "message", "detail"],
            SHOWN_DESCRIPTION_BYTES,
        ),
    }
}

fn shown(text: &str, most: usize) -> String {
    report::shortened(&report::escaped(text.trim()), most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(more: &str) -> Result<TokenResponse, EndpointFault> {
        let body = format!("{{\"access_token\": \"a-token\"{more}}}");
        read(200, body.as_bytes())
    }

    #[test]
    fn the_time_of_a_token_is_read_in_whatever_form_it_comes() {
        for (more, seconds) in [
            (", \"expires_in\": 3600", Some(3600.0)),
            (", \"expires_in\": \"3600\"", Some(3600.0)),
            (", \"expires_in\": 3599.5", Some(3599.5)),
            (", \"expires_in\": \"1e3\"", Some(1000.0)),
            (", \"expires_in\": 1e300", Some(LONGEST.as_secs_f64())),
            (
                ", \"expires_in\": 99999999999999999999",
                Some(LONGEST.as_secs_f64()),
            ),
            (", \"expires_in\": \"inf\"", Some(LONGEST.as_secs_f64())),
            (", \"expires_in\": 0", None),
            (", \"expires_in\": -1", None),
            (", \"expires_in\": \"NaN\"", None),
            (", \"expires_in\": \"soon\"", None),
            (", \"expires_in\": null", None),
            (", \"expires_in\": [3600]", None),
            ("", None),
        ] {
            let response = answer(more).expect(more);
            assert_eq!(
                response.expires_in.map(|time| time.as_secs_f64()),
                seconds,
                "{more}"
            );
        }
    }

    #[test]
    fn only_bearer_tokens_are_taken_in_any_case() {
        for kind in ["Bearer", "bearer", "BEARER"] {
            assert!(answer(&format!(", \"token_type\": \"{kind}\"")).is_ok());
        }
        assert!(answer("").is_ok(), "some don't say");
        let error = answer(", \"token_type\": \"mac\"").expect_err("another type");
        assert!(error.to_string().contains("`mac`"), "{error}");
    }

    #[test]
    fn what_is_no_answer_is_named_for_what_it_is() {
        for (status, body, expected) in [
            (200, "", "nothing"),
            (200, "  \n", "nothing"),
            (200, "<!doctype html><p>hello", "answered HTML"),
            (503, "\n<html>", "answered HTML"),
            (200, "access_token=a", "no JSON object"),
            (200, "[]", "no JSON object"),
            (200, "{\"access_token\": \"", "no JSON object"),
            (200, "{}", "no `access_token`"),
            (200, "{\"access_token\": \"\"}", "no `access_token`"),
            (200, "{\"access_token\": 1}", "no `access_token`"),
            (302, "", "a redirect"),
            (
                400,
                "{\"error\": \"invalid_scope\"}",
                "refused: invalid_scope",
            ),
            (
                200,
                "{\"error\": \"bad\", \"error_description\": \"so\\u001b bad\"}",
                "refused: bad, \"so\\u{1b} bad\"",
            ),
            (400, "no such client", "refused: \"no such client\""),
            (400, "{}", "refused it"),
            (
                400,
                "{\"error\": \"invalid_grant\", \"error_description\": \"bad iat\"}",
                "clock",
            ),
        ] {
            let error = read(status, body.as_bytes()).expect_err(body);
            assert!(error.to_string().contains(expected), "{body}: {error}");
        }
        let long = format!("{{\"error\": \"{}\"}}", "x".repeat(10_000));
        let error = read(400, long.as_bytes()).expect_err("refused");
        assert!(error.to_string().len() < 300, "{error}");
    }
}
