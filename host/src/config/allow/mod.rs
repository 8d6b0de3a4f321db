//! What a connector may call: the rules of `[network] allow`.
//!
//! A rule names URLs; where their hosts may resolve to is checked apart from this, when dialing.
//! Both must permit a request, since a permitted name may resolve to an address inside the
//! operator's network.

mod overlap;
mod path_prefix;
#[cfg(test)]
mod properties;
mod rule;
mod syntax;

pub use rule::AllowRule;
pub use syntax::AllowRuleError;

use url::Url;

/// The requests that a connector may send: those that one of the rules permits, so none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList(Vec<AllowRule>);

impl AllowList {
    /// The hosts of all rules, in their order.
    pub(in crate::config) fn hosts(&self) -> Vec<String> {
        let hosts = self.0.iter().map(|rule| rule.host().to_string());
        hosts.collect()
    }

    /// Whether a request may be sent. Methods are compared as they are: `get` is not `GET`
    /// (RFC 9110, section 9.1).
    pub fn permits(&self, method: &str, url: &Url) -> bool {
        self.matching(method, url).is_some()
    }

    /// The first rule that permits a request, as [`AllowList::permits`] takes it.
    pub fn matching(&self, method: &str, url: &Url) -> Option<&AllowRule> {
        self.0.iter().find(|rule| rule.permits(method, url))
    }

    /// Whether one of the rules permits one of the requests that another rule permits, methods aside.
    pub(in crate::config) fn meets(&self, other: &AllowRule) -> bool {
        self.0.iter().any(|rule| rule.meets(other))
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

    /// The rule that the operator would add to permit a request to an http or https URL, such as
    /// `https://api.example.com`.
    ///
    /// It names the method only where a rule for the same host leaves it out, so that it doesn't
    /// undo that choice. It never has the URL's path, user name or query, which may hold a token.
    ///
    /// No rule permits a URL whose host has a dot at its end, is too long for a name, or is an
    /// address that can't be connected to, nor one with port 0. Then this is no rule either.
    pub fn suggestion(&self, method: &str, url: &Url) -> String {
        let origin = url.origin().ascii_serialization();
        let is_left_out =
            |rule: &AllowRule| rule.covers_origin(url) && !rule.permits_method(method);
        if self.0.iter().any(is_left_out) && syntax::is_method(method) {
            format!("{method} {origin}")
        } else {
            origin
        }
    }
}

impl FromIterator<AllowRule> for AllowList {
    fn from_iter<I: IntoIterator<Item = AllowRule>>(rules: I) -> Self {
        Self(rules.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(rules: &[&str]) -> AllowList {
        rules
            .iter()
            .map(|rule| rule.parse::<AllowRule>().expect(rule))
            .collect()
    }

    fn url(text: &str) -> Url {
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
    fn rules_meet_where_one_url_is_permitted_by_both() {
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
}
