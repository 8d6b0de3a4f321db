//! From a `NAME.wasm` with its `NAME.toml` to a ready connector, or to the reason why there is none.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::connector::Connector;
use super::entry::{EntryState, RegistryEntry};
use super::error::{LoadError, LoadFault};
use super::keys::AccessKeys;
use super::plugins::Plugins;
use crate::config::{
    ConnectorConfig, ConnectorName, FileStamp, FileSystem, ReadLimit, SystemFiles,
};
use crate::sandbox::{CallError, CompileError, ComponentReader, Runtime, Wasm, processors};

/// The longest that the trial instantiation of a load may take, whatever the connector's own `page-timeout`. The
/// slowest one measured, Python's, takes half a millisecond.
const TRIAL_TIMEOUT: Duration = Duration::from_secs(5);

/// What became of one file.
#[derive(Debug)]
pub struct LoadReport {
    /// The file's name without its ending.
    pub name: String,
    /// What became of it.
    pub outcome: Result<LoadSummary, LoadError>,
}

/// How a connector that serves was loaded.
#[derive(Debug, Clone, Copy)]
pub struct LoadSummary {
    /// From reading the file to the trial instance.
    pub took: Duration,
    /// Whether its compiled code came from the cache.
    pub cached: bool,
}

/// A component to load, and what serves in its place so far.
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) previous: Option<Arc<Connector>>,
    pub(super) code: CodeSource,
}

/// Where a component's compiled code may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeSource {
    /// The cache alone, which takes milliseconds. Others are put off.
    Cached,
    /// The compiler, if the cache doesn't have it.
    CompiledAnew,
}

/// What came of trying to load a component.
pub(super) struct LoadAttempt {
    pub(super) path: PathBuf,
    pub(super) report: LoadReport,
    /// `None` if the name can't stand in a route.
    pub(super) entry: Option<RegistryEntry>,
    /// The files that its configuration read.
    pub(super) files: Vec<(PathBuf, FileStamp)>,
}

impl LoadAttempt {
    /// Whether it is still to be compiled.
    pub(super) fn is_put_off(&self) -> bool {
        self.entry.as_ref().is_some_and(RegistryEntry::is_loading)
    }
}

/// Loads every candidate, in the order of their names.
pub(super) async fn load_all(
    plugins: &Plugins,
    candidates: impl IntoIterator<Item = Candidate>,
) -> Vec<LoadAttempt> {
    let mut loads = Loads::begin(plugins, candidates);
    let mut attempts: Vec<LoadAttempt> = Vec::new();
    while let Some(next) = loads.next().await {
        attempts.push(next);
    }
    attempts.sort_by(|one, other| one.report.name.cmp(&other.report.name));
    attempts
}

/// Loads under way, as many at a time as there are processors. One that fails keeps no other from loading.
pub(super) struct Loads(JoinSet<LoadAttempt>);

impl Loads {
    pub(super) fn begin(
        plugins: &Plugins,
        candidates: impl IntoIterator<Item = Candidate>,
    ) -> Self {
        let at_once = Arc::new(Semaphore::new(processors() as usize));
        let mut loads = JoinSet::new();
        for candidate in candidates {
            let (plugins, at_once) = (plugins.clone(), at_once.clone());
            loads.spawn(async move {
                // The semaphore is never closed.
                let _permit = at_once.acquire().await;
                load_file(&plugins, candidate).await
            });
        }
        Self(loads)
    }

    /// The next one that has ended.
    pub(super) async fn next(&mut self) -> Option<LoadAttempt> {
        loop {
            match self.0.join_next().await? {
                Ok(attempt) => return Some(attempt),
                Err(error) => tracing::error!(%error, "a load ended without a result"),
            }
        }
    }
}

