//! A connector's way to the network: one request through the rules, the governor and the limits.
//!
//! Guests' requests use it, and so do the host's own requests for tokens.

use std::sync::Arc;
use std::time::Duration;

use http::response::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use tokio::time::Instant;
use url::Url;

use super::attempt::{Attempt, Bearer, TryFailure};
use super::body::{BodyLimits, ResponseBody};
use super::call_target::CallTarget;
use super::codings::Codings;
use super::error::EgressError;
use super::exchange::{self, AnswerBody, ExchangeTimes};
use super::failure::FailureKind;
use super::governor::{CallPermit, Governor, HeldCall};
use super::headers;
use super::outgoing::{Outgoing, OutgoingBody};
use super::passage::Passages;
use super::phase::CallPhase;
use super::policy::CurrentPolicy;
use super::pool::Pool;
use super::proxy_fault::ProxyError;
use super::record::CallRecord;
use super::redirect_note::RedirectNote;
use super::refusals::{ExchangeJudgment, HeadJudgment, Judgment, Refusals};
use super::response_warnings::ResponseWarnings;
use super::timeout::TimeLimit;
use super::token_requests::TokenRequests;
use crate::account::Charge;
use crate::config::{AllowList, NetworkConfig};
use crate::scope::{Deadline, DeadlineReason};
use crate::secrets::{Replacer, Secrets};
use crate::tokens::Store;
use crate::traces::TRACEPARENT;
use crate::waits::{Wait, WaitReason};

/// A response's head, and what is needed to read its body.
type ExchangeAnswer = (Parts, AnswerBody, Codings, Deadline, Charge);

/// The state that the requests of one connector share. Its connections are its own: no other connector's requests use
/// them.
pub(super) struct Upstream {
    pub(super) connector: Arc<str>,
    pub(super) allow: AllowList,
    /// The file that a refusal's message names.
    pub(super) config_file: String,
    pub(super) network: NetworkConfig,
    pub(super) pool: Arc<Pool>,
    pub(super) governor: Governor,
    pub(super) refusals: Refusals,
    pub(super) secrets: Secrets,
    pub(super) warnings: Arc<ResponseWarnings>,
    pub(super) max_request_bytes: u64,
    pub(super) max_response_bytes: u64,
    /// `limits.page-timeout`: no request waits for longer.
    pub(super) page_timeout: Duration,
    /// Where tokens are kept.
    pub(super) tokens: Option<Store>,
    pub(super) token_requests: TokenRequests,
    /// The proxies, and for a trial, where the requests for some origins go.
    pub(super) passages: Passages,
    /// Bounds all connectors.
    pub(super) policy: CurrentPolicy,
}

