//! How fast a connector may call its API, and what becomes of calls that fail: section `[rate-limit]` of `NAME.toml`.

mod rate;
mod section;

use std::time::Duration;

pub use rate::{Rate, RateError};

/// How fast a connector may call its API, and what becomes of calls that fail: section
/// `[rate-limit]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitConfig {
    /// `budget`: the name under which the calls of several connectors count together, 1 to 63
    /// letters, digits, `.`, `_` and `-`. None: each origin that the connector calls has a budget
    /// of its own.
    pub budget: Option<String>,
    /// `rate`: the calls that are made at the most. None: what the API's responses say, alone.
    pub rate: Option<Rate>,
    /// `burst`: how many calls of `rate` may be made at once after a pause, 1 or more. Default 1.
    pub burst: u32,
    /// `reserve`: calls of each quota that are not made. Less than the calls of `rate`. Default 0.
    pub reserve: u32,
    /// `pace-below`: per cent of a quota. Once less remains, what remains is spent evenly up to the
    /// quota's reset. 0 to 100; default 50.
    pub pace_below: u32,
    /// `headers`: where the API's responses tell of the quota, besides the usual headers.
    pub headers: QuotaHeaders,
    /// `retries`: how often one call is made again at the most, 0 to 10. Default 2.
    pub retries: u32,
    /// `retry-methods`: the methods of requests that may be sent again, in upper case. Default GET,
    /// HEAD, OPTIONS, PUT and DELETE.
    pub retry_methods: Vec<String>,
    /// `failures`: after so many failures in a row, calls to an origin fail at once. 0 for never;
    /// default 10.
    pub failures: u32,
    /// `cool-down`: for how long they do, before one of them tries again. Default 30 s.
    pub cool_down: Duration,
}

/// The names of an API's own headers, in lower case; none where it has no such header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuotaHeaders {
    /// `limit`: how many calls a quota has.
    pub limit: Option<String>,
    /// `remaining`: how many of them are left.
    pub remaining: Option<String>,
    /// `reset`: when it is whole again.
    pub reset: Option<String>,
}

impl Default for RateLimitConfig {
    fn default() -> Self {
        Self {
            budget: None,
            rate: None,
            burst: 1,
            reserve: 0,
            pace_below: 50,
            headers: QuotaHeaders::default(),
            retries: 2,
            retry_methods: ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]
                .map(str::to_owned)
                .into(),
            failures: 10,
            cool_down: Duration::from_secs(30),
        }
    }
}
