//! Calls of connectors: their slots, waits, time and memory.

use crate::telemetry::metric::Metric;

pub(in crate::telemetry) const ALL: &[Metric] = &[
    PAGE_SECONDS,
    SLOTS,
    SLOTS_IN_USE,
    RUNNING_CALLS,
    QUEUED_CALLS,
    QUEUE_LIMIT,
    SANDBOX_WAIT_SECONDS,
    WAITING_CALLS,
    WAIT_SECONDS,
    GUEST_CPU_SECONDS,
    MEMORY_BYTES,
    MEMORY_LIMIT_BYTES,
];

/// From the beginning of a call for a page, with its wait for a sandbox, to its end of any kind.
pub(crate) const PAGE_SECONDS: Metric = Metric::histogram(
    "weld_host_page_seconds",
    &["connector"],
    &[0.005, 0.1, 1.0, 10.0, 60.0, 600.0, 7_200.0],
    "Time that pages took to make, including waits and pages that failed.",
);

/// As many as the machine can hold, or `--slots`.
pub(crate) const SLOTS: Metric = Metric::gauge(
    "weld_host_slots",
    &[],
    "Calls that may have a sandbox at once.",
);

/// Slots that calls hold now.
pub(crate) const SLOTS_IN_USE: Metric = Metric::gauge(
    "weld_host_slots_in_use",
    &[],
    "Calls that have a sandbox now.",
);

/// The same by connector.
pub(crate) const RUNNING_CALLS: Metric = Metric::gauge(
    "weld_host_running_calls",
    &["connector"],
    "Calls of this connector that have a sandbox now.",
);

/// Calls that wait for a slot now.
pub(crate) const QUEUED_CALLS: Metric = Metric::gauge(
    "weld_host_queued_calls",
    &[],
    "Calls that wait for a sandbox now.",
);

/// The setting `--queue`.
pub(crate) const QUEUE_LIMIT: Metric = Metric::gauge(
    "weld_host_queue_limit",
    &[],
    "Calls that may wait for a sandbox (`--queue`).",
);

/// Of each call, also those that found a free slot and those that were refused.
pub(crate) const SANDBOX_WAIT_SECONDS: Metric = Metric::histogram(
    "weld_host_sandbox_wait_seconds",
    &[],
    &[0.001, 0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0],
    "Time that calls waited for a sandbox.",
);

/// Calls that wait now; `reason` as in [`WAIT_SECONDS`].
pub(crate) const WAITING_CALLS: Metric = Metric::gauge(
    "weld_host_waiting_calls",
    &["connector", "reason"],
    "Calls that wait now, by the reason that began first.",
);

/// Every wait inside a call: `sandbox`, `pause`, `response`, `quota`, `other-call`, `connection`, `retry`, `token`.
pub(crate) const WAIT_SECONDS: Metric = Metric::seconds(
    "weld_host_wait_seconds_total",
    &["connector", "reason"],
    "Time that calls waited, by reason.",
);

/// Processor time of calls: the guest's, and the host's on its behalf.
pub(crate) const GUEST_CPU_SECONDS: Metric = Metric::seconds(
    "weld_host_guest_cpu_seconds_total",
    &["connector"],
    "Processor time of calls.",
);

/// The account of all calls.
pub(crate) const MEMORY_BYTES: Metric = Metric::gauge(
    "weld_host_memory_bytes",
    &[],
    "Memory that calls may use or that is held for them.",
);

/// The setting `--total-memory`.
pub(crate) const MEMORY_LIMIT_BYTES: Metric = Metric::gauge(
    "weld_host_memory_limit_bytes",
    &[],
    "The limit of that memory (`--total-memory`).",
);
