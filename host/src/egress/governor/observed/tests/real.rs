//! Headers that APIs really send, each with the quotas that it describes.

use super::*;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// A quota without a stated reset, over this many seconds.
fn unstated(name: &'static str, limit: u64, remaining: u64, window: u64) -> QuotaReport {
    QuotaReport {
        reset: None,
        ..windowed(name, limit, remaining, 0, window)
    }
}

fn assert_stated(api: &str, lines: &[(&str, &str)], expected: &[QuotaReport]) {
    let readings = observed(lines);
    let mut quotas = readings.quotas;
    quotas.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(quotas, expected, "{api}");
    assert_eq!(readings.faults, [], "{api}");
}

#[test]
fn values_that_name_their_parts_are_read() {
    let api = |name: &'static str, limit, remaining| unstated(name, limit, remaining, DAY);
    assert_stated(
        "Salesforce",
        &[("sforce-limit-info", "api-usage=18/5000")],
        &[api("sforce-info-api", 5000, 4982)],
    );
    assert_stated(
        "Salesforce with an app of its own",
        &[(
            "sforce-limit-info",
            "api-usage=25/5000; per-app-api-usage=17/250(appName=sample-connected-app)",
        )],
        &[
            api("sforce-info-api", 5000, 4975),
            api("sforce-info-per-app-api", 250, 233),
        ],
    );
    let of_some = |quota| QuotaReport {
        is_of_some_calls: true,
        ..quota
    };
    assert_stated(
        "Zendesk",
        &[
            ("x-rate-limit", "700"),
            ("x-rate-limit-remaining", "699"),
            ("ratelimit-limit", "700"),
            ("ratelimit-remaining", "699"),
            ("ratelimit-reset", "41"),
            (
                "zendesk-ratelimit-tickets-index",
                "total=100; remaining=99; resets=54",
            ),
        ],
        &[
            quota("ratelimit", Some(700), 699, 41),
            of_some(quota("zendesk-ratelimit-tickets-index", Some(100), 99, 54)),
        ],
    );
    let draft = quota("ratelimit", Some(100), 7, 30);
    for value in [
        "limit=100, remaining=7, reset=30",
        "limit=100; remaining=7; reset=30",
        "remaining=7,limit=100,reset=30",
        r#"{"limit": 100, "remaining": 7, "reset": 30}"#,
    ] {
        assert_stated(value, &[("ratelimit", value)], std::slice::from_ref(&draft));
    }
    assert_stated(
        "windows by name",
        &[
            ("x-ratelimit-limit", "second=10, minute=100"),
            ("x-ratelimit-remaining", "second=9, minute=99"),
        ],
        &[
            unstated("x-ratelimit-minute", 100, 99, 60),
            unstated("x-ratelimit-second", 10, 9, 1),
        ],
    );
}

