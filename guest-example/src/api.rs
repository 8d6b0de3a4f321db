//! The API: its URL, its token, its quota, and the pause between two pages.

use std::time::Duration;

use serde::Serialize;
use weld_connector::paging::Next;
use weld_connector::{Error, Host, Page, Request, Response};

const DEFAULT_BASE_URL: &str = "https://api.punkapi.com/v2";
const DEFAULT_PAUSE_MS: u64 = 500;
/// With fewer requests left than this, the connector leaves the rest of the API's quota to others.
const RESERVE: u32 = 5;
/// The time until the API grants a new quota.
const HOUR: Duration = Duration::from_secs(3_600);

/// The API, as configured by the variables in the section `[env]` of `beers.toml`.
pub struct Api<'a> {
    host: &'a Host,
    /// `API_BASE_URL`, without a slash at its end.
    base_url: String,
    /// `API_BEARER_TOKEN`.
    token: String,
    /// `PAUSE_MS`.
    pause: Duration,
}

impl<'a> Api<'a> {
    pub fn new(host: &'a Host) -> Result<Self, Error> {
        let env = host.env();
        let base_url = env.optional("API_BASE_URL").unwrap_or(DEFAULT_BASE_URL);
        let pause = env.parsed("PAUSE_MS")?.unwrap_or(DEFAULT_PAUSE_MS);
        Ok(Self {
            host,
            base_url: base_url.trim_end_matches('/').into(),
            token: env.required("API_BEARER_TOKEN")?.into(),
            pause: Duration::from_millis(pause),
        })
    }

    /// A request for `path`, which begins with a slash.
    pub fn get(&self, path: &str) -> Request<'a> {
        self.host
            .get(format!("{}{path}", self.base_url))
            .query("api_token", &self.token)
            .header("accept", "application/json")
    }

    /// The page in `answer`, and the state and wait after it. A quota that is nearly used up delays the next sync,
    /// too.
    pub fn page(
        &self,
        answer: &Response,
        rows: impl Serialize,
        next: &Next<impl Serialize>,
    ) -> Result<Page, Error> {
        let wait = match answer.quota().remaining {
            Some(remaining) if remaining < RESERVE => Some(HOUR),
            _ => (next.more && !self.pause.is_zero()).then_some(self.pause),
        };
        Ok(Page::new(rows)?.next(next)?.wait(wait))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use weld_connector::testing::{FakeHost, Reply};

    pub const URL: &str = "https://api.example.com/v2";

    /// A host with the API's variables.
    pub fn host() -> FakeHost {
        FakeHost::new()
            .env("API_BASE_URL", "https://api.example.com/v2/")
            .env("API_BEARER_TOKEN", "a&b c")
            .env("PAUSE_MS", "")
    }

    /// An answer with the quota's headers.
    pub fn reply(body: impl Into<String>) -> Reply {
        Reply::new(200)
            .header("x-ratelimit-limit", 3_600)
            .header("x-ratelimit-remaining", 3_595)
            .text(body)
    }

    /// This many rows, which fit every table.
    pub fn rows(count: usize) -> String {
        let row = r#"{"id": 1, "abv": 4.50, "updated_at": "2024-01-01T00:00:00Z"}"#;
        format!("[{}]", vec![row; count].join(", "))
    }

    fn wait(host: &FakeHost, remaining: Option<u32>, more: bool) -> Option<Duration> {
        let api = Api::new(host).unwrap();
        let answer = api.get("/beers").send().unwrap();
        assert_eq!(answer.quota().remaining, remaining);
        let state = serde_json::json!({});
        let page = api.page(&answer, [(); 0], &Next { state, more });
        page.unwrap().waits()
    }

    fn with_quota(pause: &str, remaining: Option<u32>) -> FakeHost {
        let reply = Reply::new(200);
        FakeHost::new()
            .env("API_BEARER_TOKEN", "x")
            .env("PAUSE_MS", pause)
            .reply(match remaining {
                Some(remaining) => reply.header("X-RateLimit-Remaining", remaining),
                None => reply,
            })
    }

    #[test]
    fn the_token_is_a_query_parameter_and_only_it_must_be_set() {
        let host = FakeHost::new()
            .env("API_BEARER_TOKEN", "a&b c")
            .reply(Reply::new(200));
        let api = Api::new(&host).unwrap();
        api.get("/beers").query("page", 2).send().unwrap();
        assert_eq!(
            host.requests()[0].url,
            "https://api.punkapi.com/v2/beers?api_token=a%26b%20c&page=2"
        );
        for host in [FakeHost::new(), FakeHost::new().env("API_BEARER_TOKEN", "")] {
            let Err(Error::Misconfigured(message)) = Api::new(&host).map(|_| ()) else {
                panic!("no token, no complaint");
            };
            assert!(message.contains("API_BEARER_TOKEN"), "{message}");
        }
    }

    #[test]
    fn every_variable_can_be_set() {
        let host = host().route("GET", "https://api.example.com/v2/beers", Reply::new(204));
        let answer = Api::new(&host).unwrap().get("/beers").send();
        assert_eq!(answer.map(|answer| answer.status()), Ok(204));
        let soon = with_quota("soon", None);
        assert!(matches!(
            Api::new(&soon).map(|_| ()),
            Err(Error::Misconfigured(_))
        ));
    }

    #[test]
    fn a_pause_is_between_pages_and_not_after_the_last() {
        let pause = Some(Duration::from_millis(700));
        for (given, remaining, more, expected) in [
            ("700", Some(3_000), true, pause),
            ("700", Some(3_000), false, None),
            ("700", None, true, pause),
            ("", None, true, Some(Duration::from_millis(500))),
            ("0", None, true, None),
        ] {
            let host = with_quota(given, remaining);
            assert_eq!(
                wait(&host, remaining, more),
                expected,
                "{given}, {remaining:?}"
            );
        }
    }

    #[test]
    fn a_nearly_used_up_quota_is_a_wait_of_an_hour() {
        for (remaining, more, expected) in [
            (5, true, Some(Duration::from_millis(500))),
            (4, true, Some(HOUR)),
            (0, false, Some(HOUR)),
        ] {
            let host = with_quota("500", Some(remaining));
            assert_eq!(wait(&host, Some(remaining), more), expected, "{remaining}");
        }
    }
}
