//! A guest's output as lines of the host's log: under its name, harmless, and bounded.

use crate::{assert_error, guests, host, host_with, host_with_config, unanswered};
use serde_json::{Value, json};
use weld_host_tests::host::Host;
use weld_host_tests::upstream::Upstream;

/// Checks that the log has only printable lines, and none that a guest made look like one of the host's.
fn assert_nothing_forged(host: &Host) {
    for line in host.log().so_far() {
        assert!(
            !line.contains(|character: char| character.is_control() && character != '\t'),
            "{line:?}"
        );
        assert!(!line.starts_with("ERROR forged"), "{line}");
    }
}

/// The lines that a flooding guest got into the log.
fn flood_lines(host: &Host) -> Vec<String> {
    host.log()
        .so_far()
        .into_iter()
        .filter(|line| line.contains("flood"))
        .collect()
}

#[test]
fn every_output_appears_in_the_log_under_the_connectors_name() {
    let host = host()
        .plugin("chatty", guests::LOGS_AT_EVERY_LEVEL)
        .flag("--log", "debug")
        .start();
    host.weld("chatty").good_page("rows", &json!({}));
    for (text, level) in [
        ("a debug line", "DEBUG"),
        ("an info line", "INFO"),
        ("a warn line", "WARN"),
        ("an error line", "ERROR"),
        ("a line on stdout", "INFO"),
        ("a line on stderr", "INFO"),
    ] {
        let line = host.log().wait_for_text(text);
        assert!(line.contains("chatty") && line.contains(level), "{line}");
    }
}

#[test]
fn event_names_its_connector_once() {
    let host = host().plugin("chatty", guests::LOGS_AT_EVERY_LEVEL).start();
    host.weld("chatty").good_page("rows", &json!({}));
    for (text, source) in [
        ("an error line", None),
        ("a line on stderr", Some("source=\"stderr\"")),
        ("status=200", None),
    ] {
        let line = host.log().wait_for_text(text);
        assert_eq!(line.matches("chatty").count(), 1, "{line}");
        assert_eq!(line.contains("source="), source.is_some(), "{line}");
        assert!(source.is_none_or(|source| line.contains(source)), "{line}");
    }
}

#[test]
fn lines_of_a_message_are_one_event_of_the_json_log() {
    let host = host()
        .plugin("guest", guests::LOGS_CONTROL_CHARACTERS)
        .flag("--log-format", "json")
        .start();
    host.weld("guest").good_page("rows", &json!({}));
    let line = host.log().wait_for_text("by log");
    let event: Value = serde_json::from_str(&line).unwrap();
    let message = event["message"].as_str().unwrap();
    assert!(
        message.starts_with("by log ") && message.contains("\nERROR forged line"),
        "{line}"
    );
    assert_eq!(event["source"], "log");
    assert_eq!(event["connector"], "guest");
}

/// The events of a host's log in the JSON format.
fn events(host: &Host) -> Vec<Value> {
    let lines = host.log().so_far();
    let object = |line: &String| {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
    };
    lines.iter().map(object).collect()
}

#[test]
fn traceback_on_stderr_is_one_event() {
    let host = host()
        .plugin("guest", guests::PRINTS_A_TRACEBACK)
        .flag("--log-format", "json")
        .start();
    host.weld("guest").good_page("rows", &json!({}));
    host.log().wait_for_text("\"status\":200");
    let of_the_guest = |event: &Value| {
        let message = event["message"].as_str().unwrap().to_owned();
        (event["target"] == "guest").then_some(message)
    };
    let messages: Vec<_> = events(&host).iter().filter_map(of_the_guest).collect();
    assert_eq!(messages.len(), 4, "{messages:#?}");
    assert!(
        messages[1].starts_with("Traceback") && messages[1].ends_with("ValueError: no deals"),
        "{messages:#?}"
    );
    assert_eq!(
        [&messages[0], &messages[2], &messages[3]],
        ["before it", "after it", "on stdout"]
    );
    assert_error(
        &host.weld("guest").page("panic", &json!({})),
        500,
        "connector_crashed",
    );
    let line = host.log().wait_for("the panic", |line| {
        line.contains("panicked at") && line.contains("\"target\":\"guest\"")
    });
    assert!(line.contains("in this table"), "{line}");
}

