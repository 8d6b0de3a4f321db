use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};

use super::*;
use crate::config::{Ceilings, ConnectorConfig};
use crate::egress::governor::{Budgets, Governor};
use crate::secrets::Secrets;

const SECOND: Duration = Duration::from_secs(1);

fn refusals(rate_limit: &str) -> Refusals {
    let path = Path::new("beers.toml");
    let text = format!(
        "{rate_limit}\n[network]\nallow = ['https://a.example']\n[auth.a]\nurls = ['https://a.example']\nkind = 'jwt'\n\
         algorithm = 'HS256'\nkey = '0123456789012345678901234567890123456789'"
    );
    let config = ConnectorConfig::parse(&text, path, &Ceilings::default()).unwrap();
    Refusals::new(config.rate_limit.refusals)
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let line = |&(name, value): &(&'static str, &str)| {
        let value = HeaderValue::from_str(value).unwrap();
        (HeaderName::from_static(name), value)
    };
    lines.iter().map(line).collect()
}

/// The meaning of a response, with a wait from the usual headers. Its body is whole.
fn verdict(
    refusals: &Refusals,
    status: u16,
    lines: &[(&'static str, &str)],
    body: &str,
) -> ResponseVerdict {
    let headers = headers(lines);
    let readings = QuotaReadings::default();
    match refusals.of_head(status, &headers, &readings) {
        HeadJudgment::Known(judgment) => judgment.verdict,
        HeadJudgment::Open(judge) => {
            judge
                .judge(&headers, body.as_bytes(), true, &readings)
                .verdict
        }
    }
}

fn rule(more: &str) -> Refusals {
    refusals(&format!("[[rate-limit.refusal]]\n{more}"))
}

fn wait(seconds: u64) -> ResponseVerdict {
    ResponseVerdict::RateLimit(Some(SECOND * u32::try_from(seconds).unwrap()))
}

#[test]
fn all_conditions_of_a_rule_must_hold() {
    let rule = rule(
        "status = [403, '5xx']\nheader = { x-error = ['limit', 'quota'] }\n\
         json = { 'errors.*.code' = ['A', 7] }\ntext = 'Slow Down'\nthen = 'wait'\nwait = '7s'",
    );
    let (error, body) = (("x-error", "a QUOTA"), r#"[slow down] "#);
    let good = r#"{"errors": [{}, {"code": "7", "message": "slow down"}]}"#;
    assert_eq!(verdict(&rule, 403, &[error], good), wait(7));
    assert_eq!(verdict(&rule, 509, &[error], good), wait(7));
    let bom = format!("\u{feff}{good}");
    assert_eq!(verdict(&rule, 403, &[error], &bom), wait(7));
    for (status, lines, body) in [
        (404, &[error][..], good),
        (403, &[], good),
        (403, &[("x-error", "other")], good),
        (403, &[error], body),
        (403, &[error], r#"{"errors": [{"code": "A"}]}"#),
        (
            403,
            &[error],
            r#"{"errors": [{"code": "B"}], "a": "slow down"}"#,
        ),
        (
            403,
            &[error],
            r#"{"errors": {"code": null}, "a": "slow down"}"#,
        ),
    ] {
        let verdict = verdict(&rule, status, lines, body);
        assert_eq!(
            verdict,
            ResponseVerdict::Answer,
            "{status} {lines:?} {body}"
        );
    }
}

#[test]
fn condition_without_values_requires_presence_only() {
    let rule = rule("header = 'x-error'\njson = 'error'\nthen = 'retry'");
    let lines = [("x-error", "")];
    let is_met = |lines, body| verdict(&rule, 200, lines, body) == ResponseVerdict::Failure;
    assert!(is_met(&lines, r#"{"error": false}"#));
    assert!(!is_met(&lines, r#"{"error": null}"#));
    assert!(!is_met(&[], r#"{"error": 1}"#));
}

#[test]
fn first_rule_counts_and_without_one_status_and_headers_do() {
    let rules = refusals(
        "[[rate-limit.refusal]]\nstatus = 429\ntext = 'banned'\nthen = 'fail'\n\
         [[rate-limit.refusal]]\nstatus = 429\nthen = 'retry'\n\
         [[rate-limit.refusal]]\nstatus = 403\ntext = 'token'\nthen = 'renew'",
    );
    for (status, body, expected) in [
        (429, "you are banned", ResponseVerdict::Answer),
        (429, "slow down", ResponseVerdict::Failure),
        (403, "your token is old", ResponseVerdict::Credential),
        (403, "no", ResponseVerdict::Answer),
        (401, "your token is old", ResponseVerdict::Credential),
        (503, "banned", ResponseVerdict::Failure),
    ] {
        let verdict = verdict(&rules, status, &[], body);
        assert_eq!(verdict, expected, "{status} {body}");
    }
}

#[test]
fn wait_of_the_response_takes_precedence_over_the_rule() {
    let later = SystemTime::now() + SECOND * 7;
    let epoch = later
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_millis()
        .to_string();
    let date = httpdate::fmt_http_date(later);
    for (place, lines, body, expected) in [
        ("wait-header = 'x-wait'", &[("x-wait", "7")][..], "", 7),
        (
            "wait-header = 'x-wait'\nwait-unit = 'milliseconds'",
            &[("x-wait", "7000")],
            "",
            7,
        ),
        (
            "wait-header = 'x-wait'\nwait-unit = 'minutes'",
            &[("x-wait", "0.5")],
            "",
            30,
        ),
        ("wait-header = 'x-wait'", &[("x-wait", "soon")], "", 60),
        (
            "wait-json = 'error.wait'",
            &[],
            r#"{"error": {"wait": 7}}"#,
            7,
        ),
        (
            "wait-json = 'error.wait'",
            &[],
            r#"{"error": {"wait": "7.000s"}}"#,
            7,
        ),
        (
            "wait-json = '*.wait'\nwait-unit = 'milliseconds'",
            &[],
            r#"[{"wait": 7000.0}]"#,
            7,
        ),
        (
            "wait-json = 'error.wait'",
            &[],
            r#"{"error": {"wait": -7}}"#,
            60,
        ),
        (
            "wait-json = 'error.wait'",
            &[],
            r#"{"error": {"wait": 1e300}}"#,
            60,
        ),
        ("", &[], "", 60),
    ] {
        let rule = rule(&format!(
            "status = 403\nthen = 'wait'\nwait = '60s'\n{place}"
        ));
        let verdict = verdict(&rule, 403, lines, body);
        assert_eq!(verdict, wait(expected), "{place} {body}");
    }
    for (place, value) in [
        ("wait-unit = 'unix-milliseconds'", epoch.as_str()),
        ("", &epoch),
        ("", &date),
    ] {
        let rule = rule(&format!(
            "status = 403\nthen = 'wait'\nwait-header = 'x-wait'\n{place}"
        ));
        let found = verdict(&rule, 403, &[("x-wait", value)], "");
        let ResponseVerdict::RateLimit(Some(wait)) = found else {
            panic!("{value}: {found:?}");
        };
        assert!(
            (SECOND * 5..=SECOND * 7).contains(&wait),
            "{value}: {wait:?}"
        );
    }
}

#[test]
fn body_is_read_only_if_a_rule_needs_it() {
    let readings = QuotaReadings::default();
    let rules = refusals(
        "[[rate-limit.refusal]]\nstatus = 403\nthen = 'retry'\n\
         [[rate-limit.refusal]]\nstatus = 400\ntext = 'limit'\nthen = 'retry'",
    );
    let is_open = |rules: &Refusals, status| {
        let judgment = rules.of_head(status, &HeaderMap::new(), &readings);
        matches!(judgment, HeadJudgment::Open(_))
    };
    assert!(is_open(&rules, 400));
    for status in [200, 403, 404, 429, 500] {
        assert!(!is_open(&rules, status), "{status}");
    }
    assert!(!is_open(&refusals(""), 400));
}

#[test]
fn json_is_read_as_a_whole_only() {
    let rule = rule("json = 'error'\nthen = 'retry'");
    let (head, readings) = (HeaderMap::new(), QuotaReadings::default());
    let HeadJudgment::Open(judge) = rule.of_head(200, &head, &readings) else {
        panic!("the body decides");
    };
    let body = br#"{"error": 1}"#;
    for (is_whole, expected) in [
        (true, ResponseVerdict::Failure),
        (false, ResponseVerdict::Answer),
    ] {
        let judgment = judge.judge(&head, body, is_whole, &readings);
        assert_eq!(judgment.verdict, expected);
    }
}

#[test]
fn presets_know_the_answers_of_their_apis() {
    let secondary = r#"{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.", "documentation_url": "https://docs.github.com/rest"}"#;
    let graphql = r#"{"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]}"#;
    let google = |reason: &str| {
        format!(
            r#"{{"error": {{"errors": [{{"domain": "usageLimits", "reason": "{reason}", "message": "Limit Exceeded"}}], "code": 403, "message": "Limit Exceeded"}}}}"#
        )
    };
    let (daily, user) = (
        google("dailyLimitExceeded"),
        google("userRateLimitExceeded"),
    );
    let (quota, forbidden) = (google("quotaExceeded"), google("forbidden"));
    let exhausted = r#"{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "32.5s"}]}}"#;
    let throttled = r#"{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": {"requestedQueryCost": 202, "actualQueryCost": null, "throttleStatus": {"maximumAvailable": 1000.0, "currentlyAvailable": 102, "restoreRate": 50.0}}}}"#;
    let staff = r#"{"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}"#;
    let daily_salesforce =
        r#"[{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]"#;
    let at_once = r#"[{"message": "ConcurrentPerOrgLongTxn Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]"#;
    let linear = r#"{"errors": [{"message": "Rate limit exceeded", "extensions": {"code": "RATELIMITED", "statusCode": 429}}]}"#;
    let no_wait = ResponseVerdict::RateLimit(None);
    let half = ResponseVerdict::RateLimit(Some(Duration::from_millis(32_500)));
    let left = ("x-ratelimit-remaining", "0");
    for (preset, status, lines, body, expected) in [
        ("github", 403, &[][..], secondary, wait(60)),
        ("github", 200, &[left], graphql, wait(60)),
        ("github", 200, &[], graphql, ResponseVerdict::Answer),
        (
            "github",
            403,
            &[],
            r#"{"message": "Resource not accessible by integration"}"#,
            ResponseVerdict::Answer,
        ),
        ("google", 403, &[], &daily, wait(3600)),
        ("google", 403, &[], &user, no_wait),
        ("google", 403, &[], &quota, no_wait),
        ("google", 429, &[], exhausted, half),
        ("google", 403, &[], &forbidden, ResponseVerdict::Answer),
        ("shopify", 200, &[], throttled, wait(2)),
        ("shopify", 200, &[], staff, wait(1)),
        (
            "shopify",
            200,
            &[],
            r#"{"data": {}, "errors": [{"message": "Field missing"}]}"#,
            ResponseVerdict::Answer,
        ),
        ("salesforce", 403, &[], daily_salesforce, wait(900)),
        ("salesforce", 403, &[], at_once, no_wait),
        (
            "salesforce",
            403,
            &[],
            r#"[{"errorCode": "INSUFFICIENT_ACCESS"}]"#,
            ResponseVerdict::Answer,
        ),
        ("linear", 400, &[], linear, wait(60)),
        (
            "linear",
            400,
            &[],
            r#"{"errors": [{"extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]}"#,
            ResponseVerdict::Answer,
        ),
    ] {
        let preset = refusals(&format!("[rate-limit]\nrefusals = '{preset}'"));
        let verdict = verdict(&preset, status, lines, body);
        assert_eq!(verdict, expected, "{status} {body}");
    }
}

#[test]
fn spent_quota_takes_precedence_over_the_wait_of_a_rule() {
    let rules = refusals("[rate-limit]\nrefusals = 'github'");
    let spent = headers(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "9")]);
    let path = Path::new("beers.toml");
    let config = ConnectorConfig::parse("", path, &Ceilings::default()).unwrap();
    let governor = Governor::new(
        &"beers".into(),
        &config,
        &Budgets::default(),
        Secrets::of("beers"),
    );
    let readings = governor.readings("https://api.example.com", None, &spent);
    let HeadJudgment::Open(judge) = rules.of_head(403, &spent, &readings) else {
        panic!("the body decides");
    };
    let judgment = judge.judge(&spent, b"API rate limit exceeded", true, &readings);
    assert_eq!(
        judgment.verdict,
        ResponseVerdict::RateLimit(None),
        "the reset counts"
    );
    assert!(!judgment.is_hidden_limit, "the headers say so, too");
    let spent = headers(&[("x-ratelimit-remaining", "0")]);
    let readings = governor.readings("https://api.example.com", None, &spent);
    let judgment = judge.judge(&spent, b"API rate limit exceeded", true, &readings);
    assert_eq!(judgment.verdict, wait(60), "there is no reset");
}

#[test]
fn wait_that_cannot_be_read_is_reported_with_its_place() {
    for (place, named, body) in [
        ("wait-header = 'x-retry-in'", "x-retry-in", "{}"),
        (
            "wait-json = 'retry_in'",
            "retry_in",
            r#"{"retry_in":"after lunch"}"#,
        ),
        (
            "wait-json = 'retry_in'",
            "retry_in",
            r#"{"retry_in":{"s":7}}"#,
        ),
    ] {
        let rule = rule(&format!(
            "status = 418\nthen = 'wait'\nwait = '7s'\n{place}"
        ));
        let headers = headers(&[("x-retry-in", "after lunch")]);
        let readings = QuotaReadings::default();
        let judgment = match rule.of_head(418, &headers, &readings) {
            HeadJudgment::Known(judgment) => judgment,
            HeadJudgment::Open(judge) => judge.judge(&headers, body.as_bytes(), true, &readings),
        };
        assert_eq!(judgment.verdict, wait(7), "the rule's own counts");
        let unread = judgment.unread.expect(place);
        assert_eq!(unread.place, named);
        assert!(
            body.contains(&unread.value) || unread.value == "after lunch",
            "{unread:?}"
        );
        // A missing value needs no warning.
        let none = HeaderMap::new();
        let judgment = match rule.of_head(418, &none, &readings) {
            HeadJudgment::Known(judgment) => judgment,
            HeadJudgment::Open(judge) => judge.judge(&none, b"{}", true, &readings),
        };
        assert_eq!(judgment.unread, None, "{place}");
    }
}
