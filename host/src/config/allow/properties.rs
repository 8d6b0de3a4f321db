//! Properties of all rules and URLs. A larger `PROPTEST_CASES` makes the search longer.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use url::{Host, Url};

use super::{AllowList, AllowRule};

/// Labels, among them ones that some reader takes for another label: upper case, IDN, homographs, separators that IDNA
/// treats as dots, escapes.
fn label() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(vec!["a", "b", "api", "example", "com", "localhost"]).prop_map(str::to_owned),
        1 => select(vec![
            "API", "ExAmple", "bücher", "BÜCHER", "xn--bcher-kva", "ex\u{430}mple", "straße", "%61",
            "ａｐｉ", "a\u{ad}b", "a。b", "a_b", "a-b", "127", "0x7f", "1",
        ]).prop_map(str::to_owned),
        1 => "[a-z0-9-]{1,8}",
    ]
}

fn name() -> impl Strategy<Value = String> {
    vec(label(), 1..4).prop_map(|labels| labels.join("."))
}

fn host() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => name(),
        1 => any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("{a}.{b}.{c}.{d}")),
        1 => any::<u32>().prop_map(|address| address.to_string()),
        1 => any::<[u16; 8]>()
            .prop_map(|address| format!("[{}]", std::net::Ipv6Addr::from(address))),
        1 => Just("[::ffff:127.0.0.1]".to_owned()),
    ]
}

fn scheme() -> impl Strategy<Value = &'static str> {
    select(vec!["http", "https", "HTTPS"])
}

fn port() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => Just(String::new()),
        1 => select(vec![":80", ":443", ":8443"]).prop_map(str::to_owned),
        1 => any::<u16>().prop_map(|port| format!(":{port}")),
    ]
}

fn path() -> impl Strategy<Value = String> {
    let segment = select(vec![
        "v1",
        "v10",
        "v2",
        "x",
        "",
        ".",
        "..",
        "%2e%2e",
        "..%2f",
        "%252e%252e",
        "..;",
        "ü",
        "a%2Fb",
        "%76%31",
    ]);
    let segments = prop_oneof![Just(Vec::new()), vec(segment, 1..4)];
    segments.prop_map(|segments| {
        segments
            .iter()
            .map(|segment| format!("/{segment}"))
            .collect()
    })
}

fn methods() -> impl Strategy<Value = String> {
    select(vec!["", "GET ", "POST ", "GET,POST ", "PROPFIND "]).prop_map(str::to_owned)
}

fn method() -> impl Strategy<Value = &'static str> {
    select(vec![
        "GET", "POST", "PUT", "get", "x\n", "TRACE", "M-SEARCH", "",
    ])
}

/// A valid rule, and its text.
fn rule() -> impl Strategy<Value = (String, AllowRule)> {
    let star = select(vec!["", "", "*."]);
    (methods(), scheme(), star, host(), port(), path())
        .prop_map(|(methods, scheme, star, host, port, path)| {
            format!("{methods}{scheme}://{star}{host}{port}{path}")
        })
        .prop_filter_map("it is not a rule", |text| {
            let rule = text.parse().ok()?;
            Some((text, rule))
        })
}

/// A URL whose host may be that of a rule, unchanged or disguised.
fn url(
    scheme: impl Strategy<Value = String>,
    host: impl Strategy<Value = String>,
    port: impl Strategy<Value = String>,
) -> impl Strategy<Value = Url> {
    let before = select(vec!["", "", "", "user@", "user:pass@", "a.b@", "x.", "x"]);
    let after = select(vec![
        "",
        "",
        "",
        ".",
        ".evil.example",
        "@evil.example",
        "..com",
    ]);
    let query = select(vec!["", "?x=1", "#x", "?@b.com"]);
    (scheme, before, host, after, port, path(), query)
        .prop_map(|(scheme, before, host, after, port, path, query)| {
            format!("{scheme}://{before}{host}{after}{port}{path}{query}")
        })
        .prop_filter_map("it is not a URL", |text| Url::parse(&text).ok())
}

/// A rule, and a URL that is often near it.
fn rule_and_url() -> impl Strategy<Value = (String, AllowRule, Url)> {
    rule().prop_flat_map(|(text, rule)| {
        let own = rule.host().to_string();
        let inner = own.trim_start_matches("*.").to_owned();
        let near = prop_oneof![
            Just(inner.clone()),
            name().prop_map(move |name| format!("{name}.{inner}")),
            host(),
        ];
        let near_scheme = prop_oneof![
            4 => Just(rule.scheme.clone()),
            1 => scheme().prop_map(str::to_owned),
        ];
        let near_port = prop_oneof![4 => Just(format!(":{}", rule.port)), 1 => port()];
        (Just(text), Just(rule), url(near_scheme, near, near_port))
    })
}

