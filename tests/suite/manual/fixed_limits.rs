//! The table of limits: the numbers that no setting changes are those of the code, and its keys and flags exist.

use super::{cells, page, quoted, repository};
use std::collections::BTreeSet;
use std::fs;

const PAGE: &str = "docs/limits-and-errors.md";

/// What a row begins with, a number that it names, the file that sets the number, and the code that does.
const NUMBERS: [(&str, &str, &str, &str); 55] = [
    (
        "its [compiled file]",
        "up to 2 GiB",
        "sandbox/compiled/file.rs",
        "MAX_BYTES: u64 = 2 << 30",
    ),
    (
        "the [admin",
        "64 connections",
        "admin/mod.rs",
        "MAX_CONNECTIONS: usize = 64",
    ),
    (
        "the [admin",
        "16 KiB for a request's line",
        "admin/mod.rs",
        "MAX_HEAD_BYTES: usize = 16 << 10",
    ),
    (
        "the [admin",
        "10 s to send each",
        "admin/mod.rs",
        "HEADERS_TIMEOUT: Duration = Duration::from_secs(10)",
    ),
    (
        "the [admin",
        "1 KiB for its body",
        "admin/routes.rs",
        "MAX_BODY_BYTES: usize = 1 << 10",
    ),
    (
        "the [admin",
        "10 s in which a client reads nothing",
        "admin/stalled_stream.rs",
        "WRITE_TIMEOUT: Duration = Duration::from_secs(10)",
    ),
    (
        "the [admin",
        "16 requests to reload",
        "connectors/reload_request.rs",
        "MAX_REQUESTS: usize = 16",
    ),
    (
        "the [admin",
        "10 min for one",
        "connectors/reload_request.rs",
        "MAX_WAIT: Duration = Duration::from_secs(10 * 60)",
    ),
    (
        "`NAME.toml`",
        "up to 1 MiB",
        "config/reading/limit.rs",
        "CONFIGURATION: Self = Self::new(1 << 20",
    ),
    (
        "`NAME.toml`",
        "4 MiB for certificates",
        "config/reading/limit.rs",
        "PEM: Self = Self::new(4 << 20",
    ),
    (
        "`NAME.toml`",
        "64 KiB for `--api-key-file`",
        "config/reading/limit.rs",
        "KEY: Self = Self::new(64 << 10",
    ),
    (
        "`NAME.toml`",
        "10 s to read",
        "config/reading/limit.rs",
        "Duration::from_secs(10)",
    ),
    (
        "`NAME.toml`",
        "100 keys",
        "config/key_file.rs",
        "MAX_KEYS: usize = 100",
    ),
    (
        "wrong keys of one client",
        "20 at once, and one more every 6 s",
        "attempts/mod.rs",
        "AttemptPace::new(20, Duration::from_secs(6))",
    ),
    (
        "its first instance",
        "5 s",
        "connectors/trial.rs",
        "Duration::from_secs(5)",
    ),
    (
        "its modules",
        "16 instances",
        "sandbox/engine.rs",
        "CORE_INSTANCES_PER_SLOT: u32 = 16",
    ),
    (
        "its modules",
        "2 memories",
        "sandbox/engine.rs",
        "MEMORIES_PER_SLOT: u32 = 2",
    ),
    (
        "its modules",
        "4 tables",
        "sandbox/engine.rs",
        "TABLES_PER_SLOT: u32 = 4",
    ),
    (
        "bytes that a client sends",
        "10 s",
        "server/drain.rs",
        "TIME: Duration = Duration::from_secs(10)",
    ),
    (
        "bytes that a client sends",
        "5 s without",
        "server/drain.rs",
        "IDLE_TIME: Duration = Duration::from_secs(5)",
    ),
    (
        "bytes that a client sends",
        "16 MiB",
        "server/drain.rs",
        "u64 = 16 << 20",
    ),
    (
        "TLS handshake",
        "10 s",
        "server/tls.rs",
        "HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10)",
    ),
    (
        "requests of HTTP/2 at once",
        "100",
        "server/http2/mod.rs",
        "MAX_STREAMS: u32 = 100",
    ),
    (
        "requests of HTTP/2 that their client resets",
        "100",
        "server/http2/streams.rs",
        "FREE_RESETS: u64 = 100",
    ),
    (
        "connections of HTTP/2",
        "60 s",
        "server/http2/streams.rs",
        "IDLE_TIMEOUT: Duration = Duration::from_secs(60)",
    ),
    (
        "connections of HTTP/2",
        "every 30 s",
        "server/http2/mod.rs",
        "PING_EVERY: Duration = Duration::from_secs(30)",
    ),
    (
        "connections of HTTP/2",
        "20 s to answer",
        "server/http2/mod.rs",
        "PONG_WITHIN: Duration = Duration::from_secs(20)",
    ),
    (
        "request line",
        "64 KiB",
        "server/head.rs",
        "MAX_HEAD_BYTES: usize = 64 << 10",
    ),
    (
        "request line",
        "1,000 headers",
        "server/head.rs",
        "MAX_HEADERS: usize = 1_000",
    ),
    (
        "request line",
        "10 s",
        "server/head.rs",
        "HEADERS_TIMEOUT: Duration = Duration::from_secs(10)",
    ),
    (
        "request headers that are",
        "a sixteenth",
        "server/head.rs",
        "SHARE: u64 = 16",
    ),
    (
        "request headers that are",
        "1,024 requests",
        "server/head.rs",
        "usize = 1024",
    ),
    (
        "request headers that are",
        "8 KiB",
        "server/head.rs",
        "u64 = 8 << 10",
    ),
    (
        "connections without a request with a right key while",
        "1 s",
        "server/idle.rs",
        "LEAST_TIME: Duration = Duration::from_secs(1)",
    ),
    (
        "what a client has begun to send when the host stops",
        "2 s",
        "server/departure.rs",
        "LAST_BEGUN: Duration = Duration::from_secs(2)",
    ),
    (
        "requests with a key for a connector whose keys are not read yet",
        "64 wait at once",
        "server/unjudged_waits.rs",
        "MOST: usize = 64",
    ),
    (
        "requests with a key for a connector whose keys are not read yet",
        "55 s",
        "connectors/registry.rs",
        "LOADING_WAIT: Duration = Duration::from_secs(55)",
    ),
    (
        "elements of one table",
        "20,000",
        "sandbox/engine.rs",
        "TABLE_ELEMENTS: usize = 20_000",
    ),
    (
        "WASI resources",
        "4,000, ",
        "sandbox/store.rs",
        "MAX_RESOURCES: usize = 4_000",
    ),
    (
        "WASI resources",
        "20,000",
        "sandbox/store.rs",
        "MAX_HANDLES: usize = 20_000",
    ),
    (
        "unfinished bodies",
        "256,",
        "imports/wasi_http/held.rs",
        "MAX_BODIES: usize = 256",
    ),
    (
        "unfinished bodies",
        "64 KiB",
        "imports/wasi_http/held.rs",
        "CHUNK_BYTES: usize = 64 << 10",
    ),
    (
        "`fields`",
        "64 KiB",
        "imports/wasi_http/held.rs",
        "MAX_FIELDS_BYTES: usize = 64 << 10",
    ),
    (
        "`fields`",
        "1 KiB each",
        "imports/wasi_http/held.rs",
        "MAX_TEXT_BYTES: usize = 1024",
    ),
    (
        "random bytes",
        "256 KiB",
        "sandbox/store.rs",
        "MAX_RANDOM_BYTES: u64 = 256 << 10",
    ),
    (
        "call stack",
        "8 MiB",
        "sandbox/engine.rs",
        "WASM_STACK_BYTES: usize = 8 << 20",
    ),
    (
        "call stack",
        "2 MiB more",
        "sandbox/engine.rs",
        "FIBER_STACK_BYTES: usize = 10 << 20",
    ),
    (
        "head of an API",
        "256 KiB, 2,048 headers, names of 1 KiB",
        "egress/heads/fault.rs",
        "usize = 2048",
    ),
    (
        "nested content",
        "4",
        "egress/codings.rs",
        "MAX_CODINGS: usize = 4",
    ),
    (
        "window of a response",
        "8 MiB",
        "egress/decoders.rs",
        "ZSTD_WINDOW_LOG: u32 = 23",
    ),
    ("pages kept", "4,096", "pages/make.rs", "outcomes: 4_096"),
    ("pages kept", "256 MiB", "pages/make.rs", "bytes: 256 << 20"),
    (
        "message of a connector",
        "4 KiB",
        "guest_error.rs",
        "MAX_MESSAGE_BYTES: usize = 4 << 10",
    ),
    (
        "log of one call",
        "256 KiB",
        "config/limits/mod.rs",
        "MAX_LOG_BYTES: u64 = 256 << 10",
    ),
    (
        "log lines that wait",
        "4 MiB, 20,000",
        "cli/output/line_queue.rs",
        "usize = 4 << 20",
    ),
];

