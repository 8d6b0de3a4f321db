//! One connector's access to the network.

use std::sync::Arc;

use bytes::Bytes;
use http::Method;
use metrics::{SharedString, gauge};
use url::Url;

use super::attempt::Attempt;
use super::auth::error::AuthError;
use super::auth::{AuthorizationCode, CredentialChoice, Credentials};
use super::body::ResponseBody;
use super::call_target::CallTarget;
use super::dial::Dialler;
use super::error::EgressError;
use super::governor::Governor;
use super::guest_tries::{BodyReader, GuestAnswer};
use super::headers;
use super::memory::{ExchangeMemory, MemoryPayer, in_bytes, received_bytes};
use super::message::{Request, RequestBody, Response};
use super::outgoing::{Outgoing, OutgoingBody};
use super::pool::Pool;
use super::redirect::Redirectable;
use super::redirect_note::RedirectNote;
use super::refusals::Refusals;
use super::response_warnings::ResponseWarnings;
use super::upstream::Upstream;
use super::upstreams::Upstreams;
use crate::account::{Charge, charged_bytes};
use crate::config::ConnectorConfig;
use crate::scope::{CallQuotaError, CallScope};
use crate::secrets::Secrets;
use crate::telemetry::catalog;
use crate::tokens::Store;
use crate::waits::{Wait, WaitReason};

/// One connector's access to the network.
pub(crate) struct Egress {
    pub(super) upstream: Arc<Upstream>,
    pub(super) credentials: Credentials,
}

impl Egress {
    /// Reuses the connections of `previous` (the same connector before its configuration changed) that would still be
    /// made in the same way, and the tokens of unchanged credentials.
    ///
    /// # Errors
    ///
    /// The connector's own certificates can't be used.
    pub(crate) fn new(
        connector: &str,
        config: &ConnectorConfig,
        config_file: String,
        upstreams: &Upstreams,
        previous: Option<&Self>,
    ) -> Result<Self, rustls::Error> {
        let secrets = previous.map_or_else(
            || Secrets::of(connector),
            |previous| previous.upstream.secrets.clone(),
        );
        let warnings = ResponseWarnings::new(connector.into(), secrets.clone());
        let mut warnings = Arc::new(warnings);
        let pool = match previous {
            Some(previous) if previous.upstream.network.connects_as(&config.network) => {
                warnings = previous.upstream.warnings.clone();
                previous.upstream.pool.clone()
            }
            _ => {
                let tls = upstreams.tls.client(&config.network)?;
                let network = upstreams.network.clone();
                let policy = upstreams.policy.clone();
                let ways = (network, upstreams.passages.clone(), policy.clone());
                let dialler = Dialler::new(ways, &config.network, tls, warnings.clone());
                Arc::new(Pool::new(dialler, policy, config.network.title_case))
            }
        };
        secrets.add_config(config);
        upstreams.passages.add_secrets(&secrets);
        let connector: Arc<str> = connector.into();
        let credentials = Credentials::new(
            &config.credentials,
            config_file.clone(),
            previous.map(|previous| &previous.credentials),
        );
        let upstream = Upstream {
            governor: Governor::new(&connector, config, &upstreams.budgets, secrets.clone()),
            refusals: Refusals::new(config.rate_limit.refusals.clone()),
            connector,
            allow: config.network.allow.clone(),
            config_file,
            pool,
            network: config.network.clone(),
            secrets,
            warnings,
            max_request_bytes: config.limits.max_request_bytes,
            max_response_bytes: config.limits.max_response_bytes,
            page_timeout: config.limits.page_timeout,
            tokens: upstreams.tokens.clone(),
            token_requests: upstreams.token_requests.clone(),
            passages: upstreams.passages.clone(),
            policy: upstreams.policy.clone(),
        };
        Ok(Self {
            upstream: Arc::new(upstream),
            credentials,
        })
    }

    /// Reports the present values of its gauges.
    pub(crate) fn observe(&self) {
        let upstream = &self.upstream;
        let connector = || SharedString::from_shared(upstream.connector.clone());
        let open = upstream.governor.open_breakers();
        if open > 0 {
            gauge!(catalog::OPEN_BREAKERS.name, "connector" => connector()).set(open as f64);
        }
        gauge!(catalog::UPSTREAM_CONNECTIONS.name, "connector" => connector())
            .set(upstream.pool.open_connections() as f64);
    }