/// What a rule says about hosts, written a second time in terms of strings.
fn is_host_of(pattern: &str, host: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(suffix) => host.strip_suffix(suffix).is_some_and(|below| {
            !below.is_empty() && !below.starts_with('.') && !below.ends_with('.')
        }),
        None => host == pattern,
    }
}

/// Whether a rule could permit a URL of this host and port.
fn is_permittable(url: &Url) -> bool {
    let host_is_permittable = match url.host() {
        Some(Host::Domain(name)) => {
            name.len() <= 253
                && !name.contains('*')
                && name.split('.').all(|label| (1..64).contains(&label.len()))
        }
        Some(Host::Ipv4(address)) => {
            !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
        }
        Some(Host::Ipv6(address)) => match address.to_ipv4_mapped() {
            Some(address) => {
                !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast()
            }
            None => !address.is_unspecified() && !address.is_multicast(),
        },
        None => false,
    };
    host_is_permittable && url.port() != Some(0)
}

proptest! {
    // Many of the generated texts are not rules; with more cases they would exceed the usual cap on rejections.
    #![proptest_config(ProptestConfig { max_local_rejects: u32::MAX, ..ProptestConfig::default() })]

    #[test]
    fn a_request_to_another_origin_is_never_permitted((text, rule, url) in rule_and_url(), method in method()) {
        if rule.permits(method, &url) {
            let host = url.host_str().unwrap_or_default();
            let pattern = rule.host().to_string();
            prop_assert!(host.is_ascii(), "{host}");
            prop_assert!(is_host_of(&pattern, host), "{url} under {text}");
            prop_assert_eq!(url.port_or_known_default(), Some(rule.port), "{} under {}", url, text);
            prop_assert_eq!(url.scheme(), &rule.scheme, "{} under {}", url, text);
        }
    }

    #[test]
    fn a_request_that_a_rule_names_is_permitted((text, rule, url) in rule_and_url()) {
        let (_, own) = text.rsplit_once(' ').unwrap_or(("", &text));
        let own = Url::parse(&own.replace("*.", "below.")).expect("a rule ends in a URL");
        let method = rule.methods.first().map_or("GET", String::as_str);
        prop_assert!(rule.permits(method, &own), "{own} under {text}");
        // The same authority with another path: only the path may still differ.
        let mut rerouted = own;
        rerouted.set_path(url.path());
        prop_assert_eq!(
            rule.permits(method, &rerouted),
            rule.path.permits(rerouted.path()),
            "{} under {}", rerouted, text
        );
    }

    #[test]
    fn a_suggestion_permits_the_request_if_any_rule_can(
        (_, rule, url) in rule_and_url(),
        is_near in any::<bool>(),
        method in method(),
    ) {
        let list: AllowList = is_near.then_some(rule).into_iter().collect();
        let suggestion = list.suggestion(method, &url);
        match suggestion.parse::<AllowRule>() {
            Ok(rule) => prop_assert!(rule.permits(method, &url), "{suggestion} for {method} {url}"),
            Err(error) => prop_assert!(!is_permittable(&url), "{suggestion} for {url}: {error}"),
        }
    }

    #[test]
    fn a_displayed_host_parses_to_the_same_host((text, rule) in rule()) {
        let shown = format!("https://{}", rule.host());
        let again: AllowRule = shown.parse().expect(&shown);
        prop_assert_eq!(again.host, rule.host, "{}", text);
    }

    #[test]
    fn a_covering_rule_permits_every_request_of_the_covered_rule(
        (text, rule, url) in rule_and_url(),
        narrower in select(vec!["", "/v1", "/v1/", "/v1/x"]),
        choice in any::<Index>(),
        method in method(),
    ) {
        // A rule of the URL's own origin, so that the two often overlap.
        let origin = url.origin().ascii_serialization();
        let methods = ["", "GET ", "GET,POST "];
        let other = format!("{}{origin}{narrower}", choice.get(&methods));
        if let Ok(other) = other.parse::<AllowRule>()
            && rule.covers(&other)
            && other.permits(method, &url)
        {
            prop_assert!(rule.permits(method, &url), "{method} {url} under {text}");
        }
    }
}
