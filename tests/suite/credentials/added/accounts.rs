//! Requests that name one of several credentials.

use super::{auth, host_for, only};
use crate::egress::fetch;
use crate::guests;
use serde_json::json;
use weld_host_tests::upstream::Upstream;

#[test]
fn request_names_one_of_several_accounts() {
    let upstream = Upstream::answering("{}");
    let other = Upstream::answering("{}");
    let config = [
        auth("one", &upstream, "", "kind = \"bearer\"\ntoken = \"first\""),
        auth(
            "two",
            &upstream,
            "",
            "kind = \"bearer\"\ntoken = \"second\"",
        ),
    ]
    .concat();
    let host = host_for(guests::FETCHES, &[&upstream, &other], &config);
    for (name, value) in [("one", "Bearer first"), ("two", "Bearer second")] {
        let row = fetch(
            &host,
            &json!({ "url": upstream.url("/"), "credential": name }),
        );
        assert_eq!(row["status"], 200, "{row}");
        let received = upstream.received();
        assert_eq!(
            received.last().unwrap().header("authorization"),
            Some(value)
        );
    }
    for (request, detail) in [
        (
            json!({ "url": upstream.url("/") }),
            "the credentials `one`, `two` all apply to",
        ),
        (
            json!({ "url": upstream.url("/"), "credential": "three" }),
            "there is no credential `three` in guest.toml; it has `one`, `two`",
        ),
        (
            json!({ "url": other.url("/"), "credential": "one" }),
            "the credential `one` doesn't apply to this URL",
        ),
    ] {
        let row = fetch(&host, &request);
        assert_eq!(row["error"], "credentials", "{row}");
        assert!(row["detail"].as_str().unwrap().contains(detail), "{row}");
    }
    assert_eq!(upstream.received().len(), 2);
    assert!(other.received().is_empty());
}

#[test]
fn request_of_wasi_http_names_an_account_in_a_header() {
    let upstream = Upstream::answering("{}");
    let keys = |token: &str| format!("kind = \"bearer\"\ntoken = \"{token}\"");
    let config = [
        auth("one", &upstream, "", &keys("first")),
        auth("two", &upstream, "", &keys("second")),
    ]
    .concat();
    let host = host_for(guests::FETCHES_WASI, &[&upstream], &config);
    let request = |name: &str| json!({ "url": upstream.url("/"), "headers": [["Weld-Host-Credential", name]] });
    let row = fetch(&host, &request("two"));
    assert_eq!(row["status"], 200, "{row}");
    let received = only(&upstream);
    assert_eq!(received.header("authorization"), Some("Bearer second"));
    assert_eq!(received.header("weld-host-credential"), None);
    let row = fetch(&host, &request("three"));
    assert!(
        row["detail"]
            .as_str()
            .unwrap()
            .contains("there is no credential `three`"),
        "{row}"
    );
    assert_eq!(upstream.received().len(), 1);
}
