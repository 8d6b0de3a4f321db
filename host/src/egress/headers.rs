//! A guest's request as a message on the wire, and a response's headers back.

#[cfg(test)]
mod properties;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Uri};
use url::{Host, Url};

use super::error::{MAX_HEADER_BYTES, MAX_HEADERS, RequestFault};
use crate::config::is_reserved_header;
use crate::secrets::Finder;

/// The longest URL: more than servers accept.
const MAX_URL_BYTES: usize = 64 << 10;

/// The longest name, and the longest part of a name, in the DNS (RFC 1035, section 2.3.4).
const MAX_NAME_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// The encodings that [`super::body`] decodes.
const ACCEPTED_ENCODINGS: &str = "gzip, br, zstd";

/// The `User-Agent` of a request if the guest doesn't set one.
const USER_AGENT: &str = concat!("weld-host/", env!("CARGO_PKG_VERSION"));

/// Parses a URL. The result of this parse is checked by the rules and is dialed.
pub(super) fn url(text: &str) -> Result<Url, RequestFault> {
    if text.len() > MAX_URL_BYTES {
        return Err(RequestFault::UrlTooLong {
            limit_bytes: MAX_URL_BYTES,
        });
    }
    // The parser drops control characters and takes a backslash for a slash: its result would differ from the text.
    let path_end = text.find(['?', '#']).unwrap_or(text.len());
    if text.contains(char::is_control) || text.split_at(path_end).0.contains('\\') {
        return Err(RequestFault::UrlCharacter);
    }
    let url = Url::parse(text).map_err(|source| RequestFault::Url {
        url: excerpt(text),
        source,
    })?;
    check(&url)?;
    // The parser accepts any number of slashes before the host, even none or a third one.
    let Some((_, rest)) = text.split_once("://").filter(|(scheme, rest)| {
        scheme.eq_ignore_ascii_case(url.scheme()) && !rest.starts_with('/')
    }) else {
        return Err(RequestFault::NoHost(excerpt(text)));
    };
    // The parser drops an empty user name.
    if rest
        .split(['/', '?', '#'])
        .next()
        .is_some_and(|authority| authority.contains('@'))
    {
        return Err(RequestFault::UserInfo);
    }
    Ok(url)
}

/// Checks the properties of every URL that can be called, wherever it came from.
pub(super) fn check(url: &Url) -> Result<(), RequestFault> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(RequestFault::Scheme(excerpt(url.scheme())));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RequestFault::UserInfo);
    }
    if url.port() == Some(0) {
        return Err(RequestFault::Port);
    }
    if let Some(Host::Domain(name)) = url.host()
        && !is_name(name)
    {
        return Err(RequestFault::Host(excerpt(name)));
    }
    Ok(())
}

/// Whether a name can be looked up unchanged. With a dot at the end it would be the same host under another name.
/// Servers and certificates have no agreed meaning for such a name, and no rule can be written for it.
fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME_BYTES
        && name
            .split('.')
            .all(|label| !label.is_empty() && label.len() <= MAX_LABEL_BYTES)
}

/// A URL may contain secrets before its host and in its query, so an error shows neither.
fn excerpt(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let shown = url.split_at(end).0;
    let shown = shown.rsplit('@').next().unwrap_or_default();
    crate::report::shortened(shown, 200)
}

/// Parses a method. CONNECT and TRACE don't request a resource: CONNECT is for proxies, and TRACE shows a request's
/// credentials to its sender. Methods are case-sensitive, but not every server knows that.
pub(super) fn method(text: &str) -> Result<Method, RequestFault> {
    let fault = || RequestFault::Method(excerpt(text));
    let method = Method::from_bytes(text.as_bytes()).map_err(|_| fault())?;
    if ["CONNECT", "TRACE"]
        .iter()
        .any(|refused| refused.eq_ignore_ascii_case(method.as_str()))
    {
        return Err(fault());
    }
    Ok(method)
}

/// The headers as they are sent, without those that frame the message. The host sets `Accept-Encoding`, since it
/// decompresses.
pub(super) fn sent<N, V>(headers: &[(N, V)]) -> Result<HeaderMap, RequestFault>
where
    N: AsRef<str>,
    V: AsRef<[u8]>,
{
    let bytes = |(name, value): &(N, V)| name.as_ref().len().saturating_add(value.as_ref().len());
    if headers.len() > MAX_HEADERS || headers.iter().map(bytes).sum::<usize>() > MAX_HEADER_BYTES {
        return Err(RequestFault::Headers);
    }
    let mut sent = HeaderMap::with_capacity(headers.len().saturating_add(3));
    for (name, value) in headers {
        let parsed = HeaderName::from_bytes(name.as_ref().as_bytes())
            .map_err(|_| RequestFault::HeaderName(excerpt(name.as_ref())))?;
        if is_reserved_header(parsed.as_str()) {
            return Err(RequestFault::ReservedHeader(parsed.as_str().to_owned()));
        }
        let value = HeaderValue::from_bytes(value.as_ref())
            .map_err(|_| RequestFault::HeaderValue(parsed.as_str().to_owned()))?;
        sent.append(parsed, value);
    }
    sent.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static(ACCEPTED_ENCODINGS),
    );
    sent.entry(header::USER_AGENT)
        .or_insert(HeaderValue::from_static(USER_AGENT));
    Ok(sent)
}

