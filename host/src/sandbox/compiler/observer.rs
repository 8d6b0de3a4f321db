//! Observers of the compiling of components.

use std::fmt;
use std::sync::Arc;

/// What an observer wants to be called once the component is compiled. It is dropped instead if compiling fails or is
/// abandoned.
pub type CompileEnd = Box<dyn FnOnce() + Send>;

/// Learns whenever a component that is not in the cache begins to be compiled.
#[derive(Clone)]
pub struct CompileObserver(Arc<dyn Fn() -> CompileEnd + Send + Sync>);

impl CompileObserver {
    /// An observer that calls `begins` whenever compiling begins; waiting for a free compiler is a part of it.
    pub fn new(begins: impl Fn() -> CompileEnd + Send + Sync + 'static) -> Self {
        Self(Arc::new(begins))
    }

    /// An observer for hosts whose connectors are loaded while others serve.
    #[must_use]
    pub fn none() -> Self {
        Self::new(|| Box::new(|| {}))
    }

    pub(super) fn begins(&self) -> CompileEnd {
        (self.0)()
    }
}

impl fmt::Debug for CompileObserver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CompileObserver")
    }
}
