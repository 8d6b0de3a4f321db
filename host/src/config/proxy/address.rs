//! The URL of a proxy.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use crate::config::secret::Secret;

/// The longest URL of a proxy: longer than any with a usable password.
const MAX_URL_BYTES: usize = 8 << 10;

/// A proxy that is reached over HTTP: host, port, and perhaps a user with a password. Its text has neither of these two.
#[derive(Clone, Debug)]
pub struct ProxyAddress {
    host: Host<String>,
    port: u16,
    /// The value of the header `Proxy-Authorization`.
    authorization: Option<Secret>,
    /// Percent-decoded.
    password: Option<Secret>,
    /// The URL as it was written.
    written: Secret,
}

/// Why a text is not the URL of a proxy. No message contains the text, which may have a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyAddressError {
    /// It is not a URL.
    #[error(
        "not the URL of a proxy: write http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with special characters such \
         as `@`, `:` and `/` percent-encoded"
    )]
    Form,
    /// It has another scheme.
    #[error(
        "only proxies that speak HTTP are supported: write http://HOST:PORT. Neither SOCKS nor TLS to the proxy itself is \
         supported; requests to `https` URLs are encrypted from this host to the API all the same"
    )]
    Scheme,
    /// It has a path, a query or a fragment.
    #[error("a proxy's URL has no path: write http://HOST:PORT")]
    Path,
}

impl ProxyAddress {
    /// The host: a name in ASCII, or an address without brackets.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The value of the header `Proxy-Authorization` (RFC 7617); `None` if the URL has no user.
    #[must_use]
    pub fn authorization(&self) -> Option<&Secret> {
        self.authorization.as_ref()
    }

    /// The password, percent-decoded; `None` if the URL has none.
    #[must_use]
    pub fn password(&self) -> Option<&Secret> {
        self.password.as_ref()
    }

    /// The URL as it was written, with its password.
    #[must_use]
    pub fn written(&self) -> &Secret {
        &self.written
    }

    /// The URL with `[secret]` in place of user and password.
    #[must_use]
    pub fn shown(&self) -> String {
        match self.authorization {
            Some(_) => format!("http://[secret]@{}:{}", self.host, self.port),
            None => self.to_string(),
        }
    }
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "http://{}:{}", self.host, self.port)
    }
}

impl FromStr for ProxyAddress {
    type Err = ProxyAddressError;

    /// Reads `http://HOST:PORT`, with or without `USER:PASSWORD@`. Without a scheme it is `http`, and without a port 80.
    fn from_str(text: &str) -> Result<Self, ProxyAddressError> {
        let text = text.trim();
        if text.len() > MAX_URL_BYTES || text.contains(char::is_control) {
            return Err(ProxyAddressError::Form);
        }
        let url = if text.contains("://") {
            Url::parse(text)
        } else {
            Url::parse(&format!("http://{text}"))
        };
        let url = url.map_err(|_| ProxyAddressError::Form)?;
        if url.scheme() != "http" {
            return Err(ProxyAddressError::Scheme);
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyAddressError::Path);
        }
        let host = url.host().ok_or(ProxyAddressError::Form)?.to_owned();
        let port = url.port_or_known_default().filter(|port| *port > 0);
        let port = port.ok_or(ProxyAddressError::Form)?;
        let has_user = !url.username().is_empty() || url.password().is_some();
        Ok(Self {
            host,
            port,
            authorization: has_user.then(|| basic(&url)),
            password: url
                .password()
                .map(|password| Secret::new(percent_decode_str(password).decode_utf8_lossy())),
            written: Secret::new(text),
        })
    }
}

/// The user and the password of a URL, as the header has them.
fn basic(url: &Url) -> Secret {
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    Secret::new(format!("Basic {}", STANDARD.encode(pair)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxy_has_host_port_and_perhaps_a_user() {
        for (text, shown, authorization) in [
            (
                "http://proxy.example.com:3128",
                "http://proxy.example.com:3128",
                None,
            ),
            (
                "proxy.example.com:3128",
                "http://proxy.example.com:3128",
                None,
            ),
            (
                "http://proxy.example.com/",
                "http://proxy.example.com:80",
                None,
            ),
            ("http://[::1]:3128", "http://[::1]:3128", None),
            (
                "http://weld:hunter2@proxy.example.com:3128",
                "http://proxy.example.com:3128",
                Some("Basic d2VsZDpodW50ZXIy"),
            ),
            (
                "http://weld@proxy.example.com:3128",
                "http://proxy.example.com:3128",
                Some("Basic d2VsZDo="),
            ),
            (
                "weld:hunter%402@10.0.0.1:8080",
                "http://10.0.0.1:8080",
                Some("Basic d2VsZDpodW50ZXJAMg=="),
            ),
        ] {
            let proxy: ProxyAddress = text.parse().unwrap();
            assert_eq!(proxy.to_string(), shown, "{text}");
            assert_eq!(
                proxy.authorization().map(Secret::expose),
                authorization,
                "{text}"
            );
            assert_eq!(proxy.written().expose(), text);
            let is_hidden = authorization.is_some();
            assert_eq!(proxy.shown().contains("[secret]@"), is_hidden, "{text}");
            for visible in [format!("{proxy:?}"), proxy.shown()] {
                for part in ["d2Vs", "hunter", "weld"] {
                    assert!(!visible.contains(part), "{visible}");
                }
            }
        }
        for (text, password) in [
            ("http://proxy:3128", None),
            ("http://weld@proxy:3128", None),
            ("http://weld:hunter%402@proxy:3128", Some("hunter@2")),
        ] {
            let proxy: ProxyAddress = text.parse().unwrap();
            assert_eq!(proxy.password().map(Secret::expose), password, "{text}");
        }
        let proxy: ProxyAddress = "http://[::1]:3128".parse().unwrap();
        assert_eq!((proxy.host().as_str(), proxy.port()), ("::1", 3128));
    }

    #[test]
    fn other_texts_are_refused_without_being_shown() {
        for (text, expected) in [
            ("", ProxyAddressError::Form),
            ("http://", ProxyAddressError::Form),
            ("http://weld:hunter2@", ProxyAddressError::Form),
            ("http://weld:hunter2@proxy:port", ProxyAddressError::Form),
            ("http://weld:hunter2@proxy:0", ProxyAddressError::Form),
            ("http://weld:hunter2\n@proxy:3128", ProxyAddressError::Form),
            ("https://proxy.example.com", ProxyAddressError::Scheme),
            (
                "socks5://weld:hunter2@proxy:1080",
                ProxyAddressError::Scheme,
            ),
            ("http://proxy:3128/path", ProxyAddressError::Path),
            ("http://proxy:3128?query", ProxyAddressError::Path),
        ] {
            let error = text.parse::<ProxyAddress>().unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let with_password = |bytes| format!("http://weld:{}@proxy:3128", "p".repeat(bytes));
        assert!(with_password(8_000).parse::<ProxyAddress>().is_ok());
        let error = with_password(MAX_URL_BYTES).parse::<ProxyAddress>();
        assert_eq!(error.unwrap_err(), ProxyAddressError::Form);
    }
}
