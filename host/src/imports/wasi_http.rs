//! `wasi:http/outgoing-handler`: the same requests as `http-fetch`'s, with bodies as streams.
//!
//! The hook that sends is replaced completely, since wasmtime's own resolves names, connects and doesn't limit bodies.
//! `held` has everything else that the guest makes the host keep through this interface, and `linking` the functions
//! that charge for it.

mod fields;
mod held;
pub(super) mod linking;

use std::sync::Arc;

use http::{HeaderName, header};
use http_body_util::BodyExt;
use wasmtime::StoreContextMut;
use wasmtime::component::ResourceTable;
use wasmtime_wasi_http::p2::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{
    Error, ForbiddenHeaderFilter, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView,
    WasiHttpHooks,
};

use crate::account::Charge;
use crate::config::is_reserved_header;
use crate::egress::{
    CurrentEgress, EgressError, Request, RequestBody, StreamedBody, Timeout, Timeouts,
};
use crate::scope::CallScope;
use held::{CHUNK_BYTES, CHUNKS, HeldRequests, MAX_FIELDS_BYTES};

/// The header in which a guest names a credential, since `wasi:http` has no other field for it. The host doesn't send
/// it.
const CREDENTIAL: HeaderName = HeaderName::from_static("weld-host-credential");

/// The rest of an exchange, apart from its body.
type WasiCompletion = Box<dyn Future<Output = Result<(), Error>> + Send>;
/// The result of a request.
type WasiExchange = Result<(http::Response<WasiBody>, WasiCompletion), Error>;

/// The data that `wasi:http` uses in one call.
pub(crate) struct WasiHttp {
    context: WasiHttpCtx,
    hooks: EgressHooks,
    held: HeldRequests,
}

/// Finds a call's `wasi:http` data and its table of resources in a store's data.
pub(super) type WasiHttpAccess<T> = fn(&mut T) -> (&mut WasiHttp, &mut ResourceTable);

fn parts<'a, T: 'static>(
    store: &'a mut StoreContextMut<'_, T>,
    access: WasiHttpAccess<T>,
) -> (WasiHttpCtxView<'a>, &'a mut HeldRequests) {
    let (wasi_http, table) = access(store.data_mut());
    wasi_http.parts(table)
}

/// The hooks that send requests.
struct EgressHooks {
    egress: CurrentEgress,
    scope: Arc<CallScope>,
    /// The charge for the next request that is handed over.
    charge: Option<Charge>,
}

impl WasiHttp {
    pub(super) fn new(egress: CurrentEgress, scope: Arc<CallScope>) -> Self {
        let mut context = WasiHttpCtx::new();
        context.set_field_size_limit(MAX_FIELDS_BYTES);
        Self {
            context,
            held: HeldRequests::new(&scope.account),
            hooks: EgressHooks {
                egress,
                scope,
                charge: None,
            },
        }
    }

    pub(crate) fn view<'a>(&'a mut self, table: &'a mut ResourceTable) -> WasiHttpCtxView<'a> {
        self.parts(table).0
    }

    /// The view, and the charges for the data that the call keeps.
    fn parts<'a>(
        &'a mut self,
        table: &'a mut ResourceTable,
    ) -> (WasiHttpCtxView<'a>, &'a mut HeldRequests) {
        let view = WasiHttpCtxView {
            hooks: &mut self.hooks,
            table,
            ctx: &mut self.context,
        };
        (view, &mut self.held)
    }
}

/// Converts an error of a body, as returned by [`wasi`], into the guest's interface.
fn body_error_code(error: &Error) -> Option<ErrorCode> {
    match error {
        Error::HttpResponseBodySize(limit_bytes) => {
            Some(ErrorCode::HttpResponseBodySize(*limit_bytes))
        }
        Error::ConnectionReadTimeout => Some(ErrorCode::ConnectionReadTimeout),
        Error::HttpResponseTimeout => Some(ErrorCode::HttpResponseTimeout),
        Error::InternalError(text) => Some(ErrorCode::InternalError(text.clone())),
        _ => None,
    }
}

