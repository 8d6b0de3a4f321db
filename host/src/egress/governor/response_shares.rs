//! Splits a response's readings between the quota of some calls and that of all calls.

use super::lanes::LaneVisit;
use super::observed::QuotaReadings;
use super::verdict::ResponseVerdict;

/// A response's readings for each quota, and the meaning of the response for it.
pub(super) struct ResponseShares {
    /// For the quota that not all calls spend.
    pub(super) own: Option<(LaneVisit, QuotaReadings, ResponseVerdict)>,
    /// For the quota that all calls spend.
    pub(super) of_all: Option<(QuotaReadings, ResponseVerdict)>,
}

impl ResponseShares {
    /// All readings are for the quota that all calls spend.
    pub(super) fn of_all(observed: QuotaReadings, verdict: ResponseVerdict) -> Self {
        Self {
            own: None,
            of_all: Some((observed, verdict)),
        }
    }

    /// All readings are for the call's own quota, except a refusal of all calls.
    pub(super) fn of_own(
        own: Option<LaneVisit>,
        observed: QuotaReadings,
        verdict: ResponseVerdict,
    ) -> Self {
        let is_refusal = matches!(verdict, ResponseVerdict::RateLimit(_));
        let is_for_all = is_refusal && observed.is_for_all_calls;
        Self {
            of_all: is_for_all.then(|| (observed.pause(), verdict)),
            own: own.map(|own| (own, observed, verdict)),
        }
    }

    /// `its` is for the call's own quota and `rest` for the quota that all calls spend. A refusal is for the one that
    /// has nothing left. If neither is known to be spent, the refusal is for the call's own quota, and also for that
    /// of all calls if `may_be_for_all`.
    pub(super) fn split(
        own: Option<LaneVisit>,
        its: QuotaReadings,
        rest: QuotaReadings,
        verdict: ResponseVerdict,
        may_be_for_all: bool,
    ) -> Self {
        let is_refusal = matches!(verdict, ResponseVerdict::RateLimit(_));
        let refuses_others =
            its.is_for_all_calls || (!its.is_spent() && (rest.is_spent() || may_be_for_all));
        let refuses_its = its.is_for_all_calls || its.is_spent() || !rest.is_spent();
        let share = |is_refused: bool| {
            if is_refusal && !is_refused {
                ResponseVerdict::Answer
            } else {
                verdict
            }
        };
        Self {
            of_all: Some((rest, share(refuses_others))),
            own: own.map(|own| (own, its, share(refuses_its))),
        }
    }
}
