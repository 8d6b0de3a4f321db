//! The token of one credential, for all calls that wait for it.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use metrics::{SharedString, counter};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::endpoint::TokenEndpoint;
use super::failures;
use super::refresh;
use super::token::Token;
use super::waiting;
use crate::config::{Addition, Oauth2Config};
use crate::egress::auth::error::{AuthError, EndpointError};
use crate::egress::auth::refusals::RefusalMemory;
use crate::egress::error::EgressError;
use crate::egress::phase::{CallPhase, PhaseTime};
use crate::egress::timeout::Timeout;
use crate::egress::upstream::Upstream;
use crate::lock::Mutex;
use crate::scope::{CallScope, Deadline};
use crate::telemetry::catalog;
use crate::traces::{CallTrace, OpenSpan, WorkSpan};

/// How long the endpoint is not asked again after it refused, and after any other failure.
const REFUSAL_COUNTS: Duration = Duration::from_secs(30);
const FAILURE_COUNTS: Duration = Duration::from_secs(3);

type TokenOutcome = Result<Arc<Token>, Arc<EndpointError>>;

/// The tokens of one credential. Versions of a connector share them if the credential is the same in both.
pub(in crate::egress) struct Tokens {
    pub(super) endpoint: TokenEndpoint,
    state: Mutex<TokenState>,
    refusals: RefusalMemory,
}

#[derive(Default)]
struct TokenState {
    token: Option<Arc<Token>>,
    /// The last failure, and until when it counts.
    failure: Option<(Arc<EndpointError>, Instant)>,
    /// The result of the current request. If the sender is dropped, the request ended without a result.
    request: Option<watch::Receiver<Option<TokenOutcome>>>,
}

impl TokenState {
    /// The token that was about to be replaced but hasn't expired: a failure just before its end does no harm.
    fn old(&self, was_awaited: bool) -> Option<FreshToken> {
        let token = self.token.clone().filter(|token| token.is_usable())?;
        Some(FreshToken { token, was_awaited })
    }
}

/// A token, and how it was obtained.
pub(in crate::egress) struct FreshToken {
    pub(in crate::egress::auth) token: Arc<Token>,
    /// Whether the caller had to wait for it.
    pub(in crate::egress::auth) was_awaited: bool,
}

impl Tokens {
    /// No token yet; `name` is the credential's name.
    pub(in crate::egress::auth) fn new(name: Arc<str>, config: Arc<Oauth2Config>) -> Self {
        Self {
            endpoint: TokenEndpoint::new(name, config),
            state: Mutex::default(),
            refusals: RefusalMemory::default(),
        }
    }

    /// No token yet, for a changed configuration of these tokens' credential.
    pub(in crate::egress::auth) fn changed(&self, config: Arc<Oauth2Config>) -> Self {
        Self {
            endpoint: self.endpoint.changed(config),
            state: Mutex::default(),
            refusals: RefusalMemory::default(),
        }
    }

    /// Whether these tokens belong to a credential with this configuration.
    pub(in crate::egress::auth) fn are_of(&self, config: &Oauth2Config) -> bool {
        self.endpoint.config.fingerprint == config.fingerprint
    }

    /// Whether its answers contain variables for the connector.
    pub(in crate::egress::auth) fn has_variables(&self) -> bool {
        !self.endpoint.config.answer.variables.is_empty()
    }

    /// Names and values of the connector's variables from the answers so far.
    pub(in crate::egress::auth) fn variables(&self) -> Vec<(String, String)> {
        self.endpoint.variables()
    }

    /// How a token is added to a request.
    pub(in crate::egress::auth) fn addition(&self, token: &Token) -> Addition {
        token.addition().clone()
    }

