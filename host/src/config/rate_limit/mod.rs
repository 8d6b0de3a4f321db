//! How fast a connector may call its API, and how failed calls are handled: section `[rate-limit]` of `NAME.toml`.

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

/// How fast a connector may call its API, and how failed calls are handled: section `[rate-limit]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitConfig {
    /// `budget`: the name of a budget that several connectors share, 1 to 63 letters, digits, `.`, `_` and `-`. `None`:
    /// each origin that the connector calls has its own budget.
    pub budget: Option<String>,
    /// `rate`: the most calls per time. `None`: only the API's responses limit the calls.
    pub rate: Option<Rate>,
    /// `burst`: how many calls of `rate` may be made at once after a pause, at least 1. Default 1.
    pub burst: u32,
    /// `reserve`: the calls of each quota that are left unused. Less than the calls of `rate`. Default 0.
    pub reserve: u32,
    /// `pace-below`: a percentage of a quota. When less remains, the rest is spread evenly until the quota's reset. 0
    /// to 100; default 50.
    pub pace_below: u32,
    /// `headers`: the headers in which the API states its quota, in addition to the usual ones.
    pub headers: QuotaHeaders,
    /// `window`: the length of a quota whose reset the API doesn't state. `None`: such a quota is ignored, unless the
    /// header's name implies its length.
    pub window: Option<Duration>,
    /// `max-learned-wait`: the longest that a call is held because of responses to other calls, counted from the last
    /// response. Default 1 h.
    pub max_learned_wait: Duration,
    /// `[[rate-limit.quota]]`: quotas in addition to the one of all calls.
    pub quotas: Vec<QuotaRule>,
    /// `retries`: how often one call is retried at most, 0 to 10. Default 2.
    pub retries: u32,
    /// `retry-methods`: the methods of requests that may be retried, in upper case. Default GET, HEAD, OPTIONS, PUT and
    /// DELETE.
    pub retry_methods: Vec<String>,
    /// `failures`: the number of consecutive failures after which calls to an origin fail at once. 0 for never; default
    /// 10.
    pub failures: u32,
    /// `cool-down`: how long such calls fail at once, before one of them is tried. Default 30 s.
    pub cool_down: Duration,
    /// `refusal` and `refusals`: which responses refuse a call, in the order in which they are checked. Default none:
    /// only the status and the usual headers decide.
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
