//! How the host handles responses that the configuration defines as refusals.

use super::refusals::{Answer, GOOD, NO_HEADERS, answering};
use crate::egress::fetch;
use crate::{guests, host};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

const BOTH: [&str; 2] = [guests::FETCHES, guests::FETCHES_WASI];

/// GitHub's secondary limit, without a header.
const SECONDARY: Answer = (
    403,
    NO_HEADERS,
    r#"{"message": "You have exceeded a secondary rate limit."}"#,
);

/// A query that Shopify has refused and will accept in 20 ms.
const THROTTLED: Answer = (
    200,
    &[("content-type", "application/json")],
    r#"{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": 51, "actualQueryCost": null,
        "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": 50, "restoreRate": 50.0}}}}"#,
);

fn host_of(component: &str, upstream: &Upstream, rules: &str) -> Host {
    let config = format!("[network]\nallow = [\"{}\"]\n{rules}", upstream.origin());
    host()
        .plugin("guest", component)
        .config("guest", &config)
        .start()
}

/// A rule that waits this long.
fn waiting(conditions: &str, wait: &str) -> String {
    format!("[[rate-limit.refusal]]\n{conditions}\nthen = \"wait\"\nwait = \"{wait}\"")
}

#[test]
fn refusal_known_only_by_its_body_is_waited_out_and_repeated() {
    let rule = waiting("status = 403\ntext = \"secondary rate limit\"", "20ms");
    for component in BOTH {
        let upstream = answering([SECONDARY, GOOD]);
        let host = host_of(component, &upstream, &rule);
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        assert_eq!(
            (&row["status"], &row["body"]),
            (&json!(200), &json!("beers"))
        );
        assert_eq!(upstream.received().len(), 2);
        host.log().wait_for("the rule that did it", |line| {
            line.contains("treats the response as a refusal")
                && line.contains("rate-limit.refusal[0] on line 3")
        });

        let forbidden = r#"{"message": "Resource not accessible"}"#;
        let upstream = answering([(403, NO_HEADERS, forbidden), GOOD]);
        let host = host_of(component, &upstream, &rule);
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        assert_eq!(
            (&row["status"], &row["body"]),
            (&json!(403), &json!(forbidden))
        );
        assert_eq!(upstream.received().len(), 1);
    }
}

#[test]
fn throttled_query_is_repeated_and_never_treated_as_an_answer() {
    let query = |upstream: &Upstream| json!({ "url": upstream.url("/graphql"), "method": "POST", "body": "{}" });
    let upstream = answering([THROTTLED, GOOD]);
    let rules = "[rate-limit]\nrefusals = \"shopify\"\nretry-methods = [\"POST\"]";
    let host = host_of(guests::FETCHES, &upstream, rules);
    let row = fetch(&host, &query(&upstream));
    assert_eq!(
        (&row["status"], &row["body"]),
        (&json!(200), &json!("beers"))
    );
    assert_eq!(upstream.received().len(), 2);
    // A POST that may not be sent again, and a streamed body.
    for component in BOTH {
        let upstream = answering([THROTTLED]);
        let rules = "[rate-limit]\nrefusals = [\"github\", \"shopify\"]";
        let host = host_of(component, &upstream, rules);
        let row = fetch(&host, &query(&upstream));
        assert_eq!(row["error"], "unavailable", "{row}");
        assert_eq!(upstream.received().len(), 1);
    }
    // Without the preset it is an ordinary answer.
    let upstream = answering([THROTTLED]);
    let host = host_of(guests::FETCHES, &upstream, "");
    assert_eq!(fetch(&host, &query(&upstream))["body"], THROTTLED.2);
}

#[test]
fn refusal_by_a_rule_holds_the_other_calls_too() {
    for component in BOTH {
        let upstream = answering([SECONDARY, GOOD]);
        let rules = "[rate-limit]\nrefusals = \"github\"\n[limits]\npage-timeout = \"10s\"\nmax-wait = \"10s\"";
        let host = host_of(component, &upstream, rules);
        for path in ["/", "/other"] {
            let row = fetch(&host, &json!({ "url": upstream.url(path) }));
            assert_eq!(row["error"], "unavailable", "{path}: {row}");
        }
        assert_eq!(upstream.received().len(), 1);
    }
}

