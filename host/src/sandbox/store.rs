//! The store of one call, and its data.

use std::sync::Arc;

use wasmtime::component::ResourceTable;
use wasmtime::{CallHook, Engine, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::limits::{MemoryLimiter, StoreCharge};
use super::setup::CallSetup;
use super::stack::StackBegin;
use crate::account::MemoryError;
use crate::bindings::PAID_BYTES_FOR_ONE;
use crate::config::Limits;
use crate::imports::{CallLog, GuestStream, Imports, WasiHttp};
use crate::scope::{CallScope, CpuClock};

/// How many WASI resources one call may have at once: streams, pollables, requests, headers. The host keeps up to some
/// hundred bytes for each, which are not charged; other data for them is.
const MAX_RESOURCES: usize = 4_000;

/// How many handles one call may have at once, including those to its own resources, which take no other memory of the
/// host.
const MAX_HANDLES: usize = 20_000;

/// How many random bytes one WASI call may request: they are generated in the host's memory before the guest gets them.
const MAX_RANDOM_BYTES: u64 = 256 << 10;

/// How many uncharged bytes one WASI call may hand over: more than any of its functions needs.
const MAX_UNPAID_BYTES: u64 = 1 << 20;

/// The data in the store of one call.
pub(super) struct CallState {
    wasi: WasiCtx,
    table: ResourceTable,
    imports: Imports,
    memory: MemoryLimiter,
}

impl CallState {
    /// The state of a call before its guest has run.
    pub(super) fn new(
        setup: &CallSetup,
        environment: Arc<[(String, String)]>,
        scope: &Arc<CallScope>,
        log: &CallLog,
        charge: StoreCharge,
    ) -> Self {
        let wasi = WasiCtxBuilder::new()
            .envs(&environment)
            .stdout(GuestStream::stdout(log))
            .stderr(GuestStream::stderr(log))
            .max_random_size(MAX_RANDOM_BYTES)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_RESOURCES);
        Self {
            wasi,
            table,
            imports: Imports::new(
                environment,
                setup.egress.clone(),
                scope.clone(),
                log.clone(),
            ),
            memory: MemoryLimiter::new(scope.account.clone(), charge),
        }
    }

    /// Creates a store with this data. Its guest is bound to these limits, interrupted by this clock, and records where
    /// its stack begins.
    pub(super) fn into_store(
        self,
        engine: &Engine,
        limits: &Limits,
        clock: &Arc<CpuClock>,
        stack: &StackBegin,
    ) -> Store<Self> {
        let mut store = Store::new(engine, self);
        store.limiter(|state| &mut state.memory);
        store.set_max_component_handles(MAX_HANDLES);
        store.set_hostcall_fuel(most_handed_over(limits));
        let clock = clock.clone();
        store.epoch_deadline_callback(move |_| {
            clock.interrupt()?;
            Ok(UpdateDeadline::Yield(1))
        });
        store.set_epoch_deadline(1);
        let stack = stack.clone();
        store.call_hook(move |_, hook| {
            if matches!(hook, CallHook::CallingWasm) {
                stack.enter();
            }
            Ok(())
        });
        store
    }

    pub(super) fn imports(&mut self) -> &mut Imports {
        &mut self.imports
    }

    pub(super) fn wasi_http(&mut self) -> (&mut WasiHttp, &mut ResourceTable) {
        (self.imports.wasi_http(), &mut self.table)
    }

    /// The limit that refused the guest's last growth; `None` if a later growth succeeded.
    pub(super) fn memory_refused(&self) -> Option<MemoryError> {
        self.memory.refused()
    }

    /// The limit that refused a growth of the guest most recently, whether or not a later one succeeded.
    pub(super) fn memory_last_refused(&self) -> Option<MemoryError> {
        self.memory.last_refused()
    }
}

/// The most that a guest may hand over at once, counted in bytes that wasmtime copies itself.
fn most_handed_over(limits: &Limits) -> usize {
    // Twice the limits, so that our own check reports the error, but a hostile value still can't take all memory.
    let paid = limits
        .max_page_bytes
        .saturating_add(limits.max_state_bytes)
        .max(limits.max_request_bytes)
        .saturating_mul(2);
    let most = (paid / PAID_BYTES_FOR_ONE).max(MAX_UNPAID_BYTES);
    usize::try_from(most).unwrap_or(usize::MAX)
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        self.imports.wasi_http().view(&mut self.table)
    }
}
