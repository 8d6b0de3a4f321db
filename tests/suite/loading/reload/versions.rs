//! Calls of one version of a connector while the next version replaces it.

use super::{put, reloading, with_words, write};
use crate::{assert_error, guests, held_call};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, thread};
use weld_host_tests::held_call::HeldCall;
use weld_host_tests::mark::assert_pending;

#[test]
fn running_page_ends_on_the_version_on_which_it_began() {
    let HeldCall {
        host,
        page,
        release,
        state,
    } = held_call(reloading().flag("--log", "debug"));
    put(guests::ECHOES_STATE, host.plugins(), "guest.wasm");
    host.log().wait_for_text("connector reloaded");
    let new = host.weld("guest").good_row("others", &json!({}));
    assert_eq!(
        new["table"], "others",
        "the new version answers at the same time"
    );
    let again = host
        .weld("guest")
        .page_request("rows", &state)
        .begin()
        .unwrap();
    host.log().wait_for_text("joins a call");
    release.open();
    for page in [page, again] {
        let answer = page.answer().unwrap();
        assert_eq!(
            answer.json()["insert"][0]["body"],
            "in time",
            "{}",
            answer.text()
        );
    }
}

#[test]
fn withdrawn_rule_applies_to_running_calls() {
    let upstream = weld_host_tests::upstream::Upstream::answering("\"here\"");
    let allowing = format!(
        "[env]\nSLEEP_MS = \"1000\"\n[network]\nallow = [\"{}\"]",
        upstream.origin()
    );
    let host = reloading()
        .plugin("guest", guests::SLEEPS_BETWEEN_FETCHES)
        .config("guest", &allowing)
        .start();
    let state = json!({ "url": upstream.origin() });
    let page = host
        .weld("guest")
        .page_request("contract", &state)
        .begin()
        .unwrap();
    host.log().wait_for_text("upstream call");
    write(host.plugins(), "guest.toml", "");
    host.log().wait_for_text("connector reloaded");
    let message = assert_error(&page.answer().unwrap(), 502, "upstream_failed");
    assert!(message.contains("Denied"), "{message}");
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn calls_of_much_older_versions_begin_again() {
    let config = |number| {
        format!(
            "[env]\nSLEEP_MS = \"3600000\"\nNUMBER = \"{number}\"\n[limits]\nanswer-within = \"1h\""
        )
    };
    let host = reloading()
        .plugin("guest", guests::SLEEPS_INSIDE)
        .config("guest", &config(0))
        .start();
    let mut sleeping = Vec::new();
    for number in 1..=3 {
        let state = json!({ "number": number });
        sleeping.push(
            host.weld("guest")
                .page_request("rows", &state)
                .begin()
                .unwrap(),
        );
        let begun =
            |lines: &[String]| lines.iter().filter(|line| line.contains("begun")).count() == number;
        assert!(host.log().wait_until(begun));
        write(host.plugins(), "guest.toml", &config(number));
        let reloads = |lines: &[String]| {
            lines
                .iter()
                .filter(|line| line.contains("connector reloaded"))
                .count()
                == number
        };
        assert!(host.log().wait_until(reloads));
    }
    // The calls of two old versions may continue to sleep; those of the oldest of three may not.
    let oldest = sleeping.remove(0);
    let answer = oldest.answer().unwrap();
    assert_eq!(answer.header("weld-host-pending"), Some("running"));
    assert_pending(&answer);
}

#[test]
fn repeated_replacement_of_a_connector_fails_no_request() {
    let host = reloading()
        .plugin("guest", guests::ANSWERS_ITS_WORDS)
        .config("guest", &with_words("version 0"))
        .flag("--slots", "8")
        .start();
    let over = Arc::new(AtomicBool::new(false));
    let asking: Vec<_> = (0..2)
        .map(|client| {
            let (weld, over) = (host.weld("guest"), over.clone());
            thread::spawn(move || {
                let mut number = 0_u64;
                let mut seen = Vec::new();
                while !over.load(Ordering::Relaxed) {
                    number += 1;
                    let state = json!({ "client": client, "number": number });
                    let words = weld.good_row("words", &state)["words"].clone();
                    if seen.last() != Some(&words) {
                        seen.push(words);
                    }
                }
                seen
            })
        })
        .collect();
    for version in 1..=10 {
        if version % 4 == 0 {
            fs::write(host.plugins().join("guest.wasm"), "broken").unwrap();
            let broken = |lines: &[String]| {
                lines
                    .iter()
                    .filter(|line| line.contains("failed to load"))
                    .count()
                    == version / 4
            };
            assert!(host.log().wait_until(broken));
        }
        put(guests::ANSWERS_ITS_WORDS, host.plugins(), "guest.wasm");
        write(
            host.plugins(),
            "guest.toml",
            &with_words(&format!("version {version}")),
        );
        let reloaded = |lines: &[String]| {
            lines
                .iter()
                .filter(|line| line.contains("connector reloaded"))
                .count()
                >= version
        };
        assert!(host.log().wait_until(reloaded));
    }
    over.store(true, Ordering::Relaxed);
    for client in asking {
        let seen = client.join().expect("no request failed");
        // Each version occurs once: none returns after a newer one has answered.
        let mut sorted = seen.clone();
        sorted.dedup();
        assert_eq!(seen.len(), sorted.len());
        assert!(seen.len() > 2, "{seen:?}");
    }
}