    /// A valid token. If there is none, waits for it for as long as the caller may; the request continues even if
    /// nothing waits any more, since the endpoint's answer must not be lost.
    ///
    /// # Errors
    ///
    /// The endpoint returns no token, or the time was over before it did.
    pub(in crate::egress) async fn token(
        self: &Arc<Self>,
        upstream: &Arc<Upstream>,
        scope: &CallScope,
        deadline: Deadline,
    ) -> Result<FreshToken, EgressError> {
        let mut request = {
            let mut state = self.state();
            let now = Instant::now();
            if let Some(token) = state.token.as_ref().filter(|token| token.holds()) {
                return Ok(FreshToken {
                    token: token.clone(),
                    was_awaited: false,
                });
            }
            if let Some((failure, until)) = &state.failure
                && now < *until
            {
                let failure = failure.clone();
                return Ok(state.old(false).ok_or(AuthError::Token(failure))?);
            }
            let pending = state.request.take();
            let request = match pending.filter(|request| request.has_changed().is_ok()) {
                Some(request) => request,
                None => self.begin(upstream, scope.waits.trace()),
            };
            state.request = Some(request.clone());
            request
        };
        let began = Instant::now();
        let ended = timeout_at(deadline.at, request.wait_for(Option::is_some));
        let ended = waiting::awaited(&self.endpoint, &scope.waits, ended).await;
        let outcome = match ended {
            Err(_) => {
                let waited = PhaseTime {
                    phase: CallPhase::Credential,
                    spent: began.elapsed(),
                    proxy: None,
                };
                return Err(Timeout::Deadline(deadline.bound()).after(waited));
            }
            Ok(Ok(outcome)) => outcome.clone(),
            Ok(Err(_)) => None,
        };
        let outcome = outcome.ok_or_else(|| AuthError::Interrupted {
            name: self.endpoint.name.to_string(),
        })?;
        match outcome {
            Ok(token) => Ok(FreshToken {
                token,
                was_awaited: true,
            }),
            Err(failure) => Ok(self.state().old(true).ok_or(AuthError::Token(failure))?),
        }
    }

    /// Notes that the API accepted a token at this URL.
    pub(in crate::egress::auth) fn was_accepted(&self, url: &Url) {
        self.refusals.accepted(url);
    }

    /// Notes that the API refused this token at this URL: it is not sent again. Returns false if another one would
    /// not help.
    pub(in crate::egress::auth) fn discard(&self, token: &Arc<Token>, url: &Url) -> bool {
        let mut state = self.state();
        let is_current = |current: &Arc<Token>| Arc::ptr_eq(current, token);
        if !state.token.as_ref().is_some_and(is_current) {
            return true;
        }
        // An API that accepts no token at all must not cause a flood of token requests.
        if !token.is_worth_replacing() || !self.refusals.renews(url) {
            return false;
        }
        state.token = None;
        true
    }

    /// In a separate task, so that a canceled page doesn't cancel it. In the trace it is a part of the call that needs the
    /// token first.
    fn begin(
        self: &Arc<Self>,
        upstream: &Arc<Upstream>,
        trace: Option<&CallTrace>,
    ) -> watch::Receiver<Option<TokenOutcome>> {
        let traced = trace.and_then(|trace| trace.branch("obtain a token"));
        let (sender, receiver) = watch::channel(None);
        let (tokens, upstream) = (self.clone(), upstream.clone());
        let request = upstream.token_requests.begin();
        tokio::spawn(async move {
            let _request = request;
            let (trace, span) = traced.unzip();
            let span = span.map(|span| begin_span(span, &tokens.endpoint));
            tokens.endpoint.trace_with(trace);
            let outcome = refresh::token(&tokens.endpoint, &upstream)
                .await
                .map(Arc::new);
            let outcome = outcome.map_err(Arc::new);
            tokens.endpoint.trace_with(None);
            if let Some(span) = span {
                end_span(span, &outcome);
            }
            tokens.note(&outcome);
            count(&upstream, &tokens.endpoint, &outcome);
            let failure = outcome.as_ref().err().map(|error| error.told());
            failures::keep(&tokens.endpoint, &upstream, failure).await;
            sender.send_replace(Some(outcome));
        });
        receiver
    }

    fn note(&self, outcome: &TokenOutcome) {
        let mut state = self.state();
        state.request = None;
        match outcome {
            Ok(token) => {
                state.token = Some(token.clone());
                state.failure = None;
            }
            Err(error) => {
                let counts = if error.is_refusal() {
                    REFUSAL_COUNTS
                } else {
                    FAILURE_COUNTS
                };
                state.failure = Some((error.clone(), Instant::now() + counts));
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, TokenState> {
        self.state.lock()
    }
}

/// The span of a request for a token.
fn begin_span(mut span: OpenSpan, endpoint: &TokenEndpoint) -> WorkSpan {
    span.set("weld.credential", endpoint.name.clone());
    WorkSpan::new(span)
}

/// Ends the span of a request for a token.
fn end_span(span: WorkSpan, outcome: &TokenOutcome) {
    span.end(|span| {
        if let Err(error) = outcome {
            span.fail(&error.told());
        }
    });
}

/// Counts one obtained token, or one that could not be obtained.
fn count(upstream: &Upstream, endpoint: &TokenEndpoint, outcome: &TokenOutcome) {
    let connector = SharedString::from_shared(upstream.connector.clone());
    let credential = SharedString::from_shared(endpoint.name.clone());
    let outcome = if outcome.is_ok() { "ok" } else { "failed" };
    counter!(catalog::TOKEN_REQUESTS.name, "connector" => connector, "credential" => credential, "outcome" => outcome)
        .increment(1);
}
