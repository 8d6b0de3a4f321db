//! The resources that the calls of all connectors share.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;
use wasmtime::Engine;

use super::cache::Cache;
use super::code::ProgramCode;
use super::compile_error::CompileError;
use super::compiler::{Compilation, CompileObserver, Compiler};
use super::component_source::ComponentSource;
use super::crash_place::CrashDetail;
use super::engine::{EngineError, EngineSettings, LOADING_SLOTS, host_engine, permits};
use super::linker::HostLinker;
use super::program::Program;
use super::turns::Turns;
use super::wasm::Wasm;
use super::workbench::workbench;
use crate::account::HostAccount;

/// The resources that the calls of all connectors share: engine, linker, compiled code, turns to compute, memory.
pub struct Runtime {
    engine: Engine,
    linker: Arc<HostLinker>,
    compiler: Arc<Compiler>,
    turns: Arc<Turns>,
    workbench: Arc<Turns>,
    account: Arc<HostAccount>,
    /// The slots for first instances: the usual ones, and those for instances that take long.
    trials: [Semaphore; 2],
    crash_detail: CrashDetail,
}

impl Runtime {
    /// Builds the engine, reserves its pool's address space and starts its clock, a thread that ends with the engine.
    ///
    /// Without a `cache`, every start compiles every connector again.
    ///
    /// # Errors
    ///
    /// [`EngineError`] if the system refuses the pool's address space or the thread.
    pub fn new(
        settings: EngineSettings,
        compilation: Compilation,
        cache: Option<Cache>,
    ) -> Result<Self, EngineError> {
        Self::observed(settings, compilation, cache, CompileObserver::none())
    }

    /// Like [`new`](Self::new); `observer` learns of each component that has to be compiled.
    ///
    /// # Errors
    ///
    /// [`EngineError`], as `new`.
    pub fn observed(
        settings: EngineSettings,
        compilation: Compilation,
        cache: Option<Cache>,
        observer: CompileObserver,
    ) -> Result<Self, EngineError> {
        let engine = host_engine(settings)?;
        let linker = HostLinker::new(&engine).map_err(|error| EngineError::Start {
            slots: settings.slots,
            source: error.into_boxed_dyn_error(),
        })?;
        Ok(Self {
            compiler: Compiler::new(engine.clone(), compilation, cache, observer),
            linker: Arc::new(linker),
            engine,
            turns: Turns::new(permits()),
            workbench: workbench(),
            account: HostAccount::new(settings.total_memory_bytes),
            trials: trial_slots(),
            crash_detail: CrashDetail::default(),
        })
    }

    /// Puts the last words of a connector that crashes into the error: its author waits for the answer, and nobody else
    /// gets it.
    pub(crate) fn telling_last_words(mut self) -> Self {
        self.crash_detail = CrashDetail::LastWords;
        self
    }

    /// Wraps a component's bytes. Call it on a thread for blocking work: a large component takes tens of milliseconds.
    pub(crate) fn wasm(&self, bytes: Bytes) -> Wasm {
        self.compiler.wasm(bytes)
    }

    /// Whether the cache has an entry for `wasm`, valid or not.
    pub(crate) fn is_compiled(&self, wasm: &Wasm) -> bool {
        self.compiler.keeps(wasm.key())
    }

    /// Loads the code of `wasm` from its compiled file or from the cache, or compiles it, and links it. `source` is where
    /// `wasm` comes from. Dropping the future ends the compiler.
    ///
    /// # Errors
    ///
    /// [`CompileError`]; each message says what to do.
    pub(crate) async fn program(
        &self,
        wasm: Wasm,
        source: ComponentSource,
    ) -> Result<Program, CompileError> {
        let (compiler, linker) = (self.compiler.clone(), self.linker.clone());
        let code = ProgramCode::load(compiler, linker, wasm, source).await?;
        Ok(Program {
            engine: self.engine.clone(),
            code,
            turns: self.turns.clone(),
            workbench: self.workbench.clone(),
            account: self.account.clone(),
            crash_detail: self.crash_detail,
        })
    }

    /// Compiles the component of a project into the cache, unless its code is there, so that other processes find it.
    /// What did not change since the project's last build is not compiled again.
    ///
    /// # Errors
    ///
    /// [`CompileError`]; each message says what to do.
    pub(crate) async fn compile_ahead(
        &self,
        bytes: Bytes,
        project: &Path,
    ) -> Result<(), CompileError> {
        let compiler = self.compiler.clone();
        let wasm = spawn_blocking(move || compiler.wasm(bytes)).await?;
        let component = self.compiler.compiled_for(wasm, project).await?;
        // Only to find wrong imports and exports before the component is installed.
        self.linker.link(&component).map(drop)
    }

    /// Waits for one of the pool's additional slots, for the first instance of a program. Programs that take long
    /// (`is_long`) have separate slots, so that they delay only each other.
    pub(crate) async fn loading_slot(&self, is_long: bool) -> Option<SemaphorePermit<'_>> {
        let [usual, long] = &self.trials;
        let slots = if is_long { long } else { usual };
        // The semaphores are never closed.
        slots.acquire().await.ok()
    }

    /// The memory that unused sandboxes keep, in bytes.
    pub(crate) fn idle_memory_bytes(&self) -> u64 {
        let pool = self.engine.pooling_allocator_metrics();
        pool.map_or(0, |pool| pool.unused_memory_bytes_resident() as u64)
    }

    /// The memory of all calls.
    pub(crate) fn account(&self) -> &Arc<HostAccount> {
        &self.account
    }
}

fn trial_slots() -> [Semaphore; 2] {
    let long = LOADING_SLOTS / 2;
    [LOADING_SLOTS - long, long].map(|slots| Semaphore::new(slots as usize))
}