#[test]
fn unreadable_wait_causes_one_warning() {
    let body = r#"{"error":"limit","retry_in":"when the sun rises"}"#;
    let headers: &[(&str, &str)] = &[("x-retry-in", "after lunch")];
    for (place, name, value) in [
        ("wait-json = 'retry_in'", "retry_in", "when the sun rises"),
        ("wait-header = 'x-retry-in'", "x-retry-in", "after lunch"),
    ] {
        let upstream = answering([(418, headers, body)]);
        let rules = ending("status = 418", &format!("'wait'\nwait = '1ms'\n{place}"));
        let host = host_of(guests::FETCHES, &upstream, &rules);
        fetch(&host, &json!({ "url": upstream.url("/") }));
        assert_eq!(upstream.received().len(), 3);
        host.log().wait_for_text("should say how long to wait");
        let lines = host.log().so_far();
        let told: Vec<_> = lines
            .iter()
            .filter(|line| line.contains("should say how long to wait"))
            .collect();
        assert!(
            told.len() == 1
                && told[0].contains(&format!("`{name}`"))
                && told[0].contains(value)
                && told[0].contains("rate-limit.refusal[0] on line"),
            "{told:?}"
        );
    }
}

/// A rule with this outcome.
fn ending(conditions: &str, then: &str) -> String {
    format!("[[rate-limit.refusal]]\n{conditions}\nthen = {then}")
}

#[test]
fn rules_say_how_often_a_refusal_is_repeated() {
    let odd: Answer = (418, &[("x-error", "Over Capacity")], "teapot");
    let banned: Answer = (429, &[("retry-after-ms", "1")], "banned for ever");
    for (rule, answer, calls, error) in [
        (
            ending("header = { x-error = 'capacity' }", "'retry'"),
            odd,
            3,
            None,
        ),
        (
            ending("header = { x-error = 'quota' }", "'retry'"),
            odd,
            1,
            None,
        ),
        (
            ending("status = 418", "'wait'\nwait = '1ms'"),
            odd,
            3,
            Some("unavailable"),
        ),
        (
            ending("status = 429", "'wait'\nwait = '1ms'"),
            banned,
            3,
            None,
        ),
        (
            ending("status = 429\ntext = 'banned'", "'fail'"),
            banned,
            1,
            None,
        ),
        (
            ending("status = 429\ntext = 'tired'", "'fail'"),
            banned,
            3,
            None,
        ),
    ] {
        let upstream = answering([answer]);
        let host = host_of(guests::FETCHES, &upstream, &rule);
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        assert_eq!(row["error"].as_str(), error, "{rule}: {row}");
        if error.is_none() {
            let answered = (&row["status"], &row["body"]);
            assert_eq!(answered, (&json!(answer.0), &json!(answer.2)), "{rule}");
        }
        assert_eq!(upstream.received().len(), calls, "{rule}");
    }
}

#[test]
fn only_a_rule_for_failures_counts_as_a_failure_of_the_api() {
    for (then, calls) in [("'retry'", 2), ("'wait'\nwait = '1ms'", 4), ("'fail'", 4)] {
        let upstream = answering([(418, NO_HEADERS, "teapot")]);
        let rule = ending("status = 418", then);
        let rules = format!("[rate-limit]\nretries = 0\nfailures = 2\n{rule}");
        let host = host_of(guests::FETCHES, &upstream, &rules);
        fetch(&host, &json!({ "url": upstream.url("/"), "times": 4 }));
        assert_eq!(upstream.received().len(), calls, "{then}");
    }
}