/// The URL as the client reads it. This is a second parse, so both must agree on the host.
pub(super) fn target(url: &Url) -> Result<Uri, RequestFault> {
    let text = url.as_str();
    let end = text.find('#').unwrap_or(text.len());
    let uri: Uri = text
        .split_at(end)
        .0
        .parse()
        .map_err(|source| RequestFault::Uri(http::Error::from(source)))?;
    let same = uri.host() == url.host_str()
        && uri.port_u16() == url.port()
        && uri.scheme_str() == Some(url.scheme());
    if !same {
        return Err(RequestFault::Ambiguous);
    }
    Ok(uri)
}

/// A response's headers as the contract passes them to a guest.
pub(super) fn received(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect()
}

/// Removes secrets from a response's headers. A header whose name contains a secret is left out: a name can't contain
/// the replacement.
pub(super) fn replace(headers: &mut HeaderMap, finder: &Finder) {
    let is_named = |name: &&HeaderName| finder.is_in(name.as_str().as_bytes());
    let named: Vec<HeaderName> = headers.keys().filter(is_named).cloned().collect();
    for name in named {
        headers.remove(name);
    }
    for value in headers.values_mut() {
        if let Some(replaced) = finder.replaced(value.as_bytes()) {
            *value =
                HeaderValue::from_bytes(&replaced).unwrap_or(HeaderValue::from_static("[secret]"));
        }
    }
}

fn text(value: &[u8]) -> String {
    match str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().copied().map(char::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_forge_the_message_are_refused() {
        for (name, value) in [
            ("Host", "other.example.com"),
            ("content-length", "3"),
            ("Transfer-Encoding", "chunked"),
            ("Connection", "x-token"),
            ("Keep-Alive", "timeout=5"),
            ("Upgrade", "h2c"),
            ("TE", "trailers"),
            ("Trailer", "x"),
            ("Expect", "100-continue"),
            ("Proxy-Authorization", "Basic x"),
            ("Proxy-Connection", "keep-alive"),
            ("x-split", "a\r\nhost: b"),
            ("x-line", "a\nb"),
            ("x-null", "a\0b"),
            ("x-split\r\nhost", "b"),
            ("x space", "a"),
            ("host ", "a"),
            ("", "a"),
        ] {
            assert!(sent(&[(name, value)]).is_err(), "{name:?}: {value:?}");
        }
        assert!(sent(&[("x-fine", "grüße")]).is_ok());
    }

    #[test]
    fn urls_that_mean_something_other_than_they_show_are_refused() {
        for text in [
            "ftp://api.example.com/",
            "file:///etc/passwd",
            "https://user@api.example.com/",
            "https://user:secret@api.example.com/",
            "https://@api.example.com@evil.example/",
            "https://@api.example.com/",
            "api.example.com",
            "https://",
            "http:///path",
            "http:/path",
            "https:api.example.com",
            "http://[::1",
            "http://host:99999/",
            "http://host:0/",
            "https://api.example.com./",
            "https://api..example.com/",
            "http:\\\\api.example.com\\x",
            "https://api.example.com\\@evil.example/",
            "https://api.exa\tmple.com/",
            "https://api.example.com/\n",
            "\u{1}https://api.example.com/",
            "https://api.example.com/\0",
        ] {
            assert!(url(text).is_err(), "{text:?}");
        }
        let long = format!("https://api.example.com/?{}", "q".repeat(100 << 10));
        assert!(matches!(url(&long), Err(RequestFault::UrlTooLong { .. })));
    }

    #[test]
    fn an_error_shows_neither_query_nor_password() {
        for text in [
            "nothing?api_token=secret",
            "https://user:secret@host:99999/",
            "ftp://u:secret@host/#secret",
        ] {
            let error = url(text).unwrap_err();
            assert!(!crate::report::chain(&error).contains("secret"), "{text}");
        }
    }

    #[test]
    fn too_many_or_too_long_headers_are_refused() {
        let many: Vec<(String, String)> = (0..40_000)
            .map(|n| (format!("x-{n}"), String::new()))
            .collect();
        let long = vec![("x-long".to_owned(), "x".repeat(MAX_HEADER_BYTES))];
        for headers in [many, long] {
            assert!(matches!(sent(&headers), Err(RequestFault::Headers)));
        }
    }

    #[test]
    fn methods_for_proxies_are_refused_in_any_case() {
        for (text, expected) in [
            ("CONNECT", false),
            ("trace", false),
            ("Trace", false),
            ("GET", true),
            ("PURGE", true),
            ("", false),
            ("GET /", false),
        ] {
            assert_eq!(method(text).is_ok(), expected, "{text}");
        }
    }

    #[test]
    fn values_that_are_not_utf8_are_read_as_latin1() {
        assert_eq!(text(b"gr\xfc\xdfe"), "grüße");
        assert_eq!(text("grüße".as_bytes()), "grüße");
    }
}
