mod forms;
mod real;

use super::*;
use crate::config::QuotaRule;
use crate::egress::governor::moment::TimeFault;
use proptest::prelude::*;
use std::time::UNIX_EPOCH;

/// 2026-11-24T00:00:00Z by the wall clock.
fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_795_478_400)
}

fn headers(lines: &[(&str, &str)]) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            (
                name.parse::<HeaderName>().unwrap(),
                HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            )
        })
        .collect()
}

fn guide(headers: &QuotaHeaders) -> QuotaGuide<'_> {
    QuotaGuide {
        headers,
        window: None,
        rules: &[],
        own: None,
    }
}

fn observed(lines: &[(&str, &str)]) -> QuotaReadings {
    let own = QuotaHeaders::default();
    QuotaReadings::of(&headers(lines), &guide(&own), now())
}

fn quota(name: &'static str, limit: Option<u64>, remaining: u64, reset: u64) -> QuotaReport {
    QuotaReport {
        name: name.into(),
        limit,
        remaining,
        reset: Some(Duration::from_secs(reset)),
        window: None,
        form: QuotaForm::Window,
        is_weighted: false,
        is_of_some_calls: false,
    }
}

fn windowed(
    name: &'static str,
    limit: u64,
    remaining: u64,
    reset: u64,
    window: u64,
) -> QuotaReport {
    QuotaReport {
        window: Some(Duration::from_secs(window)),
        ..quota(name, Some(limit), remaining, reset)
    }
}

#[test]
fn every_spelling_of_a_quota_is_read() {
    let x = |reset| {
        [
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", "7"),
            ("x-ratelimit-reset", reset),
        ]
    };
    for reset in [
        "30",
        "1795478430",
        "1795478430000",
        "Tue, 24 Nov 2026 00:00:30 GMT",
        "2026-11-24T00:00:30Z",
        "30s",
    ] {
        assert_eq!(
            observed(&x(reset)).quotas,
            [quota("x-ratelimit", Some(100), 7, 30)],
            "{reset}"
        );
    }
    let cases: [(&[(&str, &str)], QuotaReport); 8] = [
        (
            &[
                ("x-rate-limit-remaining", "7"),
                ("x-rate-limit-reset", "30"),
            ],
            quota("x-rate-limit", None, 7, 30),
        ),
        (
            &[
                ("ratelimit-limit", "100, 100;w=60"),
                ("ratelimit-remaining", "7"),
                ("ratelimit-reset", "30"),
                ("ratelimit-policy", "10;w=1, 100;w=60"),
            ],
            windowed("ratelimit", 100, 7, 30, 60),
        ),
        (
            &[
                ("ratelimit", "limit=100, remaining=7, reset=30"),
                ("ratelimit-policy", "100;w=60"),
            ],
            windowed("ratelimit", 100, 7, 30, 60),
        ),
        (
            &[
                ("ratelimit", "\"burst\";r=7;t=30"),
                (
                    "ratelimit-policy",
                    "\"burst\";q=100;w=60;qu=\"requests\";pk=:cHsdsRa894==:",
                ),
            ],
            windowed("burst", 100, 7, 30, 60),
        ),
        (
            &[
                ("ratelimit", "\"burst\";r=7"),
                ("ratelimit-policy", "\"burst\";q=100;w=60"),
            ],
            windowed("burst", 100, 7, 60, 60),
        ),
        (
            &[("ratelimit", "default;r=7;t=30")],
            quota("default", None, 7, 30),
        ),
        (
            &[
                ("x-ratelimit-remaining", "-3"),
                ("x-ratelimit-reset", "30.0"),
            ],
            quota("x-ratelimit", None, 0, 30),
        ),
        (
            &[
                ("x-ratelimit-limit", "99999999999999999999999"),
                ("x-ratelimit-remaining", "7.9"),
                ("x-ratelimit-reset", "30"),
            ],
            quota("x-ratelimit", Some(u64::MAX), 7, 30),
        ),
    ];
    for (lines, expected) in cases {
        assert_eq!(observed(lines).quotas, [expected], "{lines:?}");
    }
}

#[test]
fn several_policies_are_kept_apart() {
    let observed = observed(&[
        ("ratelimit", "\"burst\";r=9;t=1"),
        ("ratelimit", "\"daily\";r=500;t=3600, \"bytes\";r=1;t=1"),
        (
            "ratelimit-policy",
            "\"burst\";q=10;w=1,\"daily\";q=1000;w=86400,\"bytes\";q=5;qu=\"content-bytes\"",
        ),
    ]);
    assert_eq!(
        observed.quotas,
        [
            windowed("burst", 10, 9, 1, 1),
            windowed("daily", 1000, 500, 3600, 86_400)
        ]
    );
}

#[test]
fn configuration_names_other_headers() {
    let own = QuotaHeaders {
        limit: None,
        remaining: Some("x-calls-left".to_owned()),
        reset: Some("x-calls-reset".to_owned()),
        ..QuotaHeaders::default()
    };
    let lines = [
        ("x-calls-left", "7"),
        ("x-calls-reset", "30"),
        ("x-ratelimit-limit", "100"),
    ];
    let observed = QuotaReadings::of(&headers(&lines), &guide(&own), now());
    assert_eq!(observed.quotas, [quota("configured", Some(100), 7, 30)]);
}

