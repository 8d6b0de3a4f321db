//! `weld-host serve`: serves the connectors of a folder.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::announcer::Announcer;
use super::arguments::{Arguments, Resolution};
use super::error::CliError;
use super::host::Host;
use super::host_settings::{HostSettings, ServeFlags};
use super::logging::LogHandle;
use super::output;
use super::setting_list::SettingList;
use super::settings_reload::SharedReload;
use super::signals::{CaughtSignal, HangUps, Signals};
use super::supervisor::{LoadTally, Notifier, PassedSockets, Watchdog};
use crate::admin::SettingsControl;
use crate::connectors::LoadReport;
use crate::platform;
use crate::server::{Shutdown, StopTimes, Successor};

/// How long the process may take to end after everything else.
const END_TIME: Duration = Duration::from_secs(2);

/// Serves until a signal comes. A second signal ends the process without waiting for running requests.
/// `log` is the log of this process, if it has one whose level can change, and tells what is served; `passed` are the sockets of the service manager.
/// SIGHUP reads the settings again.
pub(super) async fn run(
    flags: ServeFlags,
    (resolution, arguments): (Resolution, Option<Arguments>),
    (log, announcer): (Option<LogHandle>, Announcer),
    passed: PassedSockets,
) -> Result<(), CliError> {
    if let Some(missing) = platform::unenforced() {
        tracing::warn!("this system lacks what the host relies on: {missing}");
    }
    let mut signals = Signals::catch_for_server()?;
    let mut hang_ups = HangUps::catch()?;
    let (notifier, watchdog) = (Notifier::of_process(), Watchdog::of_process());
    let settings = HostSettings::new(flags, &resolution)?;
    let list = SettingList::new(&settings, &resolution);
    let listen_setting = settings.listen_setting();
    let HostSettings {
        mut config, tokens, ..
    } = settings;
    // A passed socket stays open when this process ends.
    let mut successor = Successor::None;
    if let Some(socket) = &passed.public {
        config.listen = socket.local_addr().map_err(CliError::PassedAddress)?;
        successor = Successor::Later;
        tracing::info!(
            listen = %config.listen,
            "listens on the socket that the service manager has passed; --listen has no effect"
        );
    }
    let is_open = config.api_keys.is_empty();
    let mut host = tokio::select! {
        host = Host::start(config, tokens, passed.public) => {
            host.map_err(|error| of_setting(error, listen_setting))?
        }
        signal = signals.stop() => {
            tracing::info!(signal = signal.name(), "stopped by a signal before the host served");
            return Ok(());
        }
    };
    let log = log.map(Arc::new);
    host.log.clone_from(&log);
    announcer.host(&host, is_open);
    if let Some(file) = &resolution.file {
        announcer.settings_file(&file.path);
    }
    let tally = Cell::new(LoadTally::of(&host.reports, host.unfinished()));
    notifier.ready(&tally.get().to_string()).await;
    let live = host.live();
    let times = live.server.clone();
    let reload = arguments.map(|words| SharedReload::new(words, &resolution, list, live, log));
    host.settings_control = reload.clone().map(|reload| Arc::new(reload) as _);
    let reloading = async {
        while hang_ups.next().await {
            tracing::info!(
                signal = CaughtSignal::HangUp.name(),
                "reading the settings again"
            );
            notifier.reloading().await;
            if let Some(reload) = &reload {
                reload.reread().await;
            }
            notifier.ready(&tally.get().to_string()).await;
        }
    };
    let origin = host.origin();
    let on_loaded = |report: LoadReport| {
        announcer.connector(&origin, &report);
        tally.set(tally.get().and(&report));
        notifier.status(&tally.get().to_string());
    };
    let (stop, stopped) = oneshot::channel();
    let shutdown = async { stopped.await.unwrap_or(Shutdown::at_once()) };
    let (serving, watching) = (host.run(shutdown, on_loaded), watchdog.run(&notifier));
    tokio::pin!(serving, watching, reloading);
    let (mut stop, mut has_hung_up) = (Some(stop), false);
    loop {
        let signal = tokio::select! {
            () = &mut serving => return Ok(()),
            signal = signals.any() => signal,
            // After the signal to stop, nothing tells the service manager that the host is ready again.
            () = &mut reloading, if !has_hung_up && stop.is_some() => {
                has_hung_up = true;
                CaughtSignal::HangUp
            }
            never = &mut watching => match never {},
        };
        let StopTimes { drain, grace } = times.stop_times();
        let drain = match signal {
            CaughtSignal::User1 | CaughtSignal::User2 => {
                tracing::info!(
                    signal = signal.name(),
                    "received a signal that has no effect"
                );
                continue;
            }
            // Somebody waits at the terminal, and no load balancer has to notice.
            CaughtSignal::Interrupt | CaughtSignal::HangUp => Duration::ZERO,
            CaughtSignal::Terminate => drain,
        };
        let Some(stop) = stop.take() else {
            tracing::warn!(
                signal = signal.name(),
                "a second signal stopped the host at once"
            );
            return Ok(());
        };
        tracing::info!(signal = signal.name(), "received a signal to stop");
        notifier
            .stopping(grace + output::END_WITHIN + END_TIME)
            .await;
        // If nobody receives it, the host has just ended.
        let _ = stop.send(Shutdown { successor, drain });
    }
}

/// The error of a server that can't listen, with the setting that chose its address.
fn of_setting(error: CliError, setting: &'static str) -> CliError {
    match error {
        CliError::Listen {
            address, source, ..
        } => CliError::Listen {
            address,
            setting,
            source,
        },
        other => other,
    }
}
