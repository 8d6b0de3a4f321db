//! Reading the plugins folder: every `NAME.wasm` with its `NAME.toml` becomes a ready connector or a reason.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::error::{FolderError, LoadError, LoadFault};
use crate::config::{Ceilings, ConnectorConfig, ConnectorName, Secret};
use crate::sandbox::{Connector, Sandbox};

/// The largest component. The largest known, a Python connector with its libraries, has a tenth of it.
const MAX_COMPONENT_BYTES: u64 = 256 << 20;

/// What became of one file.
#[derive(Debug)]
pub struct LoadReport {
    /// The file's name without its ending.
    pub name: String,
    /// What became of it.
    pub outcome: Result<Ready, LoadError>,
}

/// A connector that serves.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    /// From reading the file to the trial instance.
    pub took: Duration,
    /// Whether its compiled code came from the cache.
    pub cached: bool,
}

/// One connector of the folder, whether it loaded or not.
pub(super) struct Entry {
    /// Keys of its own, which replace the host's. Known also where only the component is broken.
    pub(super) api_keys: Option<Vec<Secret>>,
    /// None where it did not load.
    pub(super) connector: Option<Arc<Connector>>,
}

/// A file of the folder, tried.
pub(super) struct Tried {
    pub(super) report: LoadReport,
    /// None where the name can't stand in a route.
    pub(super) entry: Option<(ConnectorName, Entry)>,
}

/// Everything that a folder holds.
pub struct Folder {
    pub(super) tried: Vec<Tried>,
}

/// Loads every `*.wasm` of `folder`, as many at a time as there are processors. One that fails keeps no other from
/// loading. Files whose names begin with a dot are passed over: editors and copiers leave such.
///
/// # Errors
///
/// [`FolderError`] where the folder can't be listed.
pub async fn load_folder(
    sandbox: &Arc<Sandbox>,
    folder: &Path,
    ceilings: Ceilings,
) -> Result<Folder, FolderError> {
    let paths = list(folder).await.map_err(|source| FolderError {
        folder: folder.to_owned(),
        source,
    })?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let at_once = Arc::new(Semaphore::new(processors));
    let mut loads = JoinSet::new();
    for path in paths {
        let (sandbox, at_once) = (sandbox.clone(), at_once.clone());
        loads.spawn(async move {
            // The semaphore is never closed.
            let _permit = at_once.acquire().await;
            load_file(&sandbox, path, ceilings).await
        });
    }
    let mut tried: Vec<Tried> = Vec::new();
    while let Some(joined) = loads.join_next().await {
        match joined {
            Ok(file) => tried.push(file),
            Err(error) => tracing::error!(%error, "a load ended without a result"),
        }
    }
    tried.sort_by(|one, other| one.report.name.cmp(&other.report.name));
    Ok(Folder { tried })
}

/// Loads one component with the configuration beside it, as if it lay in a folder of its own.
pub async fn load_component(sandbox: &Arc<Sandbox>, path: PathBuf, ceilings: Ceilings) -> Folder {
    Folder {
        tried: vec![load_file(sandbox, path, ceilings).await],
    }
}

/// The components of a folder. A configuration that no component reads is most often one with a misspelt name.
async fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let (mut components, mut configurations) = (Vec::new(), Vec::new());
    let mut entries = tokio::fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        match path.extension().and_then(OsStr::to_str) {
            Some("wasm") => components.push(path),
            Some("toml") => configurations.push(path),
            _ => {}
        }
    }
    for path in configurations {
        if !components.contains(&path.with_extension("wasm")) {
            tracing::warn!(path = %path.display(), "a configuration without a component; is its name right?");
        }
    }
    Ok(components)
}

async fn load_file(sandbox: &Arc<Sandbox>, path: PathBuf, ceilings: Ceilings) -> Tried {
    let began = Instant::now();
    let stem = path.file_stem().unwrap_or_default();
    let shown = stem.to_string_lossy().into_owned();
    let name = match shown.parse::<ConnectorName>() {
        Ok(name) => name,
        Err(error) => {
            return Tried {
                report: LoadReport {
                    name: shown,
                    outcome: Err(LoadFault::Name(error).into()),
                },
                entry: None,
            };
        }
    };
    let (api_keys, loaded) = load(sandbox, name.clone(), path, ceilings).await;
    let (connector, outcome) = match loaded {
        Ok(connector) => {
            let ready = Ready {
                took: began.elapsed(),
                cached: connector.cached(),
            };
            (Some(Arc::new(connector)), Ok(ready))
        }
        Err(fault) => (None, Err(fault.into())),
    };
    Tried {
        report: LoadReport {
            name: shown,
            outcome,
        },
        entry: Some((
            name,
            Entry {
                api_keys,
                connector,
            },
        )),
    }
}

async fn load(
    sandbox: &Arc<Sandbox>,
    name: ConnectorName,
    path: PathBuf,
    ceilings: Ceilings,
) -> (Option<Vec<Secret>>, Result<Connector, LoadFault>) {
    let config_path = path.with_extension("toml");
    let read = tokio::task::spawn_blocking(move || {
        let config = ConnectorConfig::read(&config_path, &ceilings)?;
        Ok((config, read_component(&path)))
    })
    .await
    .unwrap_or_else(|error| Err(LoadFault::Interrupted(error)));
    let (config, wasm) = match read {
        Ok(read) => read,
        Err(fault) => return (None, Err(fault)),
    };
    let api_keys = config.api_keys.clone();
    let loaded = match wasm {
        Ok(wasm) => Connector::load(sandbox, name, wasm, config)
            .await
            .map_err(LoadFault::Compile),
        Err(fault) => Err(fault),
    };
    (api_keys, loaded)
}

/// Reads a component whole. Opened without waiting, since a pipe's other end may never come.
fn read_component(path: &Path) -> Result<Vec<u8>, LoadFault> {
    let file = std::fs::File::options()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32)
        .open(path)
        .map_err(LoadFault::Read)?;
    if !file.metadata().map_err(LoadFault::Read)?.is_file() {
        return Err(LoadFault::NotAFile);
    }
    let mut wasm = Vec::new();
    file.take(MAX_COMPONENT_BYTES + 1)
        .read_to_end(&mut wasm)
        .map_err(LoadFault::Read)?;
    if wasm.len() as u64 > MAX_COMPONENT_BYTES {
        return Err(LoadFault::TooLarge {
            limit_bytes: MAX_COMPONENT_BYTES,
        });
    }
    Ok(wasm)
}
