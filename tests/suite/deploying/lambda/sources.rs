//! Requests of each source, and answers in the form that it reads.

use super::{Answer, Source, answer, function, function_with, row};
use crate::guests;
use serde_json::json;

#[test]
fn each_source_gets_schemas_and_pages() {
    let function = function()
        .plugin("guest", guests::ECHOES_STATE)
        .plugin("prod", guests::ECHOES_STATE)
        .start();
    for source in Source::ALL {
        for (method, path) in [
            ("GET", "/guest/schema"),
            ("POST", "/guest/schema"),
            // The stage's name is a connector's, too.
            ("GET", "/prod/schema"),
        ] {
            let schema = answer(&function, &source.request(method, path));
            assert_eq!(schema.status, 200, "{source:?} {path} {schema:?}");
            assert!(schema.json()["schema"].is_object(), "{source:?} {path}");
            assert_eq!(schema.header("content-type"), Some("application/json"));
        }
        let page = answer(
            &function,
            &source.page("rows", &json!({"page": 7, "name": "é"})),
        );
        assert_eq!(page.status, 200, "{source:?} {page:?}");
        let text = page.json().to_string();
        assert!(
            text.contains("\\\"page\\\":7") || text.contains("\"page\":7"),
            "{text}"
        );
        let nothing = answer(&function, &source.request("GET", "/other/path/here"));
        nothing.error(404, "not_found");
        let wrong = source.with_header(source.event(), "authorization", Some("Bearer other"));
        answer(&function, &wrong).error(401, "unauthorized");
        let none = source.with_header(source.event(), "authorization", None);
        answer(&function, &none).error(401, "unauthorized");
        answer(&function, &source.request("DELETE", "/guest")).error(405, "method_not_allowed");
    }
}

#[test]
fn answers_have_the_members_that_their_source_reads() {
    let function = function_with(guests::ECHOES_STATE, "");
    for source in Source::ALL {
        let answer = function.invoke(&source.event()).response();
        let members: Vec<&str> = answer
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        let expected: &[&str] = match source {
            Source::FunctionUrl | Source::HttpApi => {
                &["body", "headers", "isBase64Encoded", "statusCode"]
            }
            Source::RestApi => &["body", "isBase64Encoded", "multiValueHeaders", "statusCode"],
            Source::LoadBalancer => &[
                "body",
                "headers",
                "isBase64Encoded",
                "statusCode",
                "statusDescription",
            ],
            Source::LoadBalancerMultiValue => &[
                "body",
                "isBase64Encoded",
                "multiValueHeaders",
                "statusCode",
                "statusDescription",
            ],
        };
        let mut members = members;
        members.sort_unstable();
        assert_eq!(members, expected, "{source:?}");
    }
}

#[test]
fn base64_bodies_are_decoded_and_gzip_is_understood() {
    let function = function_with(guests::ECHOES_STATE, "");
    let body = json!({"name": "rows", "state": {"page": 7}}).to_string();
    for source in Source::ALL {
        for (bytes, encoding) in [
            (body.as_bytes().to_vec(), None),
            (crate::gzip(body.as_bytes()), Some("gzip")),
        ] {
            use base64::Engine;
            let mut event = source.with_header(source.event(), "content-encoding", encoding);
            event["body"] = base64::prelude::BASE64_STANDARD.encode(bytes).into();
            event["isBase64Encoded"] = true.into();
            let page = answer(&function, &event);
            assert_eq!(page.status, 200, "{source:?} {encoding:?} {page:?}");
            assert!(
                page.json().to_string().contains('7'),
                "{source:?} {encoding:?}"
            );
        }
    }
}

#[test]
fn answers_are_compressed_for_clients_whose_source_decodes_them() {
    let function = function_with(guests::MAKES_ROWS, "");
    for source in Source::ALL {
        let event = source.with_header(
            source.page("100", &json!({})),
            "accept-encoding",
            Some("gzip"),
        );
        let page = answer(&function, &event);
        let json = if source == Source::RestApi {
            assert_eq!(page.header("content-encoding"), None, "{source:?}");
            page.json()
        } else {
            page.unzipped()
        };
        assert_eq!(
            json["insert"].as_array().map(Vec::len),
            Some(100),
            "{source:?}"
        );
    }
}

#[test]
fn page_that_was_delivered_is_made_again_for_the_same_state() {
    let function = function_with(guests::WAITS_BETWEEN_PAGES, "");
    let event = Source::FunctionUrl.page("rows", &json!({"page": 1}));
    for _ in 0..2 {
        let page: Answer = answer(&function, &event);
        assert_eq!(row(&page)["id"], 2);
        let last = function
            .process()
            .stderr()
            .so_far()
            .pop()
            .unwrap_or_default();
        assert!(!last.contains("joined"), "{last}");
    }
}

#[test]
fn log_has_the_ids_of_the_platform_and_the_clients() {
    let function = function_with(guests::ECHOES_STATE, "");
    for source in Source::ALL {
        let page = answer(&function, &source.event());
        let id = page.header("x-request-id").unwrap().to_owned();
        assert!(id.starts_with("8476a536-e9f4-11e8-9739-"), "{id}");
        let line = function.process().stderr().wait_for_text(&id);
        let event: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(event["request_id"], id.as_str());
        assert_eq!(event["client"], "192.0.2.7", "{source:?}");
        assert_eq!(event["message"], "page");
    }
}
