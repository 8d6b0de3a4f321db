//! The tries of a guest's request: its method, or the request itself, says whether a failure may be retried.

use std::sync::Arc;

use http::Response;

use super::attempt::{Attempt, TryFailure};
use super::body::ResponseBody;
use super::break_fault::UnrepeatedFault;
use super::error::EgressError;
use super::failure::FailureKind;
use super::governor::ResponseVerdict;
use super::outgoing::{Outgoing, OutgoingBody};
use super::tries::{PassingFailure, RetryPolicy};
use super::upstream::Upstream;
use crate::account::Holding;
use crate::scope::CallScope;
use crate::waits::{Wait, WaitReason};

/// Who receives the response's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyReader {
    /// The host, which hands the guest the whole body at once: a body that breaks can be requested again.
    Host,
    /// The guest, as it arrives.
    Guest,
}

/// A response, and its body if that has been read already.
pub(super) struct GuestAnswer {
    pub(super) response: Response<ResponseBody>,
    pub(super) body: Option<Holding<Vec<u8>>>,
    verdict: ResponseVerdict,
}

impl GuestAnswer {
    /// Whether the same request may succeed later, if the response reports a failure; `None` if it doesn't.
    pub(super) fn is_temporary_failure(&self) -> Option<bool> {
        let status = self.response.status().as_u16();
        match self.verdict {
            ResponseVerdict::RateLimit(_) | ResponseVerdict::Failure => Some(true),
            ResponseVerdict::Answer | ResponseVerdict::Credential => {
                (status >= 400).then_some(matches!(status, 408 | 425 | 429 | 500..))
            }
        }
    }
}

/// The tries of a guest's request.
pub(super) struct GuestRetries {
    may_repeat: bool,
    reader: BodyReader,
    origin: Arc<str>,
    scope: Arc<CallScope>,
    /// Whether it could be repeated if the operator or the guest allowed it.
    warns: bool,
}

impl RetryPolicy for GuestRetries {
    type Answer = GuestAnswer;
    type Again = Outgoing;
    type Error = EgressError;

    /// Whatever the request asks for: the API may not have begun to process it.
    fn again(&self, request: &Outgoing, _: bool) -> Option<Outgoing> {
        request.copy()
    }

    fn request(&mut self, again: Outgoing) -> Result<Outgoing, EgressError> {
        Ok(again)
    }

    async fn read(
        &mut self,
        mut response: Response<ResponseBody>,
        verdict: ResponseVerdict,
    ) -> Result<GuestAnswer, TryFailure> {
        let leads_on = response.status().is_redirection() || verdict != ResponseVerdict::Answer;
        if self.reader == BodyReader::Guest || leads_on || !self.may_repeat {
            return Ok(GuestAnswer {
                response,
                body: None,
                verdict,
            });
        }
        let _waiting = self.scope.waits.begin(Wait {
            reason: WaitReason::Response {
                origin: self.origin.clone(),
            },
            until: None,
        });
        let body = response.body_mut().whole().await;
        let body = Some(body.map_err(|error| TryFailure {
            error,
            is_answered: true,
        })?);
        Ok(GuestAnswer {
            response,
            body,
            verdict,
        })
    }

    fn passing(
        &self,
        ended: &Result<Self::Answer, TryFailure>,
        verdict: ResponseVerdict,
    ) -> Option<PassingFailure> {
        match ended {
            Err(failure) if failure.is_unbegun() => Some(PassingFailure::UNANSWERED),
            _ if !self.may_repeat => None,
            Ok(answer) => PassingFailure::of(answer.response.status().as_u16(), verdict),
            // Nobody has seen the part of the broken answer that arrived.
            Err(failure) => {
                let kind = FailureKind::of(&failure.error);
                let may_pass = matches!(kind, Some(FailureKind::Stale | FailureKind::Passing));
                may_pass.then_some(PassingFailure::UNANSWERED)
            }
        }
    }

    fn resends(&self, failure: &TryFailure) -> bool {
        let is_stale = FailureKind::of(&failure.error) == Some(FailureKind::Stale);
        failure.is_unbegun() || is_stale && self.may_repeat
    }

    fn failed(&self, failure: TryFailure) -> EgressError {
        if !self.warns || failure.is_answered || !failure.was_asked() {
            return failure.error;
        }
        match failure.error {
            EgressError::Failed { origin, source } => EgressError::Failed {
                origin,
                source: UnrepeatedFault { source }.into(),
            },
            error => error,
        }
    }

    fn set_aside(answer: GuestAnswer) {
        answer.response.into_body().set_aside();
    }
}

impl Upstream {
    /// The tries of a guest's request with this method.
    pub(super) fn retries<B>(
        &self,
        request: &Outgoing,
        reader: BodyReader,
        attempt: &Attempt<'_, B>,
    ) -> GuestRetries {
        let method = request.method.as_str();
        let may_repeat = self.governor.may_repeat(method, attempt.idempotent);
        let is_whole = matches!(request.body, OutgoingBody::Whole(_));
        GuestRetries {
            may_repeat,
            reader,
            origin: request.target.origin().clone(),
            scope: attempt.scope.clone(),
            warns: !may_repeat && is_whole && self.governor.may_repeat(method, Some(true)),
        }
    }
}
