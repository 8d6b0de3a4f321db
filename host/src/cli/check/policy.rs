//! What the policy of a server doesn't permit.

use std::path::Path;

use crate::author::check::{Finding, FindingCode, Surface};
use crate::cli::error::CliError;
use crate::cli::flag_table::FlagTable;
use crate::cli::live::bounds;
use crate::config::{
    ConnectorConfig, HostFile, OperatorBounds, SETTINGS, ServerConfig, TimedFiles,
};

/// The bounds of the server with this `weld-host.toml`, apart from its flags and environment.
///
/// # Errors
///
/// [`CliError::Config`]: the file can't be read or is invalid.
pub(super) fn read(file: &Path, flags: &FlagTable) -> Result<OperatorBounds, CliError> {
    let file = HostFile::read(file, &flags.keys(), &|key, text| flags.check(key, text))?;
    let mut config = ServerConfig {
        policy: file.policy.clone(),
        ..ServerConfig::default()
    };
    // A switch bounds nothing.
    let settings = SETTINGS
        .iter()
        .filter(|setting| setting.value_name().is_some());
    for setting in settings {
        for text in file
            .value(setting.key)
            .into_iter()
            .flat_map(|value| &value.texts)
        {
            // The text has been checked.
            let _ = setting.set(&mut config, text);
        }
    }
    Ok(bounds(&config))
}

/// What the bounds don't permit of the component at `file`, whose interface is `surface`.
pub(super) fn findings(file: &Path, surface: &Surface, bounds: &OperatorBounds) -> Vec<Finding> {
    let configuration = file.with_extension("toml");
    let read = ConnectorConfig::read_within(&configuration, bounds, &TimedFiles);
    let beyond = read
        .err()
        .map_or_else(Vec::new, |error| error.beyond_policy());
    let import = bounds
        .policy
        .no_wasi_http
        .as_ref()
        .filter(|_| surface.imports_wasi_http());
    let import = import.map(|place| {
        format!("the component imports wasi:http/outgoing-handler, which {place} does not permit")
    });
    let messages = beyond.into_iter().chain(import);
    messages
        .map(|message| Finding::new(FindingCode::BeyondPolicy, message))
        .collect()
}
