//! The attacks.

use serde_json::{Value, json};
use weld_host_tests::upstream::Upstream;
use weld_host_tests::weld::{Request, Weld};

use super::guests;

/// The attacker's own secret, of which its texts consist.
pub(crate) const SECRET: &str = "hunter2hunter3";

const MIB: usize = 1 << 20;

/// One attack: this many concurrent calls of one connector.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) guest: &'static str,
    /// The connector's configuration, with its limits last; `ORIGIN` is replaced by the API's origin.
    pub(crate) toml: &'static str,
    pub(crate) api: fn() -> Upstream,
    /// The number of concurrent calls.
    pub(crate) calls: usize,
    /// Whether the calls are repeated, or made only once.
    pub(crate) is_repeated: bool,
    pub(crate) request: fn(&Weld, usize, &Upstream) -> Request,
}

/// All attacks.
pub(crate) const CATALOG: &[Attack] = &[
    Attack {
        name: "secrets-in-the-log",
        guest: guests::REPEATS_ITS_SECRET,
        toml: WITH_SECRET,
        api: no_api,
        calls: 2,
        is_repeated: true,
        request: |weld, number, _| page(weld, "log 60", number),
    },
    Attack {
        name: "secrets-in-pages",
        guest: guests::REPEATS_ITS_SECRET,
        toml: WITH_SECRET,
        api: no_api,
        calls: 6,
        is_repeated: true,
        request: |weld, number, _| page(weld, "page 60", number),
    },
    Attack {
        name: "secrets-in-errors",
        guest: guests::REPEATS_ITS_SECRET,
        toml: WITH_SECRET,
        api: no_api,
        calls: 6,
        is_repeated: true,
        request: |weld, number, _| page(weld, "error 60", number),
    },
    Attack {
        name: "unsent-bodies",
        guest: guests::KEEPS_WASI_HTTP,
        toml: "[limits]\nmemory = \"64MiB\"\nlinger = \"0s\"",
        api: no_api,
        calls: 6,
        is_repeated: true,
        request: |weld, number, _| keep(weld, "bodies", 3_300, number),
    },
    Attack {
        name: "fields",
        guest: guests::KEEPS_WASI_HTTP,
        toml: "[limits]\nmemory = \"64MiB\"\nlinger = \"0s\"",
        api: no_api,
        calls: 6,
        is_repeated: true,
        request: |weld, number, _| keep(weld, "appended fields", 9_000, number),
    },
    Attack {
        name: "large-responses",
        guest: guests::FETCHES,
        toml: "[network]\nallow = [\"ORIGIN\"]\n[limits]\nmemory = \"16MiB\"\nlinger = \"0s\"\nbytes = \"1GiB\"",
        api: large_answers,
        calls: 16,
        is_repeated: true,
        request: |weld, number, api| {
            let state = json!({ "url": api.url("/"), "n": number });
            weld.page_request("rows", &state)
        },
    },
    Attack {
        name: "clients-read-nothing",
        guest: guests::RETURNS_HUGE_PAGE,
        toml: "[limits]\nmemory = \"192MiB\"\nlinger = \"0s\"",
        api: no_api,
        calls: 20,
        is_repeated: false,
        request: |weld, number, _| page(weld, "60", number),
    },
    Attack {
        name: "long-table-names",
        guest: guests::ECHOES_STATE,
        toml: "[limits]",
        api: no_api,
        calls: 40,
        is_repeated: true,
        request: |weld, number, _| page(weld, &"n".repeat(6 * MIB), number),
    },
];

const WITH_SECRET: &str =
    "[env]\nTOKEN = { file = \"key\" }\n[limits]\nmemory = \"192MiB\"\nlinger = \"0s\"";

fn page(weld: &Weld, table: &str, number: usize) -> Request {
    let state: Value = json!({ "n": number });
    weld.page_request(table, &state)
}

fn keep(weld: &Weld, way: &str, times: u32, number: usize) -> Request {
    let state = json!({ "way": way, "times": times, "n": number });
    weld.page_request("rows", &state)
}

fn no_api() -> Upstream {
    Upstream::answering("{}")
}

fn large_answers() -> Upstream {
    let body = vec![b'x'; 60 * MIB];
    Upstream::start(move |_, exchange| exchange.answer(200, &[], &body))
}