    /// Sends one request and reads the whole response.
    ///
    /// # Errors
    ///
    /// [`EgressError`]; nothing was sent if it is `Denied`, `AddressDenied`, `BeyondPolicy` or `InvalidRequest`.
    pub(crate) async fn fetch(
        &self,
        request: Request,
        scope: &Arc<CallScope>,
    ) -> Result<Response, EgressError> {
        let (target, answer) = self.exchange(request, scope, MemoryPayer::Host).await?;
        let (head, mut rest) = answer.response.into_parts();
        let mut body = match answer.body {
            Some(body) => body,
            None => {
                let _waiting = scope.waits.begin(Wait {
                    reason: WaitReason::Response {
                        origin: target.origin().clone(),
                    },
                    until: None,
                });
                let body = rest.whole().await;
                body.inspect_err(|error| scope.network.note_end(Some(error.is_temporary())))?
            }
        };
        drop(rest);
        body.charge().grow(received_bytes(&head.headers))?;
        Ok(Response {
            status: head.status.as_u16(),
            headers: headers::received(&head.headers),
            body,
            url: match self.upstream.secrets.hidden() {
                Some(finder) => finder
                    .replaced_text(target.url().as_str())
                    .unwrap_or_else(|| target.into_url().into()),
                None => target.into_url().into(),
            },
        })
    }

    /// Sends one request of `wasi:http`, and follows redirects if the connector's configuration says so. Returns the URL that
    /// answered, and the response, whose body is still to come.
    ///
    /// # Errors
    ///
    /// As [`Self::fetch`].
    pub(crate) async fn send(
        &self,
        request: Request,
        scope: &Arc<CallScope>,
    ) -> Result<(Url, http::Response<ResponseBody>), EgressError> {
        if let Some(place) = &self.upstream.policy.get().no_wasi_http {
            let error = EgressError::NoWasiHttp {
                place: place.clone(),
            };
            self.upstream.record(&request.method, None).fail(&error);
            return Err(error);
        }
        let (target, answer) = self.exchange(request, scope, MemoryPayer::Guest).await?;
        Ok((target.into_url(), answer.response))
    }

    /// As [`Self::send`]; the memory is charged to `payer`. Notes in the call's scope how the request ended.
    async fn exchange(
        &self,
        request: Request,
        scope: &Arc<CallScope>,
        payer: MemoryPayer,
    ) -> Result<(CallTarget, GuestAnswer), EgressError> {
        scope.network.note_refused(None);
        let ended = self.follow(request, scope, payer).await;
        scope.network.note_end(match &ended {
            Ok((_, answer)) => answer.is_temporary_failure(),
            Err(error) => Some(error.is_temporary()),
        });
        ended
    }

    /// Sends a request, with its redirects.
    async fn follow(
        &self,
        request: Request,
        scope: &Arc<CallScope>,
        payer: MemoryPayer,
    ) -> Result<(CallTarget, GuestAnswer), EgressError> {
        let (upstream, credential) = (&self.upstream, request.credential.clone());
        let bearer = CredentialChoice::new(&self.credentials, upstream, scope, credential);
        let mut attempt = Attempt::new(scope, request.timeouts, payer, bearer);
        attempt.idempotent = request.idempotent;
        attempt.refusals = Some(&upstream.refusals);
        self.take_call(&request.method, scope)?;
        let upgraded = |method: &Method, url| upstream.upgraded(method, url);
        let (mut outgoing, _head) =
            parse(request, &attempt.memory, upgraded).map_err(|(method, error)| {
                upstream.record(&method, None).fail(&error);
                *error
            })?;
        let reader = match payer {
            MemoryPayer::Host => BodyReader::Host,
            MemoryPayer::Guest => BodyReader::Guest,
        };
        if upstream.network.traceparent {
            attempt.origin = Some(outgoing.target.origin().clone());
        }
        let mut follow = upstream.network.follow_redirects;
        loop {
            let redirectable = (follow > 0).then(|| Redirectable::of(&outgoing));
            let target = outgoing.target.clone();
            let mut retries = upstream.retries(&outgoing, reader, &attempt);
            let answer = upstream.send(outgoing, &mut retries, &mut attempt).await?;
            let response = &answer.response;
            let next = redirectable
                .and_then(|request| request.next(response.status(), response.headers(), upgraded));
            let Some(next) = next else {
                if matches!(response.status().as_u16(), 401 | 403) {
                    let credential = attempt.bearer.added(target.url());
                    scope.network.note_refused(credential);
                }
                return Ok((target, answer));
            };
            answer.response.into_body().set_aside();
            attempt.redirect = RedirectNote::by(target.url(), &upstream.secrets);
            self.take_call(next.method.as_str(), scope)?;
            follow = follow.saturating_sub(1);
            outgoing = next;
        }
    }

