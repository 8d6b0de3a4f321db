//! Compiles what was built, so that the next `sync`, `check` or `serve` begins at once.

use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::compile_manner::CompileManner;
use super::error::CliError;
use super::folders::CacheFlag;
use super::output::printable;
use super::prepared_host::cache;
use super::progress::ProgressLines;
use crate::author::build::{BuiltComponent, Project};
use crate::config::ServerConfig;
use crate::report;
use crate::sandbox::{Cache, EngineSettings};

/// Compiles components into the cache.
pub(super) struct Precompiler {
    cache: Option<Cache>,
    settings: ServerConfig,
    progress: ProgressLines,
}

impl Precompiler {
    /// A precompiler with the cache that this flag names. Without a usable cache, it does nothing, and the log says so.
    pub(super) fn new(flag: CacheFlag) -> Self {
        let settings = ServerConfig::unattended();
        Self {
            cache: cache(flag.folder().as_deref(), settings.cache_bytes),
            settings,
            progress: ProgressLines::shown(),
        }
    }

    /// Compiles the component of a project. A compiler that lacks time or memory is only reported: a host may have more.
    ///
    /// # Errors
    ///
    /// [`CliError::NotLoaded`]: no host can run the component.
    pub(super) async fn compile(
        &self,
        project: &Project,
        built: &BuiltComponent,
    ) -> Result<(), CliError> {
        let Some(cache) = &self.cache else {
            return Ok(());
        };
        // As it will be installed: Cargo calls the file by the crate's name.
        let installed = PathBuf::from(format!("{}.wasm", project.name));
        let manner = CompileManner::foreground(self.progress.compiling(&installed));
        let (limits, cache) = (self.settings.compiling, Some(cache.clone()));
        let runtime = manner.runtime(self.engine(), limits, cache)?;
        let bytes = Bytes::from(built.bytes.clone());
        let Err(error) = runtime.compile_ahead(bytes, &project.folder).await else {
            return Ok(());
        };
        if error.is_of_component() {
            return Err(CliError::NotLoaded {
                path: built.path.clone(),
                reason: report::chain(&error),
            });
        }
        say_not_compiled(&built.path, &report::chain(&error));
        Ok(())
    }

    /// An engine with room for nothing but loading the code.
    fn engine(&self) -> EngineSettings {
        EngineSettings {
            slots: 1,
            max_memory_bytes: self.settings.ceilings.memory_bytes,
            total_memory_bytes: self.settings.ceilings.memory_bytes,
            keep_memory_bytes: 0,
        }
    }
}

fn say_not_compiled(path: &Path, reason: &str) {
    eprintln!(
        "weld-host: {}",
        printable(&format!(
            "{} is not compiled yet, so the first `sync` or `serve` compiles it: {reason}",
            path.display()
        ))
    );
}
