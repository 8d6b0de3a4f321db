//! From a component's bytes to its compiled code: out of the cache, or by a compiler process.
//!
//! Compiling takes hundreds of megabytes for a large component, of which the allocator gives back little, and is the
//! one step in which a component can exhaust memory or time before any limit of a call holds. So it is done by a
//! child process: what it used is given back when it ends, and when it breaks down, the host serves on.

mod child;
pub(super) mod error;
mod outcome;
mod places;
mod process;
mod protocol;

use std::io;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::task::{JoinError, spawn_blocking};
use wasmtime::Engine;
use wasmtime::component::Component;

pub use child::{CompilerProcessError, serve_as_compiler};
pub use process::CompilerProcess;

use super::cache::{Cache, CompiledCode, load};
use super::compile_error::CompileError;
use super::machine::processors;
use super::wasm::Wasm;
use places::CompilePlaces;

/// Where components are compiled.
#[derive(Debug, Clone)]
pub enum Compilation {
    /// In a child process for each.
    Process(CompilerProcess),
    /// In this process, which keeps what memory the compiler took, and without a limit on it: for components that are
    /// known, and for programs that can't start themselves.
    Here,
}

/// Reads the component's bytes again, from where they were read first.
pub(crate) type ComponentReader = Arc<dyn Fn() -> ComponentFuture + Send + Sync>;

/// One reading of a component's bytes.
pub(crate) type ComponentFuture = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>;

/// Finds the compiled code of components in the cache, or compiles them, as many at once as there are places.
pub(super) struct Compiler {
    engine: Engine,
    cache: Option<Cache>,
    compilation: Compilation,
    places: Arc<CompilePlaces>,
}

impl Compiler {
    /// Without a `cache`, every component is compiled at every start. The code is for `engine`.
    pub(super) fn new(engine: Engine, compilation: Compilation, cache: Option<Cache>) -> Arc<Self> {
        Arc::new(Self {
            engine,
            cache,
            compilation,
            places: CompilePlaces::new(processors()),
        })
    }

    /// Takes in a component's bytes. For a thread for blocking work.
    pub(super) fn wasm(&self, bytes: Bytes) -> Wasm {
        Wasm::new(&self.engine, bytes)
    }

    /// Whether the cache has code under this key, sound or not.
    pub(super) fn keeps(&self, key: &str) -> bool {
        self.cache.as_ref().is_some_and(|cache| cache.holds(key))
    }

    /// The compiled form of `wasm`, and whether it came from the cache. While it waits for the compiler, its bytes are
    /// not held; `reread` reads them again.
    ///
    /// # Errors
    ///
    /// [`CompileError`], of all causes but `Imports` and `Exports`.
    pub(super) async fn compiled(
        self: &Arc<Self>,
        wasm: Wasm,
        reread: &ComponentReader,
    ) -> Result<(Component, bool), CompileError> {
        check_kind(wasm.bytes())?;
        if let Some(component) = self.cached(wasm.key()).await? {
            return Ok((component, true));
        }
        let key = wasm.key().clone();
        let (mut place, bytes) = if let Some(place) = self.places.try_first() {
            (place, wasm.into_bytes())
        } else {
            let length = wasm.bytes().len();
            drop(wasm);
            let place = self.places.first(length).await;
            // A copy of it may have been compiled meanwhile.
            if let Some(component) = self.cached(&key).await? {
                return Ok((component, true));
            }
            (place, self.read_again(&key, reread).await?)
        };
        let code = tokio::select! {
            code = self.compile(bytes) => Some(code?),
            () = place.has_to_go() => None,
        };
        let code = if let Some(code) = code {
            code
        } else {
            drop(place);
            tracing::debug!("compiling takes long and others wait; it begins anew later");
            let _place = self.places.long().await;
            let bytes = self.read_again(&key, reread).await?;
            self.compile(bytes).await?
        };
        let component = self.take_in(&key, code).await?;
        Ok((component, false))
    }

    /// Compiles a component, whose bytes are held until the compiler has them.
    async fn compile(&self, wasm: Bytes) -> Result<Vec<u8>, CompileError> {
        match &self.compilation {
            Compilation::Process(process) => Ok(process.compile(wasm).await?),
            Compilation::Here => self.compile_here(wasm).await,
        }
    }

    /// The bytes of a component once more, if they are still the same.
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

    /// What the cache has under this key.
    ///
    /// # Errors
    ///
    /// Reading was stopped in the middle.
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

    /// Keeps the code in the cache and maps it from there; if it can't, takes the code into memory.
    async fn take_in(
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
                // Said only of good code: if the engine refuses the code, the cache is not to blame.
                cache.report_not_kept(&error);
                Ok(component)
            })
        });
        taken.await?.map_err(invalid)
    }
}

/// The engine refuses the component.
fn invalid(error: wasmtime::Error) -> CompileError {
    CompileError::Invalid {
        source: error.into_boxed_dyn_error(),
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
    use super::error::CompilerFault;
    use super::*;
    use crate::config::CompileLimits;
    use crate::sandbox::engine::compiler_config;

    /// A compiler that takes one of as many places as there are processors, at least two, and says so where none is free.
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
    async fn no_more_components_are_compiled_at_once_than_there_are_places() {
        let folder = tempfile::TempDir::new().unwrap();
        let process = CompilerProcess {
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script(folder.path()).into()],
            limits: CompileLimits::default(),
        };
        let engine = Engine::new(&compiler_config()).unwrap();
        let compiler = Compiler::new(engine, Compilation::Process(process), None);
        let components = 3 * processors() as usize;
        let mut compiled = tokio::task::JoinSet::new();
        for _ in 0..components {
            let compiler = compiler.clone();
            compiled.spawn(async move {
                let bytes = Bytes::from_static(b"\0asm\x0d\0\x01\0");
                let wasm = compiler.wasm(bytes.clone());
                let reread: ComponentReader = Arc::new(move || {
                    let bytes = bytes.clone();
                    Box::pin(async { Ok(bytes) })
                });
                compiler.compiled(wasm, &reread).await
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
