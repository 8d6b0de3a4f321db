//! `wasi:http` as guests see it. It is wasmtime's, except for functions that make the host keep data, which first
//! charge the call, and functions whose texts would tell a guest too much or too little.
//!
//! A refusal for which the interface has no error is a trap, with the [`crate::account::MemoryError`] as its cause.

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource, ResourceType};
use wasmtime_wasi_http::p2::add_only_http_to_linker_async;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler;
use wasmtime_wasi_http::p2::bindings::http::types::{
    self, ErrorCode, FutureIncomingResponse, HostOutgoingRequest as _, IoError, Method,
    OutgoingBody, OutgoingRequest, OutgoingResponse,
};
use wasmtime_wasi_http::{Error, RequestOptions, WasiHttpCtxView, WasiHttpView};

use super::held::{HeldRequests, is_short_authority, is_short_method};
use super::{WasiHttpAccess, body_error_code, fields, parts};

/// The names that wasmtime gives the interfaces.
const TYPES: &str = "wasi:http/types@0.2.12";
const HANDLER: &str = "wasi:http/outgoing-handler@0.2.12";
const IO_ERROR: &str = "wasi:io/error@0.2.12";

/// Lets the guests of `linker`, which already has `wasi:io`, call `wasi:http`.
pub(crate) fn add_to_linker<T: WasiHttpView + 'static>(
    linker: &mut Linker<T>,
    access: WasiHttpAccess<T>,
) -> wasmtime::Result<()> {
    add_only_http_to_linker_async(linker)?;
    linker.allow_shadowing(true);
    errors(linker)?;
    let mut types = linker.instance(TYPES)?;
    fields::add(&mut types, access)?;
    requests(&mut types, access)?;
    bodies(&mut types, access)?;
    handler(&mut linker.instance(HANDLER)?, access)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// Replaces two functions of wasmtime. Its `http-error-code` gives no reason why the stream of a response's body
/// failed: it expects another type of error than such a stream returns. Its text of an error includes the host's stack
/// trace if the environment asks for backtraces.
fn errors<T: WasiHttpView + 'static>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    linker.instance(TYPES)?.func_wrap(
        "http-error-code",
        |mut store: StoreContextMut<'_, T>, (error,): (Resource<IoError>,)| {
            let error = store.data_mut().http().table.get(&error)?;
            let known = error.downcast_ref::<ErrorCode>().cloned();
            Ok((known.or_else(|| error.downcast_ref::<Error>().and_then(body_error_code)),))
        },
    )?;
    linker.instance(IO_ERROR)?.func_wrap(
        "[method]error.to-debug-string",
        |mut store: StoreContextMut<'_, T>, (error,): (Resource<IoError>,)| {
            let error = store.data_mut().http().table.get(&error)?;
            Ok((format!("{error:#}"),))
        },
    )
}

fn requests<T: 'static>(
    types: &mut LinkerInstance<'_, T>,
    access: WasiHttpAccess<T>,
) -> wasmtime::Result<()> {
    types.resource(
        "outgoing-request",
        ResourceType::host::<OutgoingRequest>(),
        move |mut store, place| {
            let (mut http, held) = parts(&mut store, access);
            held.forget(place);
            types::HostOutgoingRequest::drop(&mut http, Resource::new_own(place))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-method",
        move |mut store: StoreContextMut<'_, T>,
              (request, method): (Resource<OutgoingRequest>, Method)| {
            if !is_short_method(&method) {
                return Ok((Err(()),));
            }
            let place = request.rep();
            let (mut http, held) = parts(&mut store, access);
            let done = http.set_method(request, method)?;
            charge_texts(&http, held, place)?;
            Ok((done,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-authority",
        move |mut store: StoreContextMut<'_, T>,
              (request, authority): (Resource<OutgoingRequest>, Option<String>)| {
            if !is_short_authority(authority.as_ref()) {
                return Ok((Err(()),));
            }
            let place = request.rep();
            let (mut http, held) = parts(&mut store, access);
            let done = http.set_authority(request, authority)?;
            charge_texts(&http, held, place)?;
            Ok((done,))
        },
    )?;
    types.func_wrap(
        "[method]outgoing-request.set-path-with-query",
        move |mut store: StoreContextMut<'_, T>,
              (request, path): (Resource<OutgoingRequest>, Option<String>)| {
            let place = request.rep();
            let (mut http, held) = parts(&mut store, access);
            let done = http.set_path_with_query(request, path)?;
            charge_texts(&http, held, place)?;
            Ok((done,))
        },
    )
}

fn charge_texts(
    http: &WasiHttpCtxView<'_>,
    held: &mut HeldRequests,
    place: u32,
) -> wasmtime::Result<()> {
    let request = http
        .table
        .get(&Resource::<OutgoingRequest>::new_borrow(place))?;
    Ok(held.charge_texts(place, request)?)
}

fn bodies<T: 'static>(
    types: &mut LinkerInstance<'_, T>,
    access: WasiHttpAccess<T>,
) -> wasmtime::Result<()> {
    types.func_wrap(
        "[method]outgoing-request.body",
        move |mut store: StoreContextMut<'_, T>, (request,): (Resource<OutgoingRequest>,)| {
            let place = request.rep();
            let (mut http, held) = parts(&mut store, access);
            let begun: Result<Resource<OutgoingBody>, ()> =
                types::HostOutgoingRequest::body(&mut http, request)?;
            if begun.is_ok() {
                let request = Resource::<OutgoingRequest>::new_borrow(place);
                held.charge_body(&mut http.table.get_mut(&request)?.body)?;
            }
            Ok((begun,))
        },
    )?;
    // The host never sends responses of a guest, but a guest can create them.
    types.func_wrap(
        "[method]outgoing-response.body",
        move |mut store: StoreContextMut<'_, T>, (response,): (Resource<OutgoingResponse>,)| {
            let place = response.rep();
            let (mut http, held) = parts(&mut store, access);
            let begun: Result<Resource<OutgoingBody>, ()> =
                types::HostOutgoingResponse::body(&mut http, response)?;
            if begun.is_ok() {
                let response = Resource::<OutgoingResponse>::new_borrow(place);
                held.charge_body(&mut http.table.get_mut(&response)?.body)?;
            }
            Ok((begun,))
        },
    )
}

fn handler<T: 'static>(
    handler: &mut LinkerInstance<'_, T>,
    access: WasiHttpAccess<T>,
) -> wasmtime::Result<()> {
    handler.func_wrap(
        "handle",
        move |mut store: StoreContextMut<'_, T>,
              (request, options): (
            Resource<OutgoingRequest>,
            Option<Resource<RequestOptions>>,
        )| {
            let (wasi_http, table) = access(store.data_mut());
            wasi_http.hooks.charge = Some(wasi_http.held.hand_over(request.rep())?);
            let mut http = wasi_http.view(table);
            let sent: Result<Resource<FutureIncomingResponse>, ErrorCode> =
                match outgoing_handler::Host::handle(&mut http, request, options) {
                    Ok(response) => Ok(response),
                    Err(error) => Err(types::Host::convert_error_code(&mut http, error)?),
                };
            wasi_http.hooks.charge = None;
            Ok((sent,))
        },
    )
}
