//! The request that a redirect asks for, which passes all checks again.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use url::Url;

use super::call_target::CallTarget;
use super::outgoing::{Outgoing, OutgoingBody};

/// The request headers that another origin receives. All others may be credentials, whatever their name.
const HARMLESS: [HeaderName; 7] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::RANGE,
    header::USER_AGENT,
];

/// The parts of a request that its redirect needs.
pub(super) struct Redirectable {
    method: Method,
    target: CallTarget,
    headers: HeaderMap,
    /// `None` if the body was a stream, and is gone.
    body: Option<Bytes>,
}

impl Redirectable {
    pub(super) fn of(request: &Outgoing) -> Self {
        Self {
            method: request.method.clone(),
            target: request.target.clone(),
            headers: request.headers.clone(),
            body: match &request.body {
                OutgoingBody::Whole(bytes) => Some(bytes.clone()),
                OutgoingBody::Streamed(_) => None,
            },
        }
    }

    /// The request that a response asks for; `None` if the response is not a redirect, has no valid target, or asks
    /// for a body that is gone. `upgraded` says where a request of this method to this URL really goes.
    pub(super) fn next(
        self,
        status: StatusCode,
        response: &HeaderMap,
        upgraded: impl FnOnce(&Method, Url) -> Url,
    ) -> Option<Outgoing> {
        let becomes_get = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
            _ => return None,
        };
        let location = escaped(response.get(header::LOCATION)?);
        let url = self.target.url().join(&location).ok()?;
        let method = if becomes_get {
            Method::GET
        } else {
            self.method
        };
        let url = upgraded(&method, url);
        let mut headers = self.headers;
        if url.origin() != self.target.url().origin() {
            headers = headers
                .into_iter()
                .scan(None, |last, (name, value)| {
                    // A name comes with its first value only.
                    if name.is_some() {
                        *last = name;
                    }
                    Some((last.clone()?, value))
                })
                .filter(|(name, _)| HARMLESS.contains(name))
                .collect();
        }
        let body = if becomes_get {
            for name in [
                header::CONTENT_TYPE,
                header::CONTENT_ENCODING,
                header::CONTENT_LANGUAGE,
                header::CONTENT_LOCATION,
            ] {
                headers.remove(name);
            }
            Bytes::new()
        } else {
            self.body?
        };
        Some(Outgoing {
            method,
            target: CallTarget::new(url),
            headers,
            body: OutgoingBody::Whole(body),
        })
    }
}

