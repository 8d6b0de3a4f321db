//! The judgment on one exchange, which is passed to the governor.

use http::Response;

use super::judge::{BodyJudge, HeadJudgment, Judgment};
use crate::account::{CallAccount, MemoryError};
use crate::egress::body::ResponseBody;
use crate::egress::governor::{CallPermit, QuotaReadings};

/// How much of a body is read to judge a response: refusals are short. `docs/quotas.md` names it.
const MAX_JUDGED_BYTES: usize = 64 << 10;

/// The meaning of a response, if its head is enough.
pub(in crate::egress) enum ExchangeJudgment<'u, 's> {
    Known(Judgment<'s>),
    Open(Box<OpenJudgment<'u, 's>>),
}

/// A call whose response is judged by its body, on which the governor waits.
pub(in crate::egress) struct OpenJudgment<'u, 's> {
    judge: BodyJudge<'s>,
    permit: CallPermit<'u>,
    readings: QuotaReadings,
}

impl<'u, 's> ExchangeJudgment<'u, 's> {
    /// Settles the call, unless its body must be judged first.
    pub(in crate::egress) fn new(
        judgment: HeadJudgment<'s>,
        status: u16,
        permit: CallPermit<'u>,
        readings: QuotaReadings,
    ) -> Self {
        match judgment {
            HeadJudgment::Known(judgment) => {
                permit.judged(status, judgment.verdict, readings);
                Self::Known(judgment)
            }
            HeadJudgment::Open(judge) => Self::Open(Box::new(OpenJudgment {
                judge,
                permit,
                readings,
            })),
        }
    }
}

impl<'s> OpenJudgment<'_, 's> {
    /// Judges a response by the beginning of its body, and settles the call.
    ///
    /// # Errors
    ///
    /// No memory is left for it.
    pub(in crate::egress) async fn judge(
        self,
        response: &mut Response<ResponseBody>,
        account: &CallAccount,
    ) -> Result<Judgment<'s>, MemoryError> {
        let Self {
            judge,
            permit,
            readings,
        } = self;
        let begun = response.body_mut().begin(MAX_JUDGED_BYTES).await;
        let judged = begun.and_then(|(beginning, is_whole)| {
            let tree_bytes = if is_whole {
                judge.tree_bytes(beginning.len())
            } else {
                0
            };
            let _tree = account.transit(tree_bytes)?;
            Ok(judge.judge(response.headers(), &beginning, is_whole, &readings))
        });
        let verdict = match &judged {
            Ok(judgment) => judgment.verdict,
            Err(_) => judge.without_body(&readings).verdict,
        };
        permit.judged(response.status().as_u16(), verdict, readings);
        judged
    }
}

#[cfg(test)]
mod tests;
