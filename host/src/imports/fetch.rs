//! `http-fetch`: translates between the contract's request and response and those of `egress`.

use std::sync::Arc;
use std::time::Duration;

use crate::account::Holding;
use crate::bindings::host::{Body, HttpError, HttpRequest};
use crate::bindings::{ReturnedBody, ReturnedResponse};
use crate::egress::{Egress, FetchFailure, Request, RequestBody, Timeouts};
use crate::scope::CallScope;

/// Sends one request and reads the whole response, within the time that the page has left. The second result is the
/// body with its charge, which the caller keeps until the guest has received it.
pub(super) async fn fetch(
    egress: &Egress,
    request: HttpRequest,
    scope: &Arc<CallScope>,
) -> Result<(ReturnedResponse, Holding<ReturnedBody>), HttpError> {
    let request = Request {
        method: request.method,
        url: request.url,
        headers: request
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect(),
        body: RequestBody::Whole(match request.body {
            None => Vec::new(),
            Some(Body::Text(text)) => text.into_bytes(),
            Some(Body::Bytes(bytes)) => bytes,
        }),
        timeouts: Timeouts {
            total: request
                .timeout
                .map(|timeout| Duration::from_millis(timeout.into())),
            ..Timeouts::default()
        },
        idempotent: request.idempotent,
        credential: request.credential,
    };
    let fetched = egress.fetch(request, scope).await;
    let failure = fetched.as_ref().err();
    scope
        .network
        .note_untold(failure.and_then(FetchFailure::untold));
    let response = fetched.map_err(|error| refusal(FetchFailure::from(&error)))?;
    let (bytes, charge) = response.body.into_parts();
    let body = match scope.cpu.utf8(bytes).await {
        Ok(text) => ReturnedBody::Text(Arc::new(text)),
        Err(bytes) => ReturnedBody::Bytes(Arc::new(bytes)),
    };
    let held = Holding::new(body.clone(), charge);
    let response = ReturnedResponse {
        status: response.status,
        headers: response.headers,
        body,
        url: response.url,
    };
    Ok((response, held))
}

fn refusal(failure: FetchFailure) -> HttpError {
    match failure {
        FetchFailure::Denied(message) => HttpError::Denied(message),
        FetchFailure::Invalid(message) => HttpError::Invalid(message),
        FetchFailure::Credentials(message) => HttpError::Credentials(message),
        FetchFailure::Timeout => HttpError::Timeout,
        FetchFailure::TooLarge => HttpError::TooLarge,
        FetchFailure::OverLimit(message) => HttpError::OverLimit(message),
        FetchFailure::Unavailable(wait) => HttpError::Unavailable(wait),
        FetchFailure::Failed(message) => HttpError::Failed(message),
    }
}
