//! The API that the conformance cases call.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::RawQuery;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::form_urlencoded;

use super::cases::{NUMBERS, UNICODE};
use super::texts;

/// The number of items in each kind of paging, and on a page.
const ITEMS: u64 = 25;
const PAGE: u64 = 10;

/// The seconds between two items.
const SECONDS: u64 = 10_000;

/// Longer than the timeout in the case.
const SLOW: Duration = Duration::from_secs(10);

const LARGE_BYTES: usize = 2 << 20;

/// The API, on a free port of 127.0.0.1.
pub(crate) struct Api {
    listener: TcpListener,
    address: SocketAddr,
}

impl Api {
    pub(crate) async fn bind() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until it is dropped.
    pub(crate) async fn run(self) -> io::Result<()> {
        axum::serve(self.listener, router()).await
    }
}

/// The answer to a bad request.
type Refusal = (StatusCode, String);

fn router() -> Router {
    Router::new()
        .route("/page-number", get(page_number))
        .route("/offset", get(offset))
        .route("/cursor", get(cursor))
        .route("/keyset", get(keyset))
        .route("/time-window", get(time_window))
        .route("/empty", get(async || answer(&json!({ "items": [] }))))
        .route("/unicode", get(async || listed(UNICODE)))
        .route("/text", get(text))
        .route("/numbers", get(async || listed(NUMBERS)))
        .route("/slow", get(slow))
        .route("/large", get(async || "x".repeat(LARGE_BYTES)))
        .route("/echo", any(echo))
}

fn answer(json: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, json.to_string()).into_response()
}

fn items(ids: impl Iterator<Item = u64>) -> Vec<Value> {
    ids.map(|id| json!({ "id": id, "at": id * SECONDS }))
        .collect()
}

/// Reads a parameter that must be a whole number.
fn number(query: Option<&str>, name: &str) -> Result<u64, Refusal> {
    let pairs: HashMap<_, _> =
        form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
    pairs
        .get(name)
        .and_then(|value| value.parse().ok())
        .ok_or_else(|| {
            let message = format!("the parameter {name} must be a whole number");
            (StatusCode::BAD_REQUEST, message)
        })
}

async fn page_number(RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let page = number(query.as_deref(), "page")?;
    let begin = page.saturating_sub(1).saturating_mul(PAGE);
    let ids = (1..=ITEMS).filter(|id| *id > begin && *id <= begin.saturating_add(PAGE));
    Ok(answer(
        &json!({ "items": items(ids), "pages": ITEMS.div_ceil(PAGE) }),
    ))
}

async fn offset(RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let offset = number(query.as_deref(), "offset")?;
    let ids = (1..=ITEMS).filter(|id| *id > offset && *id <= offset.saturating_add(PAGE));
    Ok(answer(&json!({ "items": items(ids), "total": ITEMS })))
}

/// Cursors contain characters that must be escaped in a URL.
async fn cursor(RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let pairs: HashMap<_, _> =
        form_urlencoded::parse(query.as_deref().unwrap_or_default().as_bytes()).collect();
    let begin = match pairs.get("cursor") {
        None => 0,
        Some(cursor) => cursor
            .strip_prefix("after=&+ ")
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| (StatusCode::BAD_REQUEST, "no such cursor".to_owned()))?,
    };
    let end = begin + PAGE;
    let next = (end < ITEMS).then(|| format!("after=&+ {end}"));
    let ids = (1..=ITEMS).filter(|id| *id > begin && *id <= end);
    Ok(answer(&json!({ "items": items(ids), "next": next })))
}

async fn keyset(RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let after = number(query.as_deref(), "after")?;
    let ids = (1..=ITEMS).filter(|id| *id > after && *id <= after.saturating_add(PAGE));
    Ok(answer(&json!({ "items": items(ids) })))
}

async fn time_window(RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let from = number(query.as_deref(), "from")?;
    let to = number(query.as_deref(), "to")?;
    let ids = (1..=ITEMS).filter(|id| (from..to).contains(&(id * SECONDS)));
    Ok(answer(&json!({ "items": items(ids) })))
}

/// Answers with items that are already JSON.
fn listed(items: &str) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, format!("{{\"items\": {items}}}")).into_response()
}

/// Answers with a body in some encoding, with or without a `Content-Type`.
async fn text(RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let number = number(query.as_deref(), "case")?;
    let place = usize::try_from(number)
        .ok()
        .and_then(|number| number.checked_sub(1));
    let case = place.and_then(|place| texts::all().into_iter().nth(place));
    let case = case.ok_or_else(|| (StatusCode::NOT_FOUND, "no such case".to_owned()))?;
    let mut response = Response::new(Body::from(case.body()));
    if let Some(value) = case.content_type.and_then(|text| text.parse().ok()) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    Ok(response)
}

async fn slow() -> &'static str {
    tokio::time::sleep(SLOW).await;
    "late"
}

async fn echo(method: Method, headers: HeaderMap, body: Bytes) -> Response {
    let header = headers
        .get("x-conformance")
        .and_then(|value| value.to_str().ok());
    let echoed = json!({
        "method": method.as_str(),
        "header": header,
        "body": String::from_utf8_lossy(&body),
    });
    let mut response = answer(&echoed);
    *response.status_mut() = StatusCode::CREATED;
    response.map(Body::new)
}
