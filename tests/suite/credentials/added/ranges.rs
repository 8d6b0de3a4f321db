//! Requests for parts of a response, in which an API could show a credential that the host doesn't recognize.

use super::{auth, host_for};
use crate::egress::fetch;
use crate::guests;
use serde_json::json;
use weld_host_tests::upstream::Upstream;

const KINDS: [&str; 4] = [
    "kind = \"bearer\"\ntoken = \"a-long-bearer-token\"",
    "kind = \"api-key\"\nquery = \"key\"\nvalue = \"a-long-key-of-the-api\"",
    "kind = \"basic\"\nusername = \"weld\"\npassword = \"a-long-password\"",
    "kind = \"jwt\"\nalgorithm = \"HS256\"\nkey = \"a-key-that-is-shared-and-long-enough\"",
];

#[test]
fn parts_are_not_requested_with_a_credential() {
    let upstream = Upstream::answering("{}");
    for guest in [guests::FETCHES, guests::FETCHES_WASI] {
        for kind in KINDS {
            let config = auth("one", &upstream, "", kind);
            let host = host_for(guest, &[&upstream], &config);
            for (header, value) in [
                ("Range", "bytes=0-7"),
                ("If-Range", "\"x\""),
                ("Request-Range", "bytes=0-7"),
                ("x-ms-RANGE", "bytes=0-7"),
            ] {
                let request = json!({ "url": upstream.url("/"), "headers": [[header, value]] });
                let row = fetch(&host, &request);
                let detail = row["detail"].as_str().unwrap_or_default();
                let expected = "set `ranges = true` under [auth.one] in guest.toml";
                assert!(detail.contains(expected), "{kind}: {row}");
            }
        }
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn request_that_sends_a_part_gets_a_credential() {
    let upstream = Upstream::answering("{}");
    let config = auth("one", &upstream, "", KINDS[0]);
    let host = host_for(guests::FETCHES, &[&upstream], &config);
    let headers = json!([["Content-Range", "bytes 0-7/8"]]);
    let row = fetch(
        &host,
        &json!({ "url": upstream.url("/"), "headers": headers }),
    );
    assert_eq!(row["status"], 200, "{row}");
}

#[test]
fn redirect_adds_no_credential_to_a_request_for_parts() {
    let upstream = Upstream::start(|request, exchange| match request.target() {
        "/first" => exchange.answer(302, &[("location", "/second")], ""),
        _ => exchange.answer(200, &[], "{}"),
    });
    let config = [
        "follow-redirects = 3\n".to_owned(),
        auth("one", &upstream, "/second", KINDS[0]),
    ]
    .concat();
    let host = host_for(guests::FETCHES, &[&upstream], &config);
    let request = json!({ "url": upstream.url("/first"), "headers": [["Range", "bytes=0-7"]] });
    let row = fetch(&host, &request);
    assert_eq!(row["status"], 200, "{row}");
    let received = upstream.received();
    assert_eq!(received.len(), 2);
    assert!(
        received
            .iter()
            .all(|request| request.header("authorization").is_none()),
        "no credential joins a request on its way"
    );
}

#[test]
fn parts_are_requested_without_a_credential_or_if_the_operator_allows_it() {
    let upstream = Upstream::answering("{}");
    let other = Upstream::answering("{}");
    let range = json!([["Range", "bytes=0-7"]]);
    for (more, urls) in [("ranges = true", &upstream), ("ranges = false", &other)] {
        let config = auth("one", urls, "", &format!("{more}\n{}", KINDS[0]));
        let host = host_for(guests::FETCHES, &[&upstream, &other], &config);
        let row = fetch(
            &host,
            &json!({ "url": upstream.url("/"), "headers": range }),
        );
        assert_eq!(row["status"], 200, "{more}: {row}");
    }
    let received = upstream.received();
    assert_eq!(received.len(), 2);
    assert!(
        received
            .iter()
            .all(|request| request.header("range") == Some("bytes=0-7"))
    );
}
