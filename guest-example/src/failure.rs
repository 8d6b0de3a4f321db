//! What goes wrong between the connector and the API, told in the contract's errors.
//!
//! The case decides what happens next: the host waits out a rate limit by itself, while the other errors reach a
//! person, who reads the message.

use crate::exports::weld::connector::source::Error;
use crate::weld::connector::host::{Body, HttpError, HttpResponse};

/// How many characters of the API's answer a message quotes.
const EXCERPT: usize = 200;

/// The API answered, but not with success. `has_cursor` tells whether the request held a cursor of the API's.
pub fn refused(response: &HttpResponse, has_cursor: bool) -> Error {
    let message = format!(
        "the API answered {}: {}",
        response.status,
        excerpt(&response.body)
    );
    match response.status {
        401 | 403 => Error::Unauthorized(message),
        429 => Error::RateLimited(retry_after(&response.headers)),
        400 | 404 | 410 if has_cursor => Error::InvalidState(message),
        _ => Error::Upstream(message),
    }
}

/// The API gave no answer.
pub fn unreachable(cause: HttpError) -> Error {
    match cause {
        HttpError::Denied(message) => Error::Misconfigured(message),
        HttpError::Invalid(message) => Error::Misconfigured(format!(
            "a request to API_BASE_URL can't be sent: {message}"
        )),
        HttpError::Credentials(message) => Error::Unauthorized(message),
        HttpError::Timeout => Error::Upstream("the API did not answer in time".into()),
        HttpError::TooLarge => {
            Error::Upstream("the API's answer is larger than the limit response-size".into())
        }
        HttpError::OverLimit(message) => Error::Other(message),
        HttpError::Unavailable(wait) => Error::RateLimited(wait),
        HttpError::Failed(message) => Error::Upstream(message),
    }
}

/// The first value of the header `name`, which is in lower case.
pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let (_, value) = headers.iter().find(|(known, _)| known == name)?;
    Some(value.trim())
}

/// The seconds of `Retry-After`, in milliseconds. As a date it is ignored: the host then finds a wait of its own.
fn retry_after(headers: &[(String, String)]) -> Option<u32> {
    let seconds: u32 = header(headers, "retry-after")?.parse().ok()?;
    Some(seconds.saturating_mul(1_000))
}

/// The beginning of a body, on one line.
fn excerpt(body: &Body) -> String {
    let Body::Text(text) = body else {
        return "no text".into();
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        HttpResponse {
            status,
            headers: headers
                .iter()
                .map(|&(name, value)| (name.into(), value.into()))
                .collect(),
            body: Body::Text(body.into()),
            url: "https://api.example.com/beers".into(),
        }
    }

    #[test]
    fn refused_credentials_are_unauthorized() {
        for status in [401, 403] {
            let error = refused(&answer(status, &[], "no such token"), false);
            assert_eq!(
                error,
                Error::Unauthorized(format!("the API answered {status}: no such token"))
            );
        }
    }

    #[test]
    fn a_rate_limit_keeps_the_api_s_own_wait() {
        let cases = [
            (Some("30"), Some(30_000)),
            (Some("4294967295"), Some(u32::MAX)),
            (Some("Wed, 21 Oct 2026 07:28:00 GMT"), None),
            (None, None),
        ];
        for (given, expected) in cases {
            let headers: Vec<_> = given
                .map(|value| ("retry-after", value))
                .into_iter()
                .collect();
            let error = refused(&answer(429, &headers, ""), true);
            assert_eq!(error, Error::RateLimited(expected), "{given:?}");
        }
    }

    #[test]
    fn other_statuses_are_the_api_s_fault_and_are_quoted() {
        for status in [302, 400, 404, 500, 503] {
            let error = refused(&answer(status, &[], "<h1>\n  Out of order\n</h1>"), false);
            let message = format!("the API answered {status}: <h1> Out of order </h1>");
            assert_eq!(error, Error::Upstream(message));
        }
    }

    #[test]
    fn long_answers_are_quoted_in_part() {
        let Error::Upstream(message) = refused(&answer(500, &[], &"ö".repeat(10_000)), false)
        else {
            panic!("not upstream");
        };
        assert_eq!(
            message,
            format!("the API answered 500: {}…", "ö".repeat(EXCERPT))
        );
    }

    #[test]
    fn each_failure_of_the_network_has_its_error() {
        let text = || String::from("add a line to beers.toml");
        assert_eq!(
            unreachable(HttpError::Denied(text())),
            Error::Misconfigured(text())
        );
        assert_eq!(
            unreachable(HttpError::Credentials(text())),
            Error::Unauthorized(text())
        );
        assert_eq!(
            unreachable(HttpError::Failed(text())),
            Error::Upstream(text())
        );
        assert_eq!(
            unreachable(HttpError::OverLimit(text())),
            Error::Other(text())
        );
        assert_eq!(
            unreachable(HttpError::Unavailable(Some(7))),
            Error::RateLimited(Some(7))
        );
        assert!(matches!(
            unreachable(HttpError::Invalid(text())),
            Error::Misconfigured(_)
        ));
        assert!(matches!(
            unreachable(HttpError::Timeout),
            Error::Upstream(_)
        ));
        assert!(matches!(
            unreachable(HttpError::TooLarge),
            Error::Upstream(_)
        ));
    }
}
