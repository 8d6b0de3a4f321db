//! Who may call the demo API, and how often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::form_urlencoded;

use super::error::ApiError;
use super::parameters::TOKEN;
use super::quota::{Allowance, Quota};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// The token and the quota that goes with it.
pub(super) struct Admission {
    token: String,
    quota: Mutex<Quota>,
}

impl Admission {
    pub(super) fn new(token: String, quota: Quota) -> Self {
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

    fn spend(&self, now: Instant) -> Option<Allowance> {
        self.quota
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .spend(now)
    }
}

/// Lets a request through to its endpoint, or refuses it; tells the quota in any case where the token is right.
pub(super) async fn admit(
    State(admission): State<Arc<Admission>>,
    request: Request,
    next: Next,
) -> Response {
    if !admission.knows(&request) {
        return ApiError::Unauthorized.into_response();
    }
    let Some(allowance) = admission.spend(Instant::now()) else {
        return next.run(request).await;
    };
    let mut response = if allowance.granted {
        next.run(request).await
    } else {
        ApiError::QuotaSpent {
            reset: allowance.reset,
        }
        .into_response()
    };
    let headers = response.headers_mut();
    headers.insert(LIMIT, allowance.limit.into());
    headers.insert(REMAINING, allowance.remaining.into());
    headers.insert(RESET, allowance.reset.into());
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
