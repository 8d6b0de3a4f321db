//! Where a component comes from, and its code if that was compiled ahead.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::compiled::{CompiledFault, CompiledFile, KeptFile};

/// Reads the component's bytes again, from the same source.
pub(crate) type ComponentReader = Arc<dyn Fn() -> ComponentFuture + Send + Sync>;

/// One reading of a component's bytes.
pub(crate) type ComponentFuture = Pin<Box<dyn Future<Output = io::Result<Bytes>> + Send>>;

/// Opens the component's compiled file, or the kept one, with the checks of [`CompiledFile::open`].
pub(crate) type CompiledReader = Arc<dyn Fn(Option<Arc<KeptFile>>) -> CompiledFuture + Send + Sync>;

/// One opening of a compiled file.
pub(crate) type CompiledFuture =
    Pin<Box<dyn Future<Output = Result<CompiledFile, CompiledFault>> + Send>>;

/// Where a component comes from, and its code if that was compiled ahead.
#[derive(Clone)]
pub(crate) struct ComponentSource {
    /// Reads its bytes again.
    pub(crate) reread: ComponentReader,
    /// Its compiled file; `None` if the host uses none.
    pub(crate) compiled: Option<CompiledSource>,
}

/// A component's compiled file, which may be missing.
#[derive(Clone)]
pub(crate) struct CompiledSource {
    /// Its path.
    pub(crate) path: PathBuf,
    /// Opens it.
    pub(crate) open: CompiledReader,
    /// Whether this host may run no other code of the component.
    pub(crate) is_required: bool,
}
