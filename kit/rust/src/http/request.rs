//! A request before it is sent.

use std::fmt::Display;
use std::time::Duration;

use serde::Serialize;

use super::HttpError;
use super::escape::{add_to_query, names_in_query, pair, without_query};
use super::message::{Body, Outgoing};
use super::response::Response;
use crate::Error;
use crate::finite::to_json;
use crate::imports::Imports;

/// A request being built; [`send`](Self::send) sends it. The host adds the credential that the connector's
/// configuration has for the URL.
#[derive(Debug)]
#[must_use = "a request is sent by `send`"]
pub struct Request<'a> {
    host: &'a dyn Imports,
    parts: Outgoing,
    /// The names of the query parameters in the original URL.
    given: Vec<String>,
    has_cursor: bool,
}

impl<'a> Request<'a> {
    pub(crate) fn new(host: &'a dyn Imports, method: String, url: String) -> Self {
        Self {
            host,
            given: names_in_query(&url),
            parts: Outgoing {
                method,
                url,
                headers: Vec::new(),
                body: None,
                timeout: None,
                idempotent: None,
                credential: None,
            },
            has_cursor: false,
        }
    }

    /// Adds a parameter to the URL's query, escaped. A parameter that the original URL already has is not added again,
    /// since the URL of a next page, as an API gives it, has all of them.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        if !self.given.iter().any(|given| given == name) {
            add_to_query(&mut self.parts.url, name, &value.to_string());
        }
        self
    }

    /// Adds a parameter if there is a value for it.
    pub fn query_opt(self, name: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Adds a parameter whose value the API generated, if there is one. If the API later refuses it, [`Response::ok`]
    /// returns [`Error::InvalidState`], which makes the sync start from the beginning.
    pub fn cursor(mut self, name: &str, value: Option<&str>) -> Self {
        self.has_cursor |= value.is_some();
        self.query_opt(name, value)
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.parts.headers.push((name.into(), value.to_string()));
        self
    }

    /// Adds `Authorization: Bearer TOKEN`. The host can do this itself, which is better: use the section `[auth.NAME]`
    /// of the configuration.
    pub fn bearer(self, token: impl Display) -> Self {
        self.header("authorization", format_args!("Bearer {token}"))
    }

    /// Names the configured credential to add. By default, the host adds the one whose URLs match.
    pub fn credential(mut self, name: impl Into<String>) -> Self {
        self.parts.credential = Some(name.into());
        self
    }

    /// Limits the time of the whole exchange. The connector's limits apply as well.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.parts.timeout = Some(timeout);
        self
    }

    /// Sets whether the host may retry the request after a failure. By default it retries GET, HEAD, OPTIONS, PUT and
    /// DELETE. Set this to `true` for a POST that only reads.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.parts.idempotent = Some(idempotent);
        self
    }

    /// Sends `body` as JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Other`] if it doesn't serialize.
    pub fn json(self, body: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        let text = to_json(body, "body")?;
        Ok(self.header("content-type", "application/json").body(text))
    }

    /// Sends `pairs` as a URL-encoded form.
    pub fn form<'p>(self, pairs: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        let pairs: Vec<_> = pairs
            .into_iter()
            .map(|(name, value)| pair(name, value))
            .collect();
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(pairs.join("&"))
    }

    /// Sends a text unchanged. The caller sets the header `Content-Type`.
    pub fn body(mut self, text: impl Into<String>) -> Self {
        self.parts.body = Some(Body::Text(text.into()));
        self
    }

    /// Sends bytes unchanged.
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.parts.body = Some(Body::Bytes(bytes.into()));
        self
    }

    /// Sends the request and waits for the response. The response may have any status; use [`Response::ok`] to accept
    /// only success.
    ///
    /// # Errors
    ///
    /// The [`Error`] that the request's [`HttpError`] means for the page.
    pub fn send(self) -> Result<Response, Error> {
        let origin = self.origin();
        self.try_send()
            .map_err(|error| Error::of_request(error, &origin))
    }

    /// Like [`send`](Self::send), for connectors that handle failures themselves.
    ///
    /// # Errors
    ///
    /// The reason why there is no response.
    pub fn try_send(self) -> Result<Response, HttpError> {
        let asked_at = self.host.now();
        let incoming = self.host.fetch(&self.parts)?;
        let origin = self.origin();
        Ok(Response::new(incoming, origin, asked_at, self.has_cursor))
    }

    /// Method and URL, for messages.
    fn origin(&self) -> String {
        format!("{} {}", self.parts.method, without_query(&self.parts.url))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{FakeHost, Reply};
    use crate::{Error, HttpError};
    use serde_json::json;
    use std::time::Duration;

    #[test]
    fn a_request_is_sent_with_everything_it_was_given() {
        let host = FakeHost::new()
            .reply(Reply::new(204))
            .reply(Reply::new(204));
        host.post("https://api.example.com/search?x=1")
            .query("q", "a&b")
            .query_opt("page", Some(2))
            .query_opt("size", None::<u32>)
            .header("Accept", "application/json")
            .bearer("t0ken")
            .credential("shop")
            .timeout(Duration::from_secs(9))
            .idempotent(true)
            .json(&json!({"a": [1]}))
            .unwrap()
            .send()
            .unwrap();
        host.request("PUT", "https://api.example.com/form")
            .form([("a", "1 2"), ("b&", "=")])
            .send()
            .unwrap();

        let requests = host.requests();
        let [search, form] = &requests[..] else {
            panic!("{requests:?}");
        };
        assert_eq!(search.method, "POST");
        assert_eq!(
            search.url,
            "https://api.example.com/search?x=1&q=a%26b&page=2"
        );
        assert_eq!(search.query("q").as_deref(), Some("a&b"));
        assert_eq!(search.query("size"), None);
        assert_eq!(search.header("accept"), Some("application/json"));
        assert_eq!(search.header("Authorization"), Some("Bearer t0ken"));
        assert_eq!(search.header("content-type"), Some("application/json"));
        assert_eq!(search.body.as_deref(), Some(r#"{"a":[1]}"#.as_bytes()));
        assert_eq!(search.credential.as_deref(), Some("shop"));
        assert_eq!(search.timeout, Some(Duration::from_secs(9)));
        assert_eq!(search.idempotent, Some(true));
        assert_eq!(form.method, "PUT");
        assert_eq!(form.body.as_deref(), Some("a=1%202&b%26=%3D".as_bytes()));
        assert_eq!(form.idempotent, None);
    }

    #[test]
    fn a_parameter_of_the_original_url_is_not_added_again() {
        for (url, expected) in [
            ("https://x/a", "https://x/a?id=1&id=2&f%5Bn%5D=3"),
            ("https://x/a?id=7", "https://x/a?id=7&f%5Bn%5D=3"),
            ("https://x/a?ID=7", "https://x/a?ID=7&id=1&id=2&f%5Bn%5D=3"),
            ("https://x/a?f[n]=&id", "https://x/a?f[n]=&id"),
            (
                "https://x/a?f%5bn%5d=4&id=#id",
                "https://x/a?f%5bn%5d=4&id=#id",
            ),
        ] {
            let host = FakeHost::new().reply(Reply::new(204));
            let request = host.get(url).query("id", 1).query("id", 2);
            request.query("f[n]", 3).send().unwrap();
            assert_eq!(host.requests()[0].url, expected, "{url}");
        }
    }

    #[test]
    fn following_two_hundred_links_repeats_no_parameter() {
        let mut url = "https://api.example.com/items".to_owned();
        for page in 2..=201 {
            let link = format!("<?limit=2&sort=id&page={page}>; rel=next");
            let host = FakeHost::new().reply(Reply::new(200).header("Link", link));
            let request = host.get(&url).query("limit", 2).query("sort", "id");
            let answer = request.cursor("page", Some("1")).send().unwrap();
            assert!(page == 2 || host.requests()[0].url == url);
            url = answer.link("next").unwrap().url().to_owned();
        }
        let expected = "https://api.example.com/items?limit=2&sort=id&page=201";
        assert_eq!(url, expected);
    }

    #[test]
    fn a_failure_is_an_http_error_or_the_page_s_error() {
        let host = FakeHost::new()
            .failure(HttpError::Timeout)
            .failure(HttpError::Timeout);
        let request = || host.get("https://api.example.com/");
        assert_eq!(request().try_send().unwrap_err(), HttpError::Timeout);
        assert_eq!(
            request().send().unwrap_err(),
            Error::Upstream("GET https://api.example.com/: the API did not answer in time".into())
        );
    }
}
