//! What a guest may call: the interface `host` of `wit/connector.wit`, and where its output goes.
//!
//! Here belong the functions themselves and the translation between the contract's types and the host's. Deciding
//! what a URL may be does not (that is `egress`), nor which connector stands behind a route.
//!
//! Uses `egress` only. Generic over the store, so that `sandbox` owns the store's type and no arrow points back.

mod fetch;
mod logging;
mod sleep;
mod stream;
mod wasi_http;

use std::sync::Arc;

use wasmtime::component::{HasData, Linker};

use crate::account::Charge;
use crate::bindings::host;
use crate::egress::CurrentEgress;
use crate::scope::CallScope;
pub(crate) use logging::CallLog;
pub(crate) use stream::GuestStream;
pub(crate) use wasi_http::WasiHttp;
pub(crate) use wasi_http::linking::add_to_linker as add_wasi_http_to_linker;

/// What the imports of one call work on.
pub(crate) struct Imports {
    environment: Arc<[(String, String)]>,
    egress: CurrentEgress,
    scope: Arc<CallScope>,
    wasi_http: WasiHttp,
    log: CallLog,
    /// For the value that the last import has returned. It is copied into the guest after that, and the guest's own code
    /// runs meanwhile.
    returned: Option<Charge>,
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

    /// What `wasi:http` works on, beside the resources in the store's table.
    pub(crate) fn wasi_http(&mut self) -> &mut WasiHttp {
        &mut self.wasi_http
    }
}

struct HasImports;

impl HasData for HasImports {
    type Data<'a> = &'a mut Imports;
}

/// Lets the guests of `linker` call the imports; `view` finds them in the store's data.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    view: fn(&mut T) -> &mut Imports,
) -> wasmtime::Result<()> {
    host::add_to_linker::<T, HasImports>(linker, view)
}

impl host::Host for Imports {
    async fn http_fetch(
        &mut self,
        request: host::HttpRequest,
    ) -> Result<host::HttpResponse, host::HttpError> {
        self.returned = None;
        let (response, charge) = fetch::fetch(&self.egress.get(), request, &self.scope).await?;
        self.returned = Some(charge);
        Ok(response)
    }

    async fn sleep(&mut self, duration: u32) -> Result<(), host::OutOfTime> {
        self.returned = None;
        sleep::sleep(duration, &self.scope).await
    }

    fn environment(&mut self) -> Vec<(String, String)> {
        self.returned = None;
        self.environment.to_vec()
    }

    fn log(&mut self, level: host::LogLevel, message: String) {
        self.returned = None;
        self.log.guest_line(level, &message);
    }
}
