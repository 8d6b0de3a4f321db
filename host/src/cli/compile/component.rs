//! Compiles one component of a folder, unless its compiled file is up to date.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::task::{JoinError, spawn_blocking};

use crate::author::build::Replacement;
use crate::cli::progress::ProgressLines;
use crate::config::{ConnectorName, FileFault, NameError, ReadLimit, folder_of, read_in_time};
use crate::report::chain;
use crate::sandbox::{AheadCompiler, CompileError, CompiledFile, TargetCpu, Wasm};

/// The mode of compiled files. Nobody else may write to them.
const COMPILED_MODE: u32 = 0o644;

/// How the components of a folder are compiled.
pub(super) struct ComponentJob {
    pub(super) compiler: AheadCompiler,
    pub(super) cpu: TargetCpu,
    /// The folder for components, configurations and compiled files. `None` if compiled files go next to their components.
    pub(super) output: Option<PathBuf>,
    /// The maximum size of a component.
    pub(super) most_bytes: u64,
    pub(super) progress: ProgressLines,
}

/// What has become of a component that has an up-to-date compiled file now.
pub(super) struct CompileOutcome {
    /// The compiled file.
    pub(super) file: PathBuf,
    /// Its size.
    pub(super) bytes: u64,
    /// How long compiling took; `None` if the file was up to date.
    pub(super) took: Option<Duration>,
    /// Why no host will use the file where it is.
    pub(super) doubt: Option<String>,
}

/// What is read of a connector.
struct ReadConnector {
    wasm: Wasm,
    /// Whether its compiled file is up to date.
    is_current: bool,
    /// Its configuration, if there is one and the output needs it.
    configuration: Option<Vec<u8>>,
}

/// Why a component has no up-to-date compiled file.
#[derive(Debug, thiserror::Error)]
pub(super) enum ComponentFault {
    #[error(transparent)]
    Name(#[from] NameError),

    #[error("{} can't be read", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: FileFault,
    },

    #[error(transparent)]
    Compile(#[from] CompileError),

    #[error("{} could not be written{}", path.display(), remedy(source))]
    Write {
        path: PathBuf,
        #[source]
        source: io::Error,
    },

    #[error("reading it was interrupted")]
    Interrupted(#[from] JoinError),
}

/// What to do about an error of writing, if the system's own words don't say it.
fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            " (free some space, or name another folder with -o)"
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            " (name another folder with -o)"
        }
        _ => "",
    }
}

impl ComponentJob {
    /// Makes the files of the component at `path`. All are complete on the disk before the first gets its name, so an
    /// error leaves the old ones. The component is last: a host never finds a new one without its code.
    pub(super) async fn run(
        self: &Arc<Self>,
        path: &Path,
    ) -> Result<CompileOutcome, ComponentFault> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        name.parse::<ConnectorName>()?;
        let (job, component) = (self.clone(), path.to_owned());
        let ReadConnector {
            wasm,
            is_current,
            configuration,
        } = spawn_blocking(move || job.read(&component)).await??;
        let file = self.target(&path.with_extension("cwasm"));
        let bytes = wasm.bytes().clone();
        let mut files = Vec::new();
        let took = if is_current {
            None
        } else {
            let (began, cpu) = (Instant::now(), self.cpu);
            let step = self
                .progress
                .begin(format!("compiling {} for {cpu} ...", path.display()));
            let contents = self.compiler.compile(wasm).await?;
            drop(step);
            files.push(written(&file, &contents, COMPILED_MODE)?);
            Some(began.elapsed())
        };
        if self.output.is_some() {
            if let Some(configuration) = configuration {
                files.extend(self.copy(&path.with_extension("toml"), &configuration)?);
            }
            files.extend(self.copy(path, &bytes)?);
        }
        // Not on another thread: a signal must not interrupt it.
        for file in files {
            let path = file.path.clone();
            let put = file.put();
            put.map_err(|source| ComponentFault::Write { path, source })?;
        }
        let opened = file.clone();
        let opened = spawn_blocking(move || CompiledFile::open(&opened)).await?;
        Ok(CompileOutcome {
            bytes: fs::metadata(&file).map_or(0, |found| found.len()),
            file,
            took,
            doubt: opened
                .err()
                .map(|fault| format!("{}; {}", chain(&fault), fault.remedy())),
        })
    }

    /// Reads the component, its configuration, and whether its compiled file is up to date.
    fn read(&self, path: &Path) -> Result<ReadConnector, ComponentFault> {
        let bytes = read(path, ReadLimit::component(self.most_bytes))?;
        let wasm = self.compiler.wasm(Bytes::from(bytes));
        let file = self.target(&path.with_extension("cwasm"));
        let is_current = self.compiler.is_current(&file, &wasm);
        let configuration = match &self.output {
            Some(_) => read_configuration(path)?,
            None => None,
        };
        Ok(ReadConnector {
            wasm,
            is_current,
            configuration,
        })
    }

    /// Where the file with this name goes.
    fn target(&self, path: &Path) -> PathBuf {
        let folder = self.output.as_deref().unwrap_or_else(|| folder_of(path));
        folder.join(path.file_name().unwrap_or_default())
    }

    /// A copy of a file with its mode; `None` if it is there already.
    fn copy(&self, path: &Path, bytes: &[u8]) -> Result<Option<Replacement>, ComponentFault> {
        let target = self.target(path);
        if fs::read(&target).is_ok_and(|old| old == bytes) {
            return Ok(None);
        }
        let mode = fs::metadata(path).map_or(0o600, |found| found.permissions().mode());
        written(&target, bytes, mode & 0o777).map(Some)
    }
}

/// The configuration of a component; `None` if it has none.
fn read_configuration(component: &Path) -> Result<Option<Vec<u8>>, ComponentFault> {
    let path = component.with_extension("toml");
    match read(&path, ReadLimit::CONFIGURATION) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(ComponentFault::Read { source, .. }) if source.is_missing() => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn read(path: &Path, limit: ReadLimit) -> Result<Vec<u8>, ComponentFault> {
    read_in_time(path, limit).map_err(|source| ComponentFault::Read {
        path: path.to_owned(),
        source,
    })
}

fn written(path: &Path, bytes: &[u8], mode: u32) -> Result<Replacement, ComponentFault> {
    Replacement::new(path, bytes, mode).map_err(|source| ComponentFault::Write {
        path: path.to_owned(),
        source,
    })
}