#[test]
fn json_log_is_whole_and_all_of_the_output() {
    let upstream = Upstream::answering("{}");
    let config = format!("[network]\nallow = [\"{}\"]", upstream.origin());
    let host = host()
        .plugin("shop", guests::FETCHES)
        .config("shop", &config)
        .file("broken.wasm", "no component")
        .flag("--log-format", "json")
        .start();
    let request = json!({ "url": upstream.url("/beers") });
    host.weld("shop").good_page("rows", &request);
    host.weld("shop").schema();
    assert_error(
        &host.weld("broken").page("rows", &json!({})),
        503,
        "connector_unavailable",
    );
    std::fs::write(host.plugins().join("shop.toml"), format!("{config}\n")).unwrap();
    host.log().wait_for_text("\"connector reloaded\"");
    host.log().wait_for_text("\"status\":503");
    let manual = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating/log.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    let mut messages = Vec::new();
    for event in events(&host) {
        let members = event.as_object().unwrap();
        for (name, value) in members {
            assert!(manual.contains(&format!("`{name}`")), "{name} of {event}");
            let is_flat = !value.is_object() && !value.is_array();
            assert!(is_flat, "{name} of {event}");
            assert!(
                !name.contains("took") || value.is_number(),
                "{name} of {event}"
            );
        }
        messages.push(event["message"].as_str().unwrap().to_owned());
    }
    for expected in [
        "listening",
        "connector loaded",
        "connector not loaded",
        "upstream call",
        "page",
        "schema",
        "connector reloaded",
    ] {
        let times = messages
            .iter()
            .filter(|message| *message == expected)
            .count();
        assert_eq!(times, 1, "{expected} in {messages:?}");
    }
    assert_eq!(host.stdout().so_far(), Vec::<String>::new());
}

#[test]
fn error_that_ends_the_host_is_an_event_of_the_json_log() {
    let failure = host()
        .flag("--log-format", "json")
        .flag("--plugins", "/nowhere")
        .fail();
    let last = failure.stderr.last().expect("a line");
    let event: Value = serde_json::from_str(last).expect("an object");
    assert_eq!(event["level"], "ERROR");
    let message = event["message"].as_str().unwrap();
    assert!(message.contains("/nowhere"), "{message}");
}

#[test]
fn lines_below_the_level_are_left_out() {
    let host = host()
        .plugin("chatty", guests::LOGS_AT_EVERY_LEVEL)
        .flag("--log", "warn")
        .start();
    host.weld("chatty").good_page("rows", &json!({}));
    host.log().wait_for_text("an error line");
    let log = host.log().so_far().join("\n");
    assert!(log.contains("a warn line"), "{log}");
    for quiet in ["a debug line", "an info line", "a line on stdout"] {
        assert!(!log.contains(quiet), "{quiet} in {log}");
    }
}

#[test]
fn json_log_has_one_object_per_line() {
    let host = host()
        .plugin("chatty", guests::LOGS_AT_EVERY_LEVEL)
        .flag("--log-format", "json")
        .start();
    host.weld("chatty").good_page("rows", &json!({}));
    host.log().wait_for_text("an error line");
    for line in host.log().so_far() {
        let object: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            object["level"].is_string() && object["timestamp"].is_string(),
            "{line}"
        );
        if line.contains("an error line") {
            assert!(object.to_string().contains("chatty"), "{line}");
        }
    }
}

#[test]
fn control_characters_are_escaped() {
    let host = host_with(guests::LOGS_CONTROL_CHARACTERS);
    host.weld("guest").good_page("rows", &json!({}));
    for way in ["by stdout", "by stderr"] {
        let line = host.log().wait_for_text(way);
        assert!(line.contains("forged"), "still one line: {line}");
    }
    host.log().wait_for_text("by log");
    let line = host.log().wait_for_text("ERROR forged line");
    assert!(
        line.starts_with("    | ERROR forged line"),
        "a further line of its event: {line}"
    );
    assert_nothing_forged(&host);
}

#[test]
fn last_words_of_a_crash_are_escaped_too() {
    let host = host_with(guests::TRAPS);
    assert_error(
        &host
            .weld("guest")
            .page("panic_on_several_lines", &json!({})),
        500,
        "connector_crashed",
    );
    host.log().wait_for_text("wasm backtrace");
    host.log().wait_for("the last words", |line| {
        line.starts_with("    | ERROR forged")
    });
    assert_nothing_forged(&host);
}

#[test]
fn lines_past_the_limit_are_dropped_and_counted() {
    let host = host_with(guests::PRINTS_ENDLESSLY);
    host.weld("guest").good_page("lines", &json!({}));
    host.log().wait_for("the count of dropped lines", |line| {
        line.contains("4000") && line.contains("guest")
    });
    assert_eq!(flood_lines(&host).len(), 1000);
}

#[test]
fn each_connector_has_its_own_limit_of_lines() {
    let host = host_with_config(guests::PRINTS_ENDLESSLY, "[limits]\nlog-lines = 10");
    host.weld("guest").good_page("lines", &json!({}));
    host.log()
        .wait_for("the count of dropped lines", |line| line.contains("4990"));
    assert_eq!(flood_lines(&host).len(), 10);
}

