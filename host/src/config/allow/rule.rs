//! One allow rule, and which requests it permits.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::path_prefix::PathPrefix;

/// One rule: `[METHOD[,METHOD…] ]SCHEME://HOST[:PORT][/PATH]`.
///
/// - Methods are upper-case; a rule without methods permits every method.
/// - The scheme is `http` or `https`.
/// - The host is a name, an IPv4 address or an `[IPv6]` address, compared in the URL standard's normal form (lower
///   case, Punycode, decimal IPv4). `*.example.com` is every name below `example.com` at any depth, without
///   `example.com` itself. A request to a name that ends with a dot matches no rule.
/// - The port defaults to the scheme's.
/// - The path permits itself and everything below it: `/v1` permits `/v1` and `/v1/x`, but neither `/v10` nor a path
///   that a server could read as leaving `/v1`, such as `/v1/..%2fadmin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowRule {
    /// Empty for every method.
    pub(super) methods: Vec<String>,
    /// In lower case.
    pub(super) scheme: String,
    pub(super) host: HostPattern,
    /// The host as text, for the record of each request.
    pub(super) host_text: Arc<str>,
    pub(super) port: u16,
    pub(super) path: PathPrefix,
}

/// Which hosts a rule permits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HostPattern {
    /// Exactly this host.
    Exactly(Host),
    /// Every name that ends with this suffix, which begins with a dot, and has something before it.
    Below(String),
}

impl AllowRule {
    /// The hosts of the rule as text, such as `api.example.com`, `*.example.com` or `[::1]`, in the URL standard's
    /// normal form; `https://` followed by it parses as a rule.
    pub fn host(&self) -> &Arc<str> {
        &self.host_text
    }

    /// The rule's host if it is an address; `None` if it is a name.
    pub fn literal_address(&self) -> Option<IpAddr> {
        match self.host {
            HostPattern::Exactly(Host::Ipv4(address)) => Some(address.into()),
            HostPattern::Exactly(Host::Ipv6(address)) => Some(address.into()),
            HostPattern::Exactly(Host::Domain(_)) | HostPattern::Below(_) => None,
        }
    }

    pub(super) fn permits(&self, method: &str, url: &Url) -> bool {
        self.covers_origin(url) && self.permits_method(method) && self.path.permits(url.path())
    }

    pub(super) fn permits_method(&self, method: &str) -> bool {
        self.methods.is_empty() || self.methods.iter().any(|permitted| permitted == method)
    }

    /// Whether scheme, host and port are those of the rule.
    pub(super) fn covers_origin(&self, url: &Url) -> bool {
        url.scheme() == self.scheme
            && url.port_or_known_default() == Some(self.port)
            && url.host().is_some_and(|host| self.host.permits(&host))
    }
}

