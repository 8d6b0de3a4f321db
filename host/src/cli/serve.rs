//! `weld-host serve`: serves the connectors of a folder.

use std::net::SocketAddr;

use super::arguments::{Arguments, Resolution};
use super::error::CliError;
use super::host::{Host, stop_requested};
use super::host_settings::{HostSettings, ServeFlags};
use super::logging::LogHandle;
use super::output::say;
use super::setting_list::SettingList;
use super::settings_reload::SettingsReload;
use super::signals::{HangUps, Signals};
use crate::config::AdminAddress;
use crate::connectors::LoadReport;
use crate::egress::HostMaps;
use crate::sandbox::Capacity;

/// Serves until a signal comes. A second signal ends the process without waiting for running requests.
/// `log` is the log of this process, if it has one whose level can change.
/// SIGHUP reads the settings again.
pub(super) async fn run(
    flags: ServeFlags,
    (resolution, arguments): (Resolution, Option<Arguments>),
    log: Option<LogHandle>,
) -> Result<(), CliError> {
    let mut signals = Signals::catch_for_server()?;
    let mut hang_ups = HangUps::catch()?;
    let settings = HostSettings::new(flags, &resolution)?;
    let list = SettingList::new(&settings, &resolution);
    let HostSettings { config, tokens, .. } = settings;
    let is_open = config.api_keys.is_empty();
    let mut host = tokio::select! {
        host = Host::start(config, tokens, HostMaps::default()) => host?,
        () = signals.next() => return Ok(()),
    };
    host.log = log;
    announce(&host, is_open);
    if let Some(file) = &resolution.file {
        say(&format!("  settings of {}", file.path.display()));
    }
    let live = host.live();
    let mut reload = arguments.map(|words| SettingsReload::new(words, &resolution, list, live));
    let reloading = async {
        while hang_ups.next().await {
            tracing::info!(signal = "SIGHUP", "reading the settings again");
            if let Some(reload) = &mut reload {
                reload.run().await;
            }
        }
    };
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let origin = origin(&host);
    let on_loaded = |report: LoadReport| announce_connector(&origin, &report);
    let serving = host.run(stop_requested(stopped), on_loaded);
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => return Ok(()),
        () = signals.next() => drop(stop),
        () = reloading => drop(stop),
    }
    tokio::select! {
        () = serving => {}
        () = signals.next() => tracing::warn!("a second signal stopped the host at once"),
    }
    Ok(())
}

/// Prints the address, the capacity and the connectors.
fn announce(host: &Host, is_open: bool) {
    let origin = origin(host);
    say(&format!(
        "weld-host {} listening on {origin}",
        env!("CARGO_PKG_VERSION")
    ));
    if is_open {
        say("  open to everyone on this machine; set WELD_API_KEY to require a key");
    }
    match host.admin_address() {
        Some(AdminAddress::Tcp(address)) => say(&format!("  admin listener on http://{address}")),
        Some(path) => say(&format!("  admin listener on {path}")),
        None => {}
    }
    let Capacity { slots, bound } = host.capacity;
    say(&format!("  {slots} sandboxes at once, bounded by {bound}"));
    if host.reports.is_empty() && host.unfinished() == 0 {
        say("  no connectors: the plugins folder has no .wasm file");
    }
    for report in &host.reports {
        announce_connector(&origin, report);
    }
    if host.unfinished() > 0 {
        say(&format!("  still loading {} more", host.unfinished()));
    }
}

/// The beginning of the server's URLs.
fn origin(host: &Host) -> String {
    format!("{}://{}", host.scheme(), host.server.local_addr())
}

fn announce_connector(origin: &str, LoadReport { name, outcome }: &LoadReport) {
    match outcome {
        Ok(ready) => {
            let how = if ready.cached { " from the cache" } else { "" };
            let took = ready.took.as_millis();
            say(&format!(
                "  {name}  {origin}/{name}  loaded in {took} ms{how}"
            ));
        }
        Err(error) => {
            let reason = crate::report::chain(error);
            // Each problem of a configuration has its own line.
            let shown = reason.replace('\n', "\n    ");
            say(&format!("  {name}  not loaded: {shown}"));
            tracing::warn!(connector = name, reason, "connector not loaded");
        }
    }
}
