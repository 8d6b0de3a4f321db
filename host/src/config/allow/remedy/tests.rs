use super::*;
use crate::config::allow::tests::{list, url};

#[test]
fn http_link_of_an_https_api_gets_upgrade_as_advice() {
    let upgrade = |origin: &str| AllowRemedy::Upgrade(origin.to_owned());
    let rule = |rule: &str| AllowRemedy::Rule(rule.to_owned());
    let port = |permitted: &str, rule: &str| AllowRemedy::Port {
        permitted: permitted.to_owned(),
        rule: rule.to_owned(),
    };
    let api = "https://api.example.com";
    for (rules, target, expected) in [
        (&[api][..], "http://api.example.com/v1?page=2", upgrade(api)),
        (&[api], "http://api.example.com:80/", upgrade(api)),
        (&[api], "http://api.example.com:443/", upgrade(api)),
        (
            &["https://*.example.com"],
            "http://api.example.com/",
            upgrade(api),
        ),
        (
            &["GET https://api.example.com/v1"],
            "http://api.example.com/v1/x",
            upgrade(api),
        ),
        (
            &["https://api.example.com:8443"],
            "http://api.example.com/",
            upgrade("https://api.example.com:8443"),
        ),
        (
            &["https://api.example.com:8443"],
            "http://api.example.com:8443/",
            upgrade("https://api.example.com:8443"),
        ),
        // Neither scheme's rules permit the path; still, no rule for http is suggested.
        (
            &["https://api.example.com/v1"],
            "http://api.example.com/v2",
            rule(api),
        ),
        (
            &[
                "GET https://api.example.com/v1",
                "POST https://api.example.com",
            ],
            "http://api.example.com/v2",
            rule("GET https://api.example.com"),
        ),
        // A link that has lost its port, or has a different one.
        (
            &["https://api.example.com:8443"],
            "https://api.example.com/",
            port("https://api.example.com:8443", api),
        ),
        (
            &["http://api.example.com:8080"],
            "http://api.example.com/",
            port("http://api.example.com:8080", "http://api.example.com"),
        ),
        (
            &[api],
            "https://api.example.com:8443/",
            port(api, "https://api.example.com:8443"),
        ),
        (
            &["https://api.example.com:1", "https://api.example.com:2"],
            "https://api.example.com/",
            rule(api),
        ),
        // Other requests get a plain rule as advice.
        (
            &[api],
            "http://other.example.com/",
            rule("http://other.example.com"),
        ),
        (
            &[api],
            "https://other.example.com/",
            rule("https://other.example.com"),
        ),
        (
            &["http://api.example.com"],
            "https://api.example.com/",
            rule(api),
        ),
        (
            &[],
            "http://api.example.com/",
            rule("http://api.example.com"),
        ),
    ] {
        let remedy = list(rules).remedy("GET", &url(target));
        assert_eq!(remedy, expected, "{rules:?}: {target}");
    }
    let unwritten = AllowList::default().remedy("GET", &url("http://api.example.com/"));
    assert_eq!(
        unwritten,
        AllowRemedy::FirstRule("http://api.example.com".to_owned())
    );
}

#[test]
fn https_form_is_permitted_by_the_rules() {
    for (rules, target, expected) in [
        (
            &["https://api.example.com"][..],
            "http://api.example.com/v1?page=2#x",
            Some("https://api.example.com/v1?page=2#x"),
        ),
        (
            &["https://api.example.com"],
            "http://api.example.com:443/",
            Some("https://api.example.com/"),
        ),
        (
            &["https://api.example.com"],
            "http://api.example.com:8080/",
            None,
        ),
        (
            &["https://api.example.com:8443"],
            "http://api.example.com/",
            Some("https://api.example.com:8443/"),
        ),
        (
            &["https://api.example.com:8443"],
            "http://api.example.com:8080/",
            None,
        ),
        (
            &[
                "https://api.example.com:8443",
                "https://api.example.com:9443",
            ],
            "http://api.example.com/",
            None,
        ),
        (
            &["https://api.example.com:8443", "https://api.example.com"],
            "http://api.example.com/",
            Some("https://api.example.com/"),
        ),
        (
            &["POST https://api.example.com"],
            "http://api.example.com/",
            None,
        ),
        (
            &["https://api.example.com/v1"],
            "http://api.example.com/v2",
            None,
        ),
        (&["https://api.example.com"], "http://evil.example/", None),
        (
            &["https://api.example.com"],
            "https://api.example.com/",
            None,
        ),
        (&["http://api.example.com"], "http://api.example.com/", None),
    ] {
        let form = list(rules).secure_form("GET", &url(target));
        assert_eq!(
            form.as_ref().map(Url::as_str),
            expected,
            "{rules:?}: {target}"
        );
    }
}

#[test]
fn a_suggested_rule_permits_the_request() {
    let get = "GET https://one.example";
    let below = "GET https://*.example";
    let path = "https://one.example/v1";
    let cases = [
        (
            get,
            "GET",
            "https://user:token@two.example/token?token#token",
            "https://two.example",
        ),
        (
            get,
            "GET",
            "http://two.example:8080/",
            "http://two.example:8080",
        ),
        (
            get,
            "GET",
            "https://bücher.example",
            "https://xn--bcher-kva.example",
        ),
        (get, "GET", "http://[::1]:9000/x", "http://[::1]:9000"),
        (get, "PUT", "https://two.example", "https://two.example"),
        (get, "PUT", "https://one.example", "PUT https://one.example"),
        (
            below,
            "PUT",
            "https://one.example",
            "PUT https://one.example",
        ),
        (
            path,
            "GET",
            "https://one.example/v1/..%2fx",
            "https://one.example",
        ),
    ];
    for (rule, method, target, expected) in cases {
        let (list_before, target) = (list(&[rule]), url(target));
        let suggestion = list_before.suggestion(method, &target);
        let case = format!("{method} {target} where {rule} is allowed");
        assert_eq!(suggestion, expected, "{case}");
        assert!(!list_before.permits(method, &target), "{case}");
        assert!(
            list(&[&suggestion]).permits(method, &target),
            "{case}: {suggestion}"
        );
    }
}

#[test]
fn a_malformed_method_stays_out_of_the_suggestion() {
    let list = list(&["GET https://one.example"]);
    let suggestion = list.suggestion("x\nhttps://evil.example", &url("https://one.example"));
    assert_eq!(suggestion, "https://one.example");
}
