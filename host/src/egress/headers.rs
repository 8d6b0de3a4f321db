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

/// A URL may carry secrets in its query, so an error shows only its beginning up to that.
fn excerpt(url: &str) -> String {
    url.split(['?', '#'])
        .next()
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

/// The request as it is sent. `Accept-Encoding` is the host's, since the host decompresses.
pub(super) fn build(
    request: Request,
    url: &Url,
) -> Result<http::Request<Full<Bytes>>, EgressError> {
    let method = http::Method::from_bytes(request.method.as_bytes())
        .map_err(|_| RequestFault::Method(excerpt(&request.method)))?;
    // Neither asks for a resource: the one is for proxies, the other shows a request's credentials to its sender.
    if matches!(method, http::Method::CONNECT | http::Method::TRACE) {
        return Err(RequestFault::Method(request.method).into());
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
    fn an_error_shows_no_query() {
        let error = url("nothing?api_token=secret").unwrap_err();
        assert!(!crate::report::chain(&error).contains("secret"));
    }

    #[test]
    fn values_that_are_not_utf8_are_read_as_latin1() {
        assert_eq!(text(b"gr\xfc\xdfe"), "grüße");
        assert_eq!(text("grüße".as_bytes()), "grüße");
    }
}
