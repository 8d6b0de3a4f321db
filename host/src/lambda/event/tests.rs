use serde_json::json;

use super::*;

fn read(event: &Value) -> HttpEvent {
    HttpEvent::read(&event.to_string()).unwrap_or_else(|error| panic!("{event}: {error}"))
}

fn fault(event: &Value) -> String {
    match HttpEvent::read(&event.to_string()) {
        Err(EventError::Invalid { fault, .. }) => fault.to_string(),
        other => panic!("{event}: {other:?}"),
    }
}

/// An event of payload 2.0.
fn version_2(domain: &str, stage: &str, path: &str) -> Value {
    json!({
        "version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {"authorization": "Bearer key"},
        "requestContext": {
            "domainName": domain, "stage": stage,
            "http": {"method": "POST", "path": path, "sourceIp": "192.0.2.7"},
        },
        "isBase64Encoded": false,
    })
}

/// An event of payload 1.0.
fn version_1(context_path: &str, stage: &str, path: &str) -> Value {
    json!({
        "resource": "/{proxy+}", "path": path, "httpMethod": "POST", "headers": null,
        "multiValueHeaders": {"Authorization": ["Bearer key"], "Accept-Encoding": ["gzip"]},
        "requestContext": {"stage": stage, "path": context_path, "identity": {"sourceIp": "2001:db8::7"}},
        "body": null, "isBase64Encoded": false,
    })
}

/// An event of payload 1.0 of an HTTP API.
fn http_api_version_1(path: &str) -> Value {
    let mut event = version_1(path, "$default", path);
    event["version"] = "1.0".into();
    event
}

fn load_balancer(headers: &Value, multiple: &Value) -> Value {
    let mut event = json!({
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "httpMethod": "GET", "path": "/beers/schema", "queryStringParameters": {}, "body": "", "isBase64Encoded": false,
    });
    for (member, value) in [("headers", headers), ("multiValueHeaders", multiple)] {
        if !value.is_null() {
            event[member] = value.clone();
        }
    }
    event
}

const API: &str = "abc.execute-api.eu-north-1.amazonaws.com";
const FUNCTION_URL: &str = "abc.lambda-url.eu-north-1.on.aws";

#[test]
fn stage_is_not_a_part_of_the_path() {
    for (domain, stage, path, expected) in [
        (FUNCTION_URL, "$default", "/beers", "/beers"),
        (FUNCTION_URL, "$default", "/", "/"),
        (API, "$default", "/beers", "/beers"),
        (API, "prod", "/prod/beers", "/beers"),
        (API, "prod", "/prod/prod/schema", "/prod/schema"),
        (API, "prod", "/prod", "/"),
        (API, "prod", "/production/schema", "/production/schema"),
        // A domain of the operator's has no stage in its paths, and `prod` is a connector.
        ("api.example.com", "prod", "/prod/schema", "/prod/schema"),
    ] {
        let event = read(&version_2(domain, stage, path));
        assert_eq!(event.request.uri().path(), expected, "{domain} {path}");
    }
    for (context_path, stage, path, expected) in [
        ("/prod/beers", "prod", "/beers", "/beers"),
        ("/prod/prod", "prod", "/prod", "/prod"),
        ("/prod/beers", "prod", "/prod/beers", "/beers"),
        ("/beers", "prod", "/beers", "/beers"),
        ("/prod/", "prod", "/", "/"),
    ] {
        let event = read(&version_1(context_path, stage, path));
        assert_eq!(
            event.request.uri().path(),
            expected,
            "{context_path} {path}"
        );
    }
}

#[test]
fn paths_of_a_rest_api_s_own_domain_have_no_stage() {
    let mut event = version_1("/prod/schema", "prod", "/prod/schema");
    event["requestContext"]["domainName"] = API.into();
    assert_eq!(read(&event).request.uri().path(), "/schema");
    event["requestContext"]["domainName"] = "api.example.com".into();
    assert_eq!(read(&event).request.uri().path(), "/prod/schema");
}

