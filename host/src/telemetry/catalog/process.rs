//! The process, its build, and the metrics themselves. They are read when Prometheus asks.

use crate::telemetry::metric::Metric;

pub(in crate::telemetry) const ALL: &[Metric] = &[
    BUILD,
    SERIES,
    REFUSED_SERIES,
    START_TIME,
    CPU_SECONDS,
    RESIDENT_BYTES,
    VIRTUAL_BYTES,
    OPEN_FILES,
    MAX_FILES,
    THREADS,
];

/// Always 1.
pub(crate) const BUILD: Metric = Metric::gauge(
    "weld_host_build_info",
    &["version"],
    "The version of the host.",
);

/// Series that are kept between scrapes.
pub(crate) const SERIES: Metric =
    Metric::gauge("weld_host_metrics_series", &[], "Series that are kept.");

/// Attempts to report a value of one series too many.
pub(crate) const REFUSED_SERIES: Metric = Metric::counter(
    "weld_host_metrics_refused_total",
    &[],
    "Values that were lost because there are too many series.",
);

/// Since the epoch of Unix.
pub(crate) const START_TIME: Metric = Metric::gauge(
    "process_start_time_seconds",
    &[],
    "When the process began, in seconds since 1970.",
);

/// In user mode and in the system.
pub(crate) const CPU_SECONDS: Metric = Metric::seconds(
    "process_cpu_seconds_total",
    &[],
    "Processor time of the process, without its compilers.",
);

/// `VmRSS`.
pub(crate) const RESIDENT_BYTES: Metric = Metric::gauge(
    "process_resident_memory_bytes",
    &[],
    "Memory of the process that is in RAM.",
);

/// `VmSize`.
pub(crate) const VIRTUAL_BYTES: Metric = Metric::gauge(
    "process_virtual_memory_bytes",
    &[],
    "Address space of the process, most of it reserved for sandboxes and not used.",
);

/// Including sockets.
pub(crate) const OPEN_FILES: Metric = Metric::gauge(
    "process_open_fds",
    &[],
    "Files and connections that the process has open.",
);

/// The soft limit.
pub(crate) const MAX_FILES: Metric = Metric::gauge(
    "process_max_fds",
    &[],
    "Files and connections that the process may open.",
);

/// Threads of the process.
pub(crate) const THREADS: Metric = Metric::gauge("process_threads", &[], "Threads of the process.");
