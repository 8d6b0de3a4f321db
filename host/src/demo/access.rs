//! The token and the quota of the demo API.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::error::DemoError;
use super::fixed_window::{FixedWindow, QuotaStatus};
use super::parameters::TOKEN;
use crate::lock::Mutex;

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The token and the quota.
pub(super) struct ApiAccess {
    token: String,
    quota: Mutex<FixedWindow>,
}

impl ApiAccess {
    pub(super) fn new(token: String, quota: FixedWindow) -> Self {
        Self {
            token,
            quota: Mutex::new(quota),
        }
    }

    fn knows(&self, request: &Request) -> bool {
        bearer(request.headers()).is_some_and(|token| token == self.token)
            || form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes())
                .any(|(name, value)| name == TOKEN && value == self.token)
    }

    fn spend(&self, now: Instant) -> Option<QuotaStatus> {
        self.quota.lock().spend(now)
    }
}

/// Passes a request on to its endpoint, or refuses it. If the token is right, the response has the quota's headers.
pub(super) async fn admit(
    State(access): State<Arc<ApiAccess>>,
    request: Request,
    next: Next,
) -> Response {
    if !access.knows(&request) {
        return DemoError::Unauthorized.into_response();
    }
    let Some(status) = access.spend(Instant::now()) else {
        return next.run(request).await;
    };
    let mut response = if status.granted {
        next.run(request).await
    } else {
        DemoError::QuotaSpent {
            reset: status.reset,
        }
        .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(LIMIT, status.limit.into());
    headers.insert(REMAINING, status.remaining.into());
    headers.insert(RESET, status.reset.into());
    response
}

/// The token of the header `Authorization`, whose scheme is case-insensitive (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers
        .get(header::AUTHORIZATION)?
        .to_str()
        .ok()?
        .split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
