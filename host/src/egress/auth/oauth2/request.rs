//! One token: its request, sent again if the endpoint fails in a way that may pass.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, header};
use tokio::time::Instant;

use super::advice::Symptom;
use super::answer::{self, AnswerFailure, TokenResponse};
use super::endpoint::TokenEndpoint;
use super::parameters;
use super::proof::Proof;
use super::reply::{self, EndpointAnswer};
use super::token::Token;
use crate::account::HostAccount;
use crate::config::{AnswerFields, Limits, ParameterPlace, Secret};
use crate::egress::attempt::{Attempt, NoCredential, TryFailure};
use crate::egress::auth::error::EndpointError;
use crate::egress::auth::fault::EndpointFault;
use crate::egress::body::ResponseBody;
use crate::egress::call_target::CallTarget;
use crate::egress::error::EgressError;
use crate::egress::failure::FailureKind;
use crate::egress::governor::ResponseVerdict;
use crate::egress::headers;
use crate::egress::memory::MemoryPayer;
use crate::egress::message::Timeouts;
use crate::egress::outgoing::{Outgoing, OutgoingBody};
use crate::egress::tries::{PassingFailure, RetryPolicy};
use crate::egress::upstream::Upstream;
use crate::scope::{CallScope, Deadline, DeadlineReason};
use crate::waits::Waits;

/// The memory limit of a token request, in bytes: the answer, and its decompression.
const MAX_HELD_BYTES: u64 = 32 << 20;

/// The least time that a token may take, including tries and quotas.
const LEAST_TIME: Duration = Duration::from_secs(600);

/// A token, and everything that came with it.
pub(super) struct NewTokens {
    pub(super) token: Token,
    pub(super) response: TokenResponse,
}

/// Requests a token from the endpoint. The result is registered in the connector's secrets before anything uses it.
///
/// # Errors
///
/// The endpoint returns no token.
pub(super) async fn token(
    endpoint: &TokenEndpoint,
    upstream: &Upstream,
    proof: Proof<'_>,
) -> Result<NewTokens, TokenFailure> {
    let mut retries = TokenRetries {
        endpoint,
        upstream,
        proof,
        asked: Instant::now(),
        status: None,
        tries: 0,
        may_be_lost: false,
        refresh_token: None,
    };
    let new = retries.token().await;
    if new.is_ok() {
        endpoint.refresh.lock().may_be_lost = false;
    }
    new.map_err(|fault| {
        let mut symptom = Symptom {
            status: retries.status,
            fault,
            proof,
            may_be_lost: retries.may_be_lost,
            is_kept: retries.refresh_token.is_some(),
        };
        // The next renewal may be refused, and must be able to explain it.
        let mut memory = endpoint.refresh.lock();
        let may_be_lost = memory.may_be_lost || symptom.may_be_lost || symptom.may_lose();
        memory.may_be_lost = may_be_lost && !symptom.is_kept;
        symptom.may_be_lost = memory.may_be_lost;
        drop(memory);
        TokenFailure {
            error: endpoint.error_of(upstream, symptom),
            refresh_token: retries.refresh_token,
        }
    })
}

/// Why there is no token.
pub(super) struct TokenFailure {
    pub(super) error: EndpointError,
    /// A refresh token that came without a usable access token, and replaces the one that was sent.
    pub(super) refresh_token: Option<Secret>,
}

/// The tries of a token request. Each has its own form, since assertions must be new.
struct TokenRetries<'r> {
    endpoint: &'r TokenEndpoint,
    upstream: &'r Upstream,
    proof: Proof<'r>,
    /// When the last try began.
    asked: Instant,
    /// The status of the last try, if it was answered.
    status: Option<u16>,
    tries: u32,
    /// Whether a try before the last one may have been granted.
    may_be_lost: bool,
    /// The refresh token of an answer that can't be used.
    refresh_token: Option<Secret>,
}

impl TokenRetries<'_> {
    async fn token(&mut self) -> Result<NewTokens, EndpointFault> {
        let upstream = self.upstream;
        // Calls and bytes are the host's. The time is that of the page that waits longest; but a request that a short
        // page has begun may serve the next page.
        let limits = Limits {
            max_calls: u32::MAX,
            max_call_bytes: u64::MAX,
            page_timeout: upstream.page_timeout.max(LEAST_TIME),
            ..Limits::default()
        };
        // No call is charged for a token that outlives it.
        let account = HostAccount::new(MAX_HELD_BYTES);
        let deadline = Deadline::new(
            Instant::now(),
            limits.page_timeout,
            DeadlineReason::PageTimeout,
        );
        let waits = Waits::traced(self.endpoint.trace());
        let scope = Arc::new(CallScope::new(&limits, deadline, waits, &account));
        let mut attempt =
            Attempt::new(&scope, Timeouts::default(), MemoryPayer::Host, NoCredential);
        let first = self.request(())?;
        self.endpoint.wait_with(Some(scope.waits.clone()));
        let answer = upstream.send(first, self, &mut attempt).await;
        self.endpoint.wait_with(None);
        let answer = answer?;
        self.read_tokens(&answer)
    }

    fn read_tokens(&mut self, answer: &EndpointAnswer) -> Result<NewTokens, EndpointFault> {
        let (endpoint, secrets) = (self.endpoint, &self.upstream.secrets);
        let body = answer.body.as_deref().ok_or(EndpointFault::TooLarge {
            limit_bytes: reply::MAX_BYTES,
        })?;
        if (300..400).contains(&answer.status) {
            let url = endpoint.url(self.proof);
            let to = reply::leads_to(url, &answer.headers);
            // A login that is meant for a web page ends in a redirect, with a cookie.
            let is_page = endpoint.config.shape.body != ParameterPlace::Json;
            if endpoint.config.answer.head.is_none() || !is_page {
                return Err(EndpointFault::Redirect { to });
            }
            if reply::leads_back(url, &answer.headers) {
                return Err(EndpointFault::Refused {
                    code: String::new(),
                    description: format!("a redirect back to {}", to.unwrap_or_default()),
                });
            }
        }
        let response = match self.read_answer(answer, body) {
            Ok(response) => response,
            Err(AnswerFailure {
                fault,
                refresh_token,
            }) => {
                if let Some(new) = &refresh_token {
                    endpoint.hide_refresh_token(new, secrets);
                }
                self.refresh_token = refresh_token;
                return Err(fault);
            }
        };
        if let Some(new) = &response.refresh_token {
            endpoint.hide_refresh_token(new, secrets);
        }
        // The token comes first, since no variable may contain it.
        let token = endpoint.token(
            &response.access_token,
            self.asked,
            response.expires_in,
            secrets,
        );
        let tokens = [
            Some(&response.access_token),
            response.refresh_token.as_ref(),
        ];
        let taken = endpoint.take_variables(response.variables.clone(), tokens, self.upstream);
        match taken.and(token) {
            Ok(token) => Ok(NewTokens { token, response }),
            Err(fault) => {
                self.refresh_token = response.refresh_token;
                Err(fault)
            }
        }
    }
}

