//! Where and how traces are exported: `--otlp`, and the standard variables of OpenTelemetry.
//!
//! The variables are those of the [specification](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)
//! and of the [exporter](https://opentelemetry.io/docs/specs/otel/protocol/exporter/). An empty one counts as not set.
//! A variable with an invalid value is an error here, since a trace that is silently missing is noticed too late.

mod batch;
mod endpoint;
mod error;
mod headers;
mod sampler;
#[cfg(test)]
mod tests;
mod trace_config;
mod variables;

pub use batch::BatchBounds;
pub use endpoint::OtlpEndpoint;
pub use error::OtlpError;
pub use sampler::{RootRule, SamplerRule};
pub use trace_config::{OtlpSetting, TraceConfig};
pub use variables::{OTLP_VARIABLES, OtlpVariables};
