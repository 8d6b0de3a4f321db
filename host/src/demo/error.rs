//! The errors of the demo API, with their statuses.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use thiserror::Error;

/// An error. Its text is sent to the client.
#[derive(Debug, Error)]
pub(super) enum DemoError {
    #[error(
        "the token is missing or wrong: send `Authorization: Bearer TOKEN` or the query parameter `api_token`"
    )]
    Unauthorized,
    #[error("the quota is used up: try again in {reset} seconds")]
    QuotaSpent { reset: u64 },
    #[error("there is no parameter {name:?} here; the parameters are: {known}")]
    UnknownParameter { name: String, known: String },
    #[error("the parameter {name} is given twice")]
    RepeatedParameter { name: String },
    #[error("{name} must be a whole number from {low} to {high}, not {value:?}")]
    NoNumber {
        name: &'static str,
        low: u64,
        high: u64,
        value: String,
    },
    #[error("{name} must be a time as in RFC 3339, such as 2020-01-01T00:00:00Z, not {value:?}")]
    NoTime { name: &'static str, value: String },
    #[error("the cursor {cursor:?} is not valid: start without one")]
    UnknownCursor { cursor: String },
    #[error("after_id needs updated_since: the time of the order with that id")]
    IdWithoutTime,
    #[error("there is no order {id:?}")]
    NoOrder { id: String },
    #[error("there is nothing at this path")]
    NotFound,
    #[error("this path does not support that method")]
    MethodNotAllowed,
}

impl DemoError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::QuotaSpent { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::UnknownParameter { .. }
            | Self::RepeatedParameter { .. }
            | Self::NoNumber { .. }
            | Self::NoTime { .. }
            | Self::UnknownCursor { .. }
            | Self::IdWithoutTime => StatusCode::BAD_REQUEST,
            Self::NoOrder { .. } | Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }
}

impl IntoResponse for DemoError {
    fn into_response(self) -> Response {
        let body = json!({ "error": self.to_string() }).to_string();
        let mut response = (
            self.status(),
            [(header::CONTENT_TYPE, "application/json")],
            body,
        )
            .into_response();
        match self {
            Self::QuotaSpent { reset } => {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, reset.into());
            }
            Self::Unauthorized => {
                let scheme = header::HeaderValue::from_static("Bearer");
                response
                    .headers_mut()
                    .insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        response
    }
}
