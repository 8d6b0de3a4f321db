//! What a call makes the host keep is charged to the call: the call fails, the host stays small, and neighbors are
//! served.

use crate::{assert_error, guests, host};
use serde_json::json;
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

const MIB: u64 = 1 << 20;

/// How much memory the host may take in addition to what it charges.
const MORE_BYTES: u64 = 64 * MIB;

/// A host in which the connector `keeps` may have 16 MiB and all calls together 256 MiB, with `echo` as its neighbor.
fn host_that_keeps(more: &str) -> Host {
    host()
        .plugin("keeps", guests::KEEPS_WASI_HTTP)
        .plugin("echo", guests::ECHOES_STATE)
        .config("keeps", &format!("[limits]\nmemory = \"16MiB\"\n{more}"))
        .flag("--total-memory", "256MiB")
        .start()
}

fn assert_serves_on(host: &Host) {
    let answer = host.weld("echo").page("rows", &json!({}));
    assert_eq!(answer.status(), 200, "a neighbor is served");
}

#[test]
fn bytes_kept_by_wasi_http_are_charged_to_the_call() {
    let host = host_that_keeps("");
    assert_serves_on(&host);
    let before = host.peak_memory();
    let mut kept = Vec::new();
    for way in [
        "bodies",
        "bodies of responses",
        "given fields",
        "appended fields",
        "set fields",
        "copied fields",
        "paths",
    ] {
        let state = json!({ "way": way, "times": 2_000 });
        let answer = host.weld("keeps").page("rows", &state);
        let text = answer.text();
        let is_refused = answer.status() == 500
            && text.contains("\"out_of_memory\"")
            && text.contains("`limits.memory`");
        if !is_refused {
            kept.push(format!("{way}: {text}"));
        }
        assert_serves_on(&host);
    }
    assert!(kept.is_empty(), "{kept:?}");
    let after = host.peak_memory();
    assert!(
        after <= before + 16 * MIB + MORE_BYTES,
        "{before} bytes before, {after} after"
    );
}

#[test]
fn emptied_fields_take_no_memory() {
    for (way, times) in [("deleted fields", 1_500), ("unset fields", 200)] {
        // A separate host for each: another thread's heap may still hold what one call has freed while the next one
        // runs.
        let host = host_that_keeps("page-timeout = \"2m\"\ncpu-time = \"2m\"");
        assert_serves_on(&host);
        let before = host.peak_memory();
        let state = json!({ "way": way, "times": times });
        let row = host.weld("keeps").good_row("rows", &state);
        assert_eq!(row["refused"], 0, "{way}");
        let after = host.peak_memory();
        assert!(
            after <= before + 16 * MIB + 16 * MIB,
            "{way}: {before} bytes before, {after} after"
        );
    }
}

#[test]
fn calls_that_keep_bytes_at_once_stay_within_the_memory_of_all() {
    const CALLS: u32 = 6;
    let host = host()
        .plugin("keeps", guests::KEEPS_WASI_HTTP)
        .plugin("echo", guests::ECHOES_STATE)
        .config("keeps", &format!("[limits]\nconcurrency = {CALLS}"))
        .flag("--slots", "16")
        .flag("--total-memory", "128MiB")
        .start();
    assert_serves_on(&host);
    let before = host.peak_memory();
    let weld = host.weld("keeps");
    for way in ["set fields", "small fields"] {
        let calls: Vec<_> = (0..CALLS)
            .map(|number| {
                let state = json!({ "way": way, "times": 3_500, "number": number });
                weld.page_request("rows", &state).begin().unwrap()
            })
            .collect();
        for call in calls {
            let answer = call.answer().unwrap();
            let message = assert_error(&answer, 500, "out_of_memory");
            assert!(message.contains("--total-memory"), "{way}: {message}");
        }
        assert_serves_on(&host);
    }
    let after = host.peak_memory();
    assert!(
        after <= before + 128 * MIB + MORE_BYTES,
        "{before} bytes before, {after} after"
    );
}

#[test]
fn response_is_charged_until_the_guest_has_it() {
    const RESPONSE_BYTES: usize = 20 << 20;
    let upstream = Upstream::start(|_, exchange| {
        exchange.answer(200, &[], vec![b'x'; RESPONSE_BYTES]);
    });
    let host = host()
        .plugin("guest", guests::FETCHES_THEN_ALLOCATES)
        .config(
            "guest",
            &format!("[network]\nallow = [\"{}\"]", upstream.origin()),
        )
        .flag("--total-memory", "64MiB")
        .start();
    // 21 MiB of the guest and the host's buffer of up to 32 leave no room for 20 more, until the guest calls the host
    // again.
    for logs in [false, true] {
        let state = json!({ "url": upstream.url("/"), "bytes": 20 * MIB, "logs": logs });
        let row = host.weld("guest").good_row("rows", &state);
        assert_eq!(row["taken"], logs, "{row}");
    }
}

#[test]
fn bodies_written_at_the_same_time_are_counted() {
    let host = host().plugin("keeps", guests::KEEPS_WASI_HTTP).start();
    let page = |times: u32| {
        let state = json!({ "way": "bodies", "times": times });
        host.weld("keeps").page("rows", &state)
    };
    assert_eq!(page(256).status(), 200);
    let message = assert_error(&page(257), 500, "connector_crashed");
    assert!(message.contains("256 bodies"), "{message}");
}

