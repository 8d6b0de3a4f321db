//! Does what `fetches.rs` does, by `wasi:http/outgoing-handler`: the same state, and rows of the same form.
//! The host must send it only if the connector's `allow` permits it, and within its limits.

use serde_json::{Value, json};
use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;
use weld_test_guests::{Error, Page, connector, one_row};

/// The maximum size of one write.
const WRITE_BYTES: usize = 4096;

fn fetch_page(_table: String, state: String) -> Result<Page, Error> {
    let wanted: Value =
        serde_json::from_str(&state).map_err(|error| Error::InvalidState(error.to_string()))?;
    let before = wanted.get("before").and_then(Value::as_array);
    for method in before.into_iter().flatten() {
        let request = json!({ "url": wanted["url"], "method": method });
        let _only_the_last_is_reported = fetch(&request);
    }
    let times = wanted.get("times").and_then(Value::as_u64).unwrap_or(1);
    for _ in 1..times {
        let _only_the_last_is_reported = fetch(&wanted);
    }
    match fetch(&wanted) {
        Err(refusal) if wanted["on_error"] == "fail" => {
            Err(Error::Upstream(format!("no beers: {}", refusal.row())))
        }
        Ok(row) if wanted["on_answer"] == "fail" => {
            Err(Error::Upstream(format!("no beers: {}", row["status"])))
        }
        answer => one_row(&answer.unwrap_or_else(|refusal| refusal.row())),
    }
}

/// Why there is no response.
enum Refusal {
    /// A part of the request is refused while the request is being built.
    Form(String),
    Code(ErrorCode),
    /// A stream failed for an unknown reason.
    Unknown(String),
}

impl Refusal {
    fn row(&self) -> Value {
        match self {
            Self::Form(detail) => json!({ "error": "invalid", "detail": detail }),
            Self::Code(code) => json!({ "error": name(code), "detail": format!("{code:?}") }),
            Self::Unknown(detail) => json!({ "error": "unknown", "detail": detail }),
        }
    }
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

fn fetch(wanted: &Value) -> Result<Value, Refusal> {
    let text = |key: &str| wanted.get(key).and_then(Value::as_str);
    let url = text("url").unwrap_or_default();
    let request = request(text("method").unwrap_or("GET"), url, wanted)?;
    let body = text("body")
        .map(|text| (request.body(), text))
        .filter(|(_, text)| !text.is_empty());
    let timeout = wanted.get("timeout").and_then(Value::as_u64);
    let future = outgoing_handler::handle(request, timeout.map(options))?;
    if let Some((Ok(body), text)) = body {
        send(body, text.as_bytes())?;
    }
    future.subscribe().block();
    let response = future
        .get()
        .and_then(Result::ok)
        .ok_or_else(|| Refusal::Unknown("no answer".to_owned()))??;
    row(&response, url)
}

/// Parses the URL as naively as a connector may.
fn request(method: &str, url: &str, wanted: &Value) -> Result<OutgoingRequest, Refusal> {
    let form = |what: &str| Refusal::Form(format!("{what} is malformed"));
    let headers = Fields::from_list(&headers(wanted.get("headers")))
        .map_err(|error| Refusal::Form(format!("{error:?}")))?;
    let request = OutgoingRequest::new(headers);
    let (scheme, rest) = url.split_once("://").ok_or_else(|| form("the URL"))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let path = if path.is_empty() { "/" } else { path };
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        other => Scheme::Other(other.to_owned()),
    };
    request
        .set_method(&method_of(method))
        .map_err(|()| form("the method"))?;
    request
        .set_scheme(Some(&scheme))
        .map_err(|()| form("the scheme"))?;
    request
        .set_authority(Some(authority))
        .map_err(|()| form("the authority"))?;
    request
        .set_path_with_query(Some(path))
        .map_err(|()| form("the path"))?;
    Ok(request)
}

fn method_of(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

/// Pairs of name and value.
fn headers(wanted: Option<&Value>) -> Vec<(String, Vec<u8>)> {
    let pairs: Vec<(String, String)> = wanted
        .cloned()
        .and_then(|pairs| serde_json::from_value(pairs).ok())
        .unwrap_or_default();
    pairs
        .into_iter()
        .map(|(name, value)| (name, value.into_bytes()))
        .collect()
}

/// There is no timeout for the whole exchange, so each part gets it.
fn options(timeout_ms: u64) -> RequestOptions {
    let options = RequestOptions::new();
    let timeout = Some(timeout_ms.saturating_mul(1_000_000));
    let _supported = (
        options.set_connect_timeout(timeout),
        options.set_first_byte_timeout(timeout),
        options.set_between_bytes_timeout(timeout),
    );
    options
}

/// Writes until the host refuses further bytes. Then its reason takes the place of the response.
fn send(body: OutgoingBody, bytes: &[u8]) -> Result<(), Refusal> {
    if let Ok(stream) = body.write() {
        for piece in bytes.chunks(WRITE_BYTES) {
            if stream.blocking_write_and_flush(piece).is_err() {
                return Ok(());
            }
        }
    }
    Ok(OutgoingBody::finish(body, None)?)
}

fn row(response: &IncomingResponse, url: &str) -> Result<Value, Refusal> {
    let headers: Vec<(String, String)> = response
        .headers()
        .entries()
        .into_iter()
        .map(|(name, value)| (name, String::from_utf8_lossy(&value).into_owned()))
        .collect();
    let body = response
        .consume()
        .map_err(|()| Refusal::Unknown("no body".to_owned()))?;
    let body = match String::from_utf8(received(&body)?) {
        Ok(text) => json!(text),
        Err(error) => json!(error.into_bytes()),
    };
    Ok(json!({ "status": response.status(), "headers": headers, "body": body, "url": url }))
}

fn received(body: &IncomingBody) -> Result<Vec<u8>, Refusal> {
    let stream = body
        .stream()
        .map_err(|()| Refusal::Unknown("no stream".to_owned()))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(64 << 10) {
            Ok(piece) => bytes.extend_from_slice(&piece),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(match http_error_code(&error) {
                    Some(code) => code.into(),
                    None => Refusal::Unknown(error.to_debug_string()),
                });
            }
        }
    }
}

/// The name that `http-fetch` has for this error.
fn name(code: &ErrorCode) -> &'static str {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => "denied",
        ErrorCode::HttpResponseBodySize(_) => "too-large",
        ErrorCode::ConnectionTimeout
        | ErrorCode::HttpResponseTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout => "timeout",
        ErrorCode::HttpRequestBodySize(_)
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpProtocolError => "invalid",
        ErrorCode::InternalError(Some(detail)) if detail.contains("the request is malformed") => {
            "invalid"
        }
        ErrorCode::InternalError(Some(detail))
            if detail.contains("`limits.calls`") || detail.contains("`limits.bytes`") =>
        {
            "over-limit"
        }
        ErrorCode::DestinationUnavailable => "unavailable",
        _ => "failed",
    }
}

connector!(fetch_page);
