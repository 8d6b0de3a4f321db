//! One quota as one response describes it, and the headers that can't be understood.

use std::borrow::Cow;
use std::time::Duration;

use super::moment::TimeFault;

/// How much of a header's value is kept for a warning.
const MAX_VALUE_BYTES: usize = 64;

/// One quota as one response describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuotaReport {
    /// Which of the API's quotas it is: that of a family of headers, or of a policy.
    pub(super) name: Cow<'static, str>,
    pub(super) limit: Option<u64>,
    pub(super) remaining: u64,
    /// From the response on; zero if it lies in the past. `None` if it isn't stated: then the window is.
    pub(super) reset: Option<Duration>,
    /// The length of the quota's window.
    pub(super) window: Option<Duration>,
    pub(super) form: QuotaForm,
    /// Whether it counts something other than calls: weights, points, percentages.
    pub(super) is_weighted: bool,
    /// Whether only calls to places whose responses describe it spend it.
    pub(super) is_of_some_calls: bool,
}

impl QuotaReport {
    pub(super) fn is_without_reset(&self) -> bool {
        self.reset.is_none() && self.form == QuotaForm::Window
    }

    /// Whether another one has the same numbers, and a reset that fits this one's window.
    pub(super) fn is_described_by(&self, other: &Self) -> bool {
        let (stated, window) = (other.reset, self.window);
        self.limit.is_some()
            && (self.limit, self.remaining) == (other.limit, other.remaining)
            && other.form == QuotaForm::Window
            && stated.is_some_and(|reset| window.is_none_or(|window| reset <= window))
    }
}

/// How a quota is refilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuotaForm {
    /// As a whole at its reset, as far as is known.
    Window,
    /// Call by call, each in this time; `None` if the time is unknown.
    Bucket(Option<Duration>),
    /// One call in this time, with no statement of what is left.
    Rate(Duration),
}

/// A header that can't be understood, so that a quota is ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QuotaFault {
    pub(super) header: String,
    /// The beginning of its value.
    pub(super) value: String,
    pub(super) kind: QuotaFaultKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum QuotaFaultKind {
    /// It is not a number of calls.
    #[error(
        "does not contain a number of calls; name the header that does in `rate-limit.headers`, or set \
         `rate-limit.rate`"
    )]
    Amount,
    /// It describes a quota in unknown words.
    #[error(
        "describes a quota in a form that the host doesn't know; set `rate-limit.rate` to stay within it"
    )]
    Form,
    /// It says what remains, but nothing says until when.
    #[error(
        "has no reset time; set `rate-limit.window` to how long the quota lasts, such as \"60s\""
    )]
    NoReset,
    /// It says what is used, but nothing says of how much.
    #[error(
        "has no limit; name the header in `headers` of a `[[rate-limit.quota]]` that has a `limit`"
    )]
    NoLimit,
    /// Its time can't be read.
    #[error("{0}; set `rate-limit.window` to how long the quota lasts, such as \"60s\"")]
    Reset(TimeFault),
    /// The wait that it asks for can't be read.
    #[error(
        "{0}; calls wait as if it were missing; set the wait in a `[[rate-limit.refusal]]` with `wait`, or set \
         `rate-limit.rate`"
    )]
    Wait(TimeFault),
}

impl QuotaFault {
    /// Whether the only fault is that a quota without a call left has no reset.
    pub(super) fn is_of_a_spent_quota(&self) -> bool {
        self.kind == QuotaFaultKind::NoReset && self.value.trim() == "0"
    }

    pub(super) fn new(header: &str, value: &str, kind: QuotaFaultKind) -> Self {
        let end = value.floor_char_boundary(MAX_VALUE_BYTES);
        Self {
            header: header.to_owned(),
            value: value.get(..end).unwrap_or_default().to_owned(),
            kind,
        }
    }
}