impl WasiHttpHooks for EgressHooks {
    /// `content-length` is allowed: wasmtime compares it with the body, and here it is read as the announced length.
    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(|name: &HeaderName| {
            *name != header::CONTENT_LENGTH && is_reserved_header(name.as_str())
        })
    }

    fn p2_outgoing_body_buffer_chunks(&mut self) -> usize {
        CHUNKS
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_BYTES
    }

    /// The HTTP client writes it, from the URL that was checked.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: WasiCompletion,
    ) -> Box<dyn Future<Output = WasiExchange> + Send> {
        let (egress, scope) = (self.egress.get(), self.scope.clone());
        let charge = self.charge.take();
        Box::new(async move {
            let _held_until_answered = charge;
            let request = translated(request, options);
            let sent = egress.send(request, &scope).await;
            let told = |error: EgressError| {
                scope.network.note_untold(untold(&error));
                wasi(&error)
            };
            let (_, response) = sent.map_err(told)?;
            scope.network.note_untold(None);
            let response = response.map(|body| {
                body.map_err(move |error| {
                    scope.network.note_end(Some(error.is_temporary()));
                    scope.network.note_untold(untold(&error));
                    wasi(&error)
                })
                .boxed_unsync()
            });
            // The end of the exchange is part of the body, so nothing else remains.
            let completion: WasiCompletion = Box::new(async { Ok(()) });
            Ok((response, completion))
        })
    }
}

fn translated(request: http::Request<WasiBody>, options: Option<RequestOptions>) -> Request {
    let (head, body) = request.into_parts();
    let length = head
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let credential = head
        .headers
        .get(CREDENTIAL)
        .map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
    let headers = head
        .headers
        .iter()
        .filter(|(name, _)| **name != header::CONTENT_LENGTH && **name != CREDENTIAL)
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_owned()))
        .collect();
    let body = if http_body::Body::is_end_stream(&body) {
        RequestBody::Whole(Vec::new())
    } else {
        RequestBody::Streamed(StreamedBody {
            body: body
                .map_err(|error| error.to_string().into())
                .boxed_unsync(),
            length,
        })
    };
    let timeouts = options.map_or_else(Timeouts::default, |options| Timeouts {
        connect: options.connect_timeout,
        first_byte: options.first_byte_timeout,
        idle: options.between_bytes_timeout,
        total: None,
    });
    Request {
        method: head.method.as_str().to_owned(),
        url: head.uri.to_string(),
        headers,
        body,
        timeouts,
        idempotent: None,
        credential,
    }
}

/// Converts an error into WASI's. Errors without a matching case become texts.
fn wasi(error: &EgressError) -> Error {
    match error {
        EgressError::Denied { .. }
        | EgressError::BeyondPolicy { .. }
        | EgressError::NoWasiHttp { .. } => Error::HttpRequestDenied,
        EgressError::AddressDenied { .. } | EgressError::AddressBeyondPolicy { .. } => {
            Error::DestinationIpProhibited
        }
        EgressError::RequestTooLarge { limit_bytes } => {
            Error::HttpRequestBodySize(Some(*limit_bytes))
        }
        EgressError::ResponseTooLarge { limit_bytes } => {
            Error::HttpResponseBodySize(Some(*limit_bytes))
        }
        EgressError::QuotaSpent { .. }
        | EgressError::RateLimited { .. }
        | EgressError::OutOfService { .. } => Error::DestinationUnavailable,
        EgressError::Timeout { limit, .. } => match limit {
            Timeout::Connect(_) => Error::ConnectionTimeout,
            Timeout::Idle(_) => Error::ConnectionReadTimeout,
            Timeout::FirstByte(_) | Timeout::Deadline(_) => Error::HttpResponseTimeout,
        },
        EgressError::InvalidRequest { .. }
        | EgressError::Credentials(_)
        | EgressError::TooManyCalls { .. }
        | EgressError::TooManyBytes { .. }
        | EgressError::OutOfMemory(_)
        | EgressError::Proxy { .. }
        | EgressError::Unreadable { .. }
        | EgressError::Failed { .. } => Error::InternalError(Some(error.told())),
    }
}

/// The message of an error for which WASI has no text.
fn untold(error: &EgressError) -> Option<String> {
    (!matches!(wasi(error), Error::InternalError(_))).then(|| error.told())
}
