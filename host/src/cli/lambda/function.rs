//! The host as a function: loads the connectors, then answers events until Lambda ends the process.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::environment::FunctionEnvironment;
use crate::cli::announcer::Announcer;
use crate::cli::arguments::Resolution;
use crate::cli::compile_manner::CompileManner;
use crate::cli::error::CliError;
use crate::cli::host_settings::{HostSettings, ServeFlags};
use crate::cli::origin::SettingOrigin;
use crate::cli::prepared_host::PreparedHost;
use crate::cli::signals::Signals;
use crate::config::ServerConfig;
use crate::connectors::{Connectors, LoadReport};
use crate::egress::HostMaps;
use crate::lambda::LambdaFunction;
use crate::pages::PageSettings;

/// How long the connectors may take to load before the function asks for its first event: Lambda ends an initialization
/// after 10 seconds. Those that take longer load while the first requests wait.
const LOAD_WITHIN: Duration = Duration::from_secs(8);

/// How long the end may take once Lambda has sent its signal. It kills the process after 500 ms.
const END_WITHIN: Duration = Duration::from_millis(300);

/// The sandboxes of a function, which gets one event at a time. The others are for calls that have not ended yet.
const SLOTS: u32 = 4;

/// Settings for listeners and for tasks between requests, neither of which a function has.
const WITHOUT_EFFECT: [&str; 6] = [
    "listen",
    "admin",
    "tls-cert",
    "tls-key",
    "trusted-proxies",
    "reload",
];

/// Answers events until a signal comes, or the runtime API ends.
pub(in crate::cli) async fn run(
    flags: ServeFlags,
    resolution: &Resolution,
    environment: &FunctionEnvironment,
    announcer: Announcer,
) -> Result<(), CliError> {
    let mut signals = Signals::catch_for_server()?;
    let HostSettings {
        mut config,
        tokens,
        token_folder,
        ..
    } = HostSettings::new(flags, resolution)?;
    adapt(&mut config, resolution, environment);
    let has_own_tokens = resolution.origin("tokens") != SettingOrigin::Default;
    // Without HOME there is no default folder, and otherwise it can't be written.
    let tokens = tokens.filter(|_| has_own_tokens);
    let tokens_last = has_own_tokens
        && token_folder.is_some_and(|folder| !FunctionEnvironment::is_temporary(&folder));
    let page_settings = PageSettings {
        background: false,
        holds: false,
    };
    let manner = CompileManner::background();
    let prepared = PreparedHost::prepare(
        &config,
        (tokens, HostMaps::default()),
        manner,
        page_settings,
    )
    .await?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        slots = prepared.capacity.slots,
        has_keys = !config.api_keys.is_empty(),
        "the function starts"
    );
    let on_loaded = |report: LoadReport| announcer.connector("", &report);
    prepared.reports.into_iter().for_each(on_loaded);
    let mut loader = prepared.loader;
    if timeout(LOAD_WITHIN, loader.finish(on_loaded))
        .await
        .is_err()
    {
        tracing::warn!(
            unfinished = loader.unfinished(),
            "connectors are still loading; their first requests wait. Put compiled code into the package, so that no \
             execution environment has to compile"
        );
    }
    if !tokens_last {
        warn_of_refresh_tokens(&prepared.connectors);
    }
    let function = LambdaFunction::new(
        prepared.connectors,
        prepared.pages,
        prepared.settings,
        prepared.upstreams.clone(),
        prepared.traces,
    );
    tokio::select! {
        ended = function.run() => Ok(ended?),
        () = loader.run(None, on_loaded) => Ok(()),
        () = prepared.trimmer.run() => Ok(()),
        signal = signals.stop() => {
            tracing::info!(signal = signal.name(), "the execution environment ends");
            let ended = prepared.upstreams.token_requests_ended();
            if timeout(END_WITHIN, ended).await.is_err() {
                tracing::warn!("cut off a request for a token, whose answer is lost");
            }
            Ok(())
        }
    }
}

/// Changes the settings that mean something else in a function.
fn adapt(config: &mut ServerConfig, resolution: &Resolution, environment: &FunctionEnvironment) {
    for setting in WITHOUT_EFFECT {
        let origin = resolution.origin(setting);
        if origin != SettingOrigin::Default {
            tracing::warn!(setting, %origin, "this setting has no effect in a function");
        }
    }
    if config.api_keys.is_empty() {
        tracing::warn!(
            "the function has no key, so it refuses requests for connectors without an `api-key` of their own; set WELD_API_KEY"
        );
    }
    let is_of_file = |setting| matches!(resolution.origin(setting), SettingOrigin::File { .. });
    // `lambda package` puts the files of these folders into `plugins`, whatever the folders are called.
    if is_of_file("plugins") && !config.plugins.exists() {
        warn_of_folder("plugins", resolution, Path::new(ServerConfig::PLUGINS));
        config.plugins = ServerConfig::PLUGINS.into();
    }
    if is_of_file("compiled")
        && config
            .compiled
            .as_ref()
            .is_some_and(|folder| !folder.exists())
    {
        warn_of_folder("compiled", resolution, &config.plugins);
        config.compiled = None;
    }
    // Compiled files in the package count without a setting; one that is missing or doesn't fit is compiled.
    if config.compiled.is_none() && config.plugins.is_dir() {
        config.compiled = Some(config.plugins.clone());
    }
    config.background = false;
    config.reload = None;
    config.unmap_after = None;
    config.slots = config.slots.or(Some(SLOTS));
    let half = environment.memory_bytes / 2;
    config.total_memory_bytes = config.total_memory_bytes.or(Some(half));
    if resolution.origin("cache") == SettingOrigin::Default {
        config.cache = Some(FunctionEnvironment::temporary_folder().join("weld-host"));
    }
}

fn warn_of_folder(setting: &str, resolution: &Resolution, instead: &Path) {
    let origin = resolution.origin(setting);
    tracing::warn!(
        setting,
        %origin,
        "the function has no such folder, so it uses `{}`, where the package has the connectors",
        instead.display()
    );
}

/// Warns of credentials whose refresh token the API may replace: the next execution environment begins with the configured
/// one again.
fn warn_of_refresh_tokens(connectors: &Arc<Connectors>) {
    for overview in connectors.overview() {
        if overview
            .connector
            .is_some_and(|connector| connector.has_refresh_token())
        {
            tracing::warn!(
                connector = overview.name,
                "a credential is renewed with a refresh token, but a function has no store that lasts: if the API replaces \
                 refresh tokens, the next execution environment can't log in. Name a folder on a file system that all \
                 environments share, such as EFS, with WELD_TOKENS, or run this connector elsewhere"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn compiled_files_are_those_of_the_package_unless_a_setting_names_others() {
        let package = tempfile::tempdir().unwrap();
        let compiled = |plugins: PathBuf, set: Option<PathBuf>| {
            let mut config = ServerConfig {
                plugins,
                compiled: set,
                ..ServerConfig::default()
            };
            let environment = FunctionEnvironment {
                memory_bytes: 1 << 30,
            };
            adapt(&mut config, &Resolution::default(), &environment);
            config.compiled
        };
        let plugins = package.path().to_owned();
        let other = Some(package.path().join("other"));
        assert_eq!(compiled(plugins.clone(), None), Some(plugins.clone()));
        assert_eq!(compiled(plugins.clone(), other.clone()), other);
        assert_eq!(compiled(plugins.join("beers.wasm"), None), None);
    }
}
