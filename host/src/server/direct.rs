//! Answers requests that come without a connection: a platform calls the host with each of them, and takes the answer as a
//! whole.

use std::future::{Future, pending};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use base64::DecodeError;
use bytes::Bytes;
use http::Request;
use http_body::Body as _;
use http_body_util::BodyExt;

use super::ServerSettings;
use super::access::{answer_recorded, call};
use super::answer_limit::AnswerTooLarge;
use super::delivery::Outbox;
use super::departure::Departure;
use super::error::ApiError;
use super::extract::UndecodedBody;
use super::record::RequestRecord;
use super::request_trace::RequestTracer;
use super::routes::{Routes, routes};
use super::service::Service;
use super::shutdown::ShutdownState;
use super::unjudged_waits::UnjudgedWaits;
use crate::attempts::{UnjudgedKeys, WrongKeys};
use crate::connectors::Connectors;
use crate::pages::Pages;
use crate::scope::Deadline;

/// How long a call may take to end after its deadline. Its own error explains more than that of the request.
const CALL_END: Duration = Duration::from_millis(100);

/// Answers requests as the server does, without connections.
pub(crate) struct DirectServer {
    routes: Routes,
    /// It never begins: the platform ends the process between two requests.
    departure: Departure,
}

/// A request that a platform passes on.
pub(crate) struct DirectRequest {
    /// The request; its body, or why that can't be read.
    pub(crate) request: Request<Result<Bytes, DecodeError>>,
    /// The platform's id of the request, for the log and the answer.
    pub(crate) id: String,
    /// The client's address as the platform knows it.
    pub(crate) client: Option<IpAddr>,
    /// When the answer must be ready; or how long ago that was.
    pub(crate) deadline: Result<Deadline, Lateness>,
}

/// How long ago a deadline was by the clock, and the deadline to use in its place: now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lateness {
    pub(crate) late: Duration,
    pub(crate) now: Deadline,
}

/// An answer on its way to the client. Unless it is delivered, its page is kept for the next request for it.
pub(crate) struct DirectAnswer {
    pub(crate) response: Response<Bytes>,
    outbox: Outbox,
}

impl DirectAnswer {
    /// The platform has taken the answer.
    pub(crate) fn delivered(self) {
        self.outbox.written();
    }
}

impl DirectServer {
    /// A server for these connectors. Of its settings, those about connections have no effect.
    pub(crate) fn new(connectors: Arc<Connectors>, pages: Pages, settings: ServerSettings) -> Self {
        let service = Service {
            connectors,
            pages,
            live: settings.live,
            compression: settings.compression,
            shutdown: ShutdownState::default(),
            wrong_keys: WrongKeys::new(),
            unjudged_keys: UnjudgedKeys::new(),
            unjudged_waits: UnjudgedWaits::new(),
            tracer: settings.tracer.map(|tracer| RequestTracer {
                tracer,
                scheme: "https",
            }),
        };
        Self {
            routes: routes(Arc::new(service)),
            departure: Departure::new(),
        }
    }

    /// Answers one request before its deadline. `fits` examines an answer with its whole body; a body that alone exceeds
    /// `most` is refused before.
    pub(crate) async fn answer(
        &self,
        request: DirectRequest,
        fits: impl FnOnce(&Response<Bytes>) -> Result<(), AnswerTooLarge>,
        most: AnswerTooLarge,
    ) -> DirectAnswer {
        let DirectRequest {
            request,
            id,
            client,
            deadline,
        } = request;
        let outbox = Outbox::default();
        let end = deadline.unwrap_or_else(|lateness| lateness.now);
        let record = RequestRecord::direct(&request, (id, client), end, outbox.clone());
        let departure = Arc::new(self.departure.notice());
        let route = async |request| {
            if let Err(Lateness { late, .. }) = deadline {
                return Err(ApiError::InvocationOver { late }.into());
            }
            let answering = self.route(request);
            let answered = tokio::time::timeout_at(end.at + CALL_END, answering).await;
            let limit = end.limit;
            let response = answered.map_err(|_| ApiError::InvocationTimeout { limit })??;
            let response = whole(response, most).await?;
            fits(&response).map_err(ApiError::AnswerTooLarge)?;
            Ok(response.map(Body::from))
        };
        let answered = answer_recorded(&record, &departure, request, route, pending()).await;
        let (parts, body) = answered.into_parts();
        // It is in memory already.
        let body = body.collect().await.unwrap_or_default().to_bytes();
        DirectAnswer {
            response: Response::from_parts(parts, body),
            outbox,
        }
    }

    fn route(
        &self,
        request: Request<Result<Bytes, DecodeError>>,
    ) -> impl Future<Output = Result<Response, Arc<ApiError>>> {
        let (mut parts, body) = request.into_parts();
        let body = body.unwrap_or_else(|fault| {
            parts.extensions.insert(UndecodedBody(fault));
            Bytes::new()
        });
        call(&self.routes, Request::from_parts(parts, Body::from(body)))
    }
}

/// The response with its body in one piece, unless the body alone exceeds the limit.
async fn whole(response: Response, most: AnswerTooLarge) -> Result<Response<Bytes>, Arc<ApiError>> {
    let bytes = response.body().size_hint().lower();
    if bytes > most.limit_bytes {
        return Err(ApiError::AnswerTooLarge(AnswerTooLarge { bytes, ..most }).into());
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|_| ApiError::Panicked)?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}
