//! One host behind one proxy.

use super::front::{Change, Front, FrontKind};
use super::{KEY, keyed};
use crate::{assert_error, guests, gzip};
use serde_json::{Value, json};
use std::io::Read;
use std::net::IpAddr;
use weld_host_tests::gate::Gate;
use weld_host_tests::host::{Host, HostBuilder};
use weld_host_tests::http::Message;
use weld_host_tests::until;
use weld_host_tests::upstream::Upstream;
use weld_host_tests::weld::Request;

/// What a configuration's time-out becomes: less than a page takes, more than `answer-within`.
fn short_timeout(kind: FrontKind) -> [Change; 1] {
    match kind {
        FrontKind::Nginx => [("proxy_read_timeout 75s", "proxy_read_timeout 2s")],
        FrontKind::Caddy => [(
            "transport http {",
            "transport http {\n\t\t\tresponse_header_timeout 2s",
        )],
    }
}

/// An upstream that answers once the gate is open, and a host whose connector `guest` calls it.
fn held(answer_within: &str) -> (Upstream, Gate, Host) {
    let release = Gate::shut();
    let hold = release.clone();
    let upstream = Upstream::start(move |_, exchange| {
        hold.pass("the test to release the upstream");
        exchange.answer(200, &[], "in time");
    });
    let config = format!(
        "[network]\nallow = [\"{}\"]\n[limits]\nanswer-within = \"{answer_within}\"",
        upstream.origin()
    );
    let host = keyed()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config)
        .start();
    (upstream, release, host)
}

fn echoing() -> HostBuilder {
    keyed().plugin("guest", guests::ECHOES_STATE)
}

