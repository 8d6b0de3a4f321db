use super::*;
use crate::egress::governor::moment::NumberUnit;

#[test]
fn names_contain_the_quota_and_the_role() {
    use HeaderRole::{Cost, Limit, Refill, Remaining, Reset, Used, Window};
    use NumberUnit::{Milliseconds, Seconds};
    let minute = Some(60);
    let day = Some(24 * 60 * 60);
    for (name, quota, role, window) in [
        ("x-ratelimit-limit", "x-ratelimit", Limit, None),
        ("x-ratelimit", "x-ratelimit", Limit, None),
        ("x-rate-limit", "x-rate-limit", Limit, None),
        ("x-rate-limit-limit", "x-rate-limit", Limit, None),
        ("x-rate-limit-remaining", "x-rate-limit", Remaining, None),
        ("ratelimit-reset", "ratelimit", Reset(Seconds), None),
        (
            "x-ratelimit-remaining-minute",
            "x-ratelimit-minute",
            Remaining,
            minute,
        ),
        (
            "x-ratelimit-minutely-remaining",
            "x-ratelimit-minutely",
            Remaining,
            minute,
        ),
        (
            "x-ratelimit-requests-reset",
            "x-ratelimit-requests",
            Reset(Seconds),
            None,
        ),
        (
            "x-ratelimit-reset-requests",
            "x-ratelimit-requests",
            Reset(Seconds),
            None,
        ),
        ("x-minlimit-remaining", "x-minlimit", Remaining, minute),
        (
            "x-appminlimit-remaining",
            "x-appminlimit",
            Remaining,
            minute,
        ),
        ("x-daylimit-remaining", "x-daylimit", Remaining, day),
        (
            "x-app-limit-24hour-remaining",
            "x-app-limit-24hour",
            Remaining,
            day,
        ),
        (
            "x-hubspot-ratelimit-daily",
            "x-hubspot-ratelimit-daily",
            Limit,
            day,
        ),
        (
            "x-hubspot-ratelimit-max",
            "x-hubspot-ratelimit",
            Limit,
            None,
        ),
        (
            "x-hubspot-ratelimit-interval-milliseconds",
            "x-hubspot-ratelimit",
            Window(Milliseconds),
            None,
        ),
        (
            "x-rate-limit-requests-left",
            "x-rate-limit-requests",
            Remaining,
            None,
        ),
        (
            "x-rate-limit-time-reset-ms",
            "x-rate-limit",
            Reset(Milliseconds),
            None,
        ),
        (
            "x-ratelimit-reset-after",
            "x-ratelimit",
            Reset(Seconds),
            None,
        ),
        (
            "x-ratelimit-reset-seconds",
            "x-ratelimit",
            Reset(Seconds),
            None,
        ),
        ("x-ratelimit-used", "x-ratelimit", Used, None),
        (
            "x-ratelimit-userremaining",
            "x-ratelimit-user",
            Remaining,
            None,
        ),
        (
            "x-ratelimit-userreset",
            "x-ratelimit-user",
            Reset(Seconds),
            None,
        ),
        ("ratelimit-resettime", "ratelimit", Reset(Seconds), None),
        ("x-mbx-used-weight-1m", "x-mbx-weight-1m", Used, minute),
        (
            "x-shopify-shop-api-call-limit",
            "x-shopify-shop-api-call",
            Limit,
            None,
        ),
        ("x-ratelimit-replenish-rate", "x-ratelimit", Refill, None),
        ("x-ratelimit-burst-capacity", "x-ratelimit", Limit, None),
        ("x-ratelimit-cost", "x-ratelimit", Cost, None),
    ] {
        let expected = QuotaHeaderName {
            quota: quota.to_owned(),
            role: Some(role),
            window: window.map(Duration::from_secs),
            is_weighted: name.contains("weight") || name.contains("cost"),
        };
        let read = QuotaHeaderName::of(name).map(|read| QuotaHeaderName {
            role: Some(read.role_of_a_number()),
            ..read
        });
        assert_eq!(read, Some(expected), "{name}");
    }
}

#[test]
fn other_names_are_ignored() {
    for name in [
        "content-type",
        "date",
        "x-request-id",
        "access-control-expose-limit",
        "retry-after",
        "x-ratelimit-retry-after",
        "x-ratelimit-resource",
        "x-rate-limit-problem",
        "ratelimit-policy",
        "x-ratelimit-global",
        "x-post-rate-limit-remaining",
        "x-upload-limit-remaining",
        "x-storage-limit-used",
        "x-storage-quota-remaining",
        "x-credit-limit",
        "x-page-limit",
    ] {
        assert_eq!(QuotaHeaderName::of(name), None, "{name}");
    }
    let long = format!("x-ratelimit-{}", "a".repeat(MAX_NAME_BYTES));
    assert_eq!(QuotaHeaderName::of(&long), None);
}
