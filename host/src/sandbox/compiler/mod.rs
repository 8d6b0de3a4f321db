//! From a component's bytes to its compiled code: out of the cache, or by a compiler process.
//!
//! Compiling takes hundreds of megabytes for a large component, of which the allocator gives back little, and is the
//! one step in which a component can exhaust memory or time before any limit of a call holds. So it is done by a
//! child process: what it used is given back when it ends, and when it breaks down, the host serves on.

mod child;
mod error;
mod outcome;
mod process;
mod protocol;

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};
use wasmtime::component::Component;

pub use child::{CompilerProcessError, serve_as_compiler};
pub(crate) use error::CompilerError;
pub use process::CompilerProcess;

use super::cache::{Code, load};
use super::connector::CompileError;
use super::engine::Sandbox;
use super::wasm::Wasm;

/// Where components are compiled.
#[derive(Debug, Clone)]
pub enum Compilation {
    /// In a child process for each.
    Process(CompilerProcess),
    /// In this process, which keeps what memory the compiler took, and without a limit on it: for components that are
    /// known, and for programs that can't start themselves.
    Here,
}

/// Compiles, for as many components at once as there are processors.
pub(super) struct Compiler {
    compilation: Compilation,
    at_once: Semaphore,
}

impl Compiler {
    pub(super) fn new(compilation: Compilation) -> Self {
        Self {
            compilation,
            at_once: Semaphore::new(processors()),
        }
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

impl Sandbox {
    /// The compiled form of `wasm`, and whether it came from the cache.
    pub(super) async fn compiled(
        self: &Arc<Self>,
        wasm: &Wasm,
    ) -> Result<(Component, bool), CompileError> {
        check_kind(wasm.bytes())?;
        let cached = || async {
            let cached = self.cached(wasm.key()).await;
            cached.map_err(CompileError::Interrupted)
        };
        if let Some(component) = cached().await? {
            return Ok((component, true));
        }
        let _permit = match self.compiler.at_once.try_acquire() {
            Ok(permit) => Some(permit),
            Err(_) => {
                // The semaphore is never closed.
                let permit = self.compiler.at_once.acquire().await.ok();
                // A copy of it may have been compiled meanwhile.
                if let Some(component) = cached().await? {
                    return Ok((component, true));
                }
                permit
            }
        };
        let code = match &self.compiler.compilation {
            Compilation::Process(process) => process.compile(wasm.bytes()).await?,
            Compilation::Here => self.compile_here(wasm.bytes()).await?,
        };
        let component = self.take_in(wasm.key(), code).await?;
        Ok((component, false))
    }

    /// What the cache has under this key.
    pub(super) async fn cached(
        self: &Arc<Self>,
        key: &Arc<str>,
    ) -> Result<Option<Component>, JoinError> {
        let (sandbox, key) = (self.clone(), key.clone());
        spawn_blocking(move || sandbox.cache.as_ref()?.get(&sandbox.engine, &key)).await
    }

    async fn compile_here(self: &Arc<Self>, wasm: &Bytes) -> Result<Vec<u8>, CompileError> {
        let (engine, wasm) = (self.engine.clone(), wasm.clone());
        spawn_blocking(move || engine.precompile_component(&wasm))
            .await
            .map_err(CompileError::Interrupted)?
            .map_err(|error| CompileError::Invalid {
                source: error.into_boxed_dyn_error(),
            })
    }

    /// Keeps the code in the cache and maps it from there; where that can't be done, takes it into memory.
    async fn take_in(
        self: &Arc<Self>,
        key: &Arc<str>,
        code: Vec<u8>,
    ) -> Result<Component, CompileError> {
        let (sandbox, key) = (self.clone(), key.clone());
        let taken = spawn_blocking(move || {
            let in_memory = || load(&sandbox.engine, Code::InMemory(&code));
            let Some(cache) = &sandbox.cache else {
                return in_memory();
            };
            cache.put(&sandbox.engine, &key, &code).or_else(|error| {
                let component = in_memory()?;
                // Said only of good code: what the engine refuses is no fault of the cache.
                cache.report_not_kept(&error);
                Ok(component)
            })
        });
        taken
            .await
            .map_err(CompileError::Interrupted)?
            .map_err(|error: wasmtime::Error| CompileError::Invalid {
                source: error.into_boxed_dyn_error(),
            })
    }
}

impl From<CompilerError> for CompileError {
    fn from(error: CompilerError) -> Self {
        match error {
            CompilerError::Refused(reason) => Self::Invalid {
                source: reason.into(),
            },
            error => Self::Compiler(error),
        }
    }
}

/// Tells by the first eight bytes what a file is: wasm's magic, then a version whose second half is 0 for a core
/// module and 1 for a component (component model, `design/mvp/Binary.md`).
fn check_kind(wasm: &[u8]) -> Result<(), CompileError> {
    match wasm {
        [] => Err(CompileError::Empty),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Err(CompileError::CoreModule),
        [0, b'a', b's', b'm', ..] => Ok(()),
        _ => Err(CompileError::NotWasm),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::CompileLimits;
    use crate::sandbox::EngineSettings;

    /// A compiler that takes one of as many places as there are processors, and says so where none is free.
    fn script(folder: &std::path::Path) -> String {
        let places: Vec<String> = (0..processors()).map(|place| place.to_string()).collect();
        format!(
            "cd {}; cat > /dev/null; for place in {}; do
                if mkdir $place 2> /dev/null; then touch began.$$; sleep 0.1; rmdir $place; exit 1; fi
            done; touch too-many",
            folder.display(),
            places.join(" ")
        )
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_components_are_compiled_at_once_than_there_are_processors() {
        let folder = tempfile::TempDir::new().unwrap();
        let process = CompilerProcess {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script(folder.path()).into()],
            limits: CompileLimits::default(),
        };
        let settings = EngineSettings {
            slots: 1,
            max_memory_bytes: 1 << 20,
            total_memory_bytes: 1 << 30,
            keep_memory_bytes: 64 << 20,
        };
        let sandbox = Sandbox::new(settings, Compilation::Process(process), None).unwrap();
        let sandbox = Arc::new(sandbox);
        let components = 3 * processors();
        let mut compiled = tokio::task::JoinSet::new();
        for _ in 0..components {
            let sandbox = sandbox.clone();
            compiled.spawn(async move {
                let wasm = sandbox.wasm(b"\0asm\x0d\0\x01\0".to_vec());
                sandbox.compiled(&wasm).await
            });
        }
        while let Some(outcome) = compiled.join_next().await {
            assert!(matches!(
                outcome.unwrap(),
                Err(CompileError::Compiler(CompilerError::Crashed { .. }))
            ));
        }
        assert!(!folder.path().join("too-many").exists());
        let began = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(began, components);
    }
}
