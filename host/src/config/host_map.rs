//! `--map`: redirects the requests for one host during a trial.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use url::{Host, Origin, Url};

/// Redirects the requests for one origin to a server on this machine:
/// `https://api.example.com=http://127.0.0.1:9100/x`.
///
/// A request for `https://api.example.com/v1/items?page=2` goes to `http://127.0.0.1:9100/x/v1/items?page=2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostMap {
    original: Url,
    mapped: Url,
    /// The mapped URL's path without a trailing slash.
    prefix: String,
    addresses: Vec<SocketAddr>,
}

/// Why a text is not a map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostMapError {
    /// The text has no `=`.
    #[error(
        "write two URLs with `=` between them, such as https://api.example.com=http://127.0.0.1:9100"
    )]
    Form,
    /// One of the two is not a URL.
    #[error("`{0}` is not a valid URL, such as https://api.example.com")]
    Url(String),
    /// The first URL has more than scheme, host and port.
    #[error("`{0}` must end after the host or port: a mapping applies to all paths of a host")]
    NotAnOrigin(String),
    /// The first URL has another scheme.
    #[error("`{0}` must begin with https:// or http://")]
    OriginalScheme(String),
    /// The second URL has another scheme.
    #[error("`{0}` must begin with http://: a mapped server is called without TLS")]
    MappedScheme(String),
    /// The second URL has a query, a fragment, a user name or a password, or port 0.
    #[error("`{0}` may have only a host, a port from 1 to 65535 and a path")]
    MappedParts(String),
    /// The second URL's host isn't this machine.
    #[error("`{0}` is not on this machine: map requests to 127.0.0.1, [::1] or localhost")]
    NotLoopback(String),
    /// Two mappings for one origin.
    #[error("{0} is mapped twice: remove one of the mappings")]
    Twice(String),
}

impl HostMap {
    /// Reads `ORIGINAL=MAPPED`.
    ///
    /// # Errors
    ///
    /// [`HostMapError`], except `Twice`.
    pub fn parse(text: &str) -> Result<Self, HostMapError> {
        let (original, mapped) = text.split_once('=').ok_or(HostMapError::Form)?;
        let original = original_url(original.trim())?;
        let (mapped, addresses) = mapped_url(mapped.trim())?;
        Ok(Self {
            prefix: mapped.path().trim_end_matches('/').to_owned(),
            original,
            mapped,
            addresses,
        })
    }

    /// Checks that each origin is mapped at most once.
    ///
    /// # Errors
    ///
    /// [`HostMapError::Twice`].
    pub fn check(maps: &[Self]) -> Result<(), HostMapError> {
        for (index, map) in maps.iter().enumerate() {
            if maps
                .iter()
                .take(index)
                .any(|other| other.is_of(&map.original))
            {
                return Err(HostMapError::Twice(map.original_text()));
            }
        }
        Ok(())
    }

    /// Whether requests for this URL are redirected.
    #[must_use]
    pub fn is_of(&self, url: &Url) -> bool {
        self.origin() == url.origin()
    }

    /// The origin whose requests are redirected.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.original.origin()
    }

    /// The original origin, for people.
    #[must_use]
    pub fn original_text(&self) -> String {
        self.origin().ascii_serialization()
    }

    /// The mapped server and path, for people.
    #[must_use]
    pub fn mapped_text(&self) -> String {
        format!(
            "{}{}",
            self.mapped.origin().ascii_serialization(),
            self.prefix
        )
    }

    /// The addresses of the mapped server, with its port. All are addresses of this machine.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The mapped server's value of the header `Host`.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.mapped.authority()
    }

    /// Converts a path on the original server to one on the mapped server.
    #[must_use]
    pub fn mapped_path(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// Converts a URL on the mapped server to the original one; `None` if the URL is not on the mapped server.
    #[must_use]
    pub fn original_url(&self, url: &Url) -> Option<Url> {
        let is_there = url.scheme() == self.mapped.scheme()
            && url.port_or_known_default() == self.mapped.port_or_known_default()
            && loopback(&url.host()?).is_some();
        let path = self.original_path(url.path()).filter(|_| is_there)?;
        let mut original = self.original.clone();
        original.set_path(path);
        original.set_query(url.query());
        original.set_fragment(url.fragment());
        Some(original)
    }

    /// Converts a path on the mapped server to one on the original server; `None` if it is not below the mapped path.
    #[must_use]
    pub fn original_path<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(&*self.prefix)?;
        (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(rest)
    }

    /// The length of the mapped path: if two mappings lead to one server, the longer one applies.
    #[must_use]
    pub fn prefix_length(&self) -> usize {
        self.prefix.len()
    }
}