#[test]
fn each_source_names_the_client() {
    let listed = json!({"x-forwarded-for": "198.51.100.1, 192.0.2.9"});
    let separate = json!({"x-forwarded-for": ["198.51.100.1", "192.0.2.9"]});
    for (event, source, client) in [
        (
            version_2(FUNCTION_URL, "$default", "/"),
            EventSource::FunctionUrl,
            "192.0.2.7",
        ),
        (
            version_2(API, "prod", "/"),
            EventSource::HttpApi {
                payload: PayloadVersion::V2,
            },
            "192.0.2.7",
        ),
        (
            http_api_version_1("/beers"),
            EventSource::HttpApi {
                payload: PayloadVersion::V1,
            },
            "2001:db8::7",
        ),
        (
            version_1("/prod/", "prod", "/"),
            EventSource::RestApi,
            "2001:db8::7",
        ),
        (
            load_balancer(&listed, &Value::Null),
            EventSource::LoadBalancer {
                has_multi_values: false,
            },
            "192.0.2.9",
        ),
        (
            load_balancer(&Value::Null, &separate),
            EventSource::LoadBalancer {
                has_multi_values: true,
            },
            "192.0.2.9",
        ),
    ] {
        let found = read(&event);
        assert_eq!(found.source, source);
        assert_eq!(found.client, client.parse().ok(), "{source:?}");
    }
    for (sent, client) in [
        ("198.51.100.1, 192.0.2.9:5678", "192.0.2.9"),
        ("[2001:db8::7]:80", "2001:db8::7"),
    ] {
        let event = load_balancer(&json!({"x-forwarded-for": sent}), &Value::Null);
        assert_eq!(read(&event).client, client.parse().ok(), "{sent}");
    }
    let nobody = load_balancer(&json!({"x-forwarded-for": "unknown"}), &Value::Null);
    assert_eq!(read(&nobody).client, None);
}

#[test]
fn only_a_rest_api_gets_no_compressed_answers() {
    let mut function_url = version_2(FUNCTION_URL, "$default", "/");
    function_url["headers"]["accept-encoding"] = "gzip".into();
    let accepts = |event: &Value| {
        read(event)
            .request
            .headers()
            .contains_key("accept-encoding")
    };
    assert!(accepts(&function_url));
    assert!(!accepts(&version_1("/prod/", "prod", "/")));
}

#[test]
fn bodies_are_decoded_or_their_fault_is_kept() {
    for (body, is_base64, expected) in [
        (
            json!("{\"name\": \"é\"}"),
            json!(false),
            Some("{\"name\": \"é\"}"),
        ),
        (
            json!("eyJuYW1lIjogImJlZXJzIn0="),
            json!(true),
            Some("{\"name\": \"beers\"}"),
        ),
        (
            json!("eyJuYW1lIjogImJlZXJzIn0="),
            Value::Null,
            Some("eyJuYW1lIjogImJlZXJzIn0="),
        ),
        (Value::Null, json!(true), Some("")),
        (json!(""), json!(true), Some("")),
        (json!("eyJuYW1l!"), json!(true), None),
        (json!("eyJuYW1lIjogImJlZXJzIn0"), json!(true), None),
        (json!("eyJu YW1l"), json!(true), None),
    ] {
        let mut event = version_2(FUNCTION_URL, "$default", "/");
        event["body"] = body.clone();
        event["isBase64Encoded"] = is_base64;
        let read = read(&event).request.into_body();
        let text = read
            .ok()
            .map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        assert_eq!(text.as_deref(), expected, "{body}");
    }
}

#[test]
fn paths_that_a_source_has_decoded_are_encoded_again() {
    for (path, expected) in [
        ("/a b", "/a%20b"),
        ("/é?x=#", "/%C3%A9%3Fx=%23"),
        ("/be%65rs", "/be%65rs"),
        ("beers", "/beers"),
        ("", "/"),
    ] {
        let event = read(&version_2(FUNCTION_URL, "$default", path));
        assert_eq!(event.request.uri().path(), expected);
        assert_eq!(event.request.uri().query(), None);
    }
}

