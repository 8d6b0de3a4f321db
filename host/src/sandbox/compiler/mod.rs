//! Turns a component's bytes into compiled code, from the cache or by a compiler process.
//!
//! Compiling a large component takes hundreds of megabytes, of which the allocator returns little. It is also the only
//! step in which a component can exhaust memory or time before the limits of a call apply. So a child process does it:
//! its memory is freed when it exits, and if it crashes, the host keeps serving.

mod ahead;
mod child;
pub(super) mod error;
mod functions;
mod observer;
mod outcome;
mod places;
mod priority;
mod process;
mod project;
mod protocol;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use metrics::{counter, histogram};
use tokio::task::{JoinError, spawn_blocking};
use wasmtime::Engine;
use wasmtime::component::Component;

pub(crate) use ahead::AheadCompiler;
pub use child::{CompilerProcessError, serve_as_compiler};
pub use observer::{CompileEnd, CompileObserver};
pub use priority::CompilerPriority;
pub use process::CompilerProcess;

use super::cache::{Cache, CompiledCode, load};
use super::compile_error::CompileError;
use super::compiled::{CompiledFault, KeptFile};
use super::component_source::{ComponentReader, ComponentSource};
use super::machine::processors;
use super::wasm::Wasm;
use crate::report;
use crate::telemetry::catalog;
use outcome::CompilerOutput;
use places::CompilePlaces;
use process::CompileRequest;

/// Where components are compiled.
#[derive(Debug, Clone)]
pub enum Compilation {
    /// In a child process for each component.
    Process(CompilerProcess),
    /// In this process, which keeps the memory that the compiler used, and without a limit on it: for known components,
    /// and for programs that can't start themselves.
    Here,
}

/// Where the code of a component was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeOrigin {
    /// In its compiled file.
    CompiledFile,
    /// In the cache.
    Cache,
    /// Nowhere: it was compiled.
    Compiler,
}

impl CodeOrigin {
    /// Whether it was found, and so did not have to be compiled.
    pub(crate) fn is_found(self) -> bool {
        match self {
            Self::CompiledFile | Self::Cache => true,
            Self::Compiler => false,
        }
    }
}

/// The code of a component.
pub(super) struct FoundCode {
    pub(super) component: Component,
    pub(super) origin: CodeOrigin,
    /// Its compiled file, if it was found there.
    pub(super) kept: Option<Arc<KeptFile>>,
}

impl FoundCode {
    fn new(component: Component, origin: CodeOrigin) -> Self {
        Self {
            component,
            origin,
            kept: None,
        }
    }
}

/// Finds the compiled code of components in the cache, or compiles them, up to a number of components at once.
pub(super) struct Compiler {
    engine: Engine,
    cache: Option<Cache>,
    compilation: Compilation,
    observer: CompileObserver,
    places: Arc<CompilePlaces>,
}

impl Compiler {
    /// A compiler for code for `engine`. Without a `cache`, every component is compiled at every start.
    pub(super) fn new(
        engine: Engine,
        compilation: Compilation,
        cache: Option<Cache>,
        observer: CompileObserver,
    ) -> Arc<Self> {
        Arc::new(Self {
            engine,
            cache,
            compilation,
            observer,
            places: CompilePlaces::new(processors()),
        })
    }

    /// Wraps a component's bytes. Call it on a thread for blocking work.
    pub(super) fn wasm(&self, bytes: Bytes) -> Wasm {
        Wasm::new(&self.engine, bytes)
    }

