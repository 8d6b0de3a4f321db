//! Families of headers, and the forms of their values.

use super::*;

#[test]
fn several_families_describe_several_quotas() {
    let minute = Some(Duration::from_secs(60));
    let day = Some(Duration::from_secs(24 * 3600));
    let unstated = |name: &'static str, limit, remaining, window| QuotaReport {
        reset: None,
        window,
        ..quota(name, limit, remaining, 0)
    };
    // Exact Online states its resets in milliseconds since 1970.
    let exact = observed(&[
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4000"),
        ("x-ratelimit-reset", "1795482000000"),
        ("x-ratelimit-minutely-limit", "60"),
        ("x-ratelimit-minutely-remaining", "0"),
        ("x-ratelimit-minutely-reset", "1795478430000"),
    ]);
    let mut quotas = exact.quotas;
    quotas.sort_by(|one, other| one.name.cmp(&other.name));
    assert_eq!(
        quotas,
        [
            quota("x-ratelimit", Some(5000), 4000, 3600),
            QuotaReport {
                window: minute,
                ..quota("x-ratelimit-minutely", Some(60), 0, 30)
            },
        ]
    );
    let xero = observed(&[
        ("x-minlimit-remaining", "59"),
        ("x-daylimit-remaining", "4970"),
    ]);
    let mut quotas = xero.quotas;
    quotas.sort_by(|one, other| other.name.cmp(&one.name));
    assert_eq!(
        quotas,
        [
            unstated("x-minlimit", None, 59, minute),
            unstated("x-daylimit", None, 4970, day)
        ]
    );
    let linear = observed(&[
        ("x-ratelimit-requests-remaining", "7"),
        ("x-ratelimit-requests-reset", "1795478430000"),
        ("x-ratelimit-complexity-remaining", "200000"),
        ("x-ratelimit-complexity-reset", "1795478430000"),
    ]);
    let weighted: Vec<bool> = linear
        .quotas
        .iter()
        .map(|quota| quota.is_weighted)
        .collect();
    assert_eq!(weighted.iter().filter(|weighted| **weighted).count(), 1);
    let bigcommerce = observed(&[
        ("x-rate-limit-requests-left", "7"),
        ("x-rate-limit-requests-quota", "100"),
        ("x-rate-limit-time-reset-ms", "30000"),
        ("x-rate-limit-time-window-ms", "60000"),
    ]);
    assert_eq!(
        bigcommerce.quotas,
        [windowed("x-rate-limit-requests", 100, 7, 30, 60)]
    );
}

/// The headers of Kong: the window is in a name, and the reset of the most used quota has its own headers.
#[test]
fn reset_in_other_headers_of_the_same_quota_counts() {
    let minute_of = |remaining, stated: &str| {
        let readings = observed(&[
            ("x-ratelimit-limit-minute", "20"),
            ("x-ratelimit-remaining-minute", remaining),
            ("x-ratelimit-limit-hour", "500"),
            ("x-ratelimit-remaining-hour", "400"),
            ("ratelimit-limit", "20"),
            ("ratelimit-remaining", "7"),
            ("ratelimit-reset", stated),
        ]);
        assert_eq!(readings.faults, []);
        let reset = |name: &str| {
            let mut quotas = readings.quotas.iter();
            quotas.find(|quota| quota.name == name).unwrap().reset
        };
        assert_eq!(reset("x-ratelimit-hour"), None, "it is another quota");
        reset("x-ratelimit-minute")
    };
    assert_eq!(minute_of("7", "30"), Some(Duration::from_secs(30)));
    assert_eq!(minute_of("7", "60"), Some(Duration::from_secs(60)));
    assert_eq!(minute_of("8", "30"), None, "it is another quota");
    assert_eq!(minute_of("7", "300"), None, "a minute isn't that long");
}

