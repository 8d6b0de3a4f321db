//! Where the traces of a server go.

use std::sync::Arc;

use super::arguments::Resolution;
use super::error::CliError;
use super::origin::SettingOrigin;
use crate::config::{OtlpSetting, OtlpVariables, ServerConfig, TraceConfig};

/// Reads how traces are exported, from `--otlp` and the variables of OpenTelemetry, into the configuration. Returns where
/// the endpoint comes from.
///
/// # Errors
///
/// [`CliError::Otlp`].
pub(super) fn read(
    config: &mut ServerConfig,
    resolution: &Resolution,
) -> Result<SettingOrigin, CliError> {
    let from = resolution.origin("otlp");
    let setting = match (config.otlp.take(), &from) {
        (None, _) => OtlpSetting::Nothing,
        (Some(endpoint), SettingOrigin::File { .. }) => OtlpSetting::File(endpoint),
        (Some(endpoint), _) => OtlpSetting::Given(endpoint),
    };
    let read = TraceConfig::read(setting, &OtlpVariables::new(&|name| std::env::var(name)))?;
    let Some((traces, variable)) = read else {
        return Ok(SettingOrigin::Default);
    };
    config.otlp = Some(traces.endpoint.clone());
    config.traces = Some(Arc::new(traces));
    Ok(variable.map_or(from, |name| SettingOrigin::Variable(name.to_owned())))
}
