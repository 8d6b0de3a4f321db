//! A call that a ledger let through, and how it ended.

use tokio::time::Instant;

use super::observed::QuotaReadings;
use super::verdict::ResponseVerdict;

/// A change of how many calls may be made at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AtOnceNews {
    pub(super) most: u64,
    /// Whether that is because a call was refused.
    pub(super) is_refusal: bool,
}

/// A call that has been let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LedgerTicket {
    pub(super) number: u64,
    pub(super) made: Instant,
    /// How many were under way then, this one among them.
    pub(super) at_once: u64,
    /// What remained of a quota that was waited out, where this is the first call after its reset.
    pub(super) remained: Option<u64>,
}

/// How a call ended.
#[derive(Debug)]
pub(super) enum CallOutcome {
    /// It wasn't made.
    Unmade,
    /// With a response, whose words are all for another quota.
    Elsewhere,
    /// Without a response, as far as is known.
    Unanswered,
    /// With a response.
    Answered {
        status: u16,
        verdict: ResponseVerdict,
        observed: QuotaReadings,
    },
}