#[test]
fn dates_are_by_the_clock_of_the_api() {
    // It is an hour ahead of this machine's.
    let date = ("date", "Tue, 24 Nov 2026 01:00:00 GMT");
    for reset in ["1795482030", "Tue, 24 Nov 2026 01:00:30 GMT", "30"] {
        let lines = [
            date,
            ("x-ratelimit-remaining", "7"),
            ("x-ratelimit-reset", reset),
            ("retry-after", reset),
        ];
        let observed = observed(&lines);
        assert_eq!(
            observed.quotas,
            [quota("x-ratelimit", None, 7, 30)],
            "{reset}"
        );
        assert_eq!(
            observed.retry_after,
            Some(Duration::from_secs(30)),
            "{reset}"
        );
    }
    let broken = observed(&[("date", "yesterday"), ("retry-after", "1795478430")]);
    assert_eq!(broken.retry_after, Some(Duration::from_secs(30)));
}

/// The headers that can't be understood, and why.
fn faults(readings: &QuotaReadings) -> Vec<(&str, QuotaFaultKind)> {
    readings
        .faults
        .iter()
        .map(|fault| (fault.header.as_str(), fault.kind))
        .collect()
}

#[test]
fn unreadable_headers_are_ignored_but_noted() {
    let unreadable = QuotaFaultKind::Reset(TimeFault::Unreadable);
    let implausible = QuotaFaultKind::Reset(TimeFault::Implausible);
    type Case<'c> = (&'c [(&'c str, &'c str)], Option<(&'c str, QuotaFaultKind)>);
    let cases: [Case<'_>; 12] = [
        (&[], None),
        (
            &[("x-ratelimit-limit", "100"), ("x-ratelimit-reset", "30")],
            None,
        ),
        (&[("x-upload-limit", "unlimited")], None),
        (
            &[("x-ratelimit-remaining", "7")],
            Some(("x-ratelimit-remaining", QuotaFaultKind::NoReset)),
        ),
        (
            &[
                ("x-ratelimit-remaining", "many"),
                ("x-ratelimit-reset", "30"),
            ],
            Some(("x-ratelimit-remaining", QuotaFaultKind::Amount)),
        ),
        (
            &[("x-ratelimit-remaining", "7"), ("x-ratelimit-reset", "-1")],
            Some(("x-ratelimit-reset", unreadable)),
        ),
        (
            &[
                ("x-ratelimit-remaining", "7"),
                ("x-ratelimit-reset", "soon"),
            ],
            Some(("x-ratelimit-reset", unreadable)),
        ),
        (
            &[
                ("x-ratelimit-remaining", "7"),
                ("x-ratelimit-reset", "17954784300"),
            ],
            Some(("x-ratelimit-reset", implausible)),
        ),
        (
            &[("x-ratelimit-used", "7")],
            Some(("x-ratelimit-used", QuotaFaultKind::NoLimit)),
        ),
        (
            &[
                ("x-ratelimit-remaining", "\u{fc}"),
                ("x-ratelimit-reset", "30"),
            ],
            None,
        ),
        (
            &[("ratelimit", "\"burst;r=7;t=30")],
            Some(("ratelimit", QuotaFaultKind::Amount)),
        ),
        (
            &[("retry-after", "-1")],
            Some(("retry-after", QuotaFaultKind::Wait(TimeFault::Unreadable))),
        ),
    ];
    for (lines, fault) in cases {
        let readings = observed(lines);
        assert_eq!(readings.quotas, [], "{lines:?}");
        assert_eq!(readings.retry_after, None, "{lines:?}");
        assert_eq!(
            faults(&readings),
            fault.into_iter().collect::<Vec<_>>(),
            "{lines:?}"
        );
    }
    let readings = observed(&[("retry-after", "99999999")]);
    assert_eq!(readings.retry_after, None, "three years");
    assert_eq!(
        observed(&[("retry-after", "Thu, 01 Jan 1970 00:00:00 GMT")]).retry_after,
        Some(Duration::ZERO)
    );
}

proptest! {
    #[test]
    fn any_headers_are_read(
        lines in proptest::collection::vec((0..12usize, "[ -~]{0,60}|[0-9]{1,20}"), 0..12),
        seconds in 0..u64::from(u32::MAX),
    ) {
        const NAMES: [&str; 12] = [
            "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-rate-limit-remaining",
            "x-rate-limit-reset", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "ratelimit",
            "ratelimit-policy", "retry-after", "date",
        ];
        let lines: Vec<(&str, &str)> = lines.iter().map(|(name, value)| (NAMES[*name], value.as_str())).collect();
        let now = UNIX_EPOCH + Duration::from_secs(seconds);
        let observed = QuotaReadings::of(&headers(&lines), &guide(&QuotaHeaders::default()), now);
        prop_assert!(observed.quotas.len() <= 20);
        prop_assert!(observed.quotas.iter().all(|quota| quota.name.len() <= MAX_NAME_BYTES));
    }
}
