//! Whether and when a request is sent again.

use std::time::Duration;

use http::Response;

use super::attempt::{Attempt, Bearer, TryFailure};
use super::body::ResponseBody;
use super::call_target::CallTarget;
use super::error::EgressError;
use super::governor::{ResponseVerdict, another_try};
use super::outgoing::Outgoing;
use super::refusals::Judgment;
use super::upstream::Upstream;
use crate::waits::{LastTry, Wait};

/// How often a request is sent again at once because its connection was no longer usable. After that, another try is
/// an ordinary one.
const RESENDS: u32 = 4;

/// Decides which try counts, and what the next one sends. The tries of a guest's request and of the host's own
/// request for a token differ only in this.
pub(super) trait RetryPolicy: Send {
    /// The result that a response becomes.
    type Answer: Send;
    /// What the next request is made from.
    type Again: Send;
    type Error: From<EgressError>;

    /// What it takes to send this request again; `None` if it can't be sent again. `may_renew` says whether the API
    /// may cause that by refusing the credential.
    fn again(&self, request: &Outgoing, may_renew: bool) -> Option<Self::Again>;

    /// Makes the next request when it is due.
    ///
    /// # Errors
    ///
    /// The request can't be made.
    fn request(&mut self, again: Self::Again) -> Result<Outgoing, Self::Error>;

    /// Reads as much of a response as is needed to decide whether it counts. `verdict` is the meaning of the
    /// response.
    ///
    /// # Errors
    ///
    /// The response ended prematurely.
    fn read(
        &mut self,
        response: Response<ResponseBody>,
        verdict: ResponseVerdict,
    ) -> impl Future<Output = Result<Self::Answer, TryFailure>> + Send;

    /// The failure that a further try should take into account; `None` if this try counts. `verdict` is the meaning
    /// of the response, if there was one.
    fn passing(
        &self,
        ended: &Result<Self::Answer, TryFailure>,
        verdict: ResponseVerdict,
    ) -> Option<PassingFailure>;

    /// Whether the next request may be sent at once, since the API is not the cause of the failure.
    fn resends(&self, failure: &TryFailure) -> bool {
        failure.is_unbegun()
    }

    /// The caller's error for the last failure.
    fn failed(&self, failure: TryFailure) -> Self::Error {
        failure.error.into()
    }

    /// Discards an answer that doesn't count.
    fn set_aside(answer: Self::Answer);
}

/// A failed try whose cause may pass.
pub(super) struct PassingFailure {
    /// The status of the response, if there was one.
    pub(super) status: Option<u16>,
    /// The wait that the API asked for.
    pub(super) asked_wait: Option<Duration>,
}

impl PassingFailure {
    /// There was no response.
    pub(super) const UNANSWERED: Self = Self {
        status: None,
        asked_wait: None,
    };

    /// The failure of a response with this meaning; `None` if another try would not change it.
    pub(super) fn of(status: u16, verdict: ResponseVerdict) -> Option<Self> {
        let asked_wait = match verdict {
            ResponseVerdict::RateLimit(asked_wait) => asked_wait,
            ResponseVerdict::Failure => None,
            ResponseVerdict::Answer | ResponseVerdict::Credential => return None,
        };
        Some(Self {
            status: Some(status),
            asked_wait,
        })
    }
}

/// How a try with an answer ended, for people.
fn last_try(status: u16, judgment: &Judgment<'_>) -> LastTry {
    if judgment.is_hidden_limit {
        LastTry::RefusedByRule(status)
    } else {
        LastTry::Answered(status)
    }
}

impl PassingFailure {
    /// How this try ended, for people.
    fn last_try(&self, judgment: &Judgment<'_>) -> LastTry {
        self.status
            .map_or(LastTry::Unanswered, |status| last_try(status, judgment))
    }
}

