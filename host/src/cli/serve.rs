//! `weld-host serve`: serves the connectors of a folder.

use std::env::VarError;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;

use super::admin_key::AdminKeyFlags;
use super::error::CliError;
use super::folders::{CacheFlag, PluginsFlag};
use super::host::{Host, stop_requested};
use super::logging::LogHandle;
use super::output::say;
use super::settings::SettingFlags;
use super::signals::Signals;
use super::tokens::{TokenFlags, key_file};
use crate::config::{AdminAddress, Secret, ServerConfig, headings};
use crate::connectors::LoadReport;
use crate::egress::HostMaps;
use crate::sandbox::Capacity;
use crate::tokens::Store;

#[derive(Debug, Args)]
pub(super) struct ServeFlags {
    #[command(flatten)]
    plugins: PluginsFlag,
    #[command(flatten)]
    cache: CacheFlag,
    /// A file with the key that clients must send, instead of WELD_API_KEY
    #[arg(long, value_name = "FILE", env = "WELD_API_KEY_FILE", help_heading = headings::KEYS)]
    api_key_file: Option<PathBuf>,
    #[command(flatten)]
    admin_key: AdminKeyFlags,
    #[command(flatten)]
    tokens: TokenFlags,
    #[command(flatten)]
    settings: SettingFlags,
}

/// Serves until a signal comes. A second signal ends the process without waiting for running requests.
/// `log` is the log of this process, if it has one whose level can change.
pub(super) async fn run(flags: ServeFlags, log: Option<LogHandle>) -> Result<(), CliError> {
    let mut signals = Signals::catch()?;
    let (config, tokens) = resolve(flags)?;
    let is_open = config.api_keys.is_empty();
    let mut host = tokio::select! {
        host = Host::start(config, tokens, HostMaps::default()) => host?,
        () = signals.next() => return Ok(()),
    };
    host.log = log;
    announce(&host, is_open);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let address = host.server.local_addr();
    let on_loaded = |report: LoadReport| announce_connector(address, &report);
    let serving = host.run(stop_requested(stopped), on_loaded);
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => return Ok(()),
        () = signals.next() => drop(stop),
    }
    tokio::select! {
        () = serving => {}
        () = signals.next() => tracing::warn!("a second signal stopped the host at once"),
    }
    Ok(())
}

fn resolve(flags: ServeFlags) -> Result<(ServerConfig, Option<Store>), CliError> {
    let mut config = *flags.settings.config;
    if !flags.settings.has_listen {
        config.listen = default_address(std::env::var("PORT").ok())?;
    }
    config.plugins = flags.plugins.plugins;
    config.cache = flags.cache.folder();
    config.api_keys = api_keys(flags.api_key_file.as_deref())?;
    config.admin_keys = flags.admin_key.key()?.into_iter().collect();
    Ok((config, flags.tokens.store()?))
}

/// The address to listen on. Platforms such as Cloud Run set `PORT`; it means every address.
fn default_address(port: Option<String>) -> Result<SocketAddr, CliError> {
    match port {
        None => Ok(ServerConfig::default().listen),
        Some(port) => match port.parse::<u16>() {
            Ok(number) => Ok((Ipv4Addr::UNSPECIFIED, number).into()),
            Err(_) => Err(CliError::Port(port)),
        },
    }
}

/// The host's keys: the file's, or else the environment's. An empty `WELD_API_KEY` is an invalid key rather than none,
/// since a deployment that forgets to set the secret must not open the host.
fn api_keys(file: Option<&Path>) -> Result<Vec<Secret>, CliError> {
    if let Some(path) = file {
        let key = key_file(path)?;
        return Ok(vec![Secret::new(key.trim_end_matches(['\r', '\n']))]);
    }
    Ok(environment_key()?.into_iter().collect())
}

/// The key in `WELD_API_KEY`; `None` if it is not set. A key that is not UTF-8 is an error.
pub(super) fn environment_key() -> Result<Option<Secret>, CliError> {
    match std::env::var("WELD_API_KEY") {
        Ok(key) => Ok(Some(Secret::new(key))),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(CliError::KeyNotText),
    }
}

/// Prints the address, the capacity and the connectors.
fn announce(host: &Host, is_open: bool) {
    let address = host.server.local_addr();
    say(&format!(
        "weld-host {} listening on http://{address}",
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
        announce_connector(address, report);
    }
    if host.unfinished() > 0 {
        say(&format!("  still loading {} more", host.unfinished()));
    }
}

fn announce_connector(address: SocketAddr, LoadReport { name, outcome }: &LoadReport) {
    match outcome {
        Ok(ready) => {
            let how = if ready.cached { " from the cache" } else { "" };
            let took = ready.took.as_millis();
            say(&format!(
                "  {name}  http://{address}/{name}  loaded in {took} ms{how}"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_variable_means_every_address() {
        for (port, expected) in [
            (None, Some("127.0.0.1:8080")),
            (Some("9000"), Some("0.0.0.0:9000")),
            (Some("65536"), None),
            (Some("http"), None),
            (Some(""), None),
        ] {
            let address = default_address(port.map(str::to_owned)).ok();
            assert_eq!(
                address,
                expected.map(|text| text.parse().unwrap()),
                "{port:?}"
            );
        }
    }
}
