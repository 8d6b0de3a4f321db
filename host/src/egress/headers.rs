//! A guest's request as a message on the wire, and a response's headers back.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http_body_util::Full;
use url::Url;

use super::Request;
use super::error::{EgressError, RequestFault};

/// Headers that frame the message or steer a proxy: with them a guest could make one request look like two, or like
/// one to another host.
const RESERVED: [&str; 10] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// How many headers a request may have, and how long they may be together: more than any API takes.
const MAX_HEADERS: usize = 256;
const MAX_HEADER_BYTES: usize = 64 << 10;

/// What a request says it comes from, where the guest doesn't say it.
const USER_AGENT: &str = concat!("weld-host/", env!("CARGO_PKG_VERSION"));

/// Reads a URL: this parse is what the rules are asked about and what is dialled.
pub(super) fn url(text: &str) -> Result<Url, EgressError> {
    let url = Url::parse(text).map_err(|source| RequestFault::Url {
        url: excerpt(text),
        source,
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(RequestFault::Scheme(excerpt(url.scheme())).into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RequestFault::UserInfo.into());
    }
    Ok(url)
}

/// A URL may carry secrets before its host and in its query, so an error shows neither.
fn excerpt(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let shown = url.split_at(end).0;
    let shown = shown.rsplit('@').next().unwrap_or_default();
    crate::report::shortened(shown, 200)
}

/// The request as it is sent. `Accept-Encoding` is the host's, since the host decompresses.
pub(super) fn build(
    request: Request,
    url: &Url,
) -> Result<http::Request<Full<Bytes>>, EgressError> {
    let method = http::Method::from_bytes(request.method.as_bytes())
        .map_err(|_| RequestFault::Method(excerpt(&request.method)))?;
    // Neither asks for a resource: the one is for proxies, the other shows a request's credentials to its sender.
    // Methods are case-sensitive, but not every server knows.
    if ["CONNECT", "TRACE"]
        .iter()
        .any(|refused| refused.eq_ignore_ascii_case(method.as_str()))
    {
        return Err(RequestFault::Method(request.method).into());
    }
    let bytes = |(name, value): &(String, String)| name.len().saturating_add(value.len());
    if request.headers.len() > MAX_HEADERS
        || request.headers.iter().map(bytes).sum::<usize>() > MAX_HEADER_BYTES
    {
        return Err(RequestFault::Headers.into());
    }
    let mut headers = HeaderMap::new();
    for (name, value) in request.headers {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| RequestFault::HeaderName(excerpt(&name)))?;
        if RESERVED.contains(&parsed.as_str()) || parsed.as_str().starts_with("proxy-") {
            return Err(RequestFault::ReservedHeader(parsed.as_str().to_owned()).into());
        }
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| RequestFault::HeaderValue(parsed.as_str().to_owned()))?;
        headers.append(parsed, value);
    }
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    headers
        .entry(header::USER_AGENT)
        .or_insert(HeaderValue::from_static(USER_AGENT));
    let mut outgoing = http::Request::builder()
        .method(method)
        .uri(target(url)?)
        .body(Full::new(Bytes::from(request.body)))
        .map_err(RequestFault::Uri)?;
    *outgoing.headers_mut() = headers;
    Ok(outgoing)
}

/// The URL as the client takes it. That is a second parse, so the two must agree on who is called.
fn target(url: &Url) -> Result<http::Uri, EgressError> {
    let mut target = url.clone();
    target.set_fragment(None);
    let uri: http::Uri = target
        .as_str()
        .parse()
        .map_err(|source| RequestFault::Uri(http::Error::from(source)))?;
    let same = uri.host() == url.host_str()
        && uri.port_u16() == url.port()
        && uri.scheme_str() == Some(url.scheme());
    if !same {
        return Err(RequestFault::Ambiguous.into());
    }
    Ok(uri)
}

/// A response's headers as the contract gives them to a guest. The body is decompressed by then, so what described
/// its compressed form is left out.
pub(super) fn read(headers: &HeaderMap) -> Vec<(String, String)> {
    let decompressed = headers.contains_key(header::CONTENT_ENCODING);
    headers
        .iter()
        .filter(|(name, _)| {
            !decompressed || !matches!(**name, header::CONTENT_ENCODING | header::CONTENT_LENGTH)
        })
        .map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes())))
        .collect()
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

    fn request(headers: &[(&str, &str)]) -> Request {
        Request {
            method: "GET".to_owned(),
            url: "https://api.example.com/".to_owned(),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: Vec::new(),
        }
    }

    #[test]
    fn headers_that_forge_the_message_are_refused() {
        let url = url("https://api.example.com/").unwrap();
        for (name, value) in [
            ("Host", "other.example.com"),
            ("content-length", "3"),
            ("Transfer-Encoding", "chunked"),
            ("Proxy-Authorization", "Basic x"),
            ("x-split", "a\r\nhost: b"),
            ("x-null", "a\0b"),
            ("x space", "a"),
            ("", "a"),
        ] {
            assert!(
                build(request(&[(name, value)]), &url).is_err(),
                "{name}: {value:?}"
            );
        }
        assert!(build(request(&[("x-fine", "grüße")]), &url).is_ok());
    }

    #[test]
    fn a_url_with_userinfo_or_another_scheme_is_refused() {
        for text in [
            "ftp://api.example.com/",
            "file:///etc/passwd",
            "https://user@api.example.com/",
            "https://user:secret@api.example.com/",
            "api.example.com",
            "https://",
            "http://[::1",
            "http://host:99999/",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
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
    fn headers_without_measure_are_refused() {
        let many: Vec<(String, String)> = (0..40_000)
            .map(|n| (format!("x-{n}"), String::new()))
            .collect();
        let long = vec![("x-long".to_owned(), "x".repeat(MAX_HEADER_BYTES))];
        let url = url("https://api.example.com/").unwrap();
        for headers in [many, long] {
            let request = Request {
                headers,
                ..request(&[])
            };
            assert!(build(request, &url).is_err());
        }
    }

    #[test]
    fn methods_for_proxies_are_refused_in_any_case() {
        let url = url("https://api.example.com/").unwrap();
        for (method, expected) in [
            ("CONNECT", false),
            ("trace", false),
            ("Trace", false),
            ("GET", true),
            ("PURGE", true),
            ("", false),
        ] {
            let request = Request {
                method: method.to_owned(),
                ..request(&[])
            };
            assert_eq!(build(request, &url).is_ok(), expected, "{method}");
        }
    }

    #[test]
    fn values_that_are_not_utf8_are_read_as_latin1() {
        assert_eq!(text(b"gr\xfc\xdfe"), "grüße");
        assert_eq!(text("grüße".as_bytes()), "grüße");
    }
}
