//! Sends the request in its state: `url`, and optionally `method`, `headers`, `body`, `timeout`, `idempotent`. It is
//! sent `times` times, and first without its body with each method in `before`. The last response or error is
//! reported in a row; with `on_error`, an error makes the page fail or trap, and with `on_answer`, a response makes it fail.
//! The host must send it only if the connector's `allow` permits it, and within its limits.

use serde_json::{Value, json};
use weld_test_guests::{Error, Page, connector, host, one_row};

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let wanted: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let text = |key: &str| wanted.get(key).and_then(Value::as_str).map(str::to_owned);
    let request = host::HttpRequest {
        method: text("method").unwrap_or_else(|| "GET".to_owned()),
        url: text("url").unwrap_or_default(),
        headers: headers(wanted.get("headers")),
        body: text("body").map(host::Body::Text),
        timeout: wanted
            .get("timeout")
            .and_then(Value::as_u64)
            .and_then(|timeout| timeout.try_into().ok()),
        idempotent: wanted.get("idempotent").and_then(Value::as_bool),
        credential: text("credential"),
    };
    for method in methods(wanted.get("before")) {
        let _only_the_last_is_reported = host::http_fetch(&host::HttpRequest {
            method,
            body: None,
            ..request.clone()
        });
    }
    let times = wanted.get("times").and_then(Value::as_u64).unwrap_or(1);
    for _ in 1..times {
        let _only_the_last_is_reported = host::http_fetch(&request);
    }
    let answer = host::http_fetch(&request);
    if let Err(error) = &answer {
        match text("on_error").as_deref() {
            Some("fail") => return Err(Error::Upstream(format!("no beers: {error:?}"))),
            Some("wait") => return Err(Error::RateLimited(Some(1))),
            Some("trap") => panic!("no beers: {error:?}"),
            _ => {}
        }
    }
    if let Ok(response) = &answer
        && wanted["on_answer"] == "fail"
    {
        return Err(Error::Upstream(format!("no beers: {}", response.status)));
    }
    one_row(&match answer {
        Ok(response) => json!({
            "status": response.status,
            "headers": response.headers,
            "body": match response.body {
                host::Body::Text(text) => json!(text),
                host::Body::Bytes(bytes) => json!(bytes),
            },
            "url": response.url,
        }),
        Err(error) => json!({ "error": name(&error), "detail": format!("{error:?}") }),
    })
}

fn methods(wanted: Option<&Value>) -> Vec<String> {
    wanted
        .cloned()
        .and_then(|methods| serde_json::from_value(methods).ok())
        .unwrap_or_default()
}

/// Pairs of name and value.
fn headers(wanted: Option<&Value>) -> Vec<(String, String)> {
    wanted
        .cloned()
        .and_then(|pairs| serde_json::from_value(pairs).ok())
        .unwrap_or_default()
}

fn name(error: &host::HttpError) -> &'static str {
    match error {
        host::HttpError::Denied(_) => "denied",
        host::HttpError::Invalid(_) => "invalid",
        host::HttpError::Credentials(_) => "credentials",
        host::HttpError::Timeout => "timeout",
        host::HttpError::TooLarge => "too-large",
        host::HttpError::OverLimit(_) => "over-limit",
        host::HttpError::Unavailable(_) => "unavailable",
        host::HttpError::Failed(_) => "failed",
    }
}

connector!(fetch_page);
