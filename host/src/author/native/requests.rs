//! The functions of the host that a worker may call: `http-fetch` and `sleep`.

use std::sync::Arc;
use std::time::Duration;

use super::message::{FetchLine, HostLine, HostRefusal, HostValue, LineBody, ResponseLine};
use crate::egress::{Egress, FetchFailure, Request, RequestBody, Timeouts};
use crate::scope::CallScope;

/// Sends one request under the connector's rules, and reads the whole response.
pub(super) async fn fetch(egress: &Egress, line: FetchLine, scope: &Arc<CallScope>) -> HostLine {
    let body = match line.body.map(LineBody::into_bytes).transpose() {
        Ok(body) => body.unwrap_or_default(),
        Err(error) => {
            let message = format!("the request's body is not base64: {error}");
            return HostLine::Error(HostRefusal::Invalid(message));
        }
    };
    let request = Request {
        method: line.method,
        url: line.url,
        headers: line
            .headers
            .into_iter()
            .map(|(name, value)| (name, value.into_bytes()))
            .collect(),
        body: RequestBody::Whole(body),
        timeouts: Timeouts {
            total: line
                .timeout
                .map(|timeout| Duration::from_millis(timeout.into())),
            ..Timeouts::default()
        },
        idempotent: line.idempotent,
        credential: line.credential,
    };
    let fetched = egress.fetch(request, scope).await;
    let failure = fetched.as_ref().err();
    let untold = failure.and_then(FetchFailure::untold);
    scope.network.note_untold(untold);
    match fetched {
        Err(error) => HostLine::Error(FetchFailure::from(&error).into()),
        Ok(response) => {
            let (bytes, _charge) = response.body.into_parts();
            HostLine::Ok(HostValue::Response(ResponseLine {
                status: response.status,
                headers: response.headers,
                body: LineBody::of(bytes),
                url: response.url,
            }))
        }
    }
}

/// Waits for this many milliseconds, or refuses at once if the page has less time left.
pub(super) async fn sleep(milliseconds: u32, scope: &CallScope) -> HostLine {
    match scope
        .pause(Duration::from_millis(milliseconds.into()))
        .await
    {
        Ok(()) => HostLine::Ok(HostValue::Nothing(())),
        Err(left) => HostLine::Error(HostRefusal::OutOfTime {
            left: u32::try_from(left.as_millis()).unwrap_or(u32::MAX),
        }),
    }
}
