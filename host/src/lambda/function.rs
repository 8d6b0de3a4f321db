//! The function: answers one event after the other.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Response, StatusCode, header};
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use weld_protocol::{ErrorAnswer, ErrorKind};

use super::answer::{check_size, encoded};
use super::deadline::{InvocationLimits, InvocationTime};
use super::error::{EventError, LambdaError};
use super::event::HttpEvent;
use crate::connectors::Connectors;
use crate::egress::Upstreams;
use crate::pages::Pages;
use crate::report;
use crate::server::{DirectRequest, DirectServer, ServerSettings};
use crate::traces::SpanSender;

/// How long an answer may wait for the collector of traces: Lambda stops everything once it has the answer.
const TRACES_WAIT: Duration = Duration::from_secs(1);

/// Answers the events of a function.
pub(crate) struct LambdaFunction {
    server: DirectServer,
    upstreams: Arc<Upstreams>,
    traces: Option<Mutex<SpanSender>>,
}

impl LambdaFunction {
    /// A function that serves these connectors.
    pub(crate) fn new(
        connectors: Arc<Connectors>,
        pages: Pages,
        settings: ServerSettings,
        upstreams: Arc<Upstreams>,
        traces: Option<SpanSender>,
    ) -> Self {
        Self {
            server: DirectServer::new(connectors, pages, settings),
            upstreams,
            traces: traces.map(Mutex::new),
        }
    }

    /// Answers events until the runtime API ends.
    ///
    /// # Errors
    ///
    /// [`LambdaError::RuntimeApi`].
    pub(crate) async fn run(self) -> Result<(), LambdaError> {
        let function = Arc::new(self);
        let handler = move |event| {
            let function = function.clone();
            async move { function.answer(event).await }
        };
        let runtime = Runtime::new(service_fn(handler));
        runtime.run().await.map_err(LambdaError::RuntimeApi)
    }

    async fn answer(
        &self,
        LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>,
    ) -> Result<Box<RawValue>, Diagnostic> {
        let arrived = (Instant::now(), SystemTime::now());
        let id = context.request_id;
        let event = match HttpEvent::read(payload.get()) {
            Ok(event) => event,
            Err(error) => return refused(error, &id),
        };
        drop(payload);
        let HttpEvent {
            source,
            request,
            client,
            requested_ms,
        } = event;
        let limits = InvocationLimits {
            source,
            requested_ms,
            deadline_ms: context.deadline,
        };
        let time = InvocationTime::new(limits, arrived);
        let request = DirectRequest {
            request,
            id,
            client,
            deadline: time.answer,
        };
        let fits = |response: &Response<Bytes>| check_size(source, response);
        let answer = self
            .server
            .answer(request, fits, source.largest_answer())
            .await;
        let written = encoded(source, &answer.response);
        // Whether the runtime API takes it is not known here. A page that it refuses is made again from its state.
        answer.delivered();
        self.finish(time.last).await;
        written.map_err(|error| Diagnostic {
            error_type: "Answer.Unwritable".to_owned(),
            error_message: report::chain(&error),
        })
    }

    /// Ends what would otherwise be interrupted between two invocations, until `last`.
    async fn finish(&self, last: Instant) {
        if timeout_at(last, self.upstreams.token_requests_ended())
            .await
            .is_err()
        {
            tracing::warn!(
                "a request for a token is interrupted until the next invocation, since this one's time is over"
            );
        }
        if let Some(traces) = &self.traces {
            let until = last.min(Instant::now() + TRACES_WAIT);
            traces.lock().await.send_waiting(until).await;
        }
    }
}

/// The answer to an event that is not a valid request: in its source's form if that is known, or else an error of the
/// invocation.
fn refused(error: EventError, id: &str) -> Result<Box<RawValue>, Diagnostic> {
    let message = report::chain(&error);
    tracing::warn!(
        request_id = id,
        kind = ErrorKind::BadRequest.as_str(),
        "{}",
        report::escaped(&message)
    );
    let EventError::Invalid { from, .. } = error else {
        return Err(error.into());
    };
    let written = encoded(from, &bad_request(message, id));
    written.map_err(|_| error.into())
}

fn bad_request(message: String, id: &str) -> Response<Bytes> {
    let answer = ErrorAnswer {
        kind: ErrorKind::BadRequest,
        temporary: Some(false),
        message,
        connector: None,
        request_id: Some(id.to_owned()),
    };
    let mut response = Response::new(answer.write().into());
    *response.status_mut() =
        StatusCode::from_u16(answer.kind.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::lambda::source::{EventSource, PayloadVersion};

    #[test]
    fn events_of_a_known_source_are_refused_in_its_form_and_others_as_errors() {
        let invalid = r#"{"requestContext": {"http": {"method": "GET"}}}"#;
        let error = HttpEvent::read(invalid).unwrap_err();
        let answer: Value = serde_json::from_str(refused(error, "7").unwrap().get()).unwrap();
        assert_eq!(answer["statusCode"], 400);
        let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!(body["error"]["kind"], "bad_request");
        assert_eq!(body["error"]["request_id"], "7");
        let unknown = HttpEvent::read(r#"{"Records": []}"#).unwrap_err();
        let diagnostic = refused(unknown, "7").unwrap_err();
        assert_eq!(diagnostic.error_type, "Event.UnknownSource");
        assert!(diagnostic.error_message.contains("`Records`"));
    }

    #[test]
    fn sources_are_named_in_messages() {
        let sources = [
            EventSource::FunctionUrl,
            EventSource::HttpApi {
                payload: PayloadVersion::V1,
            },
            EventSource::RestApi,
        ];
        let names = sources.map(|source| source.to_string());
        assert_eq!(names, ["function URL", "HTTP API", "REST API"]);
    }
}