#[test]
fn amounts_of_every_form_yield_a_remainder() {
    let bucket = |name: &'static str, limit, remaining, each: Option<u64>| QuotaReport {
        reset: None,
        form: QuotaForm::Bucket(each.map(Duration::from_millis)),
        ..quota(name, Some(limit), remaining, 0)
    };
    let unstated = |name: &'static str, limit, remaining, seconds, is_weighted| QuotaReport {
        reset: None,
        window: Some(Duration::from_secs(seconds)),
        is_weighted,
        ..quota(name, limit, remaining, 0)
    };
    let cases: [(&[(&str, &str)], QuotaReport); 10] = [
        (
            &[("x-shopify-shop-api-call-limit", "39/40")],
            bucket("x-shopify-shop-api-call", 40, 1, None),
        ),
        (
            &[("x-ratelimit", "100/93")],
            bucket("x-ratelimit", 100, 93, None),
        ),
        (
            &[
                ("x-ratelimit-remaining", "7/100"),
                ("x-ratelimit-reset", "30"),
            ],
            quota("x-ratelimit", Some(100), 7, 30),
        ),
        (
            &[
                ("x-ratelimit-used", "93"),
                ("x-ratelimit-limit", "100"),
                ("x-ratelimit-reset", "30"),
            ],
            quota("x-ratelimit", Some(100), 7, 30),
        ),
        (
            &[
                ("x-ratelimit-remaining", "7"),
                ("x-ratelimit-limit", "100/minute"),
            ],
            unstated("x-ratelimit", Some(100), 7, 60, false),
        ),
        (
            &[
                ("x-ratelimit-remaining", "7"),
                ("x-ratelimit-replenish-rate", "10"),
                ("x-ratelimit-burst-capacity", "20"),
            ],
            bucket("x-ratelimit", 20, 7, Some(100)),
        ),
        (
            &[("x-ratelimit-usage-minute", "28%")],
            unstated("x-ratelimit-minute", Some(100), 72, 60, true),
        ),
        (
            &[("x-app-usage", "{\"call_count\":28,\"total_time\":3}")],
            unstated("x-app-usage", Some(100), 72, 3600, true),
        ),
        (
            &[("x-amzn-ratelimit-limit", "0.5")],
            QuotaReport {
                reset: None,
                form: QuotaForm::Rate(Duration::from_secs(2)),
                ..quota("x-amzn-ratelimit", Some(1), 0, 0)
            },
        ),
        (
            &[("x-ratelimit-limit", "10/s")],
            QuotaReport {
                reset: None,
                form: QuotaForm::Rate(Duration::from_millis(100)),
                ..quota("x-ratelimit", Some(1), 0, 0)
            },
        ),
    ];
    for (lines, expected) in cases {
        let readings = observed(lines);
        assert_eq!(readings.quotas, [expected], "{lines:?}");
        assert_eq!(readings.faults, [], "{lines:?}");
    }
    assert_eq!(observed(&[("x-request-cost", "12")]).cost, Some(12));
    let refusal = observed(&[("x-rate-limit-problem", "Concurrent")]);
    assert!(refusal.is_of_calls_at_once);
}

#[test]
fn window_of_the_configuration_takes_the_place_of_a_reset() {
    let own = QuotaHeaders {
        remaining: Some("x-calls-left".to_owned()),
        ..QuotaHeaders::default()
    };
    let hour = Some(Duration::from_secs(3600));
    for (lines, reset) in [
        (vec![("x-calls-left", "7")], None),
        (
            vec![("x-calls-left", "7"), ("x-ratelimit-reset", "soon")],
            None,
        ),
        (
            vec![("x-calls-left", "7"), ("x-ratelimit-reset", "99999")],
            None,
        ),
        (
            vec![("x-calls-left", "7"), ("x-ratelimit-reset", "99")],
            Some(99),
        ),
    ] {
        let guide = QuotaGuide {
            window: hour,
            ..guide(&own)
        };
        let readings = QuotaReadings::of(&headers(&lines), &guide, now());
        let expected = QuotaReport {
            reset: reset.map(Duration::from_secs),
            window: hour,
            ..quota("configured", None, 7, 0)
        };
        assert_eq!(readings.quotas, [expected], "{lines:?}");
        assert_eq!(readings.faults, [], "{lines:?}");
    }
    let lines = headers(&[("x-calls-left", "7")]);
    let readings = QuotaReadings::of(&lines, &guide(&own), now());
    assert_eq!(
        faults(&readings),
        [("x-calls-left", QuotaFaultKind::NoReset)]
    );
}

