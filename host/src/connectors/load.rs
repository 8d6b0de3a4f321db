//! Loads a `NAME.wasm` with its `NAME.toml` into a ready connector, or reports why it can't.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;

use super::component_file::ComponentFile;
use super::connector::{ComponentFacts, Connector};
use super::connector_keys::ConnectorKeys;
use super::entry::{EntryState, RegistryEntry};
use super::error::{LoadError, LoadFault};
use super::named_files::NamedFiles;
use super::plugins::{Plugins, stamps};
use super::seen::SeenFiles;
use super::trial::try_once;
use crate::config::{ConnectorConfig, ConnectorName, FILE_TIME, FileFault, FileSystem, NotedFiles};
use crate::lock::Mutex;
use crate::sandbox::{CodeOrigin, ComponentSource, Wasm};

/// How long a load may keep a place for reading and mapping that others wait for.
const USUAL_TIME: Duration = Duration::from_millis(500);

/// How long a look at a component's files may take once it is loaded.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// The result of loading one component.
#[derive(Debug)]
pub struct LoadReport {
    /// The file's name without its extension.
    pub name: String,
    /// The result.
    pub outcome: Result<LoadSummary, LoadError>,
}

/// How a connector that now serves was loaded.
#[derive(Debug, Clone, Copy)]
pub struct LoadSummary {
    /// The time from reading the file to the trial instance.
    pub took: Duration,
    /// Where its compiled code was.
    pub code: CodeOrigin,
}

/// A component to load, and the version that serves in its place so far.
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) previous: Option<Arc<Connector>>,
}

/// The result of trying to load a component.
pub(super) struct LoadAttempt {
    pub(super) report: LoadReport,
    /// `None` if the name is not valid in a route.
    pub(super) entry: Option<RegistryEntry>,
    /// The files as they were read; `None` if they did not respond.
    pub(super) seen: Option<SeenFiles>,
    /// Whether the component and its configuration are unchanged since they were read.
    pub(super) is_current: bool,
}

/// What a load reports before its end.
pub(super) enum LoadStep {
    /// It takes longer than most, so others should not wait for it.
    Slow,
    /// Its files have been read.
    Read {
        seen: Box<SeenFiles>,
        name: ConnectorName,
        keys: ConnectorKeys,
    },
}

impl LoadAttempt {
    /// The result of a load that failed before anything was known about its files.
    pub(super) fn failed(path: &Path, fault: LoadFault) -> Self {
        let name = shown_name(path);
        let error = LoadError::from(fault);
        let entry = name.parse().ok().map(|name| RegistryEntry {
            name,
            keys: ConnectorKeys::Unknown,
            state: EntryState::failed(&error),
            rejected: None,
        });
        Self {
            report: LoadReport {
                name,
                outcome: Err(error),
            },
            entry,
            seen: None,
            is_current: true,
        }
    }
}

/// The name of a component's file, valid as a connector's name or not.
pub(super) fn shown_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// One running load.
struct Load<'l> {
    plugins: &'l Plugins,
    path: &'l Path,
    /// Its place among the loads that read and map, until it gives it up.
    place: Mutex<Option<OwnedSemaphorePermit>>,
    report: &'l (dyn Fn(LoadStep) + Send + Sync),
}

/// Loads a component, and reports its progress.
pub(super) async fn load(
    plugins: &Plugins,
    candidate: Candidate,
    report: &(dyn Fn(LoadStep) + Send + Sync),
) -> LoadAttempt {
    let Candidate { path, previous } = candidate;
    // The semaphore is never closed.
    let place = plugins.places.clone().acquire_owned().await.ok();
    let load = Load {
        plugins,
        path: &path,
        place: Mutex::new(place),
        report,
    };
    let mut attempt = std::pin::pin!(load.attempt(previous));
    match tokio::time::timeout(USUAL_TIME, attempt.as_mut()).await {
        Ok(attempt) => attempt,
        Err(_) => {
            // A load that has left its place by then waits for something else, which has its own time limit.
            if load.leave_place() {
                report(LoadStep::Slow);
            }
            attempt.await
        }
    }
}

