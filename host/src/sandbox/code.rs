//! The compiled code of one connector: mapped while it is in use, unmapped while it is not.
//!
//! Mapped code takes memory mappings, of which Linux allows a process about 65,000, and the sandboxes that ran it last
//! keep their memory for the next call. Unmapped code can be mapped again from the cache within milliseconds.

use std::io;
use std::sync::{Arc, MutexGuard, Weak};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::Instant;
use wasmtime::component::Component;

use super::compile_error::CompileError;
use super::compiled::KeptFile;
use super::compiler::{CodeOrigin, Compiler, FoundCode};
use super::component_source::ComponentSource;
use super::linker::{Blueprint, HostLinker};
use super::wasm::Wasm;
use crate::lock::Mutex;

/// Why unmapped code could not be mapped or compiled again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeFault {
    #[error("its compiled code is missing from the cache, and its file can't be read")]
    Read(#[source] io::Error),
    #[error("its compiled code is missing from the cache, and its file has changed")]
    Changed,
    #[error("its compiled code can neither be found nor compiled again")]
    Compile(#[source] Box<CompileError>),
    #[error("reading its compiled code was interrupted")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// The code of one program.
pub(super) struct ProgramCode {
    compiler: Arc<Compiler>,
    linker: Arc<HostLinker>,
    /// The key of the code in the cache.
    key: Arc<str>,
    /// The component's own digest.
    digest: Arc<str>,
    source: ComponentSource,
    /// The compiled file from which it was loaded.
    kept: Option<Arc<KeptFile>>,
    /// Where the code was when it was loaded.
    pub(super) origin: CodeOrigin,
    /// Whether the component imports `wasi:http/outgoing-handler`.
    pub(super) imports_wasi_http: bool,
    usage: Mutex<CodeUsage>,
    /// Locked while the code is being mapped, so that other calls wait instead of mapping it a second time.
    mapping_lock: tokio::sync::Mutex<()>,
}

struct CodeUsage {
    mapping: Mapping,
    last: Instant,
}

enum Mapping {
    Held(Arc<Blueprint>),
    /// Calls in progress may still hold it.
    Unmapped(Weak<Blueprint>),
}

impl ProgramCode {
    /// Loads the code of `wasm` from its compiled file or from the cache, or compiles it, and links it. `source` is where
    /// `wasm` comes from.
    ///
    /// # Errors
    ///
    /// [`CompileError`].
    pub(super) async fn load(
        compiler: Arc<Compiler>,
        linker: Arc<HostLinker>,
        wasm: Wasm,
        source: ComponentSource,
    ) -> Result<Self, CompileError> {
        let (key, digest) = (wasm.key().clone(), wasm.digest().clone());
        let FoundCode {
            component,
            origin,
            kept,
        } = compiler.compiled(wasm, &source).await?;
        let blueprint = linker.link(&component)?;
        Ok(Self {
            compiler,
            linker,
            key,
            digest,
            source,
            kept,
            origin,
            imports_wasi_http: blueprint.imports_wasi_http,
            usage: Mutex::new(CodeUsage {
                mapping: Mapping::Held(Arc::new(blueprint)),
                last: Instant::now(),
            }),
            mapping_lock: tokio::sync::Mutex::default(),
        })
    }

    /// The code for one call, which holds it until its end.
    ///
    /// # Errors
    ///
    /// [`CodeFault`] if the code was unmapped and can't be mapped or compiled again.
    pub(super) async fn blueprint(&self) -> Result<Arc<Blueprint>, CodeFault> {
        if let Some(blueprint) = self.held() {
            return Ok(blueprint);
        }
        let _turn = self.mapping_lock.lock().await;
        if let Some(blueprint) = self.held() {
            return Ok(blueprint);
        }
        let blueprint = Arc::new(self.map().await?);
        self.usage().mapping = Mapping::Held(blueprint.clone());
        Ok(blueprint)
    }

    /// The time since the last call began; `None` if the code is already unmapped.
    pub(super) fn unused_for(&self) -> Option<Duration> {
        let usage = self.usage();
        matches!(usage.mapping, Mapping::Held(_)).then(|| usage.last.elapsed())
    }

    /// Unmaps the code if it can be mapped again, from the cache or from its compiled file. Returns whether it did. Reads
    /// the disk, and unmapping may take long.
    pub(super) fn unmap(&self) -> bool {
        if !(self.has_its_compiled_file() || self.compiler.keeps(&self.key)) {
            return false;
        }
        let mut usage = self.usage();
        let Mapping::Held(blueprint) = &usage.mapping else {
            return false;
        };
        let blueprint = blueprint.clone();
        usage.mapping = Mapping::Unmapped(Arc::downgrade(&blueprint));
        // Unmapping takes long, and nothing should wait for the lock meanwhile.
        drop(usage);
        drop(blueprint);
        true
    }

    /// Whether the compiled file from which the code was loaded is there and unchanged.
    fn has_its_compiled_file(&self) -> bool {
        self.kept.as_ref().is_some_and(|kept| kept.is_unchanged())
    }

    fn held(&self) -> Option<Arc<Blueprint>> {
        let mut usage = self.usage();
        usage.last = Instant::now();
        let blueprint = match &usage.mapping {
            Mapping::Held(blueprint) => blueprint.clone(),
            Mapping::Unmapped(blueprint) => blueprint.upgrade()?,
        };
        usage.mapping = Mapping::Held(blueprint.clone());
        Some(blueprint)
    }

    async fn map(&self) -> Result<Blueprint, CodeFault> {
        let component = match self.compiled_ahead().await? {
            Some(component) => component,
            None => {
                let cached = self.compiler.cached(&self.key).await;
                match cached.map_err(CodeFault::Interrupted)? {
                    Some(component) => component,
                    None => self.recompile().await?,
                }
            }
        };
        let blueprint = self.linker.link(&component);
        blueprint.map_err(|error| CodeFault::Compile(Box::new(error)))
    }

    /// The code in the compiled file from which it was loaded, or in the one that has its name now.
    async fn compiled_ahead(&self) -> Result<Option<Component>, CodeFault> {
        // A compiled file that was refused has been reported, and one that came later loads the component again.
        let Some(kept) = &self.kept else {
            return Ok(None);
        };
        for kept in [Some(kept.clone()), None] {
            let is_last = kept.is_none();
            let (digest, source) = (&self.digest, &self.source);
            match self.compiler.compiled_ahead(digest, source, kept).await {
                Ok(Some(code)) => return Ok(Some(code.component)),
                Err(error) if is_last => return Err(CodeFault::Compile(Box::new(error))),
                Ok(None) | Err(_) => {}
            }
        }
        Ok(None)
    }

    async fn recompile(&self) -> Result<Component, CodeFault> {
        let bytes = (self.source.reread)().await.map_err(CodeFault::Read)?;
        let compiler = self.compiler.clone();
        let wasm = spawn_blocking(move || compiler.wasm(bytes))
            .await
            .map_err(CodeFault::Interrupted)?;
        if *wasm.key() != self.key {
            return Err(CodeFault::Changed);
        }
        match self.compiler.compiled(wasm, &self.source).await {
            Ok(code) => Ok(code.component),
            Err(error) => Err(CodeFault::Compile(Box::new(error))),
        }
    }

    fn usage(&self) -> MutexGuard<'_, CodeUsage> {
        self.usage.lock()
    }
}