#[test]
fn headers_of_a_configured_quota_belong_only_to_it() {
    let rule: QuotaRule = QuotaRule {
        paths: Vec::new(),
        headers: QuotaHeaders {
            used: Some("x-mbx-used-weight-1m".to_owned()),
            ..QuotaHeaders::default()
        },
        limit: Some(6000),
        window: None,
        rate: None,
        burst: 1,
    };
    let rules = [(rule.name(), rule)];
    let usual = QuotaHeaders::default();
    let guide = QuotaGuide {
        rules: &rules,
        ..guide(&usual)
    };
    let lines = headers(&[("x-mbx-used-weight-1m", "1500"), ("x-mbx-used-weight", "9")]);
    let readings = QuotaReadings::of(&lines, &guide, now());
    assert_eq!(
        readings.quotas,
        [QuotaReport {
            reset: None,
            window: Some(Duration::from_secs(60)),
            is_weighted: true,
            ..quota("x-mbx-used-weight-1m", Some(6000), 4500, 0)
        }]
    );
}

#[test]
fn quotas_of_one_response_are_bounded() {
    let names: Vec<String> = ('a'..='z')
        .map(|letter| format!("x-ratelimit-{letter}-remaining-minute"))
        .collect();
    let lines: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "7")).collect();
    assert_eq!(observed(&lines).quotas.len(), 16);
}

#[test]
fn resource_is_named_by_the_usual_headers_or_a_configured_one() {
    let own = QuotaHeaders {
        resource: Some("x-quota-name".to_owned()),
        ..QuotaHeaders::default()
    };
    let long = "a".repeat(MAX_NAME_BYTES + 1);
    for (name, value, usual, configured) in [
        ("x-ratelimit-resource", "core", Some("core"), None),
        ("x-ratelimit-bucket", " abc ", Some("abc"), None),
        ("ratelimit-name", "throttle_web", Some("throttle_web"), None),
        ("x-quota-name", "core", None, Some("core")),
        ("x-ratelimit-resource", "", None, None),
        ("x-ratelimit-resource", &long, None, None),
    ] {
        let lines = headers(&[(name, value)]);
        let default = QuotaHeaders::default();
        let read = |own| QuotaReadings::of(&lines, &guide(own), now()).resource;
        assert_eq!(read(&default).as_deref(), usual, "{name}");
        assert_eq!(read(&own).as_deref(), configured, "{name}");
    }
}

#[test]
fn last_or_lowest_of_two_lines_of_a_header_counts() {
    for (first, second, expected) in [("9", "3", 3), ("3", "9", 3), ("x", "3", 3), ("3", "x", 3)] {
        let mut lines = headers(&[
            ("x-ratelimit-limit", "1,000"),
            ("x-ratelimit-remaining", first),
            ("x-ratelimit-reset", "60"),
        ]);
        for (name, value) in [
            ("x-ratelimit-remaining", second),
            ("x-ratelimit-reset", "30"),
        ] {
            lines.append(name, HeaderValue::from_static(value));
        }
        let own = QuotaHeaders::default();
        let readings = QuotaReadings::of(&lines, &guide(&own), now());
        let expected = quota("x-ratelimit", Some(1000), expected, 30);
        assert_eq!(readings.quotas, [expected], "{first} {second}");
    }
}