impl TokenRetries<'_> {
    /// Reads an answer as the configuration says. A login's answer may have the token at another place than a
    /// renewal's, which has it at the top.
    fn read_answer(
        &self,
        answer: &EndpointAnswer,
        body: &[u8],
    ) -> Result<TokenResponse, AnswerFailure> {
        let fields = &self.endpoint.config.answer;
        let read = |fields| answer::read(answer.status, &answer.headers, body, fields);
        let found = read(fields);
        let is_missing = matches!(
            &found,
            Err(AnswerFailure {
                fault: EndpointFault::NoToken { .. },
                ..
            })
        );
        match self.proof {
            Proof::RefreshToken(_) if is_missing => {
                let at_the_top = AnswerFields {
                    token: AnswerFields::default().token,
                    ..fields.clone()
                };
                read(&at_the_top).or(found)
            }
            _ => found,
        }
    }
}

impl RetryPolicy for TokenRetries<'_> {
    type Answer = EndpointAnswer;
    type Again = ();
    type Error = EndpointFault;

    fn again(&self, _: &Outgoing, _: bool) -> Option<()> {
        Some(())
    }

    fn request(&mut self, (): ()) -> Result<Outgoing, EndpointFault> {
        // There was no answer, it broke, or a gateway answered in place of the endpoint: the request may have been
        // granted.
        let may_be_granted = self
            .status
            .is_none_or(|status| !(300..500).contains(&status));
        self.may_be_lost |= self.tries > 0 && may_be_granted;
        self.tries = self.tries.saturating_add(1);
        (self.asked, self.status) = (Instant::now(), None);
        let endpoint = self.endpoint;
        let parameters = parameters::parameters(endpoint, &self.upstream.secrets, self.proof)?;
        let shape = &endpoint.config.shape;
        let mut url = endpoint.url(self.proof).clone();
        let (content_type, body) = match shape.body {
            ParameterPlace::Form => (Some("application/x-www-form-urlencoded"), parameters.form()),
            ParameterPlace::Json => (Some("application/json"), parameters.json()),
            ParameterPlace::Query => {
                parameters.add_to(&mut url);
                (None, Bytes::new())
            }
        };
        let accept = (header::ACCEPT.as_str(), "application/json");
        let content_type = content_type.map(|text| (header::CONTENT_TYPE.as_str(), text));
        let own: Vec<_> = std::iter::once(accept).chain(content_type).collect();
        let mut headers = headers::sent(&own).map_err(EgressError::from)?;
        if let Some(authorization) = parameters.authorization {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        for (name, _) in &shape.headers {
            headers.remove(name);
        }
        for (name, value) in &shape.headers {
            headers.append(name, value.clone());
        }
        Ok(Outgoing {
            method: shape.method.clone(),
            target: CallTarget::new(url),
            headers,
            body: OutgoingBody::Whole(body),
        })
    }

    async fn read(
        &mut self,
        response: Response<ResponseBody>,
        _: ResponseVerdict,
    ) -> Result<EndpointAnswer, TryFailure> {
        self.status = Some(response.status().as_u16());
        // The endpoint may have issued a token that is lost now; another try is all that can be done.
        reply::read(response).await.map_err(|error| TryFailure {
            error,
            is_answered: true,
        })
    }

    fn passing(
        &self,
        ended: &Result<EndpointAnswer, TryFailure>,
        verdict: ResponseVerdict,
    ) -> Option<PassingFailure> {
        match ended {
            Ok(answer) => PassingFailure::of(answer.status, verdict).or_else(|| {
                (answer.status >= 500).then_some(PassingFailure {
                    status: Some(answer.status),
                    asked_wait: None,
                })
            }),
            Err(failure) => match FailureKind::of(&failure.error) {
                Some(FailureKind::Unbegun | FailureKind::Stale | FailureKind::Passing) => {
                    Some(PassingFailure::UNANSWERED)
                }
                // An answer that can't be decoded would be the same again.
                Some(FailureKind::Lasting) | None => None,
            },
        }
    }

    /// The answer was read to its end.
    fn set_aside(_: EndpointAnswer) {}
}
