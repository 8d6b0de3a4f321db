//! `weld-host config check`: all problems of the settings and of the connectors' configurations.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::author::check::surface;
use crate::cli::arguments::Resolution;
use crate::cli::error::CliError;
use crate::cli::host_settings::HostSettings;
use crate::cli::live::bounds;
use crate::cli::output::say;
use crate::config::{ConfigError, ConnectorConfig, FileSystem, HostFile, ReadLimit, TimedFiles};
use crate::report::chain;

/// Reads the configuration of each connector in the plugins folder, and prints the problems. The settings themselves
/// are valid.
///
/// # Errors
///
/// [`CliError::ConfigCheckFailed`] if there are problems.
pub(super) fn run(
    settings: &HostSettings,
    resolution: &Resolution,
    elsewhere: bool,
) -> Result<(), CliError> {
    let mut problems = 0_usize;
    let mut found = |problem: &str| {
        problems = problems.saturating_add(problem.lines().count());
        say(problem);
    };
    let plugins = &settings.config.plugins;
    let mut read = 0_usize;
    match configurations(plugins) {
        Ok(paths) => {
            for path in paths {
                read = read.saturating_add(1);
                if let Err(error) = check(&path, settings, elsewhere) {
                    found(&chain(&error));
                }
            }
        }
        Err(_) if elsewhere => {}
        Err(error) => found(&format!(
            "could not read the plugins folder {} (`plugins`): {error}",
            plugins.display()
        )),
    }
    for problem in imports(settings) {
        found(&problem);
    }
    if problems > 0 {
        return Err(CliError::ConfigCheckFailed { problems });
    }
    let file = match &resolution.file {
        Some(file) => format!("{} is valid", file.path.display()),
        None => "the settings are valid".to_owned(),
    };
    say(&format!(
        "{file}; {read} configurations of connectors are valid"
    ));
    Ok(())
}

/// The components whose imports the policy doesn't permit, each with its line.
fn imports(settings: &HostSettings) -> Vec<String> {
    let Some(place) = &settings.config.policy.no_wasi_http else {
        return Vec::new();
    };
    let plugins = &settings.config.plugins;
    let all = TimedFiles
        .list(plugins)
        .unwrap_or_else(|_| vec![plugins.clone()]);
    let components = all.iter().filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "wasm")
    });
    let limit = ReadLimit::component(settings.config.ceilings.component_bytes);
    let beyond = components.filter(|path| {
        // One that can't be read is reported when it is loaded.
        let bytes = TimedFiles.read(path, limit);
        bytes.is_ok_and(|bytes| surface(&bytes).0.imports_wasi_http())
    });
    beyond
        .map(|path| {
            format!(
                "{}: imports wasi:http/outgoing-handler, which the operator's policy, {place}, does not permit",
                path.display()
            )
        })
        .collect()
}

/// The `NAME.toml` of each connector of a plugins folder, or that of a single component.
fn configurations(plugins: &Path) -> std::io::Result<BTreeSet<PathBuf>> {
    if !TimedFiles.is_folder(plugins) {
        // Also reports a folder that is missing.
        plugins.metadata()?;
        return Ok(BTreeSet::from([plugins.with_extension("toml")]));
    }
    let all = TimedFiles.list(plugins)?.into_iter();
    let is_other = |path: &Path| {
        let name = path.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(b".") || name == HostFile::NAME
    };
    Ok(all
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .filter(|path| !is_other(path))
        .collect())
}

fn check(path: &Path, settings: &HostSettings, elsewhere: bool) -> Result<(), ConfigError> {
    let read = ConnectorConfig::read_within(path, &bounds(&settings.config), &TimedFiles);
    match read {
        Err(error) if elsewhere => error.of_file_alone().map_or(Ok(()), Err),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}
