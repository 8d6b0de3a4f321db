//! `http-fetch`: translates between the contract's request and response and those of `egress`.

use std::sync::Arc;
use std::time::Duration;

use crate::account::Holding;
use crate::bindings::host::{Body, HttpError, HttpRequest};
use crate::bindings::{ReturnedBody, ReturnedResponse};
use crate::egress::{Egress, EgressError, Request, RequestBody, Timeouts};
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
    scope.network.note_untold(failure.and_then(untold));
    let response = fetched.map_err(|error| refusal(&error))?;
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

fn refusal(error: &EgressError) -> HttpError {
    match error {
        EgressError::Denied { .. } | EgressError::AddressDenied { .. } => {
            HttpError::Denied(error.to_string())
        }
        EgressError::InvalidRequest { .. } | EgressError::RequestTooLarge { .. } => {
            HttpError::Invalid(error.told())
        }
        EgressError::Credentials(_) => HttpError::Credentials(error.told()),
        EgressError::TooManyCalls { .. }
        | EgressError::TooManyBytes { .. }
        | EgressError::OutOfMemory(_) => HttpError::OverLimit(error.to_string()),
        EgressError::QuotaSpent { wait, .. } | EgressError::OutOfService { wait, .. } => {
            HttpError::Unavailable(Some(milliseconds(*wait)))
        }
        EgressError::RateLimited { wait, .. } => HttpError::Unavailable(wait.map(milliseconds)),
        EgressError::Timeout { .. } => HttpError::Timeout,
        EgressError::ResponseTooLarge { .. } => HttpError::TooLarge,
        EgressError::Unreadable { .. } | EgressError::Failed { .. } => {
            HttpError::Failed(error.told())
        }
    }
}

/// The message of an error for which the contract has no text.
fn untold(error: &EgressError) -> Option<String> {
    match refusal(error) {
        HttpError::Timeout | HttpError::TooLarge | HttpError::Unavailable(_) => Some(error.told()),
        HttpError::Denied(_)
        | HttpError::Invalid(_)
        | HttpError::Credentials(_)
        | HttpError::OverLimit(_)
        | HttpError::Failed(_) => None,
    }
}

/// Rounded up, so that a caller who waits this long doesn't come too early.
fn milliseconds(wait: Duration) -> u32 {
    let rounded = wait.saturating_add(Duration::from_nanos(999_999));
    u32::try_from(rounded.as_millis()).unwrap_or(u32::MAX)
}