    /// Whether the cache has an entry under this key, valid or not.
    pub(super) fn keeps(&self, key: &str) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.holds(key))
    }

    /// The compiled form of `wasm`, and where it was found. The bytes are not kept while it waits for the compiler; they
    /// are read from `source` again.
    ///
    /// # Errors
    ///
    /// [`CompileError`], except `Imports` and `Exports`.
    pub(super) async fn compiled(
        self: &Arc<Self>,
        wasm: Wasm,
        source: &ComponentSource,
    ) -> Result<FoundCode, CompileError> {
        check_kind(wasm.bytes())?;
        if let Some(code) = self.compiled_ahead(wasm.digest(), source, None).await? {
            return Ok(code);
        }
        let cached = self.cached(wasm.key()).await?;
        let result = if cached.is_some() { "hit" } else { "miss" };
        counter!(catalog::CACHE_LOOKUPS.name, "result" => result).increment(1);
        if let Some(component) = cached {
            return Ok(FoundCode::new(component, CodeOrigin::Cache));
        }
        let reread = &source.reread;
        let began = Instant::now();
        let ended = self.observer.begins();
        let key = wasm.key().clone();
        let (mut place, bytes) = if let Some(place) = self.places.try_first() {
            (place, wasm.into_bytes())
        } else {
            let length = wasm.bytes().len();
            drop(wasm);
            let place = self.places.first(length).await;
            // Another copy of it may have been compiled in the meantime.
            if let Some(component) = self.cached(&key).await? {
                return Ok(FoundCode::new(component, CodeOrigin::Cache));
            }
            (place, self.read_again(&key, reread).await?)
        };
        let code = tokio::select! {
            output = self.compile(bytes, None) => Some(output?.code),
            () = place.must_yield() => None,
        };
        let code = if let Some(code) = code {
            code
        } else {
            drop(place);
            tracing::debug!("compiling takes long while others wait; it will start again later");
            let _place = self.places.long().await;
            let bytes = self.read_again(&key, reread).await?;
            self.compile(bytes, None).await?.code
        };
        let component = self.store_or_load(&key, code).await?;
        ended();
        histogram!(catalog::COMPILE_SECONDS.name).record(began.elapsed());
        Ok(FoundCode::new(component, CodeOrigin::Compiler))
    }

    /// The code in the compiled file of the component with this digest, or in the kept one; `None` if it has to be found elsewhere.
    ///
    /// # Errors
    ///
    /// [`CompileError::NotCompiled`] if it may not be found elsewhere, and `Interrupted`.
    pub(super) async fn compiled_ahead(
        self: &Arc<Self>,
        digest: &Arc<str>,
        source: &ComponentSource,
        kept: Option<Arc<KeptFile>>,
    ) -> Result<Option<FoundCode>, CompileError> {
        let Some(compiled) = &source.compiled else {
            return Ok(None);
        };
        let loaded = match (compiled.open)(kept).await {
            Ok(file) => {
                let (engine, digest) = (self.engine.clone(), digest.clone());
                spawn_blocking(move || {
                    let component = file.component(&engine, &digest)?;
                    Ok(FoundCode {
                        component,
                        origin: CodeOrigin::CompiledFile,
                        kept: Some(Arc::new(file.into_kept())),
                    })
                })
                .await?
            }
            Err(fault) => Err(fault),
        };
        let result = match &loaded {
            Ok(_) => "used",
            Err(CompiledFault::Missing) => "missing",
            Err(_) => "refused",
        };
        counter!(catalog::COMPILED_FILES.name, "result" => result).increment(1);
        let fault = match loaded {
            Ok(code) => return Ok(Some(code)),
            Err(fault) => fault,
        };
        let path = &compiled.path;
        if compiled.is_required {
            let path = path.clone();
            return Err(CompileError::NotCompiled { path, fault });
        }
        if !matches!(fault, CompiledFault::Missing) {
            tracing::warn!(
                path = %path.display(),
                cause = report::chain(&fault),
                fix = fault.remedy(),
                "compiled file refused; looking for the code in the cache, or compiling the component"
            );
        }
        Ok(None)
    }

    /// Compiles a component, whose bytes are kept until the compiler has them, if there are `functions` with those of an
    /// earlier compilation.
    async fn compile(
        &self,
        wasm: Bytes,
        functions: Option<Bytes>,
    ) -> Result<CompilerOutput, CompileError> {
        match &self.compilation {
            Compilation::Process(process) => {
                let cpu = None;
                let request = CompileRequest {
                    wasm,
                    functions,
                    cpu,
                };
                Ok(process.compile(request).await?)
            }
            Compilation::Here => {
                let code = self.compile_here(wasm).await?;
                let functions = Vec::new();
                Ok(CompilerOutput { code, functions })
            }
        }
    }

    /// Reads the bytes of a component again; an error if they have changed.
    async fn read_again(
        self: &Arc<Self>,
        key: &Arc<str>,
        reread: &ComponentReader,
    ) -> Result<Bytes, CompileError> {
        let bytes = reread().await.map_err(CompileError::Read)?;
        let compiler = self.clone();
        let wasm = spawn_blocking(move || compiler.wasm(bytes)).await?;
        if wasm.key() == key {
            Ok(wasm.into_bytes())
        } else {
            Err(CompileError::Changed)
        }
    }

    /// The component under this key in the cache.
    ///
    /// # Errors
    ///
    /// Reading was interrupted.
    pub(super) async fn cached(
        self: &Arc<Self>,
        key: &Arc<str>,
    ) -> Result<Option<Component>, JoinError> {
        let (compiler, key) = (self.clone(), key.clone());
        spawn_blocking(move || compiler.cache.as_ref()?.get(&compiler.engine, &key)).await
    }

    async fn compile_here(&self, wasm: Bytes) -> Result<Vec<u8>, CompileError> {
        let engine = self.engine.clone();
        spawn_blocking(move || engine.precompile_component(&wasm))
            .await?
            .map_err(invalid)
    }

    /// Stores the code in the cache and maps it from there; if that fails, loads it from memory.
    async fn store_or_load(
        self: &Arc<Self>,
        key: &Arc<str>,
        code: Vec<u8>,
    ) -> Result<Component, CompileError> {
        let (compiler, key) = (self.clone(), key.clone());
        let taken = spawn_blocking(move || {
            let in_memory = || load(&compiler.engine, CompiledCode::InMemory(&code));
            let Some(cache) = &compiler.cache else {
                return in_memory();
            };
            cache.put(&compiler.engine, &key, &code).or_else(|error| {
                let component = in_memory()?;
                // Reported only for valid code: if the engine refuses the code, it is not the cache's fault.
                cache.report_not_kept(&error);
                Ok(component)
            })
        });
        taken.await?.map_err(invalid)
    }
}

