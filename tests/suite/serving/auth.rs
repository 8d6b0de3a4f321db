//! The bearer check: which requests may use a connector, and what all others learn.

use crate::{assert_error, guests, host};
use serde_json::json;
use weld_host_tests::host::{Host, HostBuilder};

fn two_connectors() -> HostBuilder {
    host()
        .plugin("echo", guests::ECHOES_STATE)
        .plugin("tables", guests::DESCRIBES_ITS_TABLES)
        .variable("WELD_API_KEY", "correct horse")
}

fn status(host: &Host, path: &str, authorization: &str) -> u16 {
    host.request("GET", path)
        .header("authorization", authorization)
        .send()
        .status()
}

#[test]
fn right_key_is_accepted_in_any_case_of_its_scheme() {
    let host = two_connectors().start();
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let authorization = format!("{scheme} correct horse");
        assert_eq!(
            status(&host, "/echo/schema", &authorization),
            200,
            "{scheme}"
        );
    }
    let page = host
        .weld("echo")
        .with_key("correct horse")
        .good_page("beers", &json!({}));
    assert_eq!(page["insert"][0]["table"], "beers");
}

#[test]
fn anything_but_the_right_key_is_refused() {
    let host = two_connectors().start();
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Bearer correct hors",
        "Bearer correct horses",
        "Bearer Correct Horse",
        "correct horse",
        "Basic correct horse",
        "Basic Y29ycmVjdCBob3JzZQ==",
        "Bearercorrect horse",
    ] {
        let answer = host
            .request("GET", "/echo/schema")
            .header("authorization", authorization)
            .send();
        assert_eq!(answer.status(), 401, "{authorization}");
        assert_error(&answer, 401, "unauthorized");
    }
}

#[test]
fn missing_key_is_refused_with_the_expected_scheme() {
    let host = two_connectors().start();
    for answer in [
        host.weld("echo").schema(),
        host.weld("echo").page("beers", &json!({})),
    ] {
        assert_error(&answer, 401, "unauthorized");
        let challenge = answer
            .header("www-authenticate")
            .expect("401 carries a challenge (RFC 9110, 15.5.2)");
        assert!(challenge.starts_with("Bearer"), "{challenge}");
    }
}

#[test]
fn names_cannot_be_probed_without_the_key() {
    let host = two_connectors().file("broken.wasm", "no component").start();
    let mut answers = Vec::new();
    for path in [
        "/echo/schema",
        "/nobody/schema",
        "/broken/schema",
        "/echo/no/such/path",
        "/",
    ] {
        let answer = host
            .request("GET", path)
            .header("authorization", "Bearer wrong")
            .send();
        let message = assert_error(&answer, 401, "unauthorized");
        let names: Vec<String> = answer
            .headers
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        answers.push((message, names));
    }
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    let with_key = |path| status(&host, path, "Bearer correct horse");
    assert_eq!(
        (with_key("/nobody/schema"), with_key("/broken/schema")),
        (404, 503)
    );
}

#[test]
fn key_is_never_in_answers_or_the_log() {
    let host = two_connectors().flag("--log", "debug").start();
    let answer = host
        .request("GET", "/echo/schema")
        .header("authorization", "Bearer wrong secret")
        .send();
    let _good = host
        .weld("echo")
        .with_key("correct horse")
        .good_page("beers", &json!({}));
    let lines = [
        host.log().so_far(),
        host.stdout().so_far(),
        vec![answer.text()],
    ]
    .concat()
    .join("\n");
    assert!(
        !lines.contains("correct horse") && !lines.contains("wrong secret"),
        "{lines}"
    );
}