#[test]
fn missing_and_invalid_members_are_named() {
    let without = |mut event: Value, member: &str| {
        event.as_object_mut().unwrap().remove(member);
        event
    };
    let function_url = || version_2(FUNCTION_URL, "$default", "/");
    assert_eq!(
        fault(&without(function_url(), "rawPath")),
        "it has no `rawPath`"
    );
    assert_eq!(
        fault(&without(version_1("/", "prod", "/"), "path")),
        "it has no `path`"
    );
    let mut event = function_url();
    event["requestContext"]["http"] = json!({});
    assert_eq!(fault(&event), "it has no `requestContext.http.method`");
    event["requestContext"]["http"]["method"] = "GET IT".into();
    assert!(fault(&event).contains("GET IT"), "{event}");
    let headers = json!({"a b": "c"});
    assert!(fault(&load_balancer(&headers, &Value::Null)).contains("`a b`"));
    let event = without(load_balancer(&Value::Null, &Value::Null), "httpMethod");
    assert_eq!(fault(&event), "it has no `httpMethod`");
}

#[test]
fn events_that_are_not_requests_are_refused() {
    for (event, member) in [
        (json!({"Records": [{"s3": {}}]}), "`Records`"),
        (
            json!({"source": "aws.events", "detail": {}}),
            "`detail`, `source`",
        ),
        (
            json!({"requestContext": {"connectionId": "a"}, "httpMethod": "GET"}),
            "`httpMethod`",
        ),
        (
            json!({"requestContext": {"serviceArn": "a"}, "path": "/", "method": "GET"}),
            "`method`",
        ),
        (json!({"httpMethod": "GET", "path": "/"}), "`path`"),
        (json!({}), "no members"),
        (json!({"requestContext": null}), "`requestContext`"),
    ] {
        match HttpEvent::read(&event.to_string()) {
            Err(error @ EventError::UnknownSource { .. }) => {
                assert!(error.to_string().contains(member), "{error}");
            }
            other => panic!("{event}: {other:?}"),
        }
    }
    for event in [
        json!([]),
        json!("text"),
        json!(null),
        json!({"isBase64Encoded": "yes"}),
        json!({"headers": []}),
        json!({"requestContext": {"http": "GET"}}),
        json!({"body": {"name": "beers"}}),
    ] {
        let read = HttpEvent::read(&event.to_string());
        assert!(
            matches!(read, Err(EventError::Unreadable(_))),
            "{event}: {read:?}"
        );
    }
}

#[test]
fn time_of_the_request_is_read_from_both_payloads() {
    let mut event = version_2(API, "prod", "/");
    assert_eq!(read(&event).requested_ms, None);
    event["requestContext"]["timeEpoch"] = 1_583_348_638_390_u64.into();
    assert_eq!(read(&event).requested_ms, Some(1_583_348_638_390));
    // Of a test event that somebody has written.
    event["version"] = 2.into();
    for odd in [json!("1583348638390"), json!(1.5), json!(-1)] {
        event["requestContext"]["timeEpoch"] = odd;
        assert_eq!(read(&event).requested_ms, None);
    }
    let mut event = version_1("/prod/", "prod", "/");
    event["requestContext"]["requestTimeEpoch"] = 1_583_348_638_390_u64.into();
    assert_eq!(read(&event).requested_ms, Some(1_583_348_638_390));
}

#[test]
fn http_apis_with_payload_1_decode_compressed_answers() {
    let accepts = |event| {
        read(&event)
            .request
            .headers()
            .contains_key("accept-encoding")
    };
    assert!(accepts(http_api_version_1("/beers")));
    assert!(!accepts(version_1("/prod/", "prod", "/")));
}
