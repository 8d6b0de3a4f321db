//! What keeps every table from being read is one finding, with a fix that fits it.

use super::{Folder, objects};
use crate::guests;
use serde_json::Value;
use std::net::TcpListener;
use std::sync::atomic::{AtomicU32, Ordering};
use weld_host_tests::upstream::Upstream;

/// How many tables the connector has.
const TABLES: usize = 8;

/// The errors of a check with this configuration, of which each is about all tables.
fn errors(config: &str) -> Vec<Value> {
    let folder = Folder::new()
        .with_guest("shop.wasm", guests::FAILS_IN_EVERY_TABLE)
        .with("shop.toml", config);
    let output = folder.check(&["shop.wasm", "--json", "--patience", "0s"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let checked = objects(&output).remove(0);
    let findings = checked["findings"].as_array().unwrap().clone();
    for finding in &findings {
        let tables = finding["tables"].as_array().unwrap();
        assert_eq!(tables.len(), TABLES, "{finding:#}");
        assert_eq!(finding["table"], Value::Null);
    }
    findings
}

/// The only error of a check with this configuration.
fn error(config: &str) -> Value {
    let mut errors = errors(config);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors.remove(0)
}

/// A configuration that lets the connector call an API on this machine.
fn calling(origin: &str) -> String {
    format!(
        "[env]\nAPI = \"{origin}\"\n[network]\nallow = [\"{origin}\"]\nallow-networks = [\"127.0.0.0/8\"]\n"
    )
}

#[track_caller]
fn assert_finding(found: &Value, code: &str, message: &str, fix: &str) {
    assert_eq!(found["code"], code, "{found:#}");
    let text = |key: &str| found[key].as_str().unwrap().to_owned();
    assert!(text("message").contains(message), "{found:#}");
    assert!(text("fix").contains(fix), "{found:#}");
}

#[test]
fn forbidden_host_is_one_finding_about_the_network() {
    let found = error("[env]\nAPI = \"https://api.example.com\"\n");
    assert_finding(
        &found,
        "call-refused",
        "https://api.example.com",
        "[network] in shop.toml",
    );
    for text in ["message", "fix"] {
        let said = found[text].as_str().unwrap();
        assert!(!said.contains("[env]"), "{said}");
    }
}

#[test]
fn missing_variable_is_one_finding_with_the_line_to_add() {
    let found = error("");
    let line = "under [env] in shop.toml: SHOP_API = ";
    assert_finding(&found, "misconfigured", "SHOP_API is missing", line);
}

#[test]
fn api_that_is_down_is_one_finding() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let found = error(&calling(&origin));
    assert_finding(&found, "api-unreachable", &origin, "--map");
}

#[test]
fn refused_credentials_are_one_finding() {
    let api = Upstream::start(|_, exchange| exchange.answer(401, &[], "{}"));
    let found = error(&calling(&api.origin()));
    assert_finding(
        &found,
        "unauthorized",
        "answered 401",
        "[auth] or [env] in shop.toml",
    );
}

#[test]
fn credential_that_cannot_be_obtained_is_one_finding() {
    let api =
        Upstream::start(|_, exchange| exchange.answer(400, &[], "{\"error\": \"invalid_client\"}"));
    let origin = api.origin();
    let config = format!(
        "{}[auth.shop]\nkind = \"oauth2\"\ngrant = \"client-credentials\"\nurls = [\"{origin}\"]\ntoken-url = \"{origin}/token\"\n\
         client-id = \"shop\"\nclient-secret = \"a-long-enough-secret\"\n",
        calling(&origin)
    );
    let found = error(&config);
    assert_finding(
        &found,
        "unauthorized",
        "invalid_client",
        "[auth] or [env] in shop.toml",
    );
}

#[test]
fn api_that_fails_is_one_finding_though_its_answers_have_ids() {
    let answers = AtomicU32::new(0);
    let api = Upstream::start(move |_, exchange| {
        let answer = answers.fetch_add(1, Ordering::Relaxed);
        let body = format!("{{\"error\": \"broken\", \"request\": \"{answer:012x}\"}}");
        exchange.answer(404, &[], body);
    });
    let found = error(&calling(&api.origin()));
    assert_eq!(found["code"], "page-failed", "{found:#}");
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("answered 404"), "{found:#}");
    // The message says all there is to say.
    assert_eq!(found["fix"], Value::Null, "{found:#}");
}
