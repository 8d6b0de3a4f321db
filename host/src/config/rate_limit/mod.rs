//! How fast a connector may call its API, and what becomes of calls that fail: section `[rate-limit]` of `NAME.toml`.

mod keys;
mod path_pattern;
mod quota;
mod rate;
mod refusal;
mod section;

use std::time::Duration;

pub use keys::QuotaHeaders;
pub use path_pattern::{PathPattern, PathPatternError};
pub use quota::QuotaRule;
pub use rate::{Rate, RateError};
pub use refusal::{
    BodyPath, FieldCondition, HeaderCondition, RefusalAction, RefusalRule, RefusalWait, WaitPlace,
};

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
    /// `window`: how long a quota lasts whose reset the API doesn't tell. None: such a quota is not kept to, unless
    /// its header's name says how long.
    pub window: Option<Duration>,
    /// `max-learned-wait`: for how long a call is held at the most because of what responses to others said, counted
    /// from the last response. Default 1 h.
    pub max_learned_wait: Duration,
    /// `[[rate-limit.quota]]`: quotas besides the one of all calls.
    pub quotas: Vec<QuotaRule>,
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
    /// `refusal` and `refusals`: which responses refuse a call, in the order in which they are
    /// judged. Default none: only what the status and the usual headers say.
    pub refusals: Vec<RefusalRule>,
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
            window: None,
            max_learned_wait: Duration::from_secs(60 * 60),
            quotas: Vec::new(),
            retries: 2,
            retry_methods: ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]
                .map(str::to_owned)
                .into(),
            failures: 10,
            cool_down: Duration::from_secs(30),
            refusals: Vec::new(),
        }
    }
}