impl Upstream {
    /// Sends one request once, as try `number`. Returns the response, whose body is still to come, and its meaning.
    pub(super) async fn once<'s, B: Bearer>(
        &self,
        request: Outgoing,
        number: u32,
        attempt: &mut Attempt<'s, B>,
    ) -> Result<(Response<ResponseBody>, Judgment<'s>), TryFailure> {
        let mut record = self.record(request.method.as_str(), Some(&request.target));
        record.attempt(number);
        record.trace(attempt.scope.waits.trace(), &request.target);
        let is_head = request.method == Method::HEAD;
        let target = request.target.clone();
        match self.exchange(request, &target, attempt, &mut record).await {
            Ok((answer, judgment)) => {
                let mut response = self.response(answer, is_head, attempt, record);
                let judgment = match judgment {
                    ExchangeJudgment::Known(judgment) => judgment,
                    ExchangeJudgment::Open(open) => open
                        .judge(&mut response, &attempt.scope.account)
                        .await
                        .map_err(|error| TryFailure {
                            is_answered: true,
                            error: error.into(),
                        })?,
                };
                self.log_refusal(target.origin(), response.status(), &judgment);
                Ok((response, judgment))
            }
            Err(error) => {
                let error = error.after(&attempt.redirect);
                record.fail(&error);
                Err(TryFailure {
                    is_answered: record.is_answered(),
                    error,
                })
            }
        }
    }

    /// Takes one request through everything that may refuse it, up to its response's head and the meaning of that.
    async fn exchange<'u, 's, B: Bearer>(
        &'u self,
        mut request: Outgoing,
        target: &'u CallTarget,
        attempt: &mut Attempt<'s, B>,
        record: &mut CallRecord,
    ) -> Result<(ExchangeAnswer, ExchangeJudgment<'u, 's>), EgressError> {
        let (url, origin) = (target.url(), target.origin());
        headers::check(url)?;
        let rule = self
            .allow
            .matching(request.method.as_str(), url)
            .ok_or_else(|| self.denied(request.method.as_str(), target))?;
        self.within_policy(&request.method, target)?;
        record.allowed_by(rule.host().clone());
        let is_streamed = matches!(request.body, OutgoingBody::Streamed(_));
        let permit = self.admitted(target, attempt, record).await?;
        // The operator may have narrowed the policy during a long wait for the credential or the quota.
        if let Err(error) = self.within_policy(&request.method, target) {
            permit.unmade();
            return Err(error);
        }
        let charge = match attempt.made_ready(&mut request) {
            Ok(charge) => charge,
            Err(error) => {
                permit.unmade();
                return Err(error);
            }
        };
        if let Some(parent) = self.traceparent(&request, attempt, record) {
            request.headers.insert(TRACEPARENT, parent);
        }
        let is_head = request.method == Method::HEAD;
        let is_safe = is_head || request.method == Method::GET;
        if !attempt.scope.waits.postponer.sends(is_safe) {
            permit.unmade();
            return std::future::pending().await;
        }
        let times = self.times(attempt);
        let waiting = Arc::new(attempt.scope.waits.begin(Wait {
            reason: WaitReason::Connection {
                origin: origin.clone(),
            },
            until: None,
        }));
        record.phases().show(&waiting, origin);
        let may_repeat = self
            .governor
            .may_repeat(request.method.as_str(), attempt.idempotent);
        let _check = (!may_repeat || is_streamed).then(|| self.pool.check_idle());
        let mapped = self.passages.maps.enter(&mut request);
        let passage = self.passages.of_url(url);
        if let Some(passage) = passage {
            record.phases().pass(passage.name());
            passage.authorize(&mut request.headers);
        }
        let sent = exchange::send(
            &self.pool.client(),
            request,
            times,
            self.max_request_bytes,
            attempt.scope,
            record,
        )
        .await
        .map_err(|fault| fault.into_error(origin, &self.config_file, record.phases().spent()))
        .and_then(|response| {
            let head = (response.status(), response.headers());
            match passage.and_then(|passage| passage.refusal(head, url)) {
                Some(ProxyError { proxy, fault }) => Err(EgressError::Proxy {
                    origin: origin.to_string(),
                    proxy,
                    source: fault,
                }),
                None => Ok(response),
            }
        });
        let response = match sent {
            Ok(response) => response,
            Err(error) => {
                match error {
                    _ if FailureKind::of(&error) == Some(FailureKind::Unbegun) => permit.unmade(),
                    // The cause may be a broken stream of the guest.
                    EgressError::Failed { .. } if is_streamed => drop(permit),
                    _ => permit.failed(&error),
                }
                return Err(error);
            }
        };
        let (mut head, incoming) = response.into_parts();
        if let Some(mapped) = mapped {
            mapped.restore(&mut head.headers);
        }
        let (status, readings) = (head.status.as_u16(), permit.readings(&head.headers));
        let judgment = match attempt.refusals {
            Some(rules) => rules.of_head(status, &head.headers, &readings),
            None => HeadJudgment::Known(Judgment::plain(status, &readings)),
        };
        let judgment = ExchangeJudgment::new(judgment, status, permit, readings);
        head.headers = attempt.memory.charged_headers(head.headers)?;
        if let Some(finder) = attempt.bearer.hidden() {
            headers::replace(&mut head.headers, &finder);
        }
        let codings = Codings::of(head.status, &head.headers, is_head).map_err(|source| {
            EgressError::Failed {
                origin: origin.to_string(),
                source: source.into(),
            }
        })?;
        let answer = (head, incoming, codings, times.deadline, charge);
        Ok((answer, judgment))
    }

    /// The header by which the API can continue the trace, if the connector's configuration permits that. The guest's own
    /// header stays. A redirect to another origin carries none, as it carries no other header that identifies the
    /// caller.
    fn traceparent<B>(
        &self,
        request: &Outgoing,
        attempt: &Attempt<'_, B>,
        record: &CallRecord,
    ) -> Option<HeaderValue> {
        let is_own = || attempt.origin.as_ref() == Some(request.target.origin());
        if !self.network.traceparent || request.headers.contains_key(TRACEPARENT) || !is_own() {
            return None;
        }
        record.traceparent()
    }

    /// Logs which rule treated a response as a refusal.
    fn log_refusal(&self, origin: &str, status: StatusCode, judgment: &Judgment<'_>) {
        if let Some(rule) = judgment.rule {
            tracing::info!(
                connector = &*self.connector,
                origin,
                status = status.as_u16(),
                rule = &*rule.name,
                "a rule treats the response as a refusal"
            );
            if let Some(unread) = &judgment.unread {
                self.governor
                    .warn_of_wait(origin, &rule.name, &unread.place, &unread.value);
            }
        }
    }

    /// Obtains the request's credential, then the governor's permit. Never the other way round: a request for a token
    /// that is sent while its call holds a permit may wait for that very call, if both go to one origin.
    async fn admitted<'u, B: Bearer>(
        &'u self,
        target: &'u CallTarget,
        attempt: &mut Attempt<'_, B>,
        record: &mut CallRecord,
    ) -> Result<CallPermit<'u>, EgressError> {
        let (url, origin) = (target.url(), target.origin());
        let began = Instant::now();
        let mut was_held = false;
        let mut is_last = false;
        let permit = loop {
            let was_awaited = attempt.bearer.prepare(url, attempt.deadline).await?;
            record.phases().enter(CallPhase::Quota);
            let permit = self
                .governor
                .admit(
                    origin,
                    url.path(),
                    attempt.deadline,
                    &HeldCall::new(&attempt.scope.waits, record.phases()),
                )
                .await?;
            was_held |= permit.held.is_some() || was_awaited;
            // The credential may have expired during a long wait in the queue; but the queue may always be that long.
            if is_last || attempt.bearer.holds() {
                break permit;
            }
            is_last = true;
            permit.unmade();
        };
        if was_held {
            let held = began.elapsed();
            record.held(held);
            attempt.pause(held);
        }
        Ok(permit)
    }

    /// The response as its reader receives it: decompressed, without secrets, within the limits.
    fn response<B: Bearer>(
        &self,
        (mut head, incoming, codings, deadline, charge): ExchangeAnswer,
        is_head: bool,
        attempt: &Attempt<'_, B>,
        record: CallRecord,
    ) -> Response<ResponseBody> {
        codings.leave(&mut head.headers);
        let replacer = attempt.bearer.hidden().map(Replacer::new);
        if replacer.is_some() && !is_head {
            // The replacement of a secret has another length.
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let limits = BodyLimits {
            max_bytes: self.max_response_bytes,
            idle: TimeLimit::of(attempt.timeouts.idle, self.network.idle_timeout),
            deadline,
            scope: attempt.scope.clone(),
            memory: attempt.memory.clone(),
            warnings: self.warnings.clone(),
        };
        let body = ResponseBody::new(incoming, &codings, replacer, limits, record, charge);
        Response::from_parts(head, body)
    }

    /// Where the tokens of this token endpoint are kept. Those of a mapped endpoint belong to a trial: they replace
    /// no others.
    pub(super) fn token_store(&self, token_url: &Url) -> Option<&Store> {
        self.tokens
            .as_ref()
            .filter(|_| !self.passages.maps.has(token_url))
    }

    /// The record of a call; without a `target`, of an invalid request.
    pub(super) fn record(&self, method: &str, target: Option<&CallTarget>) -> CallRecord {
        CallRecord::new(self.connector.clone(), method, target, self.secrets.clone())
    }

    /// The URL that a request goes to: with `upgrade-http`, https in place of http if the rules permit only that.
    pub(super) fn upgraded(&self, method: &Method, url: Url) -> Url {
        if !self.network.upgrade_http || self.allow.permits(method.as_str(), &url) {
            return url;
        }
        self.allow.secure_form(method.as_str(), &url).unwrap_or(url)
    }

    /// Checks whether the operator's policy, as it is now, permits a request.
    fn within_policy(&self, method: &Method, target: &CallTarget) -> Result<(), EgressError> {
        let policy = self.policy.get();
        let permitted = policy.permits_request(method.as_str(), target.url());
        permitted.map_err(|place| EgressError::BeyondPolicy {
            origin: target.origin().to_string(),
            redirect: RedirectNote::default(),
            place: place.clone(),
        })
    }

    fn denied(&self, method: &str, target: &CallTarget) -> EgressError {
        EgressError::Denied {
            origin: target.origin().to_string(),
            redirect: RedirectNote::default(),
            remedy: self.allow.remedy(method, target.url()),
            file: self.config_file.clone(),
        }
    }

    /// The timeouts of one exchange: the connector's, the request's and the page's, whichever expires first.
    fn times<B>(&self, attempt: &Attempt<'_, B>) -> ExchangeTimes {
        let (own, total) = (&attempt.timeouts, self.network.total_timeout);
        let exchange = Deadline::new(attempt.began, total, DeadlineReason::Total);
        ExchangeTimes {
            connect: own.connect,
            first_byte: TimeLimit::of(own.first_byte, self.network.first_byte_timeout),
            deadline: exchange.or_sooner(attempt.deadline),
        }
    }
}
