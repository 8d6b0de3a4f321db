//! The requests of Weld and their answers.

use crate::telemetry::metric::Metric;

pub(in crate::telemetry) const ALL: &[Metric] = &[
    REQUESTS,
    REQUEST_SECONDS,
    ROWS,
    ANSWER_BYTES,
    JOINED_REQUESTS,
    KEPT_PAGES,
    KEPT_BYTES,
    CERTIFICATE_EXPIRY,
    HANDSHAKE_FAILURES,
    CLIENT_CONNECTIONS,
];

/// Requests that ended. `connector` is `none` if there is no such connector; `what` is `page`, `schema`, or `nothing`
/// for a path that does not exist; `outcome` is `ready`, `waiting` or `running` for pending answers, an error's kind, or
/// `client_gone`.
pub(crate) const REQUESTS: Metric = Metric::counter(
    "weld_host_requests_total",
    &["connector", "what", "outcome"],
    "Requests that ended, by what they were for and how they ended.",
);

/// From a request's first byte to its answer's.
pub(crate) const REQUEST_SECONDS: Metric = Metric::histogram(
    "weld_host_request_seconds",
    &["what"],
    &[0.005, 0.025, 0.1, 0.25, 1.0, 5.0, 15.0, 30.0, 60.0],
    "Time from the beginning of a request to the beginning of its answer.",
);

/// Rows in answers.
pub(crate) const ROWS: Metric = Metric::counter(
    "weld_host_rows_total",
    &["connector", "table"],
    "Rows in answers.",
);

/// Bytes of answers that are pages or schemas, before compression.
pub(crate) const ANSWER_BYTES: Metric = Metric::counter(
    "weld_host_answer_bytes_total",
    &["connector"],
    "Bytes of pages and schemas in answers.",
);

/// Requests that waited for a call that another request began.
pub(crate) const JOINED_REQUESTS: Metric = Metric::counter(
    "weld_host_joined_requests_total",
    &[],
    "Requests that joined the call of another request.",
);

/// Pages and schemas whose client has not received them yet.
pub(crate) const KEPT_PAGES: Metric = Metric::gauge(
    "weld_host_kept_pages",
    &[],
    "Finished pages and schemas that are kept until a client has received them.",
);

/// Their size.
pub(crate) const KEPT_BYTES: Metric = Metric::gauge(
    "weld_host_kept_page_bytes",
    &[],
    "Bytes of finished pages and schemas that are kept.",
);

/// Of the certificate that new connections get.
pub(crate) const CERTIFICATE_EXPIRY: Metric = Metric::gauge(
    "weld_host_tls_certificate_expiry_timestamp_seconds",
    &[],
    "When the server's TLS certificate expires, in seconds since 1970.",
);

/// `reason` is `plain` for a client that doesn't speak TLS, `timeout`, or `refused`.
pub(crate) const HANDSHAKE_FAILURES: Metric = Metric::counter(
    "weld_host_tls_handshake_failures_total",
    &["reason"],
    "TLS handshakes of clients that failed, by reason.",
);

/// `protocol` is `http1`, `http2`, or `handshake` until the TLS handshake of a connection is complete.
pub(crate) const CLIENT_CONNECTIONS: Metric = Metric::gauge(
    "weld_host_client_connections",
    &["protocol"],
    "Open connections of clients to the public port.",
);
