//! The functions that a guest may call: the interface `host` of `wit/connector.wit`; also the guest's output.
//!
//! This room has the functions themselves and the translation between the contract's types and the host's. `egress`
//! decides which URLs are allowed, and other rooms map routes to connectors.
//!
//! Uses only `egress`. Generic over the store, so that `sandbox` owns the store's type and doesn't need to be used
//! here.

mod fetch;
mod joined_lines;
mod logging;
mod sleep;
mod stream;
mod wasi_http;

use std::sync::Arc;

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use crate::account::{Holding, give_back};
use crate::bindings::host::{HttpError, LogLevel};
use crate::bindings::{HandedRequest, HandedText, ReturnedBody, payment};
use crate::egress::CurrentEgress;
use crate::scope::CallScope;
pub(crate) use logging::CallLog;
use logging::READ_MESSAGE_BYTES;
pub(crate) use stream::GuestStream;
pub(crate) use wasi_http::WasiHttp;
pub(crate) use wasi_http::linking::add_to_linker as add_wasi_http_to_linker;

/// The data that the imports of one call use.
pub(crate) struct Imports {
    environment: Arc<[(String, String)]>,
    egress: CurrentEgress,
    scope: Arc<CallScope>,
    wasi_http: WasiHttp,
    log: CallLog,
    /// The body returned by the last import. It is copied into the guest after the import has returned, while the
    /// guest's own code runs.
    returned: Option<Holding<ReturnedBody>>,
}

impl Imports {
    pub(crate) fn new(
        environment: Arc<[(String, String)]>,
        egress: CurrentEgress,
        scope: Arc<CallScope>,
        log: CallLog,
    ) -> Self {
        Self {
            environment,
            wasi_http: WasiHttp::new(egress.clone(), scope.clone()),
            egress,
            scope,
            log,
            returned: None,
        }
    }

    /// The data that `wasi:http` uses, in addition to the resources in the store's table.
    pub(crate) fn wasi_http(&mut self) -> &mut WasiHttp {
        &mut self.wasi_http
    }
}

/// The name of the interface.
const HOST: &str = "weld:connector/host@0.1.0";

/// Lets the guests of `linker` call the imports; `view` finds them in the store's data.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> &mut Imports,
) -> wasmtime::Result<()> {
    let mut host = linker.instance(HOST)?;
    host.func_wrap_async(
        "http-fetch",
        move |mut store: StoreContextMut<'_, T>, (request,): (HandedRequest,)| {
            Box::new(async move {
                let imports = view(store.data_mut());
                imports.returned = None;
                imports.log.settle();
                // Charged again when the request is sent, which keeps it longer.
                if let Err(limit) = payment() {
                    return Ok((Err(HttpError::OverLimit(limit.to_string())),));
                }
                let request = request.read(&imports.scope.cpu).await?;
                let sent = fetch::fetch(&imports.egress.get(), request, &imports.scope).await;
                let answer = sent.map(|(response, body)| {
                    imports.returned = Some(body);
                    response
                });
                Ok((answer,))
            })
        },
    )?;
    host.func_wrap_async(
        "sleep",
        move |mut store: StoreContextMut<'_, T>, (duration,): (u32,)| {
            Box::new(async move {
                let imports = view(store.data_mut());
                imports.returned = None;
                imports.log.settle();
                Ok((sleep::sleep(duration, &imports.scope).await,))
            })
        },
    )?;
    host.func_wrap(
        "environment",
        move |mut store: StoreContextMut<'_, T>, (): ()| {
            let imports = view(store.data_mut());
            imports.returned = None;
            Ok((imports.environment.to_vec(),))
        },
    )?;
    host.func_wrap_async(
        "log",
        move |mut store: StoreContextMut<'_, T>, (level, message): (LogLevel, HandedText)| {
            Box::new(async move {
                let imports = view(store.data_mut());
                imports.returned = None;
                match payment() {
                    Ok(paid) => {
                        let message = message
                            .beginning(READ_MESSAGE_BYTES, &imports.scope.cpu)
                            .await?;
                        imports.log.guest_message(level, &message);
                        give_back(message, paid);
                    }
                    Err(_) => imports.log.drop_line(),
                }
                Ok(())
            })
        },
    )
}
