//! The flags that name folders, shared by the commands that use them.

use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::ValueHint;

use crate::config::{ServerConfig, headings};

#[derive(Debug, Args)]
#[command(next_help_heading = headings::FOLDERS)]
pub(super) struct PluginsFlag {
    /// The plugins folder, with NAME.wasm and NAME.toml of each connector; `serve` also takes a single NAME.wasm
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::AnyPath,
        default_value = ServerConfig::PLUGINS,
        env = "WELD_PLUGINS"
    )]
    pub(super) plugins: PathBuf,
}

impl PluginsFlag {
    /// Whether it is not the folder that commands use by default.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.plugins != Path::new(ServerConfig::PLUGINS)
    }
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = headings::FOLDERS)]
pub(super) struct CacheFlag {
    /// The folder of compiled code [default: the user's cache folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "WELD_CACHE")]
    cache: Option<PathBuf>,
}

impl CacheFlag {
    /// As if the flag were not given, for commands that don't have it.
    pub(super) fn of_environment() -> Self {
        let cache = std::env::var_os("WELD_CACHE").map(PathBuf::from);
        Self {
            cache: cache.filter(|folder| !folder.as_os_str().is_empty()),
        }
    }

    /// The folder. `None` for a user without a cache folder, as in some containers.
    pub(super) fn folder(self) -> Option<PathBuf> {
        self.cache.or_else(default_cache)
    }
}

#[derive(Debug, Clone, Args)]
#[command(next_help_heading = headings::FOLDERS)]
pub(super) struct CompiledFlag {
    /// The folder with the NAME.cwasm that `weld-host compile` has written; others are compiled
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, env = "WELD_COMPILED")]
    pub(super) compiled: Option<PathBuf>,
}

/// The flags of commands that load a single component: how they use its compiled file.
#[derive(Debug, Clone, Args)]
pub(super) struct CompiledFlags {
    #[command(flatten)]
    folder: CompiledFlag,
    /// Load the component only from its compiled file, which is next to it or in the folder of --compiled
    #[arg(long, env = "WELD_REQUIRE_COMPILED", help_heading = headings::FOLDERS)]
    require_compiled: bool,
}

impl CompiledFlags {
    /// Takes these flags over into the settings of a host.
    pub(super) fn set(&self, config: &mut ServerConfig) {
        config.compiled.clone_from(&self.folder.compiled);
        config.may_compile = !self.require_compiled;
    }
}

/// Where compiled code goes by default: the user's cache folder. `None` for a user without one, as in some containers.
fn default_cache() -> Option<PathBuf> {
    let folders = directories::ProjectDirs::from("", "", "weld-host")?;
    Some(folders.cache_dir().to_owned())
}
