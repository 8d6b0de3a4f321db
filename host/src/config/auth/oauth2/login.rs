//! The login by which a person authorizes the host to use an API.

use url::{Host, Url};

use super::endpoint;
use crate::config::auth::fields::Fields;

/// How a person logs in.
#[derive(Clone)]
pub struct LoginConfig {
    /// `authorize-url`: where the person authorizes the host.
    pub authorize_url: Url,
    /// `redirect-uri`; `None` for a free port of 127.0.0.1.
    pub redirect_uri: Option<RedirectUri>,
    /// `pkce`: whether the login is protected by PKCE (RFC 7636).
    pub has_pkce: bool,
}

/// An address of this machine that the browser is redirected to (RFC 8252, section 7.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri {
    /// The text in the file: servers compare it character by character.
    pub text: String,
    /// Whether the host is `localhost`: the browser may then connect to the IPv4 or the IPv6 address.
    pub is_localhost: bool,
    /// Whether its address is `[::1]`.
    pub is_ipv6: bool,
    /// Not 0.
    pub port: u16,
    /// Begins with a slash.
    pub path: String,
}

impl LoginConfig {
    /// Reads `authorize-url` and its related keys. `None` if it is missing, or invalid (which is recorded).
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
            "write a complete URL such as \"http://localhost:8085/callback\"".to_owned()
        })?;
        let (is_localhost, is_ipv6) = match url.host() {
            Some(Host::Domain("localhost")) => (true, false),
            Some(Host::Ipv4(address)) if address.is_loopback() => (false, false),
            Some(Host::Ipv6(address)) if address.is_loopback() => (false, true),
            _ => {
                return Err(
                    "the address must be on this machine: write the host as `localhost`, `127.0.0.1` or `[::1]`"
                        .to_owned(),
                );
            }
        };
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return Err(
                "the address must begin with `http://` and the host, without a user name: the host listens without TLS"
                    .to_owned(),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("the address may have neither a query nor a fragment".to_owned());
        }
        let port = url.port_or_known_default().filter(|port| *port > 0);
        Ok(Self {
            text: text.to_owned(),
            is_localhost,
            is_ipv6,
            port: port.ok_or("port 0 can't be registered with a provider: write another port")?,
            path: url.path().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_points_to_this_machine() {
        for (text, expected) in [
            (
                "http://localhost:8085/callback",
                Ok((true, 8085, "/callback")),
            ),
            ("http://127.0.0.1:1/", Ok((false, 1, "/"))),
            ("http://[::1]:8085", Ok((false, 8085, "/"))),
            ("http://localhost/a%20b", Ok((true, 80, "/a%20b"))),
            ("https://localhost:8085/", Err("begin with `http://`")),
            ("http://example.com:8085/", Err("this machine")),
            ("http://0.0.0.0:8085/", Err("this machine")),
            ("http://localhost:0/", Err("port 0")),
            ("http://localhost:1/?a=b", Err("neither a query")),
            ("localhost:8085", Err("this machine")),
            ("/callback", Err("a complete URL")),
        ] {
            match (RedirectUri::parse(text), expected) {
                (Ok(uri), Ok(expected)) => {
                    assert_eq!((uri.is_localhost, uri.port, uri.path.as_str()), expected);
                    assert_eq!(uri.text, text);
                }
                (Err(error), Err(expected)) => assert!(error.contains(expected), "{text}: {error}"),
                (read, _) => panic!("{text}: {read:?}"),
            }
        }
    }
}
