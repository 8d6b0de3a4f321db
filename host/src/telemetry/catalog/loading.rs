//! Loading connectors.

use crate::telemetry::metric::Metric;

pub(in crate::telemetry) const ALL: &[Metric] = &[
    CONNECTORS,
    CONNECTOR_UP,
    CONNECTOR_LOADS,
    COMPILE_SECONDS,
    CACHE_LOOKUPS,
    COMPILED_FILES,
];

/// Connectors of the folder; `state` is `ready`, `loading` or `not_loaded`.
pub(crate) const CONNECTORS: Metric = Metric::gauge(
    "weld_host_connectors",
    &["state"],
    "Connectors in the plugins folder, by state.",
);

/// Whether it serves; a connector whose new version failed to load still does.
pub(crate) const CONNECTOR_UP: Metric = Metric::gauge(
    "weld_host_connector_up",
    &["connector"],
    "1 if the connector serves, 0 if it failed to load or is still loading.",
);

/// Loads that ended, the first ones and reloads; `outcome` is `ok` or `failed`.
pub(crate) const CONNECTOR_LOADS: Metric = Metric::counter(
    "weld_host_connector_loads_total",
    &["connector", "outcome"],
    "Loads and reloads of connectors.",
);

/// Components that the cache did not have, with the wait for a compiler.
pub(crate) const COMPILE_SECONDS: Metric = Metric::histogram(
    "weld_host_compile_seconds",
    &[],
    &[0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0],
    "Time to compile components, including the wait for a compiler.",
);

/// `result` is `hit` or `miss`.
pub(crate) const CACHE_LOOKUPS: Metric = Metric::counter(
    "weld_host_code_cache_lookups_total",
    &["result"],
    "Searches for compiled code in the cache.",
);

/// `result` is `used`, `missing` or `refused`.
pub(crate) const COMPILED_FILES: Metric = Metric::counter(
    "weld_host_compiled_files_total",
    &["result"],
    "Openings of compiled files (`--compiled`, `--require-compiled`).",
);
