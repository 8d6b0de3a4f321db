//! How rules overlap, and which rules are redundant next to another.

use url::Host;

use super::rule::{AllowRule, HostPattern};

impl AllowRule {
    /// Whether this rule permits every request that the other one permits.
    pub(in crate::config) fn covers(&self, other: &Self) -> bool {
        self.scheme == other.scheme
            && self.port == other.port
            && self.covers_methods(other)
            && self.host.covers(&other.host)
            && self.path.covers(&other.path)
    }

    /// Whether there is a URL that both rules permit.
    pub(super) fn meets(&self, other: &Self) -> bool {
        // Two names below a domain, like two paths below a prefix, are either nested or disjoint.
        self.scheme == other.scheme
            && self.port == other.port
            && (self.host.covers(&other.host) || other.host.covers(&self.host))
            && (self.path.covers(&other.path) || other.path.covers(&self.path))
    }

    fn covers_methods(&self, other: &Self) -> bool {
        let all_are_permitted = || {
            other
                .methods
                .iter()
                .all(|method| self.permits_method(method))
        };
        // An empty list means all methods.
        self.methods.is_empty() || !other.methods.is_empty() && all_are_permitted()
    }
}

impl HostPattern {
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exactly(host), Self::Exactly(other)) => host == other,
            (Self::Exactly(_), Self::Below(_)) => false,
            // Both begin with a dot, so if one ends with the other, it does so at a label boundary.
            (Self::Below(suffix), Self::Below(other)) => other.ends_with(suffix),
            (Self::Below(suffix), Self::Exactly(Host::Domain(name))) => name.ends_with(suffix),
            (Self::Below(_), Self::Exactly(Host::Ipv4(_) | Host::Ipv6(_))) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_covers_itself_and_narrower_rules() {
        let rule = "GET,POST https://*.example.com/v1";
        let cases = [
            ("GET,POST https://*.example.com/v1", true),
            ("POST,GET https://*.EXAMPLE.com:443/v1", true),
            ("GET https://*.example.com/v1", true),
            ("GET https://a.example.com/v1", true),
            ("GET https://a.b.example.com/v1/", true),
            ("GET https://*.a.example.com/v1/x", true),
            ("https://*.example.com/v1", false),
            ("GET,PUT https://*.example.com/v1", false),
            ("GET http://*.example.com/v1", false),
            ("GET https://*.example.com:8443/v1", false),
            ("GET https://example.com/v1", false),
            ("GET https://*.badexample.com/v1", false),
            ("GET https://badexample.com/v1", false),
            ("GET https://*.com/v1", false),
            ("GET https://127.0.0.1/v1", false),
            ("GET https://*.example.com", false),
            ("GET https://*.example.com/v10", false),
            ("GET https://*.example.com/v", false),
        ];
        for (other, expected) in cases {
            let covers = |rule: &str, other: &str| {
                let [rule, other] =
                    [rule, other].map(|rule| rule.parse::<AllowRule>().expect(rule));
                rule.covers(&other)
            };
            assert_eq!(covers(rule, other), expected, "{other} beside {rule}");
            assert!(covers(other, other), "{other}");
        }
    }

    #[test]
    fn a_folder_does_not_cover_the_path_of_its_name() {
        let [path, folder] = ["https://a.example/v1", "https://a.example/v1/"]
            .map(|rule| rule.parse::<AllowRule>().expect(rule));
        assert!(path.covers(&folder));
        assert!(!folder.covers(&path));
    }
}
