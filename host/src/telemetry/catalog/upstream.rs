//! Requests to APIs.

use crate::telemetry::metric::Metric;

pub(in crate::telemetry) const ALL: &[Metric] = &[
    UPSTREAM_CALLS,
    UPSTREAM_SECONDS,
    UPSTREAM_PART_SECONDS,
    UPSTREAM_BYTES,
    UPSTREAM_RETRIES,
    HELD_CALLS,
    OPEN_BREAKERS,
    UPSTREAM_CONNECTIONS,
    TOKEN_REQUESTS,
];

/// Calls to the network that ended. `host` is that of the rule that allowed the call, or `none`; `method` is `other` for
/// unusual ones; `outcome` is a class of statuses such as `2xx`, or the reason for having no status.
pub(crate) const UPSTREAM_CALLS: Metric = Metric::counter(
    "weld_host_upstream_calls_total",
    &["connector", "host", "method", "outcome"],
    "Requests to APIs that ended, each try by itself.",
);

/// From a try's beginning, after any hold, to the end of its body.
pub(crate) const UPSTREAM_SECONDS: Metric = Metric::histogram(
    "weld_host_upstream_seconds",
    &["connector"],
    &[0.1, 1.0, 10.0, 60.0],
    "Time of requests to APIs, to the end of the response.",
);

/// The time to the `first-byte`, to `resolve` the name and to `connect`; the last two only of new connections.
pub(crate) const UPSTREAM_PART_SECONDS: Metric = Metric::histogram(
    "weld_host_upstream_part_seconds",
    &["part"],
    &[0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0],
    "Time of the parts of requests to APIs.",
);

/// Bytes of bodies over the wire; `direction` is `sent` or `received`.
pub(crate) const UPSTREAM_BYTES: Metric = Metric::counter(
    "weld_host_upstream_bytes_total",
    &["connector", "direction"],
    "Bytes of bodies that were exchanged with APIs, as they were on the wire.",
);

/// Calls that are made again; `cause` is a status such as `429`, `other`, or `connection`.
pub(crate) const UPSTREAM_RETRIES: Metric = Metric::counter(
    "weld_host_upstream_retries_total",
    &["connector", "cause"],
    "Retries of requests to APIs.",
);

/// Calls that were held because of a quota or a rate; for how long is in `WAIT_SECONDS`.
pub(crate) const HELD_CALLS: Metric = Metric::counter(
    "weld_host_upstream_held_calls_total",
    &["connector"],
    "Requests to APIs that had to wait for a quota or a rate.",
);

/// Origins to which calls fail at once, now.
pub(crate) const OPEN_BREAKERS: Metric = Metric::gauge(
    "weld_host_upstream_open_breakers",
    &["connector"],
    "APIs that are not called now because they keep failing; left out if there is none.",
);

/// Connections to APIs, in use or kept for the next request.
pub(crate) const UPSTREAM_CONNECTIONS: Metric = Metric::gauge(
    "weld_host_upstream_connections",
    &["connector"],
    "Open connections to APIs, idle ones included.",
);

/// Requests for tokens of `oauth2` and `session` credentials; `outcome` is `ok` or `failed`.
pub(crate) const TOKEN_REQUESTS: Metric = Metric::counter(
    "weld_host_token_requests_total",
    &["connector", "credential", "outcome"],
    "Tokens that were obtained or renewed, or could not be.",
);