impl Load<'_> {
    /// Marks this load as one that nobody should wait for.
    fn is_slow(&self) {
        self.leave_place();
        (self.report)(LoadStep::Slow);
    }

    /// Gives up its place. Returns whether it still had one.
    fn leave_place(&self) -> bool {
        self.place.lock().take().is_some()
    }

    async fn attempt(&self, previous: Option<Arc<Connector>>) -> LoadAttempt {
        let began = Instant::now();
        let shown = shown_name(self.path);
        let name = match shown.parse::<ConnectorName>() {
            Ok(name) => name,
            Err(error) => {
                let seen = self.look().await;
                let failed = LoadAttempt::failed(self.path, LoadFault::Name(error));
                return LoadAttempt { seen, ..failed };
            }
        };
        let read = match self.read().await {
            Ok(read) => read,
            Err(fault) => return LoadAttempt::failed(self.path, fault),
        };
        let keys = read.keys.clone();
        let seen = read.seen.clone();
        (self.report)(LoadStep::Read {
            seen: Box::new(seen.clone()),
            name: name.clone(),
            keys: keys.clone(),
        });
        let (state, outcome) = match self.make(name.clone(), read, previous).await {
            Ok(connector) => {
                let summary = LoadSummary {
                    took: began.elapsed(),
                    code: connector.program().code_origin(),
                };
                (EntryState::Ready(Arc::new(connector)), Ok(summary))
            }
            Err(fault) => {
                let error = LoadError::from(fault);
                (EntryState::failed(&error), Err(error))
            }
        };
        let is_current = match self.look().await {
            Some(now) => now.stamps == seen.stamps,
            // They were readable before.
            None => true,
        };
        LoadAttempt {
            report: LoadReport {
                name: shown,
                outcome,
            },
            entry: Some(RegistryEntry {
                name,
                keys,
                state,
                rejected: None,
            }),
            seen: Some(seen),
            is_current,
        }
    }

    /// The present state of the component's own files; `None` if they don't respond.
    async fn look(&self) -> Option<SeenFiles> {
        let path = self.path.to_owned();
        let bounds = self.plugins.bounds().generation;
        let look = move |files: &NotedFiles| SeenFiles::alone(stamps(files, &path), bounds);
        let threads = &self.plugins.files;
        let seen = threads.run(self.path, LOOK_TIME, look).await;
        seen.ok()
    }

    async fn read(&self) -> Result<ReadFiles, LoadFault> {
        let (path, bounds) = (self.path.to_owned(), self.plugins.bounds());
        let compiled = self.plugins.compiled.as_ref();
        let compiled = compiled.map(|compiled| compiled.path(&path));
        let read = self.plugins.files.run(self.path, FILE_TIME, {
            move |files| {
                let stamps = stamps(files, &path);
                let configuration = path.with_extension("toml");
                let named = NamedFiles::new(files, &configuration);
                let (config, keys) =
                    ConnectorConfig::read_with_keys(&configuration, &bounds, &named);
                let mut named_files = named.into_named();
                named_files.extend(compiled.map(|path| {
                    let stamp = files.stamp(&path);
                    (path, stamp)
                }));
                let seen = SeenFiles {
                    stamps,
                    files: named_files,
                    bounds: bounds.generation,
                };
                (seen, config, ConnectorKeys::from(keys))
            }
        });
        let (seen, config, keys) = read.await?;
        let config = match config {
            Ok(config) => config,
            // The component isn't read until there is a configuration to run it with.
            Err(error) => {
                let configured = Err(error.into());
                return Ok(ReadFiles {
                    seen,
                    keys,
                    configured,
                });
            }
        };
        let [component, _] = seen.stamps;
        let wasm = match self.file().read(component.length()).await {
            Ok(bytes) => {
                let runtime = self.plugins.runtime.clone();
                let has_code = self.has_compiled_file(&seen);
                let taken_in = spawn_blocking(move || {
                    let wasm = runtime.wasm(bytes);
                    ReadComponent {
                        is_compiled: has_code || runtime.is_compiled(&wasm),
                        facts: ComponentFacts {
                            digest: wasm.digest().clone(),
                            language: wasm.language(),
                        },
                        wasm,
                    }
                });
                Ok(taken_in.await.map_err(|_| LoadFault::Interrupted)?)
            }
            Err(FileFault::NoAnswer(silence)) => return Err(silence.into()),
            Err(fault) => Err(LoadFault::Read(fault)),
        };
        Ok(ReadFiles {
            seen,
            keys,
            configured: Ok(ConfiguredComponent { config, wasm }),
        })
    }

    /// Whether its compiled file existed, or its code comes from there or not at all.
    fn has_compiled_file(&self, seen: &SeenFiles) -> bool {
        let Some(compiled) = &self.plugins.compiled else {
            return false;
        };
        let path = compiled.path(self.path);
        let mut files = seen.files.iter();
        compiled.are_required || files.any(|(file, stamp)| *file == path && stamp.exists())
    }

    /// Creates a connector from the files that were read, and one instance of it as a trial. Takes over from
    /// `previous`, the version before it, what outlives a version: connections, secrets, tokens.
    async fn make(
        &self,
        name: ConnectorName,
        read: ReadFiles,
        previous: Option<Arc<Connector>>,
    ) -> Result<Connector, LoadFault> {
        let ConfiguredComponent { config, wasm } = read.configured?;
        let ReadComponent {
            wasm,
            is_compiled,
            facts,
        } = wasm?;
        let (key, configuration) = (wasm.key().clone(), read.seen.configuration());
        let failures = &self.plugins.failures;
        if let Some(error) = failures.find(self.path, &key, &configuration) {
            return Err(LoadFault::Remembered(error));
        }
        if !is_compiled {
            self.is_slow();
        }
        let made = async {
            let source = self.source();
            let program = self.plugins.runtime.program(wasm, source).await?;
            if let Some(place) = &self.plugins.bounds().policy.no_wasi_http
                && program.imports_wasi_http()
            {
                return Err(LoadFault::WasiHttp {
                    place: place.clone(),
                });
            }
            self.leave_place();
            let previous = previous.as_deref();
            let config_file = self.plugins.config_file(self.path, &name);
            let connector = Connector::new(
                name,
                program,
                (config, config_file),
                facts,
                &self.plugins.upstreams,
                previous,
            )
            .map_err(LoadFault::Certificates)?;
            try_once(&self.plugins.runtime, &connector, || self.is_slow()).await?;
            Ok(connector)
        };
        let made = made.await;
        if made.is_ok() {
            failures.leave(self.path);
        }
        made.map_err(|fault| failures.note(self.path, key, configuration, fault))
    }

    fn source(&self) -> ComponentSource {
        let (path, threads) = (self.path, &self.plugins.files);
        let compiled = self.plugins.compiled.as_ref();
        ComponentSource {
            reread: self.file().reader(),
            compiled: compiled.map(|compiled| compiled.source(path, threads)),
        }
    }

    fn file(&self) -> ComponentFile {
        ComponentFile {
            path: self.path.to_owned(),
            threads: self.plugins.files.clone(),
            memory: self.plugins.memory.clone(),
            most_bytes: self.plugins.bounds().ceilings.component_bytes,
        }
    }
}

/// A component with its configuration, as read.
struct ReadFiles {
    seen: SeenFiles,
    /// Known even if the configuration is invalid for another reason.
    keys: ConnectorKeys,
    configured: Result<ConfiguredComponent, LoadFault>,
}

/// A valid configuration with its component.
struct ConfiguredComponent {
    config: ConnectorConfig,
    wasm: Result<ReadComponent, LoadFault>,
}

/// A component as read.
struct ReadComponent {
    wasm: Wasm,
    /// Whether a compiled file or the cache has its code.
    is_compiled: bool,
    facts: ComponentFacts,
}
