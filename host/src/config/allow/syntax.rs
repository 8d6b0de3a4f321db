//! The syntax of an allow rule.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use url::{Host, Url};

use super::path_prefix::{PathPrefix, climbs};
use super::rule::{AllowRule, HostPattern};

impl FromStr for AllowRule {
    type Err = AllowRuleError;

    /// Reads a rule.
    ///
    /// # Errors
    ///
    /// [`AllowRuleError`] for any rule that could permit more than it seems to, or nothing at all.
    fn from_str(rule: &str) -> Result<Self, AllowRuleError> {
        // The URL parser removes control characters and treats a backslash as a slash: it would read a different rule
        // than the operator sees.
        if rule.contains(|letter: char| letter.is_control() || letter == '\\') {
            return Err(AllowRuleError::Character);
        }
        let words: Vec<&str> = rule.split_whitespace().collect();
        let (methods, pattern) = match *words.as_slice() {
            [pattern] => (Vec::new(), pattern),
            [methods, pattern] => (parse_methods(methods)?, pattern),
            _ => return Err(AllowRuleError::Form),
        };
        let (scheme, rest) = pattern
            .split_once("://")
            .filter(|(scheme, _)| ["http", "https"].contains(&scheme.to_ascii_lowercase().as_str()))
            .ok_or(AllowRuleError::Scheme)?;
        let (authority, tail) = rest
            .split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        let (host, is_wildcard) = authority
            .strip_prefix("*.")
            .map_or((authority, false), |host| (host, true));
        // Otherwise the URL parser would look for a host in the path.
        if host.is_empty() {
            return Err(AllowRuleError::EmptyHost);
        }
        if host.ends_with(':') {
            return Err(AllowRuleError::Port);
        }
        let url = Url::parse(&format!("{scheme}://{host}{tail}"))?;
        if authority.contains('@') {
            return Err(AllowRuleError::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AllowRuleError::Query);
        }
        if tail.contains('*') {
            return Err(AllowRuleError::PathWildcard);
        }
        if climbs(tail) {
            return Err(AllowRuleError::ParentSegment);
        }
        let host = host_pattern(url.host().ok_or(AllowRuleError::EmptyHost)?, is_wildcard)?;
        Ok(Self {
            methods,
            scheme: url.scheme().to_owned(),
            host_text: host.to_string().into(),
            host,
            port: url
                .port_or_known_default()
                .filter(|port| *port != 0)
                .ok_or(AllowRuleError::Port)?,
            path: PathPrefix::new(url.path()),
        })
    }
}

fn host_pattern(host: Host<&str>, is_wildcard: bool) -> Result<HostPattern, AllowRuleError> {
    match host {
        // The URL parser decodes an escaped star.
        Host::Domain(name) if name.contains('*') => Err(AllowRuleError::Wildcard),
        Host::Domain(name) if name.split('.').any(str::is_empty) => Err(AllowRuleError::EmptyLabel),
        Host::Domain(name) if is_too_long(name) => Err(AllowRuleError::TooLong),
        Host::Domain(name) if is_wildcard => Ok(HostPattern::Below(format!(".{name}"))),
        Host::Ipv4(_) | Host::Ipv6(_) if is_wildcard => Err(AllowRuleError::Wildcard),
        Host::Ipv4(address) if is_unreachable(address.into()) => Err(AllowRuleError::Address),
        Host::Ipv6(address) if is_unreachable(address.into()) => Err(AllowRuleError::Address),
        host => Ok(HostPattern::Exactly(host.to_owned())),
    }
}

/// Whether a name is too long for DNS (RFC 1035, section 2.3.4), so that it has no address.
fn is_too_long(name: &str) -> bool {
    name.len() > 253 || name.split('.').any(|label| label.len() > 63)
}

/// Whether an address can't be that of a server.
fn is_unreachable(address: IpAddr) -> bool {
    let address = address.to_canonical();
    address.is_unspecified() || address.is_multicast() || address == IpAddr::V4(Ipv4Addr::BROADCAST)
}

fn parse_methods(methods: &str) -> Result<Vec<String>, AllowRuleError> {
    let checked = |method: &str| {
        is_method(method)
            .then(|| method.to_owned())
            .ok_or(AllowRuleError::Method)
    };
    methods.split(',').map(checked).collect()
}

/// Whether a text is an upper-case method, perhaps with hyphens, as all registered methods are. `CONNECT` and `TRACE`
/// are excluded: they ask for no resource.
pub(super) fn is_method(method: &str) -> bool {
    !["CONNECT", "TRACE"].contains(&method)
        && method.starts_with(|first: char| first.is_ascii_uppercase())
        && method
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter == '-')
}

