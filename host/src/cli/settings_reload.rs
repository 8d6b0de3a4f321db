//! Reads the settings again while a server runs.

use std::path::{Path, PathBuf};

use clap::FromArgMatches;
use tokio::task::spawn_blocking;

use super::arguments::{Arguments, Resolution};
use super::error::CliError;
use super::host_settings::{HostSettings, ServeFlags};
use super::live::LiveHost;
use super::setting_list::SettingList;
use crate::config::ServerConfig;
use crate::report;

/// The settings that take effect without a restart. Those of `[policy]` do, too.
const LIVE: [&str; 8] = [
    "api-key",
    "api-key-file",
    "max-body",
    "body-timeout",
    "max-cpu-time",
    "max-page-timeout",
    "queue",
    "queue-wait",
];

/// The settings of the keys of clients. A running host that requires a key goes on requiring one.
const KEYS: [&str; 2] = ["api-key", "api-key-file"];

/// Reads the settings again, and applies those that can change.
pub(super) struct SettingsReload {
    arguments: Arguments,
    /// The file that was read last; `None` if there was none.
    file: Option<PathBuf>,
    /// The settings as they were last read.
    last: SettingList,
    host: LiveHost,
}

/// What a reload has changed, by the names of the settings.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct SettingsChange {
    /// In effect from now on.
    pub(super) applied: Vec<String>,
    /// In effect after a restart.
    pub(super) waiting: Vec<String>,
}

impl SettingsReload {
    /// For a host that runs with the settings in `last`.
    pub(super) fn new(
        arguments: Arguments,
        resolution: &Resolution,
        last: SettingList,
        host: LiveHost,
    ) -> Self {
        Self {
            arguments,
            file: resolution.file.as_ref().map(|file| file.path.clone()),
            last,
            host,
        }
    }

    /// Reads the file, the key files and the environment again. Reports the result in the log. If anything is wrong, all
    /// settings stay as they are.
    pub(super) async fn run(&mut self) {
        let (arguments, file) = (self.arguments.clone(), self.file.clone());
        let read = spawn_blocking(move || read(&arguments, file.as_deref())).await;
        let (config, list, file) = match read {
            Ok(Ok(read)) => read,
            Ok(Err(error)) => {
                let reason = report::chain(&error);
                tracing::warn!(
                    reason,
                    "could not read the settings again; all of them stay as they are"
                );
                return;
            }
            Err(error) => {
                tracing::error!(%error, "reading the settings again failed; all of them stay as they are");
                return;
            }
        };
        self.file = file;
        let change = self.apply(&config, list);
        let names = |names: &[String]| names.join(", ");
        if change == SettingsChange::default() {
            tracing::info!("read the settings again; nothing has changed");
            return;
        }
        if !change.applied.is_empty() {
            tracing::info!(
                changed = names(&change.applied),
                "read the settings again; they are in effect"
            );
        }
        if !change.waiting.is_empty() {
            tracing::warn!(
                changed = names(&change.waiting),
                "these settings take effect after a restart"
            );
        }
    }

    fn apply(&mut self, config: &ServerConfig, list: SettingList) -> SettingsChange {
        let changed = self.last.differences(&list);
        let keeps_keys = self.host.set(config);
        self.last = list;
        let (applied, waiting) = changed
            .into_iter()
            .partition(|key| is_live(key) && !(keeps_keys && KEYS.contains(&key.as_str())));
        SettingsChange { applied, waiting }
    }
}

fn is_live(key: &str) -> bool {
    LIVE.contains(&key) || key.starts_with("policy.")
}

/// The settings as they are now, with the file that they come from. A file that has disappeared is an error: its
/// defaults must not take effect by mistake.
fn read(
    arguments: &Arguments,
    file: Option<&Path>,
) -> Result<(ServerConfig, SettingList, Option<PathBuf>), CliError> {
    let (_, resolution) = arguments.resolve(file)?;
    let flags = ServeFlags::from_arg_matches(resolution.matches()).map_err(CliError::Arguments)?;
    let settings = HostSettings::new(flags, &resolution)?;
    let list = SettingList::new(&settings, &resolution);
    let file = resolution.file.map(|file| file.path);
    Ok((settings.config, list, file))
}
