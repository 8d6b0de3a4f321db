//! Events that can't be answered: a clear error, and the next event is answered.

use super::{Source, answer, function_with};
use crate::guests;
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use weld_host_tests::runtime_api::Function;

/// Checks that the function still works.
fn assert_serves(function: &Function) {
    let page = answer(function, &Source::FunctionUrl.event());
    assert_eq!(page.status, 200, "{page:?}");
}

#[test]
fn broken_base64_is_refused_after_the_key() {
    let function = function_with(guests::ECHOES_STATE, "");
    for source in Source::ALL {
        for body in ["eyJuYW1lIjog!", "eyJuY", "eyJu YW1l", "é"] {
            let mut event = source.event();
            event["body"] = body.into();
            event["isBase64Encoded"] = true.into();
            let message = answer(&function, &event).error(400, "bad_request");
            assert!(message.contains("base64"), "{source:?} {message}");
            let stranger = source.with_header(event, "authorization", None);
            answer(&function, &stranger).error(401, "unauthorized");
            assert_serves(&function);
        }
    }
}

#[test]
fn events_of_other_sources_are_errors_that_name_them() {
    let function = function_with(guests::ECHOES_STATE, "");
    let queue: Value = serde_json::from_str(include_str!("events/queue.json")).unwrap();
    for (event, named) in [
        (queue, "`Records`"),
        (
            json!({"key1": "value1", "key2": "value2"}),
            "`key1`, `key2`",
        ),
        (json!({}), "no members"),
        (
            json!({"requestContext": {"connectionId": "a", "eventType": "MESSAGE"}}),
            "`requestContext`",
        ),
    ] {
        let error = function.invoke(&event).error();
        assert_eq!(error["errorType"], "Event.UnknownSource", "{error}");
        let message = error["errorMessage"].as_str().unwrap();
        assert!(message.contains(named), "{named} in {message}");
        assert!(message.contains("function URL"), "{message}");
        function
            .process()
            .stderr()
            .wait_for_text(named.trim_matches('`'));
        assert_serves(&function);
    }
}

#[test]
fn payloads_that_are_not_events_are_errors() {
    let function = function_with(guests::ECHOES_STATE, "");
    let deadline = SystemTime::now() + Duration::from_secs(900);
    for payload in [
        &b""[..],
        b"{",
        b"not JSON",
        b"null",
        b"[]",
        b"\"text\"",
        b"\xff\xfe",
        b"{\"headers\": 7, \"requestContext\": {\"http\": {}}}",
        b"{\"isBase64Encoded\": \"yes\"}",
    ] {
        let error = function.invoke_raw(payload, deadline).error();
        let [kind, message] = ["errorType", "errorMessage"].map(|member| error[member].as_str());
        assert!(kind.is_some_and(|kind| !kind.is_empty()), "{error}");
        assert!(
            message.is_some_and(|message| !message.is_empty()),
            "{error}"
        );
        assert_serves(&function);
    }
}

#[test]
fn missing_and_invalid_members_are_refused_in_the_form_of_the_source() {
    let function = function_with(guests::ECHOES_STATE, "");
    for source in Source::ALL {
        let path = if source.is_version_2() {
            "rawPath"
        } else {
            "path"
        };
        let mut event = source.event();
        event.as_object_mut().unwrap().remove(path);
        let message = answer(&function, &event).error(400, "bad_request");
        assert!(
            message.contains(&format!("`{path}`")),
            "{source:?} {message}"
        );
        let event = source.with_header(source.event(), "bad name", Some("value"));
        let message = answer(&function, &event).error(400, "bad_request");
        assert!(message.contains("`bad name`"), "{source:?} {message}");
        let event = source.request("GET IT", "/guest");
        let message = answer(&function, &event).error(400, "bad_request");
        assert!(message.contains("GET IT"), "{source:?} {message}");
        let mut event = source.event();
        event["body"] = Value::Null;
        answer(&function, &event).error(400, "bad_request");
        assert_serves(&function);
    }
}