#[test]
fn texts_of_a_request_are_bounded_one_by_one() {
    let host = host_that_keeps("");
    for way in ["methods", "authorities"] {
        let state = json!({ "way": way, "times": 40 });
        let row = host.weld("keeps").good_row("rows", &state);
        assert_eq!(row["refused"], 40, "{way}");
    }
}

#[test]
fn returned_memory_can_be_used_again() {
    let host = host_that_keeps("");
    let state = json!({ "way": "given back", "times": 2_000 });
    let row = host.weld("keeps").good_row("rows", &state);
    assert_eq!(row["refused"], 0);
}

#[test]
fn requests_waiting_to_be_sent_are_charged_to_the_call() {
    // The first one is sent alone, and all others wait for its response.
    let upstream = Upstream::start(|_, exchange| exchange.wait_for_close());
    let host = host_that_keeps(&format!("[network]\nallow = [\"{}\"]", upstream.origin()));
    let state = json!({ "way": "handed over", "url": upstream.url("/"), "times": 800 });
    let answer = host.weld("keeps").page("rows", &state);
    let message = assert_error(&answer, 500, "out_of_memory");
    assert!(message.contains("`limits.memory`"), "{message}");
    assert_serves_on(&host);
}

#[test]
fn text_of_an_error_has_no_trace_of_the_host() {
    let upstream = Upstream::start(|_, exchange| {
        exchange.begin(200, &[("content-length", "100")]);
    });
    let host = host()
        .plugin("keeps", guests::KEEPS_WASI_HTTP)
        .config(
            "keeps",
            &format!("[network]\nallow = [\"{}\"]", upstream.origin()),
        )
        .variable("RUST_BACKTRACE", "full")
        .variable("RUST_LIB_BACKTRACE", "1")
        .start();
    let row = host
        .weld("keeps")
        .good_row("rows", &json!({ "url": upstream.url("/") }));
    let error = row["error"].as_str().unwrap_or_default();
    assert!(error.contains("the request to"), "{row}");
    for trace in ["backtrace", "weld_host", ".rs"] {
        assert!(!error.contains(trace), "{error}");
    }
}

/// A Zstandard frame with a window of 8 MiB, of which only the first block has arrived.
const BEGUN_ZSTD: [u8; 13] = [
    0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x68, 0x20, 0, 0, b'r', b'o', b'w', b's',
];

#[test]
fn open_responses_and_their_decoders_are_charged_to_the_call() {
    let upstream = Upstream::start(|request, exchange| {
        let is_plain = request.target() == "/plain";
        let encoding: &[(&str, &str)] = match request.target() {
            "/zstd" => &[("content-encoding", "zstd")],
            _ => &[],
        };
        exchange.begin(200, encoding);
        exchange.send(if is_plain { &b"rows"[..] } else { &BEGUN_ZSTD });
        exchange.wait_for_close();
    });
    let host = host_that_keeps(&format!(
        "[network]\nallow = [\"{}\"]\nconnections = 64",
        upstream.origin()
    ));
    for (path, most) in [("/plain", 31), ("/zstd", 1)] {
        let state = json!({ "url": upstream.url(path), "times": most + 4 });
        let row = host.weld("keeps").good_row("rows", &state);
        let open = row["open"].as_u64().unwrap_or_default();
        assert!(open > 0 && open <= most, "{path}: {row}");
        let error = row["error"].as_str().unwrap_or_default();
        assert!(error.contains("`limits.memory`"), "{path}: {row}");
        assert_serves_on(&host);
    }
}

#[test]
fn responses_held_for_calls_count_towards_the_memory_of_all() {
    const CALLS: u64 = 8;
    const RESPONSE_BYTES: usize = 30 << 20;
    let upstream = Upstream::start(|_, exchange| {
        exchange.answer(200, &[], vec![b'x'; RESPONSE_BYTES]);
    });
    let host = host()
        .plugin("fetches", guests::FETCHES)
        .plugin("echo", guests::ECHOES_STATE)
        .config(
            "fetches",
            &format!(
                "[network]\nallow = [\"{}\"]\n[limits]\nmemory = \"16MiB\"\nconcurrency = {CALLS}",
                upstream.origin()
            ),
        )
        .flag("--total-memory", "64MiB")
        .flag("--max-concurrency", &CALLS.to_string())
        .start();
    assert_serves_on(&host);
    let before = host.peak_memory();
    let weld = host.weld("fetches");
    let calls: Vec<_> = (0..CALLS)
        .map(|number| {
            let state = json!({ "url": upstream.url(&format!("/{number}")) });
            weld.page_request("rows", &state).begin().unwrap()
        })
        .collect();
    for call in calls {
        let answer = call.answer().unwrap();
        // A response that does arrive is larger than its guest's memory.
        if answer.status() == 200 {
            let text = answer.text();
            assert!(text.contains("over-limit"), "{text}");
            assert!(text.contains("--total-memory"), "{text}");
        } else {
            assert_error(&answer, 500, "out_of_memory");
        }
    }
    let after = host.peak_memory();
    assert!(
        after <= before + 64 * MIB + MORE_BYTES,
        "{before} bytes before, {after} after"
    );
    assert_serves_on(&host);
}
