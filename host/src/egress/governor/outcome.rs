//! A call that a ledger admitted, and how it ended.

use tokio::time::Instant;

use super::observed::QuotaReadings;
use super::verdict::ResponseVerdict;

/// A change in how many calls may be made at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AtOnceNews {
    pub(super) most: u64,
    /// Whether a refused call is the reason.
    pub(super) is_refusal: bool,
}

/// An admitted call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LedgerTicket {
    pub(super) number: u64,
    pub(super) made: Instant,
    /// How many calls were under way at that time, including this one.
    pub(super) at_once: u64,
    /// The remainder of a quota that was waited out, if this is the first call after its reset.
    pub(super) remained: Option<u64>,
}

/// How a call ended.
#[derive(Debug)]
pub(super) enum CallOutcome {
    /// The call wasn't made.
    Unmade,
    /// With a response that is entirely about another quota.
    Elsewhere,
    /// Without a known response.
    Unanswered,
    /// With a response.
    Answered {
        status: u16,
        verdict: ResponseVerdict,
        observed: QuotaReadings,
    },
}