#[test]
fn refusal_of_a_credential_by_a_rule_renews_it_once() {
    let rule = ending(
        "status = 200\njson = { error = 'token expired' }",
        "'renew'",
    );
    for (rule, calls, body) in [
        (rule.as_str(), 2, "beers"),
        ("", 1, r#"{"error": "token expired"}"#),
    ] {
        let tokens = AtomicU32::new(0);
        let upstream = Upstream::start(move |request, exchange| {
            if request.target() == "/token" {
                let number = tokens.fetch_add(1, Ordering::SeqCst);
                let token = json!({ "access_token": format!("a-long-token-{number}") });
                return exchange.answer(200, &[], token.to_string());
            }
            match request.header("authorization") {
                // A token that no API has accepted is not renewed.
                _ if request.target() == "/first" => exchange.answer(200, &[], ""),
                Some("Bearer a-long-token-1") => exchange.answer(200, &[], "beers"),
                _ => exchange.answer(200, &[], r#"{"error": "token expired"}"#),
            }
        });
        let origin = upstream.origin();
        let credential = format!(
            "[auth.api]\nurls = [\"{origin}\"]\nkind = \"oauth2\"\ngrant = \"client-credentials\"\n\
             token-url = \"{origin}/token\"\nclient-id = \"weld\"\nclient-secret = \"hunter2hunter2\"\n{rule}"
        );
        let host = host_of(guests::FETCHES, &upstream, &credential);
        fetch(&host, &json!({ "url": upstream.url("/first") }));
        let row = fetch(&host, &json!({ "url": upstream.url("/beers") }));
        assert_eq!((&row["status"], &row["body"]), (&json!(200), &json!(body)));
        let asked = upstream.received();
        let api = asked.iter().filter(|request| request.target() == "/beers");
        assert_eq!(api.count(), calls);
    }
}

#[test]
fn body_that_is_not_a_refusal_arrives_complete_and_unchanged() {
    let text = format!("{{\"rows\": \"{}\"}}", "ä beer ".repeat(60_000));
    let packed = {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let rules = format!(
        "[rate-limit]\nrefusals = \"shopify\"\n{}",
        waiting("status = \"2xx\"\ntext = \"no such text\"", "1s")
    );
    for form in ["length", "chunked", "gzip", "until closed"] {
        for component in BOTH {
            let (text, packed) = (text.clone(), packed.clone());
            let expected = text.clone();
            let upstream = Upstream::start(move |_, exchange| match form {
                "length" => exchange.answer(200, &[], &text),
                "gzip" => exchange.answer(200, &[("content-encoding", "gzip")], &packed),
                "chunked" => {
                    exchange.begin(200, &[("transfer-encoding", "chunked")]);
                    for piece in text.as_bytes().chunks(10_007) {
                        exchange.send(format!("{:x}\r\n", piece.len()));
                        exchange.send(piece);
                        exchange.send("\r\n");
                    }
                    exchange.send("0\r\n\r\n");
                }
                _ => {
                    exchange.begin(200, &[]);
                    exchange.send(&text);
                }
            });
            let host = host_of(component, &upstream, &rules);
            let row = fetch(&host, &json!({ "url": upstream.url("/") }));
            assert_eq!(row["status"], 200, "{form}");
            assert!(row["body"] == expected.as_str(), "{form} {component}");
            assert_eq!(upstream.received().len(), 1);
        }
    }
}

#[test]
fn broken_off_body_is_broken_off_for_the_connector() {
    let rules = waiting("status = 200\ntext = \"limit\"", "1ms");
    for component in BOTH {
        let upstream = Upstream::start(|_, exchange| {
            exchange.begin(200, &[("content-length", "100")]);
            exchange.send("a beginning");
        });
        let host = host_of(component, &upstream, &rules);
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        let without = fetch(
            &host_of(component, &upstream, ""),
            &json!({ "url": upstream.url("/") }),
        );
        assert_eq!(row["error"], without["error"], "{row}");
        // A connector that reads the body itself may have used the beginning.
        let tries = if component == guests::FETCHES { 3 } else { 1 };
        assert_eq!(upstream.received().len(), 2 * tries, "{component}");
    }
}

#[test]
fn only_the_beginning_of_a_body_is_checked() {
    // Far beyond the 64 KiB, so that it is not in some buffer by chance.
    for (before, is_refused) in [(1 << 10, true), (4 << 20, false)] {
        let upstream = Upstream::start(move |_, exchange| {
            exchange.answer(403, &[], format!("{}rate limit", "x".repeat(before)));
        });
        let rules = waiting("status = 403\ntext = \"rate limit\"", "1ms");
        let host = host_of(guests::FETCHES, &upstream, &rules);
        let row = fetch(&host, &json!({ "url": upstream.url("/") }));
        assert_eq!(row["error"] == "unavailable", is_refused);
        let calls = if is_refused { 3 } else { 1 };
        assert_eq!(upstream.received().len(), calls);
    }
}