    /// Counts a call, even one that will be refused: each leaves a line in the log. All calls beyond the quota leave
    /// a single line.
    fn take_call(&self, method: &str, scope: &CallScope) -> Result<(), EgressError> {
        scope
            .network
            .take_call()
            .map_err(|CallQuotaError { limit, is_first }| {
                let error = EgressError::TooManyCalls { limit };
                if is_first {
                    self.upstream.record(method, None).fail(&error);
                }
                error
            })
    }

    /// Obtains tokens for the authorization code of a login, and keeps them in the store. The request is sent like
    /// the connector's own, under its rules. Returns whether the token can be renewed.
    ///
    /// # Errors
    ///
    /// There is no such credential of the kind `oauth2`, its endpoint returns a token that expires and no refresh
    /// token, or the token can't be stored.
    pub(crate) async fn log_in(
        &self,
        credential: &str,
        code: &AuthorizationCode,
        store: &Store,
    ) -> Result<bool, EgressError> {
        let tokens = self.credentials.tokens(credential)?;
        tokens
            .log_in(&self.upstream, code, store)
            .await
            .map_err(|error| AuthError::Token(Arc::new(error)).into())
    }

    /// Obtains a token of this credential within the call's time.
    ///
    /// # Errors
    ///
    /// There is no such credential with tokens, or no token could be obtained.
    pub(crate) async fn obtain_token(
        &self,
        credential: &str,
        scope: &CallScope,
    ) -> Result<(), EgressError> {
        let tokens = self.credentials.tokens(credential)?;
        let token = tokens.token(&self.upstream, scope, scope.deadline).await;
        token.map(drop)
    }

    /// The variables that the connector's calls have in addition to the configured ones: fields of token endpoints'
    /// answers. Waits for a token if there is none yet.
    pub(crate) async fn variables(&self, scope: &CallScope) -> Vec<(String, String)> {
        self.credentials.variables(&self.upstream, scope).await
    }

    /// The connector's secrets.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.upstream.secrets
    }
}

/// Checks the parts of a request and charges their memory: the body for as long as a copy of it exists, the rest
/// until the returned guard is dropped. A failure comes with the method, for the log.
fn parse(
    request: Request,
    memory: &ExchangeMemory,
    upgraded: impl FnOnce(&Method, Url) -> Url,
) -> Result<(Outgoing, Charge), (String, Box<EgressError>)> {
    let charged = memory.charge(request.head_bytes()).and_then(|head| {
        let body = match &request.body {
            RequestBody::Whole(bytes) => in_bytes(bytes.capacity()),
            RequestBody::Streamed(_) => 0,
        };
        Ok((head, memory.charge(body)?))
    });
    let (head, body) = match charged {
        Ok(charges) => charges,
        Err(error) => return Err((request.method, Box::new(error.into()))),
    };
    let parsed = headers::url(&request.url).and_then(|url| {
        let method = headers::method(&request.method)?;
        let headers = headers::sent(&request.headers)?;
        Ok((url, method, headers))
    });
    match parsed {
        Ok((url, method, headers)) => {
            let outgoing = Outgoing {
                target: CallTarget::new(upgraded(&method, url)),
                method,
                headers,
                body: match request.body {
                    RequestBody::Whole(bytes) if bytes.is_empty() => {
                        OutgoingBody::Whole(Bytes::new())
                    }
                    RequestBody::Whole(bytes) => OutgoingBody::Whole(charged_bytes(bytes, body)),
                    RequestBody::Streamed(streamed) => OutgoingBody::Streamed(streamed),
                },
            };
            Ok((outgoing, head))
        }
        Err(fault) => Err((request.method, Box::new(fault.into()))),
    }
}
