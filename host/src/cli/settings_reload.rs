//! Reads the settings again while a server runs.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use clap::FromArgMatches;
use tokio::sync::Mutex;
use tokio::task::{JoinError, spawn_blocking};

use super::arguments::{Arguments, Resolution};
use super::error::CliError;
use super::host_settings::{HostSettings, ServeFlags};
use super::live::{KeptKeys, LiveHost};
use super::logging::LogHandle;
use super::setting_list::SettingList;
use crate::admin::{LogControl, LogLevel, SettingsControl, SettingsSummary};
use crate::config::ServerConfig;
use crate::report;

/// The settings that take effect without a restart. Those of `[policy]` do, too.
const LIVE: [&str; 14] = [
    "api-key",
    "api-key-file",
    "admin-key",
    "admin-key-file",
    "max-body",
    "body-timeout",
    "max-cpu-time",
    "max-page-timeout",
    "queue",
    "queue-wait",
    "unmap-after",
    "drain",
    "grace",
    "log",
];

/// The settings of the keys of clients, and of the admin listener. Where a running host requires a key, it goes on
/// requiring one.
const CLIENT_KEYS: [&str; 2] = ["api-key", "api-key-file"];
const ADMIN_KEYS: [&str; 2] = ["admin-key", "admin-key-file"];

/// Reads the settings again, and applies those that can change.
pub(super) struct SettingsReload {
    arguments: Arguments,
    /// The file that was read last; `None` if there was none.
    file: Option<PathBuf>,
    /// The settings that the host runs with.
    running: SettingList,
    host: LiveHost,
    /// The log, if its level can change.
    log: Option<Arc<LogHandle>>,
}

/// The same for several users, who wait for each other.
#[derive(Clone)]
pub(super) struct SharedReload(Arc<Mutex<SettingsReload>>);

impl SharedReload {
    /// For a host that runs with the settings in `running`.
    pub(super) fn new(
        arguments: Arguments,
        resolution: &Resolution,
        running: SettingList,
        host: LiveHost,
        log: Option<Arc<LogHandle>>,
    ) -> Self {
        Self(Arc::new(Mutex::new(SettingsReload {
            arguments,
            file: resolution.file.as_ref().map(|file| file.path.clone()),
            running,
            host,
            log,
        })))
    }
}

impl SettingsControl for SharedReload {
    fn reread(&self) -> Pin<Box<dyn Future<Output = SettingsSummary> + Send + '_>> {
        // On a task of its own: a caller that is not polled any more must not keep the lock.
        let reload = self.0.clone();
        let running = tokio::spawn(async move { reload.lock().await.run().await });
        Box::pin(async { running.await.unwrap_or_else(|error| crashed(&error)) })
    }
}

/// The task that read the settings has failed, which is a fault of this program.
fn crashed(error: &JoinError) -> SettingsSummary {
    tracing::error!(%error, "reading the settings again failed; all of them stay as they are");
    SettingsSummary {
        problem: Some("reading the settings again failed; the log may say why".to_owned()),
        ..SettingsSummary::default()
    }
}

impl SettingsReload {
    /// Reads the file, the key files and the environment again. Reports the result in the log, too. If anything is wrong, all
    /// settings stay as they are.
    async fn run(&mut self) -> SettingsSummary {
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
                return SettingsSummary {
                    problem: Some(reason),
                    ..SettingsSummary::default()
                };
            }
            Err(error) => return crashed(&error),
        };
        self.file = file;
        let summary = self.apply(&config, &list);
        let names = |names: &[String]| names.join(", ");
        if summary == SettingsSummary::default() {
            tracing::info!("read the settings again; nothing has changed");
        }
        if !summary.changed.is_empty() {
            tracing::info!(
                changed = names(&summary.changed),
                "read the settings again; they are in effect"
            );
        }
        if !summary.after_restart.is_empty() {
            tracing::warn!(
                changed = names(&summary.after_restart),
                "these settings take effect after a restart"
            );
        }
        summary
    }

    /// Compares with what the host runs with: a setting that needs a restart is named until it has had one, or has its old
    /// value again.
    fn apply(&mut self, config: &ServerConfig, list: &SettingList) -> SettingsSummary {
        let different = self.running.differences(list);
        let kept = self.host.set(config);
        let (changed, after_restart): (Vec<String>, Vec<String>) = different
            .into_iter()
            .partition(|key| is_live(key, kept) && (key != "log" || self.set_level(list)));
        self.running.adopt(list, &changed);
        SettingsSummary {
            changed,
            after_restart,
            problem: None,
        }
    }

    /// Sets the log's level. Returns whether it can change.
    fn set_level(&self, list: &SettingList) -> bool {
        let level: Option<LogLevel> = list.value("log").and_then(|level| level.parse().ok());
        match (&self.log, level) {
            (Some(log), Some(level)) => log.set_level(level),
            _ => false,
        }
    }
}

fn is_live(key: &str, kept: KeptKeys) -> bool {
    let is_kept = kept.of_clients && CLIENT_KEYS.contains(&key)
        || kept.of_the_admin && ADMIN_KEYS.contains(&key);
    !is_kept && (LIVE.contains(&key) || key.starts_with("policy."))
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
