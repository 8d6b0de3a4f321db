//! The limits of one connector, with their defaults and the operator's ceilings.

mod section;

use std::time::Duration;

use super::ceilings::Ceilings;
use super::choice::chosen;
use super::quantity::duration_text;
use crate::report::size_text;

/// The most that one call may log, in bytes: 256 KiB, regardless of `log-lines`.
pub const MAX_LOG_BYTES: u64 = 256 << 10;

/// The smallest memory, in bytes: one page of WebAssembly, 64 KiB.
pub(super) const MIN_MEMORY_BYTES: u64 = 64 << 10;

/// The shortest time that a limit may be: 1 ms. In less, a call could do nothing.
pub(super) const MIN_TIME: Duration = Duration::from_millis(1);

/// The limits of one connector: section `[limits]` of its file, each within the operator's [`Ceilings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// `memory`: a call's linear memories and tables together, in bytes. Default 256 MiB.
    pub memory_bytes: u64,
    /// `cpu-time`: the processor time that the guest may use in one call. Default 60 s.
    pub cpu_time: Duration,
    /// `page-timeout`: the longest that one call may take, including its own waits. Default 2 h.
    pub page_timeout: Duration,
    /// `answer-within`: the longest that a client waits for one answer; `None` (`"off"`) lets it wait until the page is
    /// ready. Default 55 s, just under the minute that proxies commonly wait.
    pub answer_within: Option<Duration>,
    /// `max-wait`: the longest wait between two pages; zero allows no wait. Default 24 h.
    pub max_wait: Duration,
    /// `linger`: how long a call continues without a waiting request, and how long a finished page is kept. May be
    /// zero. Default 2 min.
    pub linger: Duration,
    /// `schema-ttl`: how long a schema is cached; zero asks the connector for every request. Default 60 s.
    pub schema_ttl: Duration,
    /// `concurrency`: the connector's calls that may hold a sandbox at once, at least 1; `None` for a quarter of the
    /// host's slots. Default `None`.
    pub concurrency: Option<u32>,
    /// `page-size`: a page's rows as JSON, in bytes. Default 64 MiB.
    pub max_page_bytes: u64,
    /// `state-size`: a page's state as JSON, in bytes. Default 1 MiB.
    pub max_state_bytes: u64,
    /// `schema-size`: a schema, both as the connector returns it and as JSON, in bytes. Default 4 MiB.
    pub max_schema_bytes: u64,
    /// `request-size`: the body of one upstream request, in bytes; zero allows no body. Default 16 MiB.
    pub max_request_bytes: u64,
    /// `response-size`: the decompressed body of one upstream response, in bytes. Default 64 MiB.
    pub max_response_bytes: u64,
    /// `calls`: upstream requests in one call, including redirects; zero allows none. Default 1000.
    pub max_calls: u32,
    /// `bytes`: the decompressed bodies of a call's upstream requests and responses together, in bytes. Default 512
    /// MiB.
    pub max_call_bytes: u64,
    /// `empty-pages`: consecutive pages without progress that announce another page, before a sync counts as stuck; at
    /// least 1. Default 10.
    pub max_empty_pages: u32,
    /// `log-lines`: lines that one call may log, within [`MAX_LOG_BYTES`]; zero drops all. Default 1000.
    pub max_log_lines: u32,
    /// `secret-in-state`. Default `refuse`.
    pub secret_in_state: SecretInState,
}

/// What the host does with a page whose state contains a secret.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretInState {
    /// `refuse`: the page fails, since Weld stores states and shows them.
    #[default]
    Refuse,
    /// `allow`: the page is returned unchanged.
    Allow,
}

impl SecretInState {
    /// The value as the file writes it.
    fn text(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Allow => "allow",
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let values = [("refuse", Self::Refuse), ("allow", Self::Allow)];
        chosen("value", text, values, |(name, _)| name).map(|(_, value)| value)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 256 << 20,
            cpu_time: Duration::from_secs(60),
            page_timeout: Duration::from_secs(2 * 60 * 60),
            answer_within: Some(Duration::from_secs(55)),
            max_wait: Duration::from_secs(24 * 60 * 60),
            linger: Duration::from_secs(2 * 60),
            schema_ttl: Duration::from_secs(60),
            concurrency: None,
            max_page_bytes: 64 << 20,
            max_state_bytes: 1 << 20,
            max_schema_bytes: 4 << 20,
            max_request_bytes: 16 << 20,
            max_response_bytes: 64 << 20,
            max_calls: 1000,
            max_call_bytes: 512 << 20,
            max_empty_pages: 10,
            max_log_lines: 1000,
            secret_in_state: SecretInState::Refuse,
        }
    }
}

impl Limits {
    /// The defaults, lowered to any ceiling below them.
    pub fn within(ceilings: &Ceilings) -> Self {
        let defaults = Self::default();
        Self {
            memory_bytes: defaults.memory_bytes.min(ceilings.memory_bytes),
            cpu_time: defaults.cpu_time.min(ceilings.cpu_time),
            page_timeout: defaults.page_timeout.min(ceilings.page_timeout),
            max_state_bytes: defaults.max_state_bytes.min(ceilings.state_bytes),
            ..defaults
        }
    }
}

/// The value of one limit, as the file writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LimitValue {
    /// A size, a time or a word, such as `64MiB`, `55s`, `off` or `refuse`.
    Text(String),
    /// A number.
    Number(u32),
    /// It depends on the host.
    Unset,
}

impl Limits {
    /// All limits with their keys, in the order of the documentation.
    #[must_use]
    pub fn values(&self) -> [(&'static str, LimitValue); 18] {
        let size = |bytes| LimitValue::Text(size_text(bytes));
        let time = |time| LimitValue::Text(duration_text(time));
        let count = LimitValue::Number;
        let off = || LimitValue::Text("off".to_owned());
        [
            ("memory", size(self.memory_bytes)),
            ("cpu-time", time(self.cpu_time)),
            ("page-timeout", time(self.page_timeout)),
            ("answer-within", self.answer_within.map_or_else(off, time)),
            ("max-wait", time(self.max_wait)),
            ("linger", time(self.linger)),
            ("schema-ttl", time(self.schema_ttl)),
            (
                "concurrency",
                self.concurrency.map_or(LimitValue::Unset, count),
            ),
            ("page-size", size(self.max_page_bytes)),
            ("state-size", size(self.max_state_bytes)),
            ("schema-size", size(self.max_schema_bytes)),
            ("request-size", size(self.max_request_bytes)),
            ("response-size", size(self.max_response_bytes)),
            ("calls", count(self.max_calls)),
            ("bytes", size(self.max_call_bytes)),
            ("empty-pages", count(self.max_empty_pages)),
            ("log-lines", count(self.max_log_lines)),
            (
                "secret-in-state",
                LimitValue::Text(self.secret_in_state.text().to_owned()),
            ),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_stay_below_lower_ceilings() {
        let ceilings = Ceilings {
            memory_bytes: 1 << 20,
            cpu_time: Duration::from_secs(1),
            page_timeout: Duration::from_secs(2),
            state_bytes: 1 << 10,
            ..Ceilings::default()
        };
        let expected = Limits {
            memory_bytes: 1 << 20,
            cpu_time: Duration::from_secs(1),
            page_timeout: Duration::from_secs(2),
            max_state_bytes: 1 << 10,
            ..Limits::default()
        };
        assert_eq!(Limits::within(&ceilings), expected);
        assert_eq!(Limits::within(&Ceilings::default()), Limits::default());
    }
}