impl Upstream {
    /// Sends a request, and sends it again if it failed in a way that may pass, or if its credential was refused and
    /// can be renewed. The last response or error counts once no further try is allowed, or the page has no time or
    /// calls left.
    ///
    /// # Errors
    ///
    /// The error of the last try, or of the policy if the next request can't be made. Never returns if the pause
    /// before the next try is so long that it ends the call of the page.
    pub(super) async fn send<B: Bearer, P: RetryPolicy>(
        &self,
        mut request: Outgoing,
        policy: &mut P,
        attempt: &mut Attempt<'_, B>,
    ) -> Result<P::Answer, P::Error> {
        let target = request.target.clone();
        let (url, origin) = (target.url(), target.origin());
        let (mut number, mut tries, mut resends): (u32, u32, u32) = (1, 1, 0);
        loop {
            let mut again = policy.again(&request, attempt.bearer.may_renew());
            let sent = self.once(request, number, attempt).await;
            number = number.saturating_add(1);
            let (sent, judgment) = match sent {
                Ok((response, judgment)) => (Ok(response), judgment),
                Err(failure) => (Err(failure), Judgment::UNANSWERED),
            };
            if let Ok(response) = &sent
                && matches!(judgment.verdict, ResponseVerdict::RateLimit(_))
            {
                let last = last_try(response.status().as_u16(), &judgment);
                attempt.scope.waits.refused(origin.clone(), last);
            }
            let is_refused = judgment.verdict == ResponseVerdict::Credential;
            let renews = sent.is_ok() && attempt.bearer.renews(is_refused, url, again.is_some());
            if renews && let Some(again) = again.take() {
                if let Ok(response) = sent {
                    response.into_body().set_aside();
                }
                request = policy.request(again)?;
                continue;
            }
            if let Err(failure) = &sent
                && policy.resends(failure)
                && resends < RESENDS
                && (failure.is_unbegun() || attempt.scope.network.try_call())
                && let Some(again) = again.take()
            {
                resends = resends.saturating_add(1);
                request = policy.request(again)?;
                continue;
            }
            let ended = match sent {
                Ok(response) => policy.read(response, judgment.verdict).await,
                Err(failure) => Err(failure),
            };
            let sent = number.saturating_sub(1);
            let next = again
                .zip(policy.passing(&ended, judgment.verdict))
                .and_then(|(again, passing)| {
                    let last = passing.last_try(&judgment);
                    let pause = self.governor.pause(
                        origin,
                        url.path(),
                        tries,
                        passing.asked_wait,
                        |wait| attempt.has_room_for(wait, origin, last, sent),
                    )?;
                    let may_call = attempt.scope.network.try_call();
                    may_call.then_some((again, pause, last))
                });
            let Some((again, pause, last)) = next else {
                return match ended {
                    Ok(answer) if judgment.is_hidden_limit => {
                        P::set_aside(answer);
                        Err(self.refused(&target, &judgment).into())
                    }
                    ended => ended.map_err(|failure| policy.failed(failure)),
                };
            };
            if let Ok(answer) = ended {
                P::set_aside(answer);
            }
            let waits = &attempt.scope.waits;
            // A refusal may describe a quota instead of a pause.
            let due = matches!(judgment.verdict, ResponseVerdict::RateLimit(_))
                .then(|| self.governor.due_in(origin, url.path()))
                .flatten();
            let length = pause.max(due.unwrap_or_default());
            let wait = Wait::lasting(another_try(origin, last), length);
            if waits.postponer.postpones(&wait, length, sent) {
                return std::future::pending().await;
            }
            self.governor
                .wait_for_retry(origin, pause, last, waits)
                .await;
            attempt.pause(pause);
            tries = tries.saturating_add(1);
            request = policy.request(again)?;
        }
    }

    /// The caller's error in place of a response that only a rule identifies as a rate limit.
    fn refused(&self, target: &CallTarget, judgment: &Judgment<'_>) -> EgressError {
        let origin = target.origin();
        let asked_wait = match judgment.verdict {
            ResponseVerdict::RateLimit(asked_wait) => asked_wait,
            _ => None,
        };
        EgressError::RateLimited {
            wait: asked_wait.or_else(|| self.governor.due_in(origin, target.url().path())),
            rule: judgment
                .rule
                .map_or_else(String::new, |rule| rule.name.clone()),
            origin: origin.to_string(),
        }
    }
}