/// The error for a component that the engine refuses.
fn invalid(error: wasmtime::Error) -> CompileError {
    CompileError::Invalid {
        source: error.into_boxed_dyn_error(),
    }
}

/// Recognizes the kind of file by its first eight bytes: wasm's magic, then a version whose second half is 0 for a core
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
    use super::error::CompilerFault;
    use super::*;
    use crate::config::CompileLimits;
    use crate::sandbox::engine::compiler_config;

    /// A compiler that occupies one of as many places as there are processors, at least two, and reports if none is
    /// free.
    fn script(folder: &std::path::Path) -> String {
        let places: Vec<String> = (0..processors().max(2))
            .map(|place| place.to_string())
            .collect();
        format!(
            "cd {}; cat > /dev/null; for place in {}; do
                if mkdir $place 2> /dev/null; then touch began.$$; sleep 0.1; rmdir $place; exit 1; fi
            done; touch too-many",
            folder.display(),
            places.join(" ")
        )
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn at_most_as_many_components_are_compiled_at_once_as_there_are_places() {
        let folder = tempfile::TempDir::new().unwrap();
        let process = CompilerProcess {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script(folder.path()).into()],
            limits: CompileLimits::default(),
            priority: CompilerPriority::Background,
        };
        let engine = Engine::new(&compiler_config()).unwrap();
        let compiler = Compiler::new(
            engine,
            Compilation::Process(process),
            None,
            CompileObserver::none(),
        );
        let components = 3 * processors() as usize;
        let mut compiled = tokio::task::JoinSet::new();
        for _ in 0..components {
            let compiler = compiler.clone();
            compiled.spawn(async move {
                let bytes = Bytes::from_static(b"\0asm\x0d\0\x01\0");
                let wasm = compiler.wasm(bytes.clone());
                let source = ComponentSource {
                    reread: Arc::new(move || {
                        let bytes = bytes.clone();
                        Box::pin(async { Ok(bytes) })
                    }),
                    compiled: None,
                };
                compiler.compiled(wasm, &source).await
            });
        }
        while let Some(outcome) = compiled.join_next().await {
            assert!(matches!(
                outcome.unwrap(),
                Err(CompileError::Compiler(CompilerFault::Crashed { .. }))
            ));
        }
        assert!(!folder.path().join("too-many").exists());
        let began = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(began, components);
    }
}
