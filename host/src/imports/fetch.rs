//! `http-fetch`: the contract's request and response against `egress`'s.

use std::time::Duration;

use tokio::time::Instant;

use crate::bindings::host::{Body, HttpError, HttpRequest, HttpResponse};
use crate::egress::{Egress, EgressError, Request};

/// Sends one request and reads the whole response, within what is left of the page.
pub(super) async fn fetch(
    egress: &Egress,
    request: HttpRequest,
    deadline: Instant,
) -> Result<HttpResponse, HttpError> {
    if let Some(name) = request.credential {
        return Err(HttpError::Credentials(format!(
            "the connector's configuration has no credential `{name}`"
        )));
    }
    let deadline = request.timeout.map_or(deadline, |timeout| {
        deadline.min(Instant::now() + Duration::from_millis(timeout.into()))
    });
    let request = Request {
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: match request.body {
            None => Vec::new(),
            Some(Body::Text(text)) => text.into_bytes(),
            Some(Body::Bytes(bytes)) => bytes,
        },
    };
    let response = egress
        .fetch(request, deadline)
        .await
        .map_err(|error| refusal(&error))?;
    Ok(HttpResponse {
        status: response.status,
        headers: response.headers,
        body: match String::from_utf8(response.body) {
            Ok(text) => Body::Text(text),
            Err(error) => Body::Bytes(error.into_bytes()),
        },
        url: response.url,
    })
}

fn refusal(error: &EgressError) -> HttpError {
    match error {
        EgressError::Denied { .. } => HttpError::Denied(error.to_string()),
        EgressError::InvalidRequest { .. } => HttpError::Invalid(crate::report::chain(error)),
        EgressError::RequestTooLarge { .. } => HttpError::Invalid(error.to_string()),
        EgressError::Timeout => HttpError::Timeout,
        EgressError::ResponseTooLarge { .. } => HttpError::TooLarge,
        EgressError::Failed { .. } => HttpError::Failed(crate::report::chain(error)),
    }
}
