//! The requests that a connector may send: the rules of `[network] allow`.
//!
//! A rule names URLs. The addresses that their hosts resolve to are checked separately, when the host dials. Both
//! checks must permit a request, since a permitted name may resolve to an address inside the operator's network.

mod overlap;
mod path_prefix;
#[cfg(test)]
mod properties;
mod remedy;
mod rule;
mod syntax;

pub use remedy::AllowRemedy;
pub use rule::AllowRule;
pub use syntax::AllowRuleError;

use url::Url;

/// The requests that a connector may send: those that at least one rule permits. None by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    rules: Vec<AllowRule>,
    /// Whether the file has the list, which may be empty.
    is_written: bool,
}

impl AllowList {
    /// Whether a request may be sent. Methods are case-sensitive: `get` is not `GET` (RFC 9110, section 9.1).
    pub fn permits(&self, method: &str, url: &Url) -> bool {
        self.matching(method, url).is_some()
    }

    /// The first rule that permits a request, by the same comparison as [`AllowList::permits`].
    pub fn matching(&self, method: &str, url: &Url) -> Option<&AllowRule> {
        self.rules.iter().find(|rule| rule.permits(method, url))
    }

    /// Whether there is a URL that both one of these rules and the other rule permit, methods aside.
    pub(in crate::config) fn meets(&self, other: &AllowRule) -> bool {
        self.rules.iter().any(|rule| rule.meets(other))
    }

    /// Whether one of these rules permits every request that the other rule permits.
    pub(in crate::config) fn covers(&self, other: &AllowRule) -> bool {
        self.rules.iter().any(|rule| rule.covers(other))
    }

    /// Whether one of the rules permits a request to this URL or below it, whatever its method.
    pub fn permits_some(&self, url: &Url) -> bool {
        let mut base = url.clone();
        base.set_query(None);
        base.set_fragment(None);
        base.as_str()
            .parse::<AllowRule>()
            .is_ok_and(|rule| self.meets(&rule))
    }
}

impl FromIterator<AllowRule> for AllowList {
    fn from_iter<I: IntoIterator<Item = AllowRule>>(rules: I) -> Self {
        Self {
            rules: rules.into_iter().collect(),
            is_written: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(in crate::config::allow) fn list(rules: &[&str]) -> AllowList {
        rules
            .iter()
            .map(|rule| rule.parse::<AllowRule>().expect(rule))
            .collect()
    }

    pub(in crate::config::allow) fn url(text: &str) -> Url {
        Url::parse(text).expect(text)
    }

    #[test]
    fn an_empty_list_denies() {
        assert!(!AllowList::default().permits("GET", &url("https://api.example.com/")));
    }

    #[test]
    fn any_rule_of_a_list_permits() {
        let list = list(&["https://one.example", "POST https://two.example"]);
        assert!(list.permits("GET", &url("https://one.example")));
        assert!(list.permits("POST", &url("https://two.example")));
        assert!(!list.permits("GET", &url("https://two.example")));
    }

    #[test]
    fn rules_meet_if_both_permit_some_url() {
        let list = list(&["GET https://*.example.com/v1", "https://api.example.net"]);
        let cases = [
            ("https://a.example.com", true),
            ("https://a.example.com/v1/x", true),
            ("https://*.a.example.com", true),
            ("https://*.com", true),
            ("https://a.example.com/v2", false),
            ("https://example.com", false),
            ("http://a.example.com", false),
            ("https://a.example.com:8443", false),
            ("https://api.example.net/v2", true),
            ("https://*.example.org", false),
        ];
        for (rule, expected) in cases {
            let other = rule.parse::<AllowRule>().expect(rule);
            assert_eq!(list.meets(&other), expected, "{rule}");
        }
    }

    #[test]
    fn the_first_rule_that_permits_a_request_is_the_matching_one() {
        let list = list(&[
            "POST https://*.example.com",
            "https://a.example.com/v1",
            "GET https://*.example.com",
        ]);
        let cases = [
            ("POST", "https://a.example.com/v1", Some("*.example.com")),
            ("GET", "https://a.example.com/v1", Some("a.example.com")),
            ("GET", "https://a.example.com/v2", Some("*.example.com")),
            ("PUT", "https://a.example.com/v2", None),
        ];
        for (method, target, expected) in cases {
            let rule = list.matching(method, &url(target));
            let host = rule.map(|rule| rule.host().to_string());
            assert_eq!(host.as_deref(), expected, "{method} {target}");
        }
    }
}