#[test]
fn structured_fields_are_read_under_any_prefix() {
    for prefix in ["", "beta-", "x-", "acme-"] {
        let field = format!("{prefix}ratelimit");
        let policy = format!("{prefix}ratelimit-policy");
        assert_stated(
            &field,
            &[
                (&field, r#""tenant-app-quota";r=17842;t=2107"#),
                (&policy, r#""tenant-app-quota";q=100100;w=3600"#),
            ],
            &[windowed("tenant-app-quota", 100_100, 17_842, 2107, 3600)],
        );
    }
    assert_stated(
        "Jira, when nothing is left",
        &[
            ("beta-ratelimit", r#""tenant-app-quota";r=0;t=2788"#),
            ("x-beta-ratelimit-reason", "jira-quota-tenant-based"),
            ("x-beta-ratelimit-nearlimit", "true"),
        ],
        &[quota("tenant-app-quota", None, 0, 2788)],
    );
    assert_stated(
        "points",
        &[
            ("ratelimit", r#""work";r=7;t=30"#),
            ("ratelimit-policy", r#""work";q=100;w=60;qu="points""#),
        ],
        &[QuotaReport {
            is_weighted: true,
            ..windowed("work", 100, 7, 30, 60)
        }],
    );
    assert_stated(
        "connections",
        &[
            ("ratelimit", r#""many";r=7;t=30"#),
            (
                "ratelimit-policy",
                r#""many";q=10;qu="concurrent-requests""#,
            ),
        ],
        &[],
    );
}

#[test]
fn each_number_of_a_list_is_a_quota_of_its_own() {
    let strava =
        |name: &'static str, limit, left, window, reset| windowed(name, limit, left, reset, window);
    // By this machine's clock it is midnight, so both windows have just begun.
    assert_stated(
        "Strava",
        &[
            ("x-ratelimit-limit", "200,2000"),
            ("x-ratelimit-usage", "39,800"),
            ("x-readratelimit-limit", "100,1000"),
            ("x-readratelimit-usage", "12,34"),
        ],
        &[
            strava("x-ratelimit", 200, 161, 900, 900),
            strava("x-ratelimit#2", 2000, 1200, DAY, DAY),
            strava("x-readratelimit", 100, 88, 900, 900),
            strava("x-readratelimit#2", 1000, 966, DAY, DAY),
        ],
    );
    assert_stated(
        "Strava at another time of the day",
        &[
            ("date", "Tue, 24 Nov 2026 10:20:00 GMT"),
            ("x-ratelimit-limit", "200,2000"),
            ("x-ratelimit-usage", "39,800"),
        ],
        &[
            strava("x-ratelimit", 200, 161, 900, 600),
            strava("x-ratelimit#2", 2000, 1200, DAY, 13 * HOUR + 40 * 60),
        ],
    );
    assert_stated(
        "Brave",
        &[
            ("x-ratelimit-limit", "1, 15000"),
            ("x-ratelimit-policy", "1;w=1, 15000;w=2592000"),
            ("x-ratelimit-remaining", "1, 1000"),
            ("x-ratelimit-reset", "1, 1419704"),
        ],
        &[
            windowed("x-ratelimit", 1, 1, 1, 1),
            windowed("x-ratelimit#2", 15_000, 1000, 1_419_704, 2_592_000),
        ],
    );
    assert_stated(
        "Riot Games",
        &[
            ("x-app-rate-limit", "20:1,100:120"),
            ("x-app-rate-limit-count", "1:1,3:120"),
        ],
        &[
            unstated("x-app-rate-limit", 20, 19, 1),
            unstated("x-app-rate-limit#2", 100, 97, 120),
        ],
    );
    // A number with commas between thousands is not a list.
    assert_stated(
        "thousands",
        &[
            ("x-ratelimit-limit", "10,000"),
            ("x-ratelimit-remaining", "9,800"),
            ("x-ratelimit-reset", "30"),
        ],
        &[quota("x-ratelimit", Some(10_000), 9800, 30)],
    );
    // One limit with the policies after it, as in the first drafts.
    assert_stated(
        "drafts up to 06",
        &[
            ("ratelimit-limit", "100, 10;w=1, 100;w=60"),
            ("ratelimit-remaining", "7"),
            ("ratelimit-reset", "30"),
        ],
        &[quota("ratelimit", Some(100), 7, 30)],
    );
}

#[test]
fn list_with_unknown_windows_is_reported_and_holds_nothing() {
    let lines = [
        ("x-ratelimit-limit", "20,300"),
        ("x-ratelimit-remaining", "0,299"),
    ];
    let readings = observed(&lines);
    assert_eq!(readings.quotas, []);
    let fault = ("x-ratelimit-remaining", QuotaFaultKind::NoReset);
    assert_eq!(faults(&readings), [fault, fault], "one for each number");
}

#[test]
fn bucket_with_a_stated_refill_speed_is_read() {
    let bucket = |limit, remaining, each| QuotaReport {
        reset: None,
        window: Some(Duration::from_secs(2)),
        form: QuotaForm::Bucket(Some(Duration::from_millis(each))),
        ..quota("x-ratelimit", Some(limit), remaining, 0)
    };
    let jira = |limit, rate| {
        observed(&[
            ("x-ratelimit-limit", limit),
            ("x-ratelimit-remaining", "1"),
            ("x-ratelimit-fillrate", rate),
            ("x-ratelimit-interval-seconds", "2"),
        ])
    };
    assert_eq!(jira("50", "10").quotas, [bucket(50, 1, 200)]);
    // All of it is refilled at once.
    assert_eq!(jira("5", "5").quotas, [unstated("x-ratelimit", 5, 1, 2)]);
}

#[test]
fn headers_named_by_the_configuration_are_read_in_every_form() {
    let own = |remaining: Option<&str>, used: Option<&str>| QuotaHeaders {
        remaining: remaining.map(str::to_owned),
        used: used.map(str::to_owned),
        ..QuotaHeaders::default()
    };
    let used = |name| own(None, Some(name));
    let cases: [(_, &[(&str, &str)], QuotaReport); 4] = [
        (
            used("sforce-limit-info"),
            &[("sforce-limit-info", "api-usage=18/5000")],
            unstated("configured", 5000, 4982, DAY),
        ),
        (
            used("x-calls"),
            &[("x-calls", "used=18; max=50; reset=30")],
            quota("configured", Some(50), 32, 30),
        ),
        (
            own(Some("x-calls"), None),
            &[("x-calls", "total=100; remaining=99; resets=54")],
            quota("configured", Some(100), 99, 54),
        ),
        (
            used("x-calls"),
            &[("x-calls", r#"{"used":18,"limit":50,"reset":30}"#)],
            quota("configured", Some(50), 32, 30),
        ),
    ];
    for (own, lines, expected) in cases {
        let readings = QuotaReadings::of(&headers(lines), &guide(&own), now());
        assert_eq!(readings.quotas, [expected], "{lines:?}");
        assert_eq!(readings.faults, [], "{lines:?}");
    }
}

#[test]
fn unknown_words_are_reported_and_hold_nothing() {
    use QuotaFaultKind::{Amount, Form};
    for (name, value, kind) in [
        ("sforce-limit-info", "limits=unknown-4", Amount),
        (
            "zendesk-ratelimit-tickets-index",
            "a=100; b=99; c=54",
            Amount,
        ),
        ("x-ratelimit", "100;99;54 left", Form),
        ("ratelimit", r#""burst;r=7;t=30"#, Amount),
        ("beta-ratelimit", r#""burst";r=many;t=30"#, Form),
        (
            "x-ms-ratelimit-remaining-resource",
            "Microsoft.Compute/HighCostGet3Min;127",
            Amount,
        ),
        ("x-app-usage", r#"{"calls_of_some_kind":28}"#, Form),
    ] {
        let readings = observed(&[(name, value)]);
        assert_eq!(readings.quotas, [], "{name}: {value}");
        assert_eq!(faults(&readings), [(name, kind)], "{name}: {value}");
    }
    for (name, value) in [
        ("x-ratelimit-limit", "unlimited"),
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-nearlimit", "true"),
        ("x-rate-limit-type", "application"),
        ("x-app-usage", "{}"),
        ("x-frame-options", "a=1; b=2"),
    ] {
        let readings = observed(&[(name, value)]);
        assert_eq!(readings, QuotaReadings::default(), "{name}: {value}");
    }
}

#[test]
fn usual_headers_are_read_with_the_numbers_and_times_of_each_api() {
    assert_stated(
        "Jira",
        &[
            ("date", "Tue, 24 Nov 2026 00:00:00 GMT"),
            ("x-ratelimit-limit", "350"),
            ("x-ratelimit-remaining", "349"),
            ("x-ratelimit-reset", "2026-11-24T00:01Z"),
            ("x-ratelimit-nearlimit", "false"),
            ("ratelimit-reason", "jira-burst-based"),
        ],
        &[quota("x-ratelimit", Some(350), 349, 60)],
    );
    assert_stated(
        "Reddit",
        &[
            ("x-ratelimit-used", "5"),
            ("x-ratelimit-remaining", "595.0"),
            ("x-ratelimit-reset", "300"),
        ],
        &[quota("x-ratelimit", None, 595, 300)],
    );
    assert_stated(
        "Discord",
        &[
            ("x-ratelimit-bucket", "abcd1234"),
            ("x-ratelimit-limit", "5"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795478430.000"),
        ],
        &[quota("x-ratelimit", Some(5), 0, 30)],
    );
    assert_stated(
        "Okta",
        &[
            ("x-rate-limit-limit", "600"),
            ("x-rate-limit-remaining", "599"),
            ("x-rate-limit-reset", "1795478460"),
        ],
        &[quota("x-rate-limit", Some(600), 599, 60)],
    );
    assert_stated(
        "HubSpot",
        &[
            ("x-hubspot-ratelimit-daily", "250000"),
            ("x-hubspot-ratelimit-daily-remaining", "249000"),
            ("x-hubspot-ratelimit-interval-milliseconds", "10000"),
            ("x-hubspot-ratelimit-max", "100"),
            ("x-hubspot-ratelimit-remaining", "95"),
            ("x-hubspot-ratelimit-secondly", "10"),
            ("x-hubspot-ratelimit-secondly-remaining", "9"),
        ],
        &[
            unstated("x-hubspot-ratelimit", 100, 95, 10),
            unstated("x-hubspot-ratelimit-daily", 250_000, 249_000, DAY),
            unstated("x-hubspot-ratelimit-secondly", 10, 9, 1),
        ],
    );
    let azure = observed(&[("x-ms-ratelimit-remaining-subscription-reads", "11999")]);
    assert_eq!(azure.quotas, [], "nothing says until when");
    let fault = (
        "x-ms-ratelimit-remaining-subscription-reads",
        QuotaFaultKind::NoReset,
    );
    assert_eq!(faults(&azure), [fault]);
}
