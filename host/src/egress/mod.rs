//! The one way to the network: may this URL be called, then call it, within the connector's caps.
//!
//! A request passes, in this order: its own form (`headers`), the allow rules, the page's quota, the addresses of its
//! host (`dial`), and on the way back the caps of its response (`body`). A redirect that is followed begins anew. A
//! credential goes into the request after the rules, and again at each try (`auth`). All of it is the connector's `way`,
//! which the host's own requests for tokens take, too.
//! Guests do not belong here: this room knows requests and responses as plain values.
//!
//! Uses no other room; `config` gives it the parsed rules.

mod address;
mod alone;
mod auth;
mod body;
mod connection;
mod current;
mod decode;
mod dial;
mod error;
mod exchange;
mod governor;
mod headers;
mod message;
mod network;
mod pool;
mod record;
mod redirect;
mod tls;
mod tries;
mod upstreams;
mod way;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use bytes::Bytes;
use url::Url;

use crate::config::ConnectorConfig;
use crate::scope::{CallQuotaError, CallScope};
use crate::secrets::Secrets;
use crate::waits::{Wait, WaitReason};
use auth::Credentials;
use body::ResponseBody;
use dial::Dialler;
use exchange::{Hop, HopBody};
use governor::Governor;
use pool::Pool;
use redirect::Repeatable;
use tries::Course;
use way::Way;

#[doc(hidden)]
pub use alone::{Alone, Page};
pub(crate) use auth::AuthorizationCode;
pub(crate) use current::CurrentEgress;
pub(crate) use error::{EgressError, Timeout};
pub(crate) use exchange::StreamedBody;
pub(crate) use message::{Request, RequestBody, Response, Wishes};
pub use network::{Network, Networking, SystemNetwork};
pub use upstreams::Upstreams;

/// One connector's access to the network.
pub(crate) struct Egress {
    way: Arc<Way>,
    credentials: Credentials,
}

impl Egress {
    /// Takes over the connections of `previous`, the same connector's before its configuration changed, where they would
    /// be made in the same way now, and the tokens of credentials that are still the same.
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
        let pool = match previous {
            Some(previous) if previous.way.network.connects_as(&config.network) => {
                previous.way.pool.clone()
            }
            _ => Arc::new(Pool::new(Dialler::new(
                upstreams.network.clone(),
                &config.network,
                upstreams.tls.client(&config.network)?,
            ))),
        };
        let secrets = previous.map_or_else(
            || Secrets::of(connector),
            |previous| previous.way.secrets.clone(),
        );
        secrets.add_config(config);
        let connector: Arc<str> = connector.into();
        let credentials = Credentials::new(
            &config.credentials,
            config_file.clone(),
            previous.map(|previous| &previous.credentials),
        );
        let way = Way {
            governor: Governor::new(&connector, config, &upstreams.budgets),
            connector,
            allow: config.network.allow.clone(),
            config_file,
            pool,
            network: config.network.clone(),
            secrets,
            max_request_bytes: config.limits.max_request_bytes,
            max_response_bytes: config.limits.max_response_bytes,
            page_timeout: config.limits.page_timeout,
            tokens: upstreams.tokens.clone(),
        };
        Ok(Self {
            way: Arc::new(way),
            credentials,
        })
    }

    /// Sends one request and reads the whole response.
    ///
    /// # Errors
    ///
    /// [`EgressError`]; nothing was sent where it is `Denied`, `AddressDenied` or `InvalidRequest`.
    pub(crate) async fn fetch(
        &self,
        request: Request,
        scope: &Arc<CallScope>,
    ) -> Result<Response, EgressError> {
        let (url, response) = self.send(request, scope).await?;
        let (head, body) = response.into_parts();
        let _waiting = scope.waits.begin(Wait {
            reason: WaitReason::Response {
                origin: url.origin().ascii_serialization(),
            },
            until: None,
        });
        Ok(Response {
            status: head.status.as_u16(),
            headers: headers::received(&head.headers),
            body: body.whole().await?,
            url: match self.way.secrets.hidden() {
                Some(finder) => finder.replaced_text(url.as_str()).unwrap_or(url.into()),
                None => url.into(),
            },
        })
    }

    /// Sends one request, and further ones where it is redirected and the connector's configuration follows. Answers
    /// who answered, and the response, whose body is still to come.
    ///
    /// # Errors
    ///
    /// As [`Self::fetch`].
    pub(crate) async fn send(
        &self,
        mut request: Request,
        scope: &Arc<CallScope>,
    ) -> Result<(Url, http::Response<ResponseBody>), EgressError> {
        let mut course = Course::new(&mut request, scope, &self.credentials);
        self.take_call(&request.method, scope)?;
        let mut hop = match parse(request) {
            Ok(hop) => hop,
            Err((method, error)) => {
                self.way.record(&method, None).fail(&error);
                return Err(error);
            }
        };
        let mut follow = self.way.network.follow_redirects;
        loop {
            let again = (follow > 0).then(|| Repeatable::of(&hop));
            let url = hop.url.clone();
            let response = self.way.tried(hop, &mut course).await?;
            let next = again.and_then(|again| again.next(response.status(), response.headers()));
            match next {
                Some(next) => {
                    response.into_body().set_aside();
                    self.take_call(next.method.as_str(), scope)?;
                    follow = follow.saturating_sub(1);
                    hop = next;
                }
                None => return Ok((url, response)),
            }
        }
    }

    /// Counts a call, also one that will be refused: each leaves a line in the log. Those past the quota leave one in
    /// all.
    fn take_call(&self, method: &str, scope: &CallScope) -> Result<(), EgressError> {
        scope
            .network
            .take_call()
            .map_err(|CallQuotaError { limit, is_first }| {
                let error = EgressError::TooManyCalls { limit };
                if is_first {
                    self.way.record(method, None).fail(&error);
                }
                error
            })
    }

    /// The connector's secrets.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.way.secrets
    }
}

/// Checks a request's parts. Its method comes back with what is wrong, for the log.
fn parse(request: Request) -> Result<Hop, (String, EgressError)> {
    let parsed = headers::url(&request.url).and_then(|url| {
        let method = headers::method(&request.method)?;
        let headers = headers::sent(&request.headers)?;
        Ok((url, method, headers))
    });
    match parsed {
        Ok((url, method, headers)) => Ok(Hop {
            method,
            url,
            headers,
            body: match request.body {
                RequestBody::Whole(bytes) => HopBody::Whole(Bytes::from(bytes)),
                RequestBody::Streamed(streamed) => HopBody::Streamed(streamed),
            },
        }),
        Err(fault) => Err((request.method, fault.into())),
    }
}
