//! How often a token is renewed because an API refuses it.

use super::endpoint::{Endpoint, KEYS, token};
use super::host_for;
use crate::egress::fetch;
use crate::guests;
use serde_json::json;

#[test]
fn url_that_always_refuses_does_not_renew_the_token_repeatedly() {
    let endpoint = Endpoint::answering(
        |number, exchange| exchange.answer(200, &[], token(number)),
        |request, exchange| {
            let is_forbidden = request.target().starts_with("/admin");
            exchange.answer(if is_forbidden { 401 } else { 200 }, &[], "{}");
        },
    );
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    for number in 0..20 {
        for (path, status) in [("/a", 200), (&format!("/admin/{number}?page=1"), 401)] {
            let row = fetch(&host, &json!({ "url": endpoint.upstream.url(path) }));
            assert_eq!(row["status"], status, "{path}: {row}");
        }
    }
    assert_eq!(endpoint.asked(), 2, "the first token, and one renewal");
}

#[test]
fn token_that_is_revoked_repeatedly_is_renewed_each_time() {
    let endpoint = Endpoint::giving(token);
    let host = host_for(guests::FETCHES, &endpoint, KEYS);
    for number in 1..=5 {
        endpoint.revoke_before(number);
        let row = fetch(&host, &json!({ "url": endpoint.upstream.url("/beers") }));
        assert_eq!(row["status"], 200, "{row}");
    }
    assert_eq!(endpoint.asked(), 5);
}
