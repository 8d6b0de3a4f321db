//! The login by which a person permits the host to use an API.

use url::{Host, Url};

use super::endpoint;
use crate::config::auth::fields::Fields;

/// How a person logs in.
#[derive(Clone)]
pub struct LoginConfig {
    /// `authorize-url`: where the person permits it.
    pub authorize_url: Url,
    /// `redirect-uri`; `None` for a free port of 127.0.0.1.
    pub redirect_uri: Option<RedirectUri>,
    /// `pkce`: whether the login is protected by RFC 7636.
    pub has_pkce: bool,
}

/// An address of this machine that the browser is sent back to (RFC 8252, section 7.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    /// As the file has it: servers compare it to the letter.
    pub text: String,
    /// Whether the browser may look for it at the IPv4 and the IPv6 address.
    pub is_localhost: bool,
    /// Whether its address is `[::1]`.
    pub is_ipv6: bool,
    /// Not 0.
    pub port: u16,
    /// Begins with a slash.
    pub path: String,
}

impl LoginConfig {
    /// Reads `authorize-url`, and what belongs to it if it is there. `None` if it is not, or is wrong, which is noted.
    pub(super) fn read(fields: &mut Fields<'_, '_, '_, '_>) -> Option<Self> {
        let authorize_url = fields.optional("authorize-url", "a URL", endpoint::address);
        if !fields.has("authorize-url") {
            return None;
        }
        let expected = "an address such as \"http://localhost:8085/callback\"";
        let redirect_uri = fields.optional("redirect-uri", expected, RedirectUri::parse);
        let has_pkce = fields.flag_if_set("pkce").unwrap_or(true);
        Some(Self {
            authorize_url: authorize_url?,
            redirect_uri,
            has_pkce,
        })
    }
}

impl RedirectUri {
    /// Reads an address that the host can listen on.
    fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|_| {
            "write a whole URL such as \"http://localhost:8085/callback\"".to_owned()
        })?;
        let (is_localhost, is_ipv6) = match url.host() {
            Some(Host::Domain("localhost")) => (true, false),
            Some(Host::Ipv4(address)) if address.is_loopback() => (false, false),
            Some(Host::Ipv6(address)) if address.is_loopback() => (false, true),
            _ => {
                return Err(
                    "the browser comes back to this machine: the host is `localhost`, `127.0.0.1` or `[::1]`"
                        .to_owned(),
                );
            }
        };
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return Err(
                "it begins with `http://` and the host: nothing else listens on this machine"
                    .to_owned(),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has neither a query nor a fragment".to_owned());
        }
        let port = url.port_or_known_default().filter(|port| *port > 0);
        Ok(Self {
            text: text.to_owned(),
            is_localhost,
            is_ipv6,
            port: port.ok_or("port 0 is no port that can be registered")?,
            path: url.path().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_leads_to_this_machine() {
        for (text, expected) in [
            (
                "http://localhost:8085/callback",
                Ok((true, 8085, "/callback")),
            ),
            ("http://127.0.0.1:1/", Ok((false, 1, "/"))),
            ("http://[::1]:8085", Ok((false, 8085, "/"))),
            ("http://localhost/a%20b", Ok((true, 80, "/a%20b"))),
            ("https://localhost:8085/", Err("begins with `http://`")),
            ("http://example.com:8085/", Err("this machine")),
            ("http://0.0.0.0:8085/", Err("this machine")),
            ("http://localhost:0/", Err("port 0")),
            ("http://localhost:1/?a=b", Err("neither a query")),
            ("localhost:8085", Err("this machine")),
            ("/callback", Err("a whole URL")),
        ] {
            match (RedirectUri::parse(text), expected) {
                (Ok(uri), Ok(expected)) => {
                    assert_eq!((uri.is_localhost, uri.port, uri.path.as_str()), expected);
                    assert_eq!(uri.text, text);
                }
                (Err(told), Err(expected)) => assert!(told.contains(expected), "{text}: {told}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }
}
