//! One token: its request, sent again if the endpoint fails in a way that may pass.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Response, header};
use http_body_util::BodyExt;
use tokio::time::Instant;

use super::answer::{self, TokenResponse};
use super::endpoint::TokenEndpoint;
use super::form::{self, Proof};
use super::token::Token;
use crate::account::HostAccount;
use crate::config::Limits;
use crate::egress::attempt::{Attempt, NoCredential, TryFailure};
use crate::egress::auth::error::{EndpointError, EndpointFault};
use crate::egress::body::ResponseBody;
use crate::egress::error::EgressError;
use crate::egress::governor::retry;
use crate::egress::headers;
use crate::egress::memory::MemoryPayer;
use crate::egress::message::Timeouts;
use crate::egress::outgoing::{Outgoing, OutgoingBody};
use crate::egress::tries::{PassingFailure, RetryPolicy};
use crate::egress::upstream::Upstream;
use crate::report;
use crate::scope::{CallScope, Deadline, DeadlineReason};

/// The longest answer that is read: a token is some hundred bytes, a few thousand with many claims.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// What may be held for a request for a token, in bytes: the answer, and what its decompression takes.
const MAX_HELD_BYTES: u64 = 32 << 20;

/// How long a token may take at the least, tries and quotas included.
const LEAST_TIME: Duration = Duration::from_secs(600);

/// A token, and all that came with it.
pub(super) struct NewTokens {
    pub(super) token: Token,
    pub(super) response: TokenResponse,
}

/// What came back.
pub(super) struct EndpointAnswer {
    status: u16,
    headers: HeaderMap,
    /// `None` if it is too long.
    body: Option<Vec<u8>>,
}

/// Asks the endpoint for a token. What it gives is told to the connector's secrets before anybody has it.
///
/// # Errors
///
/// The endpoint gives none.
pub(super) async fn token(
    endpoint: &TokenEndpoint,
    upstream: &Upstream,
    proof: Proof<'_>,
) -> Result<NewTokens, EndpointError> {
    let mut retries = TokenRetries {
        endpoint,
        upstream,
        proof,
        asked: Instant::now(),
        status: None,
    };
    let new = retries.token().await;
    new.map_err(|fault| endpoint.error(upstream, retries.status, fault))
}

/// The tries of a request for a token. Each has a form of its own, since what is signed for it must be new.
struct TokenRetries<'r> {
    endpoint: &'r TokenEndpoint,
    upstream: &'r Upstream,
    proof: Proof<'r>,
    /// When the last try began.
    asked: Instant,
    /// The last try's, if it was answered.
    status: Option<u16>,
}

impl TokenRetries<'_> {
    async fn token(&mut self) -> Result<NewTokens, EndpointFault> {
        let upstream = self.upstream;
        // The calls and bytes are the host's. The time is that of the page that waits for the longest; but what a short
        // page has begun, the next one may still have.
        let limits = Limits {
            max_calls: u32::MAX,
            max_call_bytes: u64::MAX,
            ..Limits::default()
        };
        let deadline = Deadline::new(
            Instant::now(),
            upstream.page_timeout.max(LEAST_TIME),
            DeadlineReason::PageTimeout,
        );
        // Nobody's call pays for a token that outlives it.
        let account = HostAccount::new(MAX_HELD_BYTES);
        let scope = Arc::new(CallScope::new(&limits, deadline, Arc::default(), &account));
        let mut attempt =
            Attempt::new(&scope, Timeouts::default(), MemoryPayer::Host, NoCredential);
        let first = self.request(())?;
        let answer = upstream.send(first, self, &mut attempt).await?;
        self.read_tokens(answer)
    }

    fn read_tokens(&self, answer: EndpointAnswer) -> Result<NewTokens, EndpointFault> {
        let (endpoint, secrets) = (self.endpoint, &self.upstream.secrets);
        let body = answer.body.ok_or(EndpointFault::TooLarge {
            limit_bytes: MAX_ANSWER_BYTES,
        })?;
        let response = answer::read(answer.status, &body)?;
        if let Some(new) = &response.refresh_token {
            endpoint.hide_refresh_token(new, secrets);
        }
        let token = endpoint.token(
            &response.access_token,
            self.asked,
            response.expires_in,
            secrets,
        )?;
        Ok(NewTokens { token, response })
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
        (self.asked, self.status) = (Instant::now(), None);
        let form = form::form(self.endpoint, &self.upstream.secrets, self.proof)?;
        let own = [
            (header::ACCEPT.as_str(), "application/json"),
            (
                header::CONTENT_TYPE.as_str(),
                "application/x-www-form-urlencoded",
            ),
        ];
        let mut headers = headers::sent(&own).map_err(EgressError::from)?;
        if let Some(authorization) = form.authorization {
            headers.insert(header::AUTHORIZATION, authorization);
        }
        Ok(Outgoing {
            method: Method::POST,
            url: self.endpoint.config.token_url.clone(),
            headers,
            body: OutgoingBody::Whole(form.body),
        })
    }

    async fn read(
        &mut self,
        response: Response<ResponseBody>,
    ) -> Result<EndpointAnswer, TryFailure> {
        self.status = Some(response.status().as_u16());
        // The endpoint may have given a token that is lost now; another try is all that can be done.
        read(response).await.map_err(|error| TryFailure {
            error,
            is_answered: true,
        })
    }

    fn passing<'e>(
        &self,
        ended: &'e Result<EndpointAnswer, TryFailure>,
    ) -> Option<PassingFailure<'e>> {
        match ended {
            Ok(answer) => {
                let passes = retry::passes(answer.status) || answer.status >= 500;
                passes.then_some(PassingFailure {
                    status: Some(answer.status),
                    headers: Some(&answer.headers),
                })
            }
            Err(failure) => retry::is_broken(&failure.error).then_some(PassingFailure {
                status: None,
                headers: None,
            }),
        }
    }

    /// It was read to its end.
    fn set_aside(_: EndpointAnswer) {}
}

impl From<EgressError> for EndpointFault {
    fn from(error: EgressError) -> Self {
        Self::Unreached {
            cause: report::chain(&error),
        }
    }
}

async fn read(response: Response<ResponseBody>) -> Result<EndpointAnswer, EgressError> {
    let (head, mut rest) = response.into_parts();
    let answer = |body| EndpointAnswer {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
    };
    let mut body = Vec::new();
    while let Some(frame) = rest.frame().await {
        if let Ok(piece) = frame?.into_data() {
            if body.len().saturating_add(piece.len()) > MAX_ANSWER_BYTES {
                rest.set_aside();
                return Ok(answer(None));
            }
            body.extend_from_slice(&piece);
        }
    }
    Ok(answer(Some(body)))
}
