//! What a redirect asks for, as a request that goes through the whole gate again.

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderName};
use http::{Method, StatusCode};
use url::Url;

use super::outgoing::{Outgoing, OutgoingBody};

/// What another origin gets of a request's headers. All others may be credentials, whatever their name.
const HARMLESS: [HeaderName; 7] = [
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::ACCEPT_LANGUAGE,
    header::CACHE_CONTROL,
    header::CONTENT_TYPE,
    header::RANGE,
    header::USER_AGENT,
];

/// What of a request its redirect begins with.
pub(super) struct Redirectable {
    method: Method,
    url: Url,
    headers: HeaderMap,
    /// None where the body was a stream, and is gone.
    body: Option<Bytes>,
}

impl Redirectable {
    pub(super) fn of(request: &Outgoing) -> Self {
        Self {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.headers.clone(),
            body: match &request.body {
                OutgoingBody::Whole(bytes) => Some(bytes.clone()),
                OutgoingBody::Streamed(_) => None,
            },
        }
    }

    /// The request that a response asks for; none where it is no redirect, leads nowhere, or would have to send a
    /// body again that is gone.
    pub(super) fn next(self, status: StatusCode, response: &HeaderMap) -> Option<Outgoing> {
        let becomes_get = match status {
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT => false,
            _ => return None,
        };
        let location = response.get(header::LOCATION)?.to_str().ok()?;
        let url = self.url.join(location).ok()?;
        let mut headers = self.headers;
        if url.origin() != self.url.origin() {
            headers = headers
                .into_iter()
                .scan(None, |last, (name, value)| {
                    // A name stands with its first value only.
                    if name.is_some() {
                        *last = name;
                    }
                    Some((last.clone()?, value))
                })
                .filter(|(name, _)| HARMLESS.contains(name))
                .collect();
        }
        let (method, body) = if becomes_get {
            for name in [
                header::CONTENT_TYPE,
                header::CONTENT_ENCODING,
                header::CONTENT_LANGUAGE,
                header::CONTENT_LOCATION,
            ] {
                headers.remove(name);
            }
            (Method::GET, Bytes::new())
        } else {
            (self.method, self.body?)
        };
        Some(Outgoing {
            method,
            url,
            headers,
            body: OutgoingBody::Whole(body),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

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
            url: Url::parse(url).unwrap(),
            headers,
            body: OutgoingBody::Whole(Bytes::from_static(b"rows")),
        }
    }

    fn after(status: u16, location: &str) -> Option<Outgoing> {
        let mut response = HeaderMap::new();
        response.insert(header::LOCATION, location.parse().unwrap());
        let request = post("https://api.example.com/v1/rows");
        Redirectable::of(&request).next(StatusCode::from_u16(status).unwrap(), &response)
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
        assert_eq!(same.url.as_str(), "https://api.example.com/v2/rows");
        assert_eq!(same.headers.len(), 5);
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