/// The text of a `Location`, with all non-ASCII bytes percent-encoded one by one, as in browsers: it may be UTF-8 or
/// Latin-1, and only the server knows which. The URL parser encodes the other characters that a URL can't contain.
fn escaped(location: &HeaderValue) -> String {
    let mut text = String::with_capacity(location.len());
    for &byte in location.as_bytes() {
        if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(url: &str) -> Outgoing {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("authorization", "Bearer secret"),
            ("cookie", "session=secret"),
            ("x-api-key", "secret"),
            ("accept", "application/json"),
            ("content-type", "text/plain"),
        ] {
            headers.append(name, HeaderValue::from_static(value));
        }
        Outgoing {
            method: Method::POST,
            target: CallTarget::new(Url::parse(url).unwrap()),
            headers,
            body: OutgoingBody::Whole(Bytes::from_static(b"rows")),
        }
    }

    fn after(status: u16, location: impl AsRef<[u8]>) -> Option<Outgoing> {
        let mut response = HeaderMap::new();
        let location = HeaderValue::from_bytes(location.as_ref()).unwrap();
        response.insert(header::LOCATION, location);
        let request = post("https://api.example.com/v1/rows");
        let status = StatusCode::from_u16(status).unwrap();
        Redirectable::of(&request).next(status, &response, |_, url| url)
    }

    fn body(request: &Outgoing) -> &[u8] {
        match &request.body {
            OutgoingBody::Whole(bytes) => bytes,
            OutgoingBody::Streamed(_) => b"a stream",
        }
    }

    #[test]
    fn another_origin_gets_nothing_that_could_be_a_credential() {
        for location in [
            "https://other.example.com/",
            "//other.example.com/",
            "https://api.example.com:8443/",
            "http://api.example.com/",
        ] {
            let next = after(307, location).unwrap();
            let names: Vec<&str> = next.headers.keys().map(HeaderName::as_str).collect();
            assert_eq!(names, ["accept", "content-type"], "{location}");
        }
        let same = after(307, "/v2/rows").unwrap();
        assert_eq!(
            same.target.url().as_str(),
            "https://api.example.com/v2/rows"
        );
        assert_eq!(same.headers.len(), 5);
    }

    #[test]
    fn location_is_read_as_browsers_read_it() {
        for (location, expected) in [
            (&b"/c\xc3\xa9u"[..], "https://api.example.com/c%C3%A9u"),
            (b"/c\xe9u", "https://api.example.com/c%E9u"),
            (
                b"/v2?q=gr\xfc\xdfe",
                "https://api.example.com/v2?q=gr%FC%DFe",
            ),
            (
                b"/v2?q=gr\xc3\xbc\xc3\x9fe",
                "https://api.example.com/v2?q=gr%C3%BC%C3%9Fe",
            ),
            (b"/c%C3%A9u", "https://api.example.com/c%C3%A9u"),
            (b"/a b", "https://api.example.com/a%20b"),
            (b" /a\tb ", "https://api.example.com/ab"),
            (b"\\a\\b", "https://api.example.com/a/b"),
            (
                b"/a\"<>`{}b",
                "https://api.example.com/a%22%3C%3E%60%7B%7Db",
            ),
            (
                b"//b\xc3\xbccher.example/",
                "https://xn--bcher-kva.example/",
            ),
            (b"//other.example.com/x", "https://other.example.com/x"),
            (b"\\\\other.example.com\\x", "https://other.example.com/x"),
            (b"next?page=2", "https://api.example.com/v1/next?page=2"),
            (b"?page=2", "https://api.example.com/v1/rows?page=2"),
            (b"HTTPS://API.example.com/x", "https://api.example.com/x"),
        ] {
            let next = after(302, location).map(|next| next.target.url().to_string());
            assert_eq!(
                next.as_deref(),
                Some(expected),
                "{}",
                location.escape_ascii()
            );
        }
        assert!(after(302, b"//b\xfccher.example/").is_none(), "no host");
    }

    #[test]
    fn headers_follow_the_request_to_where_it_really_goes() {
        let mut response = HeaderMap::new();
        let location = HeaderValue::from_static("http://api.example.com/v2");
        response.insert(header::LOCATION, location);
        let request = post("https://api.example.com/v1/rows");
        let upgraded = |method: &Method, mut url: Url| {
            assert_eq!(method, Method::GET);
            url.set_scheme("https").unwrap();
            url
        };
        let next = Redirectable::of(&request).next(StatusCode::FOUND, &response, upgraded);
        let next = next.unwrap();
        assert_eq!(next.target.url().as_str(), "https://api.example.com/v2");
        assert!(next.headers.contains_key(header::AUTHORIZATION));
    }

    #[test]
    fn methods_and_bodies_follow_the_status() {
        for (status, method, sent) in [
            (301, "GET", &b""[..]),
            (302, "GET", b""),
            (303, "GET", b""),
            (307, "POST", b"rows"),
            (308, "POST", b"rows"),
        ] {
            let next = after(status, "next").unwrap();
            assert_eq!(
                (next.method.as_str(), body(&next)),
                (method, sent),
                "{status}"
            );
            assert_eq!(
                next.headers.contains_key(header::CONTENT_TYPE),
                !sent.is_empty(),
                "{status}"
            );
        }
        for status in [200, 300, 304, 305, 404] {
            assert!(after(status, "next").is_none(), "{status}");
        }
        assert!(after(302, "https://").is_none(), "leads nowhere");
    }
}