/// Why a text is not an [`AllowRule`]. Messages don't quote the text, which may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AllowRuleError {
    /// Neither one word nor two.
    #[error(
        "write a rule as \"https://api.example.com\" or \"GET,POST https://api.example.com/v1\""
    )]
    Form,
    /// A control character or a backslash.
    #[error("a rule may not contain control characters or backslashes")]
    Character,
    /// The text before the URL is not a list of methods that the host sends.
    #[error(
        "write methods in upper case, joined by commas without spaces, such as \"GET,POST\"; CONNECT and TRACE are never sent"
    )]
    Method,
    /// Another scheme, or no scheme.
    #[error("a rule's URL must begin with http:// or https://")]
    Scheme,
    /// A user name or password.
    #[error("a rule may not contain a user name or password")]
    Credentials,
    /// A query or a fragment.
    #[error("a rule may not contain a query or fragment: end it after the path")]
    Query,
    /// A star that isn't the first label of a name.
    #[error(
        "`*` may only replace the whole first label of a host name, as in \"https://*.example.com\""
    )]
    Wildcard,
    /// A star in the path.
    #[error(
        "a path may not contain `*`, since it permits everything below it: write \"/v1\" instead of \"/v1/*\""
    )]
    PathWildcard,
    /// An empty host.
    #[error("the host is missing")]
    EmptyHost,
    /// Two dots in a row, or a dot at either end.
    #[error("the host begins or ends with a dot, or has two dots in a row")]
    EmptyLabel,
    /// A name that is too long for DNS.
    #[error(
        "the host is too long: a name has at most 63 characters between two dots, and 253 in total"
    )]
    TooLong,
    /// The unspecified, a multicast or the broadcast address.
    #[error(
        "the host is not the address of a single server: write the address that the server listens on"
    )]
    Address,
    /// Neither a name nor an address.
    #[error("the host is neither a name nor an IPv4 or [IPv6] address")]
    Host,
    /// Not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// `..`, perhaps escaped, or escapes within escapes.
    #[error("the path contains `..`, or a server could read it that way")]
    ParentSegment,
}

impl From<url::ParseError> for AllowRuleError {
    fn from(error: url::ParseError) -> Self {
        match error {
            url::ParseError::EmptyHost => Self::EmptyHost,
            url::ParseError::InvalidPort => Self::Port,
            _ => Self::Host,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_that_mean_less_or_more_than_they_seem_are_refused() {
        use AllowRuleError as E;
        let long_label = format!("https://{}.example", "a".repeat(64));
        let long_name = format!("https://*.{}example", "a.".repeat(124));
        let cases = [
            (long_label.as_str(), E::TooLong),
            (long_name.as_str(), E::TooLong),
            ("", E::Form),
            ("GET, POST https://api.example.com", E::Form),
            ("get https://api.example.com", E::Method),
            ("GET,,POST https://api.example.com", E::Method),
            ("GET,Post https://api.example.com", E::Method),
            ("* https://api.example.com", E::Method),
            ("CONNECT https://api.example.com", E::Method),
            ("GET,TRACE https://api.example.com", E::Method),
            ("api.example.com", E::Scheme),
            ("api.example.com:443", E::Scheme),
            ("//api.example.com", E::Scheme),
            ("https:/api.example.com", E::Scheme),
            ("://api.example.com", E::Scheme),
            ("ftp://api.example.com", E::Scheme),
            ("ws://api.example.com", E::Scheme),
            ("file:///etc/passwd", E::Scheme),
            ("*://api.example.com", E::Scheme),
            ("https://user@api.example.com", E::Credentials),
            ("https://user:pass@api.example.com", E::Credentials),
            ("https://@api.example.com", E::Credentials),
            ("https://*.user@api.example.com", E::Credentials),
            ("https://api.example.com?x=1", E::Query),
            ("https://api.example.com/v1?", E::Query),
            ("https://api.example.com#x", E::Query),
            ("https://*", E::Wildcard),
            ("https://*example.com", E::Wildcard),
            ("https://api.*.com", E::Wildcard),
            ("https://*.*.com", E::Wildcard),
            ("https://a*.example.com", E::Wildcard),
            ("https://%2a.example.com", E::Wildcard),
            ("https://*.127.0.0.1", E::Wildcard),
            ("https://*.1", E::Wildcard),
            ("https://*.[::1]", E::Wildcard),
            ("https://api.example.com/v1/*", E::PathWildcard),
            ("https://", E::EmptyHost),
            ("https:///api.example.com", E::EmptyHost),
            ("https://*.", E::EmptyHost),
            ("https://*./api.example.com", E::EmptyHost),
            ("https://:443", E::EmptyHost),
            ("https://.example.com", E::EmptyLabel),
            ("https://*..example.com", E::EmptyLabel),
            ("https://a..example.com", E::EmptyLabel),
            ("https://api.example.com.", E::EmptyLabel),
            ("https://api.exa|mple.com", E::Host),
            ("http://0.0.0.0:8080", E::Address),
            ("http://0", E::Address),
            ("http://[::]", E::Address),
            ("http://[::ffff:0:0]", E::Address),
            ("http://255.255.255.255", E::Address),
            ("http://224.0.0.1", E::Address),
            ("http://[ff02::1]", E::Address),
            ("https://[::1", E::Host),
            ("https://1.2.3.4.5", E::Host),
            ("https://api.example.com:", E::Port),
            ("https://api.example.com:x", E::Port),
            ("https://api.example.com:0", E::Port),
            ("https://api.example.com:65536", E::Port),
            ("https://api.example.com:*", E::Port),
            ("https://api.example.com/v1/..", E::ParentSegment),
            ("https://api.example.com/v1/../v2", E::ParentSegment),
            ("https://api.example.com/v1/%2e%2E/v2", E::ParentSegment),
            ("https://api.example.com/v1%2f..%2fv2", E::ParentSegment),
            ("https://api.example.com\\v1", E::Character),
            ("https://api.exam\tple.com", E::Character),
            ("\0https://api.example.com", E::Character),
        ];
        for (rule, expected) in cases {
            assert_eq!(rule.parse::<AllowRule>().err(), Some(expected), "{rule:?}");
        }
    }
}