fn parsed(text: &str) -> Result<Url, HostMapError> {
    let url = Url::parse(text).ok().filter(Url::has_host);
    url.ok_or_else(|| HostMapError::Url(text.to_owned()))
}

fn original_url(text: &str) -> Result<Url, HostMapError> {
    let url = parsed(text)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(HostMapError::OriginalScheme(text.to_owned()));
    }
    if url.path() != "/" || has_more(&url) {
        return Err(HostMapError::NotAnOrigin(shown(&url)));
    }
    Ok(url)
}

fn mapped_url(text: &str) -> Result<(Url, Vec<SocketAddr>), HostMapError> {
    let url = parsed(text)?;
    if url.scheme() != "http" {
        return Err(HostMapError::MappedScheme(text.to_owned()));
    }
    if has_more(&url) {
        return Err(HostMapError::MappedParts(shown(&url)));
    }
    let addresses = url.host().as_ref().and_then(loopback);
    let addresses = addresses.ok_or_else(|| HostMapError::NotLoopback(shown(&url)))?;
    let port = url.port_or_known_default().filter(|port| *port != 0);
    let port = port.ok_or_else(|| HostMapError::MappedParts(shown(&url)))?;
    let addresses = addresses.into_iter().map(|address| (address, port).into());
    let addresses = addresses.collect();
    Ok((url, addresses))
}

fn has_more(url: &Url) -> bool {
    let has_user = !url.username().is_empty() || url.password().is_some();
    has_user || url.query().is_some() || url.fragment().is_some()
}

