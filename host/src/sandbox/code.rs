//! The compiled code of one connector: mapped while it is called, given back while it is not.
//!
//! Mapped code takes memory maps, of which Linux allows a process some 65,000, and the sandboxes that ran it last keep
//! their memory for the next call. What is given back comes again from the cache within milliseconds.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::Instant;
use wasmtime::component::Component;

use super::cache::Cache;
use super::call::CallState;
use super::connector::CompileError;
use super::engine::Sandbox;
use crate::bindings::ConnectorPre;

/// Code that is linked, ready for instances.
pub(super) type Linked = ConnectorPre<CallState>;

/// Reads the component's bytes again, from where they were read first.
pub(crate) type Source = Arc<dyn Fn() -> io::Result<Vec<u8>> + Send + Sync>;

/// Why code that was given back did not come again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodeError {
    #[error("its compiled code is gone from the cache, and its file can't be read")]
    Read(#[source] io::Error),
    #[error("its compiled code is gone from the cache, and its file has changed since")]
    Changed,
    #[error("its compiled code is gone from the cache, and could not be made again")]
    Compile(#[source] Box<CompileError>),
    #[error("reading its compiled code was stopped in the middle")]
    Interrupted(#[source] tokio::task::JoinError),
}

/// The code of one connector's version.
pub(super) struct ConnectorCode {
    sandbox: Arc<Sandbox>,
    /// What the cache keeps it under.
    key: Arc<str>,
    source: Source,
    use_of: Mutex<Use>,
    /// Held by whoever maps it, so that those who come meanwhile wait instead of mapping it once more.
    mapping: tokio::sync::Mutex<()>,
}

struct Use {
    mapped: Mapped,
    last: Instant,
}

enum Mapped {
    Held(Arc<Linked>),
    /// Calls that are still under way may hold it.
    GivenBack(Weak<Linked>),
}

impl ConnectorCode {
    /// Code that was just linked, made from the `wasm` that `source` reads.
    pub(super) fn new(
        sandbox: &Arc<Sandbox>,
        key: Arc<str>,
        source: Source,
        linked: Linked,
    ) -> Self {
        Self {
            sandbox: sandbox.clone(),
            key,
            source,
            use_of: Mutex::new(Use {
                mapped: Mapped::Held(Arc::new(linked)),
                last: Instant::now(),
            }),
            mapping: tokio::sync::Mutex::default(),
        }
    }

    /// The code for one call, which holds it to its end.
    ///
    /// # Errors
    ///
    /// [`CodeError`] where it was given back and does not come again.
    pub(super) async fn linked(&self) -> Result<Arc<Linked>, CodeError> {
        if let Some(linked) = self.held() {
            return Ok(linked);
        }
        let _mapping = self.mapping.lock().await;
        if let Some(linked) = self.held() {
            return Ok(linked);
        }
        let linked = Arc::new(self.map().await?);
        self.use_of().mapped = Mapped::Held(linked.clone());
        Ok(linked)
    }

    /// For how long no call has begun; none where the code is given back already.
    pub(super) fn unused_for(&self) -> Option<Duration> {
        let use_of = self.use_of();
        matches!(use_of.mapped, Mapped::Held(_)).then(|| use_of.last.elapsed())
    }

    /// Gives the code back, if the cache has it. Whether it did. Looks at the disk, and may have much to unmap.
    pub(super) fn give_back(&self) -> bool {
        let is_kept = |cache: &Cache| cache.holds(&self.key);
        if !self.sandbox.cache.as_ref().is_some_and(is_kept) {
            return false;
        }
        let mut use_of = self.use_of();
        let Mapped::Held(linked) = &use_of.mapped else {
            return false;
        };
        let linked = linked.clone();
        use_of.mapped = Mapped::GivenBack(Arc::downgrade(&linked));
        // Unmapping takes its time, during which nobody should wait for the lock.
        drop(use_of);
        drop(linked);
        true
    }

    fn held(&self) -> Option<Arc<Linked>> {
        let mut use_of = self.use_of();
        use_of.last = Instant::now();
        let linked = match &use_of.mapped {
            Mapped::Held(linked) => linked.clone(),
            Mapped::GivenBack(linked) => linked.upgrade()?,
        };
        use_of.mapped = Mapped::Held(linked.clone());
        Some(linked)
    }

    async fn map(&self) -> Result<Linked, CodeError> {
        let cached = self.sandbox.cached(&self.key).await;
        let component = match cached.map_err(CodeError::Interrupted)? {
            Some(component) => component,
            None => self.compiled_again().await?,
        };
        let linked = self.sandbox.link(&component);
        linked.map_err(|error| CodeError::Compile(Box::new(error)))
    }

    async fn compiled_again(&self) -> Result<Component, CodeError> {
        let (sandbox, source) = (self.sandbox.clone(), self.source.clone());
        let wasm = spawn_blocking(move || source().map(|bytes| sandbox.wasm(bytes)))
            .await
            .map_err(CodeError::Interrupted)?
            .map_err(CodeError::Read)?;
        if *wasm.key() != self.key {
            return Err(CodeError::Changed);
        }
        match self.sandbox.compiled(&wasm).await {
            Ok((component, _)) => Ok(component),
            Err(error) => Err(CodeError::Compile(Box::new(error))),
        }
    }

    fn use_of(&self) -> MutexGuard<'_, Use> {
        self.use_of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