async fn load_file(plugins: &Plugins, candidate: Candidate) -> LoadAttempt {
    let began = Instant::now();
    let Candidate {
        path,
        previous,
        code,
    } = candidate;
    let stem = path.file_stem().unwrap_or_default();
    let shown = stem.to_string_lossy().into_owned();
    let mut attempt = LoadAttempt {
        path,
        report: LoadReport {
            name: shown.clone(),
            outcome: Err(LoadFault::PutOff.into()),
        },
        entry: None,
        files: Vec::new(),
    };
    let name = match shown.parse::<ConnectorName>() {
        Ok(name) => name,
        Err(error) => {
            attempt.report.outcome = Err(LoadFault::Name(error).into());
            return attempt;
        }
    };
    let mut keys = None;
    let loaded = match read(plugins, &attempt.path, code).await {
        Err(fault) => Err(fault),
        Ok((config, wasm)) => {
            keys = config.api_keys.as_deref().map(AccessKeys::new);
            attempt.files.clone_from(&config.files);
            match wasm {
                Err(fault) => Err(fault),
                Ok(wasm) => {
                    let previous = previous.as_deref();
                    let reread = reread(&attempt.path, plugins.ceilings.component_bytes);
                    make(plugins, name.clone(), (wasm, reread), config, previous).await
                }
            }
        }
    };
    let (state, outcome) = match loaded {
        Ok(connector) => {
            let summary = LoadSummary {
                took: began.elapsed(),
                cached: connector.program().cached(),
            };
            (EntryState::Ready(Arc::new(connector)), Ok(summary))
        }
        Err(LoadFault::PutOff) => (EntryState::Loading, Err(LoadFault::PutOff.into())),
        Err(fault) => (EntryState::Failed, Err(fault.into())),
    };
    attempt.report.outcome = outcome;
    attempt.entry = Some(RegistryEntry { name, keys, state });
    attempt
}

async fn read(
    plugins: &Plugins,
    path: &Path,
    code: CodeSource,
) -> Result<(ConnectorConfig, Result<Wasm, LoadFault>), LoadFault> {
    let (path, ceilings, runtime) = (path.to_owned(), plugins.ceilings, plugins.runtime.clone());
    tokio::task::spawn_blocking(move || {
        let config = ConnectorConfig::read(&path.with_extension("toml"), &ceilings, &SystemFiles)?;
        let component = read_component(&path, ceilings.component_bytes);
        let component = component
            .map(|bytes| runtime.wasm(bytes))
            .and_then(|wasm| match code {
                CodeSource::Cached if !runtime.is_compiled(&wasm) => Err(LoadFault::PutOff),
                CodeSource::Cached | CodeSource::CompiledAnew => Ok(wasm),
            });
        Ok((config, component))
    })
    .await
    .unwrap_or_else(|error| Err(LoadFault::Interrupted(error)))
}

/// A connector of this component and configuration, of which one instance was made. Takes over from `previous`, the
/// version before it, what outlives a version: connections, secrets, tokens. `reread` reads the component again.
async fn make(
    plugins: &Plugins,
    name: ConnectorName,
    (wasm, reread): (Wasm, ComponentReader),
    config: ConnectorConfig,
    previous: Option<&Connector>,
) -> Result<Connector, LoadFault> {
    let program = plugins.runtime.program(&wasm, reread).await?;
    let connector = Connector::new(name, program, config, &plugins.upstreams, previous);
    let connector = connector.map_err(LoadFault::Certificates)?;
    try_once(&plugins.runtime, &connector).await?;
    Ok(connector)
}

/// Makes one instance, and drops it: broken exports and start functions show only here.
async fn try_once(runtime: &Runtime, connector: &Connector) -> Result<(), LoadFault> {
    let _slot = runtime.loading_slot().await;
    match tokio::time::timeout(TRIAL_TIMEOUT, connector.try_instantiating()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(CallError::Sandbox { source })) => Err(CompileError::Exports { source }.into()),
        Ok(Err(error)) => Err(LoadFault::Trial(Box::new(error))),
        Err(_) => Err(LoadFault::TrialTimeout {
            limit: TRIAL_TIMEOUT,
        }),
    }
}

/// Reads a component again, from the file it was read from.
fn reread(path: &Path, limit_bytes: u64) -> ComponentReader {
    let path = path.to_owned();
    Arc::new(move || read_component(&path, limit_bytes).map_err(io::Error::other))
}

/// Reads a component up to the largest size.
fn read_component(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, LoadFault> {
    let limit = ReadLimit::component(limit_bytes);
    SystemFiles.read(path, limit).map_err(LoadFault::Read)
}
