use http::header::HeaderName;

use super::*;
use crate::config::HostMap;

fn passages(host_resolves: bool) -> Passages {
    let mapped = HostMap::parse("https://mapped.example.com=http://127.0.0.1:9100").unwrap();
    Passages {
        maps: HostMaps::new(vec![mapped]),
        proxies: Arc::new(ProxyConfig {
            https: Some("http://secure:1".parse().unwrap()),
            http: Some("http://weld:hunter2@plain:2".parse().unwrap()),
            exemptions: "direct.example.com,192.0.2.0/24".parse().unwrap(),
            host_resolves,
        }),
    }
}

fn form(passages: &Passages, url: &str) -> Option<(String, PassageForm)> {
    let passage = passages.of_url(&url.parse().unwrap())?;
    Some((passage.name().to_string(), passage.form))
}

#[test]
fn form_depends_on_scheme_host_and_who_resolves_names() {
    use PassageForm::{Forward, TunnelByAddress, TunnelByName};
    let (secure, plain) = ("http://secure:1", "http://plain:2");
    for (url, resolved_here, by_the_proxy) in [
        (
            "https://api.example.com/",
            Some((secure, TunnelByAddress)),
            Some((secure, TunnelByName)),
        ),
        (
            "http://api.example.com:8080/",
            Some((plain, TunnelByAddress)),
            Some((plain, Forward)),
        ),
        (
            "https://93.184.215.14/",
            Some((secure, TunnelByName)),
            Some((secure, TunnelByName)),
        ),
        (
            "http://[2001:db8::1]/",
            Some((plain, Forward)),
            Some((plain, Forward)),
        ),
        ("https://mapped.example.com/", None, None),
        ("http://direct.example.com/", None, None),
        ("https://a.direct.example.com/", None, None),
        ("http://192.0.2.7/", None, None),
        ("http://localhost:9100/", None, None),
        ("https://127.0.0.1/", None, None),
        ("http://[::1]/", None, None),
    ] {
        for (host_resolves, expected) in [(true, resolved_here), (false, by_the_proxy)] {
            let expected = expected.map(|(proxy, form)| (proxy.to_owned(), form));
            assert_eq!(form(&passages(host_resolves), url), expected, "{url}");
        }
    }
    assert_eq!(form(&Passages::default(), "https://api.example.com/"), None);
}

#[test]
fn only_forwarded_requests_have_the_password() {
    for (url, expected) in [
        ("http://api.example.com/", Some("Basic d2VsZDpodW50ZXIy")),
        ("https://api.example.com/", None),
    ] {
        let passages = passages(false);
        let mut headers = HeaderMap::new();
        let passage = passages.of_url(&url.parse().unwrap()).unwrap();
        passage.authorize(&mut headers);
        let value = headers.get(header::PROXY_AUTHORIZATION);
        assert_eq!(
            value.map(|value| value.to_str().unwrap()),
            expected,
            "{url}"
        );
        assert!(value.is_none_or(HeaderValue::is_sensitive));
    }
}

#[test]
fn errors_of_the_proxy_itself_are_recognized() {
    let passages = passages(false);
    let refusal = |url: &str, status: u16, header: Option<(&'static str, &'static str)>| {
        let url: Url = url.parse().unwrap();
        let headers = header.map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        let headers = HeaderMap::from_iter(headers);
        let status = StatusCode::from_u16(status).unwrap();
        let passage = passages.of_url(&url).unwrap();
        let error = passage.refusal((status, &headers), &url)?;
        Some(error.fault.to_string())
    };
    let http = "http://api.example.com/";
    for (status, header, expected) in [
        (200, Some(("x-squid-error", "ERR_NONE")), None),
        (403, None, None),
        (502, None, None),
        (
            502,
            Some(("proxy-status", "cdn.example.net; received-status=502")),
            None,
        ),
        (502, Some(("server", "nginx")), None),
        (401, None, None),
        (407, None, Some("refused the user and password")),
        (
            401,
            Some(("server", "tinyproxy/1.11.1")),
            Some("refused the user and password in its URL (401)"),
        ),
        (
            502,
            Some(("proxy-status", "proxy; error=dns_error; rcode=\"NXDOMAIN\"")),
            Some("\"502 Bad Gateway\"; it could not reach api.example.com:80"),
        ),
        (
            503,
            Some(("x-squid-error", "ERR_DNS_FAIL 0")),
            Some("it could not reach"),
        ),
        (
            403,
            Some(("server", "tinyproxy/1.11.1")),
            Some("ask its operator to permit requests to api.example.com:80"),
        ),
    ] {
        let told = refusal(http, status, header);
        match expected {
            None => assert_eq!(told, None, "{status} {header:?}"),
            Some(part) => assert!(told.clone().unwrap().contains(part), "{told:?}"),
        }
        // A tunnel's answers are the API's.
        assert_eq!(refusal("https://api.example.com/", status, header), None);
    }
}