/// The URL without its user name, password and query, which may contain secrets.
fn shown(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// The addresses of a host if it is this machine. `localhost` isn't resolved, so it always is this machine.
fn loopback(host: &Host<&str>) -> Option<Vec<IpAddr>> {
    match *host {
        Host::Ipv4(address) => address.is_loopback().then(|| vec![address.into()]),
        Host::Ipv6(address) => address.is_loopback().then(|| vec![address.into()]),
        Host::Domain("localhost") => {
            Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()])
        }
        Host::Domain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(text: &str) -> HostMap {
        HostMap::parse(text).unwrap()
    }

    #[test]
    fn maps_are_an_origin_and_an_address_of_this_machine() {
        for (text, original, mapped, addresses) in [
            (
                "https://api.example.com=http://127.0.0.1:9100/x",
                "https://api.example.com",
                "http://127.0.0.1:9100/x",
                vec!["127.0.0.1:9100"],
            ),
            (
                "HTTPS://API.example.com:443/=http://127.9.9.9/",
                "https://api.example.com",
                "http://127.9.9.9",
                vec!["127.9.9.9:80"],
            ),
            (
                "http://bücher.example:8080 = http://[::1]:9/a/b/",
                "http://xn--bcher-kva.example:8080",
                "http://[::1]:9/a/b",
                vec!["[::1]:9"],
            ),
            (
                "https://10.0.0.1=http://localhost:9100",
                "https://10.0.0.1",
                "http://localhost:9100",
                vec!["127.0.0.1:9100", "[::1]:9100"],
            ),
            (
                "https://api.example.com=http://127.1:9100/a=b",
                "https://api.example.com",
                "http://127.0.0.1:9100/a=b",
                vec!["127.0.0.1:9100"],
            ),
        ] {
            let map = map(text);
            let texts: Vec<_> = map.addresses().iter().map(ToString::to_string).collect();
            assert_eq!(
                (&*map.original_text(), &*map.mapped_text(), texts),
                (
                    original,
                    mapped,
                    addresses.into_iter().map(str::to_owned).collect()
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn invalid_mappings_are_refused_with_the_reason() {
        let ends = "must end after the host";
        let local = "is not on this machine";
        for (text, reason) in [
            ("", "two URLs with `=`"),
            ("https://api.example.com", "two URLs with `=`"),
            (
                "api.example.com=http://127.0.0.1:1",
                "`api.example.com` is not a valid URL",
            ),
            (
                "api.example.com:443=http://127.0.0.1:1",
                "`api.example.com:443` is not a valid URL",
            ),
            ("https://=http://127.0.0.1:1", "is not a valid URL"),
            ("https://api.example.com=", "`` is not a valid URL"),
            (
                "https://api.example.com=127.0.0.1:9100",
                "is not a valid URL",
            ),
            ("https://api.example.com=9100", "is not a valid URL"),
            (
                "ftp://api.example.com=http://127.0.0.1:1",
                "must begin with https:// or http://",
            ),
            ("https://api.example.com/v1=http://127.0.0.1:1", ends),
            ("https://api.example.com?a=http://127.0.0.1:1", ends),
            ("https://api.example.com#a=http://127.0.0.1:1", ends),
            ("https://me:word@api.example.com=http://127.0.0.1:1", ends),
            (
                "https://api.example.com=https://127.0.0.1:1",
                "must begin with http://",
            ),
            (
                "https://api.example.com=http://127.0.0.1:1/?a=b",
                "may have only a host",
            ),
            (
                "https://api.example.com=http://127.0.0.1:1/#a",
                "may have only a host",
            ),
            (
                "https://api.example.com=http://me@127.0.0.1:1/",
                "may have only a host",
            ),
            (
                "https://api.example.com=http://127.0.0.1:0/",
                "may have only a host",
            ),
            ("https://api.example.com=http://10.0.0.1:9100", local),
            ("https://api.example.com=http://192.168.1.5:9100", local),
            ("https://api.example.com=http://0.0.0.0:9100", local),
            ("https://api.example.com=http://[::]:9100", local),
            (
                "https://api.example.com=http://[::ffff:127.0.0.1]:9100",
                local,
            ),
            (
                "https://api.example.com=http://api.staging.example.com",
                local,
            ),
            (
                "https://api.example.com=http://localhost.example.com",
                local,
            ),
            ("https://api.example.com=http://fake.localhost:9100", local),
            (
                "https://api.example.com=http://127.0.0.1.example.com",
                local,
            ),
        ] {
            let error = HostMap::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
            assert!(!error.contains("word"), "{text}: {error}");
        }
    }

    #[test]
    fn an_origin_is_mapped_at_most_once() {
        let once = map("https://api.example.com=http://127.0.0.1:1");
        for (other, is_good) in [
            ("https://api.example.com:443/=http://127.0.0.1:2", false),
            ("https://API.EXAMPLE.COM=http://127.0.0.1:1", false),
            ("http://api.example.com=http://127.0.0.1:1", true),
            ("https://api.example.com:8443=http://127.0.0.1:1", true),
            ("https://www.example.com=http://127.0.0.1:1", true),
        ] {
            let maps = [once.clone(), map(other)];
            assert_eq!(HostMap::check(&maps).is_ok(), is_good, "{other}");
        }
    }

    #[test]
    fn paths_are_joined_and_split_at_segments() {
        let origin = "https://api.example.com";
        for (mapped, path, expected) in [
            ("http://127.0.0.1:1", "/", "/"),
            ("http://127.0.0.1:1/", "/v1/a", "/v1/a"),
            ("http://127.0.0.1:1/x", "/", "/x/"),
            ("http://127.0.0.1:1/x", "/v1/a", "/x/v1/a"),
            ("http://127.0.0.1:1/x/", "/v1/a", "/x/v1/a"),
            ("http://127.0.0.1:1/x/y", "//v1//a/", "/x/y//v1//a/"),
            ("http://127.0.0.1:1/x", "/a%2Fb", "/x/a%2Fb"),
        ] {
            let map = map(&format!("{origin}={mapped}"));
            assert_eq!(map.mapped_path(path), expected, "{mapped} {path}");
            assert_eq!(map.original_path(expected), Some(path), "{mapped} {path}");
        }
        let map = map("https://api.example.com=http://127.0.0.1:1/x");
        for path in ["/", "/xy", "/y/x", "/X/a"] {
            assert_eq!(map.original_path(path), None, "{path}");
        }
    }

    #[test]
    fn urls_of_the_mapped_server_become_original_urls() {
        let map = map("https://api.example.com:8443=http://127.0.0.1:9100/x");
        for (url, expected) in [
            (
                "http://127.0.0.1:9100/x/v1/a?b=c#d",
                Some("https://api.example.com:8443/v1/a?b=c#d"),
            ),
            (
                "http://localhost:9100/x/a",
                Some("https://api.example.com:8443/a"),
            ),
            ("http://[::1]:9100/x", Some("https://api.example.com:8443/")),
            ("http://127.0.0.1:9100/v1/a", None),
            ("http://127.0.0.1:9100/xy", None),
            ("http://127.0.0.1:9101/x/a", None),
            ("https://127.0.0.1:9100/x/a", None),
            ("http://10.0.0.1:9100/x/a", None),
            ("https://api.example.com:8443/x/a", None),
        ] {
            let url = Url::parse(url).unwrap();
            let original = map.original_url(&url).map(String::from);
            assert_eq!(original.as_deref(), expected, "{url}");
        }
    }
}