/// What must be the same with and without a proxy.
fn essence(answer: &Message) -> (u16, Vec<Option<String>>, Value) {
    let headers = ["content-type", "allow", "retry-after"];
    let headers = headers.map(|name| answer.header(name).map(str::to_owned));
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(error) = body.get_mut("error") {
        // Each request has its own.
        error["request_id"] = json!("");
    }
    (answer.status(), headers.to_vec(), body)
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn requests_and_answers_pass_unchanged() {
    let host = echoing().start();
    for kind in FrontKind::ALL {
        let front = Front::of(kind, &[&host]);
        let body = json!({ "name": "rows", "state": { "n": 1 } }).to_string();
        let weld = front.weld("guest");
        let at_root = |method: &str, path: &str| weld.request(method, path);
        let requests = [
            at_root("GET", "/schema"),
            at_root("GET", "//schema"),
            at_root("GET", "/").header("weld-mode", "schema"),
            at_root("POST", "/").body(body.as_str()),
            at_root("GET", "/").body(body.as_str()),
            at_root("POST", "")
                .chunked(&body)
                .header("content-type", "text/plain"),
            at_root("POST", "/")
                .header("content-encoding", "gzip")
                .body(gzip(body.as_bytes())),
            at_root("POST", "/")
                .header("content-encoding", "br")
                .body(body.as_str()),
            at_root("PUT", "/").body(body.as_str()),
            at_root("POST", "/").body("no JSON"),
            at_root("GET", "/no/path"),
            front.weld("nobody").request("GET", "/schema"),
            front.request("GET", "/guest/schema"),
            front.request("GET", "/healthz"),
        ];
        for (index, request) in requests.into_iter().enumerate() {
            let passed = front.ask(&request);
            let direct = request.at(host.address()).send();
            assert_eq!(essence(&passed), essence(&direct), "{kind:?} {index}");
        }
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn requests_below_a_path_pass_unchanged() {
    let host = echoing().start();
    let front = Front::below_a_path(&host, &[]);
    let body = json!({ "name": "rows", "state": { "n": 1 } }).to_string();
    for (method, path) in [
        ("GET", "/guest/schema"),
        ("GET", "/guest//schema"),
        ("POST", "/guest"),
        ("POST", "/guest/"),
        ("POST", "//guest//"),
        ("PUT", "/guest"),
        ("GET", "/guest/no/path"),
        ("GET", "/nobody/schema"),
        ("GET", "/schema"),
        ("GET", "//schema"),
        ("POST", "/"),
        ("POST", ""),
        ("GET", "/healthz"),
    ] {
        let at = |path: &str| {
            let request = front.request(method, path);
            let request = request.header("authorization", &format!("Bearer {KEY}"));
            request.body(body.as_str())
        };
        let passed = front.ask(&at(&format!("/weld{path}")));
        let direct = if path.is_empty() { "/" } else { path };
        let direct = at(direct).at(host.address()).send();
        assert_eq!(essence(&passed), essence(&direct), "{method} {path}");
    }
    for path in [
        "/",
        "/guest/schema",
        "/weldguest/schema",
        "/Weld/guest/schema",
    ] {
        let outside = front.ask(&front.request("GET", path));
        assert_eq!(outside.status(), 404, "{path}");
        assert!(!outside.text().contains("request_id"), "{path}");
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn address_with_too_many_requests_is_slowed_down_by_the_proxy_alone() {
    let host = echoing().start();
    let slow = [("rate=50r/s", "rate=1r/m"), ("burst=200", "burst=2")];
    let front = Front::below_a_path(&host, &slow);
    let ask = |source: [u8; 4], key: &str| {
        let request = front.request("GET", "/weld/guest/schema");
        let request = request.header("authorization", &format!("Bearer {key}"));
        front.ask_from(source.into(), &request).status()
    };
    let statuses = [(); 4].map(|()| ask([127, 0, 0, 2], "wrong"));
    assert_eq!(statuses, [401, 401, 401, 429]);
    assert_eq!(ask([127, 0, 0, 3], KEY), 200);
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn states_of_megabytes_pass_in_both_directions() {
    let host = echoing()
        .config("guest", "[limits]\nstate-size = \"7MiB\"")
        .start();
    let state = json!({ "text": "a".repeat(6 << 20) });
    for kind in FrontKind::ALL {
        let answer = Front::of(kind, &[&host]).page("guest", &state);
        assert_eq!(answer.status(), 200, "{kind:?}");
        assert_eq!(answer.json()["state"], state, "{kind:?}");
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn page_that_takes_longer_than_the_proxy_waits_becomes_pending_answers() {
    for kind in FrontKind::ALL {
        let (upstream, release, host) = held("1s");
        let front = Front::changed(kind, &[&host], &short_timeout(kind));
        let state = json!({ "url": upstream.url("/") });
        for _ in 0..3 {
            let pending = front.page("guest", &state);
            assert_eq!(pending.status(), 200, "{kind:?}: {}", pending.text());
            assert_eq!(pending.header("weld-host-pending"), Some("running"));
            assert_eq!(pending.json()["hasMore"], true);
        }
        release.open();
        let page = front.page("guest", &state);
        assert_eq!(page.json()["insert"][0]["body"], "in time", "{kind:?}");
        assert_eq!(upstream.received().len(), 1, "{kind:?}");
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn page_is_kept_for_a_client_whose_request_the_proxy_ends() {
    for kind in FrontKind::ALL {
        let (upstream, release, host) = held("off");
        let front = Front::changed(kind, &[&host], &short_timeout(kind));
        let state = json!({ "url": upstream.url("/") });
        assert_eq!(front.page("guest", &state).status(), 504, "{kind:?}");
        release.open();
        let page = front.page("guest", &state);
        assert_eq!(page.json()["insert"][0]["body"], "in time", "{kind:?}");
        assert_eq!(upstream.received().len(), 1, "{kind:?}");
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn client_that_leaves_the_proxy_is_noticed() {
    for kind in FrontKind::ALL {
        let calls = keyed().start_with_unanswered_calls(guests::FETCHES, "0s");
        let front = Front::of(kind, &[&calls.host]);
        let request = front.weld("guest").page_request("rows", &calls.state);
        let mut client = front.connect().unwrap();
        client.send(&request.bytes()).unwrap();
        calls.arrived.pass("the page's call");
        drop(client);
        calls
            .closed
            .pass(&format!("the call to end behind {kind:?}"));
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn page_of_a_client_that_leaves_in_its_middle_goes_to_the_next_request() {
    for kind in FrontKind::ALL {
        let host = keyed()
            .plugin("guest", guests::MAKES_ROWS)
            .flag("--log", "debug")
            .start();
        let front = Front::of(kind, &[&host]);
        // Far more than all buffers on the way hold.
        let request = front.weld("guest").page_request("40000", &json!({}));
        let mut cut = front.connect().unwrap();
        cut.receive_little();
        cut.send(&request.bytes()).unwrap();
        cut.reader().read_exact(&mut [0; 1 << 10]).unwrap();
        drop(cut);
        let page = front.ask(&request);
        assert_eq!(page.json()["insert"].as_array().unwrap().len(), 40_000);
        let ended = |line: &&String| line.contains("call ended") && line.contains("request_id");
        let calls = host.log().so_far().iter().filter(ended).count();
        assert_eq!(calls, 1, "{kind:?}");
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn client_is_the_one_that_the_proxy_names_and_not_the_one_that_it_claims_to_be() {
    let claimed = "203.0.113.9";
    for kind in FrontKind::ALL {
        let host = echoing().start();
        let front = Front::of(kind, &[&host]);
        let [one, other]: [IpAddr; 2] = ["127.0.0.2", "127.0.0.3"].map(|ip| ip.parse().unwrap());
        let request = front
            .request("GET", "/guest/schema")
            .header("authorization", "Bearer wrong")
            .header("x-forwarded-for", claimed)
            .header("forwarded", &format!("for={claimed}"));
        let statuses: Vec<u16> = (0..25)
            .map(|_| front.ask_from(one, &request).status())
            .collect();
        assert_eq!(statuses[..20], [401; 20], "{kind:?}: {statuses:?}");
        assert_eq!(statuses[24], 429, "{kind:?}: {statuses:?}");
        assert_eq!(front.ask_from(other, &request).status(), 401, "{kind:?}");
        host.log().wait_for_text("client=127.0.0.3");
        let log = host.log().so_far().join("\n");
        assert!(log.contains("client=127.0.0.2"), "{kind:?}: {log}");
        assert!(!log.contains(claimed), "{kind:?}: {log}");
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn answers_are_compressed_once_and_only_for_clients_that_accept_it() {
    let state = json!({ "text": "a".repeat(64 << 10) });
    for kind in FrontKind::ALL {
        let host = echoing().start();
        let front = Front::of(kind, &[&host]);
        let plain = front.page("guest", &state);
        assert_eq!(plain.header("content-encoding"), None, "{kind:?}");
        assert_eq!(plain.json()["state"], state, "{kind:?}");
        // Caddy would ask for gzip and decompress it.
        let log = host.log().so_far().join("\n");
        assert!(!log.contains("encoding="), "{kind:?}: {log}");
        for encoding in ["gzip", "zstd", "br"] {
            let request = front.weld("guest").page_request("rows", &state);
            let packed = front.ask(&request.header("accept-encoding", encoding));
            assert_eq!(
                packed.header("content-encoding"),
                Some(encoding),
                "{kind:?}"
            );
            if encoding == "gzip" {
                let mut text = String::new();
                let mut unpacked = flate2::read::GzDecoder::new(&packed.body[..]);
                unpacked.read_to_string(&mut text).unwrap();
                assert_eq!(text, plain.text(), "{kind:?}");
            }
        }
    }
}

#[test]
#[ignore = "needs nginx and Caddy: just fronts"]
fn refusals_of_a_host_that_stops_pass() {
    for kind in FrontKind::ALL {
        let host = echoing()
            .flag("--drain", "60s")
            .flag("--grace", "90s")
            .start();
        let front = Front::of(kind, &[&host]);
        assert_eq!(front.page("guest", &json!({})).status(), 200);
        let mut kept = front.connect().unwrap();
        host.terminate();
        let draining = front.request("GET", "/readyz");
        until("the host stops", || front.ask(&draining).status() == 503);
        let request: Request = front.weld("guest").page_request("rows", &json!({ "n": 2 }));
        for answer in [kept.ask(&request).unwrap(), front.ask(&request)] {
            assert_error(&answer, 503, "shutting_down");
            assert!(answer.header("retry-after").is_some(), "{kind:?}");
        }
        assert_eq!(front.ask(&front.request("GET", "/healthz")).status(), 200);
    }
}