impl HostPattern {
    fn permits(&self, host: &Host<&str>) -> bool {
        match (self, host) {
            (Self::Exactly(permitted), host) => permitted == host,
            (Self::Below(suffix), Host::Domain(name)) => name
                .strip_suffix(suffix.as_str())
                .is_some_and(|below| !below.split('.').any(str::is_empty)),
            (Self::Below(_), Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(host) => host.fmt(f),
            Self::Below(suffix) => write!(f, "*{suffix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_permits_only_the_requests_that_it_names() {
        let cases = [
            ("https://api.example.com", "https://api.example.com", true),
            (
                "https://api.example.com",
                "https://API.Example.COM:443/x?y#z",
                true,
            ),
            (
                "https://api.example.com",
                "https://user:pass@api.example.com",
                true,
            ),
            ("https://api.example.com", "http://api.example.com", false),
            (
                "https://api.example.com",
                "https://api.example.com:8443",
                false,
            ),
            ("https://api.example.com", "https://api.example.com.", false),
            (
                "https://api.example.com",
                "https://x.api.example.com",
                false,
            ),
            (
                "https://api.example.com",
                "https://api.example.com@evil.example",
                false,
            ),
            (
                "https://api.example.com",
                "https://api.example.com.evil.example",
                false,
            ),
            ("https://api.example.com", "https://example.com", false),
            (
                "https://api.example.com",
                "ftp://api.example.com:443",
                false,
            ),
            ("https://api.example.com", "data:api.example.com", false),
            ("http://api.example.com", "http://api.example.com:80", true),
            ("http://api.example.com", "https://api.example.com", false),
            (
                "http://api.example.com",
                "http://api.example.com:443",
                false,
            ),
            (
                "HTTPS://API.example.com/",
                "https://api.example.com/x",
                true,
            ),
            (
                "https://api.example.com:8443",
                "https://api.example.com:8443/x",
                true,
            ),
            (
                "https://api.example.com:8443",
                "https://api.example.com",
                false,
            ),
            ("https://*.example.com", "https://a.example.com", true),
            ("https://*.example.com", "https://a.b.c.EXAMPLE.com", true),
            ("https://*.example.com", "https://example.com", false),
            ("https://*.example.com", "https://.example.com", false),
            ("https://*.example.com", "https://a..example.com", false),
            ("https://*.example.com", "https://badexample.com", false),
            ("https://*.example.com", "https://a.example.com.", false),
            (
                "https://*.example.com",
                "https://a.example.com.evil.example",
                false,
            ),
            (
                "https://*.bücher.example",
                "https://a.xn--bcher-kva.example",
                true,
            ),
            (
                "https://*.bücher.example",
                "https://a.bucher.example",
                false,
            ),
            ("https://bücher.example", "https://BÜCHER.example", true),
            ("http://127.0.0.1:9000", "http://0x7f.1:9000", true),
            ("http://127.0.0.1:9000", "http://2130706433:9000", true),
            ("http://127.0.0.1:9000", "http://127.0.0.2:9000", false),
            ("http://127.0.0.1:9000", "http://localhost:9000", false),
            (
                "http://127.0.0.1:9000",
                "http://[::ffff:127.0.0.1]:9000",
                false,
            ),
            ("http://0x7f.1", "http://127.0.0.1", true),
            ("http://[::1]:9000", "http://[0:0::1]:9000", true),
            ("http://[::1]:9000", "http://[::2]:9000", false),
            ("http://*.1e100", "http://1.2.3.4", false),
            (
                "https://api.example.com/v1",
                "https://api.example.com/v1?page=1",
                true,
            ),
            (
                "https://api.example.com/v1",
                "https://api.example.com/x/../v1/y",
                true,
            ),
            (
                "https://api.example.com/v1",
                "https://api.example.com/v10",
                false,
            ),
            (
                "https://api.example.com/v1",
                "https://api.example.com/v1/%2e%2e/x",
                false,
            ),
            (
                "https://api.example.com/v1",
                "https://api.example.com/v1/..%2fx",
                false,
            ),
            (
                "https://api.example.com/ü",
                "https://api.example.com/%C3%BC/x",
                true,
            ),
        ];
        for (rule, target, expected) in cases {
            let parsed: AllowRule = rule.parse().expect(rule);
            let url = Url::parse(target).expect(target);
            assert_eq!(
                parsed.permits("GET", &url),
                expected,
                "{target} under {rule}"
            );
        }
    }

    #[test]
    fn a_rule_shows_its_host() {
        let cases = [
            (
                "GET https://API.example.com:8443/v1",
                "api.example.com",
                None,
            ),
            ("https://*.bücher.example", "*.xn--bcher-kva.example", None),
            ("http://localhost", "localhost", None),
            ("http://0x7f.1", "127.0.0.1", Some("127.0.0.1")),
            ("http://[0::1]:9000", "[::1]", Some("::1")),
        ];
        for (rule, host, address) in cases {
            let parsed: AllowRule = rule.parse().expect(rule);
            assert_eq!(parsed.host().to_string(), host, "{rule}");
            let address = address.map(|address| address.parse().expect(address));
            assert_eq!(parsed.literal_address(), address, "{rule}");
        }
    }

    #[test]
    fn methods_are_compared_as_they_are() {
        let url = Url::parse("https://a.example.com:8443/v1/x").expect("a URL");
        let cases = [
            ("https://*.example.com:8443", "PROPFIND", true),
            ("GET,POST https://*.example.com:8443/v1/", "GET", true),
            ("GET,POST https://*.example.com:8443/v1/", "POST", true),
            ("GET,POST https://*.example.com:8443/v1/", "DELETE", false),
            ("GET,POST https://*.example.com:8443/v1/", "get", false),
            ("GET,POST https://*.example.com:8443/v1/", "", false),
            ("M-SEARCH https://*.example.com:8443", "M-SEARCH", true),
        ];
        for (rule, method, expected) in cases {
            let parsed: AllowRule = rule.parse().expect(rule);
            assert_eq!(
                parsed.permits(method, &url),
                expected,
                "{method:?} under {rule}"
            );
        }
    }
}
