//! The client of the API: a GET with the token, answered with JSON and what is left of the quota.

use form_urlencoded::Serializer;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::exports::weld::connector::source::Error;
use crate::failure;
use crate::settings::Settings;
use crate::time::Time;
use crate::weld::connector::host::{self, Body, HttpRequest, HttpResponse};

/// What a page asks of the API.
#[derive(Debug, PartialEq)]
pub struct Request {
    path: &'static str,
    query: Vec<(&'static str, String)>,
    has_cursor: bool,
}

impl Request {
    /// A request for `path`, which begins with a slash and follows the base URL.
    pub fn new(path: &'static str) -> Self {
        Self {
            path,
            query: Vec::new(),
            has_cursor: false,
        }
    }

    /// Adds a query parameter.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.query.push((name, value.to_string()));
        self
    }

    /// Adds a query parameter that the API made up itself, and may refuse one day: then the sync begins anew.
    pub fn with_cursor(mut self, name: &'static str, value: &str) -> Self {
        self.has_cursor = true;
        self.with(name, value)
    }

    pub fn url(&self, settings: &Settings) -> String {
        let query = Serializer::new(String::new())
            .extend_pairs(&self.query)
            .append_pair("api_token", &settings.token)
            .finish();
        format!("{}{}?{query}", settings.base_url, self.path)
    }
}

/// What the API answered to a request that it accepted.
#[derive(Debug)]
pub struct Response {
    /// When the request was sent.
    pub asked_at: Time,
    headers: Vec<(String, String)>,
    /// JSON, as the API wrote it.
    pub body: String,
}

impl Response {
    /// How many requests the API still accepts, if it says so.
    pub fn remaining(&self) -> Option<u32> {
        self.number("x-ratelimit-remaining")
    }

    /// How many requests the API accepts in all, if it says so.
    pub fn limit(&self) -> Option<u32> {
        self.number("x-ratelimit-limit")
    }

    /// Reads the body, or what a table needs of it.
    pub fn read<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        serde_json::from_str(&self.body).map_err(|cause| {
            Error::Upstream(format!(
                "the API's answer is not the expected JSON: {cause}"
            ))
        })
    }

    /// Counts the rows of a body that is a JSON array.
    pub fn count(&self) -> Result<usize, Error> {
        Ok(self.read::<Vec<IgnoredAny>>()?.len())
    }

    fn number(&self, header: &str) -> Option<u32> {
        failure::header(&self.headers, header)?.parse().ok()
    }
}

/// Sends `request` and waits for the answer; whatever goes wrong comes back as one of the contract's errors.
pub fn get(settings: &Settings, request: &Request) -> Result<Response, Error> {
    let asked_at = Time::now();
    let response = host::http_fetch(&HttpRequest {
        method: "GET".into(),
        url: request.url(settings),
        headers: vec![("accept".into(), "application/json".into())],
        body: None,
        timeout: None,
        idempotent: None,
        credential: None,
    });
    accept(request, asked_at, response.map_err(failure::unreachable)?)
}

fn accept(request: &Request, asked_at: Time, response: HttpResponse) -> Result<Response, Error> {
    if !(200..300).contains(&response.status) {
        return Err(failure::refused(&response, request.has_cursor));
    }
    match response.body {
        Body::Text(body) => Ok(Response {
            asked_at,
            headers: response.headers,
            body,
        }),
        Body::Bytes(_) => Err(Error::Upstream("the API's answer is not UTF-8".into())),
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// When the requests of the tests were sent.
    pub const ASKED_AT: &str = "2024-06-01T00:00:00Z";

    /// An accepted answer with the quota's headers, for the tests of the tables.
    pub fn response(body: &str) -> Response {
        let header = |name: &str, value: &str| (name.to_string(), value.to_string());
        Response {
            asked_at: asked_at(),
            headers: vec![
                header("x-ratelimit-limit", "3600"),
                header("x-ratelimit-remaining", "3595"),
            ],
            body: body.into(),
        }
    }

    fn asked_at() -> Time {
        ASKED_AT.to_string().try_into().unwrap()
    }

    fn settings() -> Settings {
        Settings {
            base_url: "http://127.0.0.1:9000/v2".into(),
            token: "a&b c".into(),
            pause: 0,
        }
    }

    fn answer(status: u16, body: Body) -> HttpResponse {
        HttpResponse {
            status,
            headers: vec![],
            body,
            url: "http://127.0.0.1:9000/v2/beers".into(),
        }
    }

    #[test]
    fn the_token_is_a_query_parameter_and_values_are_escaped() {
        let request = Request::new("/orders")
            .with("updated_since", "2024-01-01T00:00:00Z")
            .with("limit", 50);
        assert_eq!(
            request.url(&settings()),
            "http://127.0.0.1:9000/v2/orders?updated_since=2024-01-01T00%3A00%3A00Z&limit=50&api_token=a%26b+c"
        );
    }

    #[test]
    fn the_quota_is_read_from_the_headers() {
        let response = response("[]");
        assert_eq!(
            (response.remaining(), response.limit()),
            (Some(3595), Some(3600))
        );

        let silent = Response {
            asked_at: asked_at(),
            headers: vec![],
            body: "[]".into(),
        };
        assert_eq!((silent.remaining(), silent.limit()), (None, None));
    }

    #[test]
    fn rows_are_counted() {
        assert_eq!(response("[]").count(), Ok(0));
        assert_eq!(response(r#"[{"id": 1}, {"id": [2, {}]}]"#).count(), Ok(2));
    }

    #[test]
    fn an_answer_that_is_not_the_expected_json_is_the_api_s_fault() {
        for body in ["", "<html>", r#"{"error": "no"}"#, "[{]"] {
            assert!(
                matches!(response(body).count(), Err(Error::Upstream(_))),
                "{body}"
            );
        }
        let bytes = accept(
            &Request::new("/beers"),
            asked_at(),
            answer(200, Body::Bytes(vec![0xff])),
        );
        assert!(matches!(bytes, Err(Error::Upstream(_))));
    }

    #[test]
    fn a_refused_cursor_is_an_invalid_state_and_another_refused_value_is_not() {
        let refusal = || answer(400, Body::Text("cursor expired".into()));
        let with_cursor = Request::new("/reviews").with_cursor("cursor", "c2");
        assert!(matches!(
            accept(&with_cursor, asked_at(), refusal()),
            Err(Error::InvalidState(_))
        ));
        let with_page = Request::new("/beers").with("page", 2);
        assert!(matches!(
            accept(&with_page, asked_at(), refusal()),
            Err(Error::Upstream(_))
        ));
    }
}