/// Rows with a fixed limit that [`NUMBERS`] leaves out: the protocol's own, which its crate exports.
const ELSEWHERE: [&str; 1] = ["name of a table"];

/// The cells "limit" and "set by" of each row.
fn limits() -> Vec<(String, String)> {
    let text = page(PAGE);
    let rows = super::rows(&text, "| limit | set by |").map(cells);
    rows.map(|cells| (cells[1].to_owned(), cells[2].to_owned()))
        .collect()
}

#[test]
fn fixed_limits_of_the_table_are_those_of_the_code() {
    let rows = limits();
    for (begin, number, file, code) in NUMBERS {
        let row = rows.iter().find(|(limit, _)| limit.starts_with(begin));
        let (_, set_by) =
            row.unwrap_or_else(|| panic!("{PAGE} has no row that begins with {begin}"));
        assert!(
            set_by.contains(number),
            "the row {begin} of {PAGE} doesn't say {number:?}: {set_by}"
        );
        let source = fs::read_to_string(repository().join("host/src").join(file)).expect(file);
        assert!(
            source.contains(code),
            "host/src/{file} has no {code:?}: bring the row {begin} of {PAGE}, and this list, up to date"
        );
    }
    for (limit, _) in rows.iter().filter(|(_, set_by)| set_by.contains("fixed")) {
        let is_known = NUMBERS.iter().any(|(begin, ..)| limit.starts_with(begin));
        let is_elsewhere = ELSEWHERE.iter().any(|begin| limit.starts_with(begin));
        assert!(
            is_known || is_elsewhere,
            "add the code of the fixed limit {limit:?} to this list"
        );
    }
    assert_eq!(weld_protocol::MAX_NAME_BYTES, 1 << 10);
}

#[test]
fn settings_of_the_table_exist() {
    let configuration = page("docs/configuration.md");
    let operating = page("docs/operating/configuration.md");
    let mut seen = BTreeSet::new();
    for (limit, set_by) in limits() {
        for name in quoted(&set_by) {
            let is_known = match name.strip_prefix("--") {
                Some(_) => operating.contains(&format!("| `{name}")),
                None => configuration.contains(&format!("`{name}`")),
            };
            assert!(is_known, "{limit}: nothing is called {name}");
            seen.insert(name.to_owned());
        }
    }
    assert!(seen.len() > 30, "{seen:?}");
}