#[test]
fn key_of_a_connector_replaces_the_one_of_the_host() {
    let host = two_connectors()
        .config("echo", r#"api-key = "its own""#)
        .start();
    assert_eq!(status(&host, "/echo/schema", "Bearer its own"), 200);
    assert_eq!(status(&host, "/echo/schema", "Bearer correct horse"), 401);
    assert_eq!(status(&host, "/tables/schema", "Bearer correct horse"), 200);
    assert_eq!(status(&host, "/tables/schema", "Bearer its own"), 401);
}

#[test]
fn key_of_a_connector_is_required_at_the_root_and_on_an_open_host_too() {
    let host = host()
        .plugin("echo", guests::ECHOES_STATE)
        .config("echo", r#"api-key = "its own""#)
        .start();
    for path in ["/schema", "/echo/schema"] {
        assert_eq!(host.request("GET", path).send().status(), 401, "{path}");
        assert_eq!(status(&host, path, "Bearer its own"), 200, "{path}");
    }
}

#[test]
fn old_and_new_key_are_accepted_during_a_rotation() {
    let host = two_connectors()
        .config("echo", r#"api-key = ["old", { env = "NEW_KEY" }]"#)
        .variable("NEW_KEY", "new")
        .start();
    assert_eq!(status(&host, "/echo/schema", "Bearer old"), 200);
    assert_eq!(status(&host, "/echo/schema", "Bearer new"), 200);
    assert_eq!(status(&host, "/echo/schema", "Bearer other"), 401);
}

#[test]
fn key_is_read_from_a_file_without_its_line_end() {
    let builder = host()
        .plugin("echo", guests::ECHOES_STATE)
        .file("key", "from a file\n");
    let path = builder.plugins().join("key").display().to_string();
    let host = builder.flag("--api-key-file", &path).start();
    assert_eq!(status(&host, "/echo/schema", "Bearer from a file"), 200);
    assert_eq!(status(&host, "/echo/schema", "Bearer other"), 401);
}

#[test]
fn open_host_answers_only_to_names_of_its_own_machine() {
    let host = host().plugin("guest", guests::ECHOES_STATE).start();
    let ask = |name: &str| {
        host.request("GET", "/guest/schema")
            .header("host", name)
            .send()
    };
    for name in [
        "localhost",
        "localhost:8080",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:8080",
    ] {
        let answer = ask(name);
        assert_eq!(answer.status(), 200, "{name}: {}", answer.text());
    }
    // A page in the operator's browser can make such a name resolve to this machine.
    for name in [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "evil.example/localhost",
        "evil-localhost",
        "192.168.1.5",
        "[::2]",
        "",
    ] {
        let answer = ask(name);
        assert_eq!(answer.status(), 401, "{name}: {}", answer.text());
        assert_error(&answer, 401, "unauthorized");
    }
}

#[test]
fn host_with_a_key_answers_to_any_name() {
    let host = two_connectors().start();
    let answer = host
        .request("GET", "/echo/schema")
        .header("host", "connectors.example.com")
        .header("authorization", "Bearer correct horse")
        .send();
    assert_eq!(answer.status(), 200, "{}", answer.text());
}

#[test]
fn web_page_of_another_host_is_refused_without_a_key() {
    let open = host().plugin("echo", guests::ECHOES_STATE).start();
    let locked = two_connectors().start();
    let body = r#"{"name": "rows", "state": {}}"#;
    for (name, value, is_foreign) in [
        ("origin", "https://evil.example", true),
        ("origin", "null", true),
        ("sec-fetch-site", "cross-site", true),
        ("origin", "http://localhost:3000", false),
        ("sec-fetch-site", "none", false),
    ] {
        for method in ["GET", "POST"] {
            let ask = |host: &Host| {
                host.request(method, "/echo")
                    .header("host", "localhost")
                    .header("content-type", "text/plain")
                    .header("authorization", "Bearer correct horse")
                    .header(name, value)
                    .body(body)
                    .send()
            };
            let answer = ask(&open);
            if is_foreign {
                assert_error(&answer, 403, "foreign_origin");
            } else {
                assert_eq!(answer.status(), 200, "{name}: {value}: {}", answer.text());
            }
            let answer = ask(&locked);
            assert_eq!(answer.status(), 200, "with the key: {}", answer.text());
        }
    }
}

#[test]
fn request_with_two_hosts_is_refused() {
    let host = two_connectors().start();
    for authorization in ["Bearer correct horse", "Bearer wrong"] {
        let answer = host
            .request("GET", "/echo/schema")
            .header("host", "localhost")
            .header("host", "evil.example")
            .header("authorization", authorization)
            .send();
        assert_error(&answer, 400, "bad_request");
        assert!(
            answer.text().contains("2 `Host` headers"),
            "{}",
            answer.text()
        );
    }
}
