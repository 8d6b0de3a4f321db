//! The same jobs without a sandbox: an axum handler as one would write it for this one connector.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::jobs::{KEY, PER_PAGE, TOKEN};

#[path = "../../tests/guests/src/made_rows.rs"]
mod made_rows;

/// The example connector treats a page with one row less as full, as Weld's guide does.
const FULL: usize = PER_PAGE - 1;

/// The state shared by all requests.
struct Handler {
    api: SocketAddr,
    client: Client<HttpConnector, Empty<Bytes>>,
}

#[derive(Deserialize)]
struct PageRequest {
    name: String,
    #[serde(default)]
    state: PageState,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PageState {
    next_page: Option<u32>,
}

/// Whose fault a failure was.
enum Failure {
    Unauthorized,
    BadRequest,
    UnknownTable,
    Upstream,
}

/// The handler for every job; `api` is the address of the beers' API.
pub(crate) fn router(api: SocketAddr) -> Router {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    Router::new()
        .route("/{job}", post(page))
        .with_state(Arc::new(Handler { api, client }))
}

async fn page(
    State(handler): State<Arc<Handler>>,
    Path(job): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let given = headers.get(header::AUTHORIZATION);
    if given.is_none_or(|given| given.as_bytes().strip_prefix(b"Bearer ") != Some(KEY.as_bytes())) {
        return Err(Failure::Unauthorized);
    }
    let request: PageRequest = serde_json::from_slice(&body).map_err(|_| Failure::BadRequest)?;
    let answer = match (job.as_str(), request.name.as_str()) {
        ("beers", "beers") => handler.beers(request.state.next_page.unwrap_or(1)).await?,
        ("rows", rows) => {
            let rows = rows.parse().map_err(|_| Failure::UnknownTable)?;
            let insert = made_rows::rows(rows);
            format!(r#"{{"insert":{insert},"state":{{}},"hasMore":false}}"#)
        }
        _ => return Err(Failure::UnknownTable),
    };
    Ok(([(header::CONTENT_TYPE, "application/json")], answer).into_response())
}

impl Handler {
    /// Passes the API's rows on as text, as the example connector does.
    async fn beers(&self, page: u32) -> Result<String, Failure> {
        let url = format!(
            "http://{}/beers?page={page}&per_page={PER_PAGE}&api_token={TOKEN}",
            self.api
        );
        let url: Uri = url.parse().map_err(|_| Failure::Upstream)?;
        let response = self.client.get(url).await.map_err(|_| Failure::Upstream)?;
        if !response.status().is_success() {
            return Err(Failure::Upstream);
        }
        let quota = |name: &str| match number(response.headers(), name) {
            Some(number) => number.to_string(),
            None => "null".to_owned(),
        };
        let (remaining, limit) = (quota("x-ratelimit-remaining"), quota("x-ratelimit-limit"));
        let body = response.into_body().collect().await;
        let body = body.map_err(|_| Failure::Upstream)?.to_bytes();
        let insert = std::str::from_utf8(&body).map_err(|_| Failure::Upstream)?;
        let rows: Vec<IgnoredAny> = serde_json::from_str(insert).map_err(|_| Failure::Upstream)?;
        let has_more = rows.len() >= FULL;
        let next_page = if has_more {
            page.saturating_add(1).to_string()
        } else {
            "null".to_owned()
        };
        Ok(format!(
            r#"{{"insert":{insert},"state":{{"next_page":{next_page},"ratelimit":{{"remaining":{remaining},"limit":{limit}}}}},"hasMore":{has_more}}}"#
        ))
    }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u32> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::UnknownTable => StatusCode::NOT_FOUND,
            Self::Upstream => StatusCode::BAD_GATEWAY,
        };
        status.into_response()
    }
}
