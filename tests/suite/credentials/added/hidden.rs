//! A credential that the host adds stays unknown to the connector, whoever reveals it.

use super::{GUESTS, auth, host_for, only};
use crate::egress::fetch;
use crate::{guests, host};
use serde_json::json;
use weld_host_tests::upstream::Upstream;

#[test]
fn secret_whose_file_changes_is_replaced_and_neither_is_shown() {
    const OLD: &str = "the-old-secret-of-the-api";
    const NEW: &str = "the-new-secret-of-the-api";
    let upstream = Upstream::start(|request, exchange| {
        let got = request.header("x-key").unwrap_or_default();
        exchange.answer(200, &[], format!("{got} {OLD} {NEW}"));
    });
    let config = [
        format!("[network]\nallow = [\"{}\"]\n", upstream.origin()),
        auth(
            "api",
            &upstream,
            "",
            "kind = \"api-key\"\nheader = \"x-key\"\nvalue = { file = \"key\" }",
        ),
    ]
    .concat();
    let host = host()
        .plugin("guest", guests::FETCHES)
        .config("guest", &config)
        .file("key", OLD)
        .start();
    let sent = || {
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        let request = upstream.received().last().unwrap().clone();
        (request.header("x-key").unwrap().to_owned(), row.to_string())
    };
    let (key, row) = sent();
    assert_eq!(key, OLD);
    assert!(!row.contains(OLD), "{row}");
    std::fs::write(host.plugins().join("key"), format!("{NEW}\n")).unwrap();
    host.log().wait_for_text("connector reloaded");
    let (key, row) = sent();
    assert_eq!(key, NEW);
    // A secret that was sent a moment ago may still come back.
    assert!(!row.contains(OLD) && !row.contains(NEW), "{row}");
}

/// Every way in which a connector could look for what the host adds: its environment, an API that helps it, redirects
/// to another permitted host, errors, and its own headers next to the host's.
#[test]
fn connector_that_looks_for_its_credential_everywhere_finds_nothing() {
    const SECRET: &str = "a long enough secret";
    let accomplice = Upstream::start(|request, exchange| {
        exchange.answer(200, &[("x-got", request.target())], request.target());
    });
    let away = accomplice.url("/stolen?");
    for (keys, forms) in [
        ("header = \"x-key\"", vec![SECRET]),
        (
            "query = \"key\"",
            vec![SECRET, "a%20long%20enough%20secret"],
        ),
    ] {
        for guest in GUESTS {
            let away = away.clone();
            let upstream = Upstream::start(move |request, exchange| {
                let target = request.target();
                let key = request.header("x-key").unwrap_or(target).to_owned();
                let got = format!("{key} {target}");
                match target.split('?').next().unwrap() {
                    "/echo" => exchange.answer(200, &[("x-got", &got)], &got),
                    "/status" => {
                        exchange.send(format!("HTTP/1.1 200 {key}\r\nx-{key}\r\n\r\n"));
                    }
                    "/length" => exchange.begin(200, &[("content-length", &key)]),
                    "/coding" => exchange.answer(200, &[("content-encoding", &key)], &got),
                    "/away" => {
                        let escaped = key.replace(' ', "%20").replace(['/', '?', '='], "_");
                        let location = format!("{away}{escaped}");
                        exchange.answer(302, &[("location", &location)], &got);
                    }
                    _closed_without_an_answer => {}
                }
            });
            let config = [
                "follow-redirects = 3\n[rate-limit]\nretries = 0\n".to_owned(),
                auth(
                    "api",
                    &upstream,
                    "",
                    &format!("kind = \"api-key\"\nvalue = \"{SECRET}\"\n{keys}"),
                ),
            ]
            .concat();
            let host = host_for(guest, &[&upstream, &accomplice], &config);
            for path in ["/echo", "/status", "/length", "/coding", "/away", "/closed"] {
                let row = fetch(
                    &host,
                    &json!({
                        "url": upstream.url(&format!("{path}?key=a")),
                        "headers": [["x-key", "a"], ["x-key", "b"]],
                    }),
                );
                let row = row.to_string();
                for form in &forms {
                    assert!(!row.contains(form), "{path}: {form} in {row}");
                }
            }
            let own_values_beside_it = upstream
                .received()
                .iter()
                .filter(|request| {
                    let is_own = |value: &str| matches!(value, "a" | "b");
                    keys.starts_with("header") && request.header("x-key").is_some_and(is_own)
                })
                .count();
            assert_eq!(own_values_beside_it, 0);
            let log = host.log().so_far().join("\n");
            for form in &forms {
                assert!(!log.contains(form), "{form} in {log}");
            }
        }
    }
    let stolen = accomplice.received();
    assert_eq!(stolen.len(), 4, "one of each way and guest");
    for request in stolen {
        assert!(!request.target().contains("enough"), "{}", request.target());
        assert_eq!(request.header("x-key"), None);
    }
    let config = auth(
        "api",
        &accomplice,
        "",
        &format!("kind = \"basic\"\nusername = \"weld\"\npassword = \"{SECRET}\""),
    );
    let host = host_for(guests::ECHOES_STATE, &[&accomplice], &config);
    let row = host.weld("guest").good_row("rows", &json!({}));
    assert_eq!(row["environment"], json!({}), "{row}");
    assert!(!row.to_string().contains(SECRET), "{row}");
}

#[test]
fn credential_echoed_by_the_api_is_hidden_from_the_connector() {
    for keys in [
        "kind = \"api-key\"\nquery = \"api_token\"\nvalue = \"a long secret\"",
        "kind = \"basic\"\nusername = \"weld\"\npassword = \"a long secret\"",
        "kind = \"bearer\"\ntoken = \"a-long-secret\"",
        "kind = \"jwt\"\nalgorithm = \"HS256\"\nkey = \"a long secret\"",
    ] {
        for guest in GUESTS {
            let upstream = Upstream::start(|request, exchange| {
                let got = request.header("authorization").unwrap_or_default();
                let got = format!("{got} {}", request.target());
                exchange.answer(200, &[("x-got", &got)], &got);
            });
            let host = host_for(guest, &[&upstream], &auth("api", &upstream, "", keys));
            let row = fetch(&host, &json!({ "url": upstream.url("/") })).to_string();
            let request = only(&upstream);
            let sent = request.header("authorization").map_or_else(
                || request.target().rsplit('=').next().unwrap().to_owned(),
                |value| value.rsplit(' ').next().unwrap().to_owned(),
            );
            assert!(sent.len() > 12, "{sent}");
            assert!(!row.contains(&sent), "{sent} in {row}");
            assert!(row.contains("[secret auth.api"), "{row}");
        }
    }
}
