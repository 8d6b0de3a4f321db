//! Times that APIs report, in quotas and tokens, while the host's clock jumps or is wrong from the start.

use super::{JUMPS, host_by};
use crate::egress::fetch;
use crate::guests;
use jiff::fmt::rfc2822::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::sync::OnceLock;
use weld_host_tests::clock::ShiftedClock;
use weld_host_tests::host::Host;
use weld_host_tests::upstream::{Exchange, Upstream};

/// An API that allows no calls until a time of its own clock, which is right, and refuses earlier calls.
fn api_with_a_quota(tells_its_clock: bool) -> Upstream {
    let until = OnceLock::new();
    Upstream::start(move |_, exchange: &mut Exchange| {
        let now = Timestamp::now();
        let is_first = until.get().is_none();
        // In whole seconds, as APIs report it.
        let until = *until.get_or_init(|| now.as_second() + 3);
        if !is_first && now.as_second() < until {
            exchange.answer(429, &[], "too early");
            return;
        }
        let reset = until.to_string();
        let date = DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&now)
            .unwrap();
        let left = if is_first { "0" } else { "100" };
        let mut headers = vec![
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", left),
            ("x-ratelimit-reset", reset.as_str()),
        ];
        if tells_its_clock {
            headers.push(("date", date.as_str()));
        }
        exchange.answer(200, &headers, "{}");
    })
}

fn assert_waits_for_the_quota(host: &Host, api: &Upstream, then: impl Fn()) {
    let request = json!({ "url": api.url("/") });
    assert_eq!(fetch(host, &request)["status"], 200);
    then();
    let row = fetch(host, &request);
    assert_eq!(row["status"], 200, "{row}");
    assert_eq!(api.received().len(), 2, "the second call came in time");
}

#[test]
fn quota_given_as_a_date_is_waited_for_whatever_the_clock_does() {
    let config = |api: &Upstream| {
        format!(
            "[network]\nallow = [\"{}\"]\n[limits]\npage-timeout = \"1m\"\nanswer-within = \"1m\"",
            api.origin()
        )
    };
    for jump in JUMPS {
        // A host whose clock was right when it received the date.
        let (clock, api) = (ShiftedClock::right(), api_with_a_quota(false));
        let host = host_by(&clock, guests::FETCHES, &config(&api)).start();
        assert_waits_for_the_quota(&host, &api, || clock.shift(jump));
        // A host whose clock was wrong, and is then corrected; the API reports its own clock.
        let (clock, api) = (ShiftedClock::right(), api_with_a_quota(true));
        clock.shift(jump);
        let host = host_by(&clock, guests::FETCHES, &config(&api)).start();
        assert_waits_for_the_quota(&host, &api, || clock.shift(SignedDuration::ZERO));
    }
}

/// An API with a token endpoint, whose tokens are valid for an hour of its own clock.
fn api_with_tokens() -> Upstream {
    Upstream::start(|request, exchange| {
        if request.target() == "/token" {
            let answer = json!({
                "access_token": "a-long-access-token",
                "refresh_token": "a-long-refresh-token",
                "expires_in": 3600,
            });
            exchange.answer(200, &[], answer.to_string());
        } else {
            let sent = request.header("authorization");
            let is_good = sent == Some("Bearer a-long-access-token");
            exchange.answer(if is_good { 200 } else { 401 }, &[], "{}");
        }
    })
}

fn token_requests(api: &Upstream) -> usize {
    let received = api.received();
    received
        .iter()
        .filter(|request| request.target() == "/token")
        .count()
}

fn token_config(api: &Upstream) -> String {
    let origin = api.origin();
    format!(
        "[network]\nallow = [\"{origin}\"]\n[auth.api]\nurls = [\"{origin}/beers\"]\nkind = \"oauth2\"\n\
         grant = \"refresh-token\"\ntoken-url = \"{origin}/token\"\nclient-id = \"weld\"\n\
         refresh-token = \"the-first-token\"\n"
    )
}

fn called(host: &Host, api: &Upstream) -> Value {
    fetch(host, &json!({ "url": api.url("/beers") }))
}

#[test]
fn token_lives_as_long_as_its_endpoint_said_whatever_the_clock_does() {
    let (clock, api) = (ShiftedClock::right(), api_with_tokens());
    let host = host_by(&clock, guests::FETCHES, &token_config(&api)).start();
    for offset in [SignedDuration::ZERO, JUMPS[0], JUMPS[1]] {
        clock.shift(offset);
        assert_eq!(called(&host, &api)["status"], 200, "{offset}");
        assert_eq!(token_requests(&api), 1, "{offset}");
    }
}

#[test]
fn kept_token_is_renewed_if_it_has_expired_by_the_clock_of_the_next_start() {
    let tokens = tempfile::tempdir().unwrap();
    let (clock, api) = (ShiftedClock::right(), api_with_tokens());
    let start = |offset| {
        clock.shift(offset);
        host_by(&clock, guests::FETCHES, &token_config(&api))
            .flag("--tokens", &tokens.path().display().to_string())
            .variable("WELD_TOKEN_KEY", "0123456789abcdef".repeat(4))
            .start()
    };
    // The third token has expired by its clock; the fourth start begins with a token of the next day.
    for (offset, requests) in [
        (SignedDuration::ZERO, 1),
        (SignedDuration::ZERO, 1),
        (JUMPS[0], 2),
        (JUMPS[1], 2),
    ] {
        let host = start(offset);
        assert_eq!(called(&host, &api)["status"], 200, "{offset}");
        assert_eq!(token_requests(&api), requests, "{offset}");
    }
}
