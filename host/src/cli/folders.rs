//! The flags that name folders, shared by the commands that use them.

use std::path::PathBuf;

use clap::Args;

use crate::config::ServerConfig;

#[derive(Debug, Args)]
pub(super) struct PluginsFlag {
    /// The plugins folder, with NAME.wasm and NAME.toml of each connector; `serve` also takes a single NAME.wasm
    #[arg(
        long,
        value_name = "DIR",
        default_value = ServerConfig::PLUGINS,
        env = "WELD_PLUGINS"
    )]
    pub(super) plugins: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct CacheFlag {
    /// The folder of compiled code [default: the user's cache folder]
    #[arg(long, value_name = "DIR", env = "WELD_CACHE")]
    cache: Option<PathBuf>,
}

impl CacheFlag {
    /// The folder. `None` for a user without a cache folder, as in some containers.
    pub(super) fn folder(self) -> Option<PathBuf> {
        self.cache.or_else(default_cache)
    }
}

/// Where compiled code goes by default: the user's cache folder. `None` for a user without one, as in some containers.
pub(super) fn default_cache() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "weld-host")?;
    Some(folders.cache_dir().to_owned())
}
