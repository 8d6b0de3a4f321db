//! Compiles components ahead, for machines that need not be this one.

use std::path::Path;

use bytes::Bytes;
use tokio::task::spawn_blocking;
use wasmtime::Engine;

use super::process::{CompileRequest, CompilerProcess};
use super::{check_kind, invalid};
use crate::sandbox::cache::{CompiledCode, load};
use crate::sandbox::compile_error::CompileError;
use crate::sandbox::compiled::{CompiledFile, CompiledRecord};
use crate::sandbox::engine::{EngineError, EngineSettings, compiler_config_for, host_engine};
use crate::sandbox::linker::HostLinker;
use crate::sandbox::target_cpu::TargetCpu;
use crate::sandbox::wasm::{Wasm, settings_digest};

/// Compiles components into the contents of compiled files for one processor.
pub(crate) struct AheadCompiler {
    process: CompilerProcess,
    cpu: TargetCpu,
    /// A digest of everything but a component that affects its code.
    settings: String,
    /// An engine like a host's, with what it offers to components. It loads what was compiled, if this machine can.
    host: Engine,
    linker: HostLinker,
}

impl AheadCompiler {
    /// A compiler for this processor, which calls `process`. `host` has the sizes of the pool that has to hold each
    /// component.
    ///
    /// # Errors
    ///
    /// [`EngineError`].
    pub(crate) fn new(
        process: CompilerProcess,
        cpu: TargetCpu,
        host: EngineSettings,
    ) -> Result<Self, EngineError> {
        let slots = host.slots;
        let failed = |error: wasmtime::Error| EngineError::Start {
            slots,
            source: error.into_boxed_dyn_error(),
        };
        let target = compiler_config_for(Some(cpu)).and_then(|config| Engine::new(&config));
        let host = host_engine(host)?;
        Ok(Self {
            process,
            cpu,
            settings: settings_digest(&target.map_err(failed)?),
            linker: HostLinker::new(&host).map_err(failed)?,
            host,
        })
    }

    /// Wraps a component's bytes. Call it on a thread for blocking work.
    pub(crate) fn wasm(&self, bytes: Bytes) -> Wasm {
        Wasm::new(&self.host, bytes)
    }

    /// Whether the compiled file at this path is what [`compile`](Self::compile) would make of `wasm`, and a host would
    /// use it here. Call it on a thread for blocking work.
    pub(crate) fn is_current(&self, path: &Path, wasm: &Wasm) -> bool {
        CompiledFile::open(path).is_ok_and(|file| *file.record() == self.record(wasm))
    }

    /// The contents of the compiled file of `wasm`. If this machine can run them, they are loaded and linked first, as a
    /// host does. Dropping the future ends the compiler.
    ///
    /// # Errors
    ///
    /// [`CompileError`], except `NotCompiled`, `Read` and `Changed`.
    pub(crate) async fn compile(&self, wasm: Wasm) -> Result<Vec<u8>, CompileError> {
        check_kind(wasm.bytes())?;
        let record = self.record(&wasm);
        let request = CompileRequest {
            wasm: wasm.into_bytes(),
            functions: None,
            cpu: Some(self.cpu),
        };
        let code = self.process.compile(request).await?.code;
        if !self.cpu.lacking().is_empty() {
            return Ok(record.file(code));
        }
        let host = self.host.clone();
        let (component, file) = spawn_blocking(move || {
            let component = load(&host, CompiledCode::InMemory(&code));
            component.map(|component| (component, record.file(code)))
        })
        .await?
        .map_err(invalid)?;
        self.linker.link(&component)?;
        Ok(file)
    }

    fn record(&self, wasm: &Wasm) -> CompiledRecord {
        CompiledRecord::new(self.cpu, &self.settings, wasm.digest())
    }
}
