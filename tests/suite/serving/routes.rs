//! Which path leads to which connector, by which methods.

use crate::{assert_error, guests, host, host_with};
use serde_json::json;
use weld_host_tests::host::Host;

fn two_connectors() -> Host {
    host()
        .plugin("echo", guests::ECHOES_STATE)
        .plugin("tables", guests::DESCRIBES_ITS_TABLES)
        .start()
}

#[test]
fn schema_lists_tables_keys_and_fields_as_weld_reads_them() {
    let host = host_with(guests::DESCRIBES_ITS_TABLES);
    let answer = host.weld("guest").schema();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let expected = json!({ "schema": {
        "one_key": { "primary_key": "id", "fields": [
            { "name": "id", "type": "int" },
            { "name": "tags", "type": ["null", "string"] },
            { "name": "stock", "type": "long", "default": 0 },
            { "name": "note", "type": "string", "default": "none" },
        ] },
        "two_keys": { "primary_key": ["shop", "id"], "fields": [] },
        "no_key": { "fields": [] },
    } });
    assert_eq!(answer.json(), expected);
}

#[test]
fn schema_is_found_by_every_path_and_method_that_weld_uses() {
    let host = two_connectors();
    for (method, path) in [
        ("GET", "/tables/schema"),
        ("POST", "/tables/schema"),
        ("GET", "/tables//schema"),
        ("GET", "//tables/schema"),
        ("GET", "//tables//schema"),
        ("GET", "/tables/schema/"),
        ("GET", "/tables/schema?source=weld"),
    ] {
        let answer = host.request(method, path).send();
        assert_eq!(answer.status(), 200, "{method} {path}: {}", answer.text());
        assert_eq!(
            answer.json()["schema"]["two_keys"]["primary_key"],
            json!(["shop", "id"]),
            "{path}"
        );
    }
}

#[test]
fn page_is_found_by_every_path_that_weld_uses() {
    let host = two_connectors();
    for path in ["/echo", "/echo/", "//echo", "/echo//", "/echo/?source=weld"] {
        let answer = host
            .request("POST", path)
            .json(&json!({ "name": "beers" }))
            .send();
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
        assert_eq!(answer.json()["insert"][0]["table"], "beers", "{path}");
    }
}

#[test]
fn header_weld_mode_requests_the_schema() {
    let host = two_connectors();
    for method in ["GET", "POST"] {
        for (mode, body) in [("schema", None), ("Schema", Some(r#"{"name": "beers"}"#))] {
            let request = host.request(method, "/tables/").header("weld-mode", mode);
            let request = body
                .into_iter()
                .fold(request, |request, body| request.body(body));
            let answer = request.send();
            assert_eq!(answer.status(), 200, "{method} {mode}: {}", answer.text());
            assert!(
                answer.json()["schema"]["one_key"].is_object(),
                "{method} {mode}"
            );
        }
    }
}

#[test]
fn only_connector_is_also_served_at_the_root() {
    let host = host_with(guests::DESCRIBES_ITS_TABLES);
    for path in ["/schema", "//schema", "/guest/schema"] {
        let answer = host.request("GET", path).send();
        assert_eq!(answer.status(), 200, "{path}: {}", answer.text());
        assert!(answer.json()["schema"]["one_key"].is_object(), "{path}");
    }
    let page = host.weld_at_root().good_page("one_key", &json!({}));
    assert_eq!(page["hasMore"], json!(false));
}

#[test]
fn default_connector_among_others_is_served_at_the_root() {
    let host = host()
        .plugin("echo", guests::ECHOES_STATE)
        .plugin("tables", guests::DESCRIBES_ITS_TABLES)
        .flag("--default", "echo")
        .start();
    let row = host.weld_at_root().good_row("beers", &json!({}));
    assert_eq!(row["table"], "beers");
    assert!(host.weld("tables").schema().json()["schema"]["one_key"].is_object());
}

#[test]
fn root_serves_nothing_with_several_connectors_and_no_default() {
    let host = two_connectors();
    assert_eq!(host.weld_at_root().schema().status(), 404);
    assert_eq!(host.weld_at_root().page("beers", &json!({})).status(), 404);
}

#[test]
fn unknown_connector_is_distinguished_from_unknown_path() {
    let host = two_connectors();
    assert_error(&host.weld("nobody").schema(), 404, "unknown_connector");
    assert_error(
        &host.weld("nobody").page("beers", &json!({})),
        404,
        "unknown_connector",
    );
    assert_error(
        &host.request("GET", "/echo/schema/beers").send(),
        404,
        "not_found",
    );
    assert_error(
        &host.request("GET", "/echo/nothing").send(),
        404,
        "not_found",
    );
}

#[test]
fn other_methods_are_refused_with_the_allowed_ones() {
    let host = host_with(guests::ECHOES_STATE);
    for path in ["/guest/", "/guest/schema", "/", "/schema"] {
        for method in ["HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = host.request(method, path).send();
            assert_eq!(answer.status(), 405, "{method} {path}");
            let allowed = answer
                .header("allow")
                .expect("405 carries Allow (RFC 9110, 15.5.6)");
            assert!(
                allowed.contains("GET") && allowed.contains("POST"),
                "{allowed}"
            );
            if method != "HEAD" {
                assert_error(&answer, 405, "method_not_allowed");
            }
        }
    }
}
