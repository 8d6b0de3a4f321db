//! The variables of OpenTelemetry that the host honors.

use std::env::VarError;

use super::error::OtlpError;
use crate::report;

/// How many bytes of an invalid value a message shows.
const SHOWN_BYTES: usize = 100;

pub(super) const DISABLED: &str = "OTEL_SDK_DISABLED";
pub(super) const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
pub(super) const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
pub(super) const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
pub(super) const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
pub(super) const TRACES_PROTOCOL: &str = "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL";
pub(super) const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
pub(super) const TRACES_HEADERS: &str = "OTEL_EXPORTER_OTLP_TRACES_HEADERS";
pub(super) const TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TIMEOUT";
pub(super) const TRACES_TIMEOUT: &str = "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT";
pub(super) const COMPRESSION: &str = "OTEL_EXPORTER_OTLP_COMPRESSION";
pub(super) const TRACES_COMPRESSION: &str = "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION";
pub(super) const ROOTS: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
pub(super) const TRACES_ROOTS: &str = "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE";
pub(super) const CHAIN: &str = "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE";
pub(super) const TRACES_CHAIN: &str = "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE";
pub(super) const KEY: &str = "OTEL_EXPORTER_OTLP_CLIENT_KEY";
pub(super) const TRACES_KEY: &str = "OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY";
pub(super) const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
pub(super) const RESOURCE: &str = "OTEL_RESOURCE_ATTRIBUTES";
pub(super) const PROPAGATORS: &str = "OTEL_PROPAGATORS";
pub(super) const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
pub(super) const SAMPLER_ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
pub(super) const DELAY: &str = "OTEL_BSP_SCHEDULE_DELAY";
pub(super) const PATIENCE: &str = "OTEL_BSP_EXPORT_TIMEOUT";
pub(super) const QUEUE: &str = "OTEL_BSP_MAX_QUEUE_SIZE";
pub(super) const BATCH: &str = "OTEL_BSP_MAX_EXPORT_BATCH_SIZE";

/// All of them. Where there are two for the same thing, the one for traces alone counts first.
pub static OTLP_VARIABLES: [&str; 27] = [
    DISABLED,
    EXPORTER,
    ENDPOINT,
    TRACES_ENDPOINT,
    PROTOCOL,
    TRACES_PROTOCOL,
    HEADERS,
    TRACES_HEADERS,
    TIMEOUT,
    TRACES_TIMEOUT,
    COMPRESSION,
    TRACES_COMPRESSION,
    ROOTS,
    TRACES_ROOTS,
    CHAIN,
    TRACES_CHAIN,
    KEY,
    TRACES_KEY,
    SERVICE_NAME,
    RESOURCE,
    PROPAGATORS,
    SAMPLER,
    SAMPLER_ARGUMENT,
    DELAY,
    PATIENCE,
    QUEUE,
    BATCH,
];

/// The environment, as far as OpenTelemetry has names in it.
#[derive(Clone, Copy)]
pub struct OtlpVariables<'v> {
    read: &'v dyn Fn(&str) -> Result<String, VarError>,
}

impl<'v> OtlpVariables<'v> {
    /// Reads each variable by this function.
    pub fn new(read: &'v dyn Fn(&str) -> Result<String, VarError>) -> Self {
        Self { read }
    }

    /// The value of a variable; `None` if it is not set, or empty.
    pub(super) fn text(&self, variable: &'static str) -> Result<Option<String>, OtlpError> {
        match (self.read)(variable) {
            Ok(text) => {
                let text = text.trim();
                Ok((!text.is_empty()).then(|| text.to_owned()))
            }
            Err(VarError::NotPresent) => Ok(None),
            Err(VarError::NotUnicode(_)) => Err(OtlpError::NotText(variable)),
        }
    }

    /// The value of the first of two variables that is set, with its name.
    pub(super) fn first(
        &self,
        variables: [&'static str; 2],
    ) -> Result<Option<(&'static str, String)>, OtlpError> {
        for variable in variables {
            if let Some(text) = self.text(variable)? {
                return Ok(Some((variable, text)));
            }
        }
        Ok(None)
    }

    /// A switch, off by default.
    pub(super) fn switch(&self, variable: &'static str) -> Result<bool, OtlpError> {
        match self.text(variable)? {
            None => Ok(false),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(text) => Err(wrong(variable, &text, "write true or false")),
        }
    }
}

/// The error for an invalid value, which is shown.
pub(super) fn wrong(variable: &'static str, value: &str, expected: impl Into<String>) -> OtlpError {
    OtlpError::Value {
        variable,
        value: report::escaped(&report::shortened(value, SHOWN_BYTES)),
        expected: expected.into(),
    }
}