#[test]
fn endless_line_is_bounded() {
    let host = host_with(guests::PRINTS_ENDLESSLY);
    host.weld("guest").good_page("long_line", &json!({}));
    host.log().wait_for_text("dropped");
    let written: usize = flood_lines(&host).iter().map(String::len).sum();
    assert!(
        (1..=300 << 10).contains(&written),
        "256 KiB and the rest of the lines: {written}"
    );
}

#[test]
fn guest_that_prints_endlessly_is_stopped() {
    let host = host_with_config(guests::PRINTS_ENDLESSLY, "[limits]\ncpu-time = \"500ms\"");
    assert_error(
        &host.weld("guest").page("for_ever", &json!({})),
        500,
        "cpu_exceeded",
    );
    host.log().wait_for_text("dropped");
    assert_eq!(flood_lines(&host).len(), 1000);
}

#[test]
fn page_leaves_a_line_with_connector_table_and_rows() {
    let host = host()
        .plugin("beers", guests::ECHOES_STATE)
        .flag("--log", "debug")
        .start();
    host.weld("beers")
        .good_page("a_table", &json!({ "secret": "in the state" }));
    let line = host.log().wait_for_text("a_table");
    assert!(line.contains("beers"), "{line}");
    let log = host.log().so_far().join("\n");
    assert!(
        !log.contains("in the state"),
        "no state and no row is in the log: {log}"
    );
}

#[test]
fn escapes_count_against_the_bytes_that_a_call_may_log() {
    let host = host_with(guests::PRINTS_ENDLESSLY);
    host.weld("guest")
        .good_page("control_characters", &json!({}));
    host.log().wait_for_text("status=200");
    let written: usize = host.log().so_far().iter().map(String::len).sum();
    assert!(
        (100 << 10..=300 << 10).contains(&written),
        "256 KiB and the rest of the lines: {written}"
    );
}

#[test]
fn very_long_message_is_cut() {
    let host = host_with(guests::PRINTS_ENDLESSLY);
    host.weld("guest").good_page("long_message", &json!({}));
    host.log().wait_for_text("status=200");
    assert!(!flood_lines(&host).is_empty());
    for line in flood_lines(&host) {
        assert!(line.len() <= 10 << 10, "{} bytes", line.len());
    }
}

#[test]
fn call_to_an_upstream_leaves_a_line_without_its_query() {
    let upstream = Upstream::answering("{}");
    let config = format!("[network]\nallow = [\"GET {}\"]", upstream.origin());
    let host = host()
        .plugin("shop", guests::FETCHES)
        .config("shop", &config)
        .flag("--log-format", "json")
        .start();
    let url = upstream.url("/beers?token=hunter2");
    for method in ["GET", "POST"] {
        let request = json!({ "url": url, "method": method });
        host.weld("shop").good_page("rows", &request);
    }
    let line = |message: &str| {
        let line = host.log().wait_for_text(&format!("\"{message}\""));
        serde_json::from_str::<Value>(&line).unwrap()
    };
    let called = line("upstream call");
    for (field, expected) in [
        ("connector", json!("shop")),
        ("method", json!("GET")),
        ("origin", json!(upstream.origin())),
        ("path", json!("/beers")),
        ("status", json!(200)),
        ("outcome", json!("2xx")),
        ("sent_bytes", json!(0)),
        ("received_bytes", json!(2)),
        ("body_bytes", json!(2)),
    ] {
        assert_eq!(called[field], expected, "{field} in {called}");
    }
    for field in ["resolve_ms", "connect_ms", "first_byte_ms", "took_ms"] {
        assert!(called[field].is_number(), "{field} in {called}");
    }
    let refused = line("upstream call failed");
    for (field, expected) in [
        ("connector", "shop"),
        ("method", "POST"),
        ("path", "/beers"),
        ("outcome", "denied"),
    ] {
        assert_eq!(refused[field], expected, "{field} in {refused}");
    }
    let cause = refused["cause"].as_str().unwrap();
    assert!(
        cause.contains("shop.toml") && cause.contains("POST http://"),
        "says which line to add where: {cause}"
    );
    let log = host.log().so_far().join("\n");
    assert!(!log.contains("hunter2"), "{log}");
}

#[test]
fn call_that_ends_with_its_page_says_what_it_waited_for() {
    let unanswered = unanswered("50ms");
    let page = unanswered.page().begin().unwrap();
    unanswered.arrived.pass("the page's call");
    drop(page);
    let log = unanswered.host.log();
    let line = log.wait_for("the line of the call", |line| {
        line.contains("outcome=\"dropped\"")
    });
    assert!(line.contains("for the head of the response"), "{line}");
}
