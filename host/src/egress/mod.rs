//! The one way to the network: may this URL be called, then call it, within the connector's caps.
//!
//! A request passes, in this order: its own form (`headers`), the allow rules, the page's quota, the addresses of its
//! host (`dial`), and on the way back the caps of its response (`body`). A redirect that is followed begins anew. A
//! credential goes into the request after the rules, and again at each try (`auth`).
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
mod quota;
mod record;
mod redirect;
mod secrets;
mod tls;
mod tries;
mod waits;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header;
use url::Url;

use crate::config::{AllowList, ConnectorConfig, NetworkConfig};
use auth::Credentials;
use body::{Bounds, ResponseBody};
use decode::Coding;
use dial::Dialler;
use exchange::{Hop, HopBody, Times};
use governor::{Governor, retry};
use pool::Pool;
use record::Record;
use redirect::Repeatable;
use tries::{Course, Failure};

#[doc(hidden)]
pub use alone::{Alone, Page};
pub(crate) use current::CurrentEgress;
pub(crate) use error::{EgressError, Timeout};
pub(crate) use exchange::StreamedBody;
pub(crate) use governor::Budgets;
pub(crate) use message::{Request, RequestBody, Response, Wishes};
pub use network::{Network, Networking, SystemNetwork};
use quota::NoCalls;
pub(crate) use quota::PageQuota;
pub(crate) use secrets::{Replacer, Secrets};
pub(crate) use tls::Tls;
pub(crate) use waits::{Wait, WaitReason, Waits};

/// A response's head, and what its body needs.
type Answered = (
    http::response::Parts,
    hyper::body::Incoming,
    Option<Coding>,
    Times,
);

/// One connector's access to the network. Its connections are its own: no other connector's requests ride on them.
pub(crate) struct Egress {
    connector: Arc<str>,
    allow: AllowList,
    /// The file that a refusal's message sends the operator to.
    config_file: String,
    network: NetworkConfig,
    pool: Arc<Pool>,
    governor: Governor,
    secrets: Secrets,
    credentials: Credentials,
    max_request_bytes: u64,
    max_response_bytes: u64,
}

impl Egress {
    /// Takes over the connections of `previous`, the same connector's before its configuration changed, where they would
    /// be made in the same way now.
    ///
    /// # Errors
    ///
    /// The connector's own certificates can't be used.
    pub(crate) fn new(
        connector: &str,
        config: &ConnectorConfig,
        config_file: String,
        network: Arc<dyn Network>,
        tls: &Tls,
        budgets: &Budgets,
        previous: Option<&Self>,
    ) -> Result<Self, rustls::Error> {
        let pool = match previous {
            Some(previous) if previous.network.connects_as(&config.network) => {
                previous.pool.clone()
            }
            _ => Arc::new(Pool::new(Dialler::new(
                network,
                &config.network,
                tls.client(&config.network)?,
            ))),
        };
        let secrets = previous.map_or_else(
            || Secrets::of(connector),
            |previous| previous.secrets.clone(),
        );
        secrets.add_config(config);
        let connector: Arc<str> = connector.into();
        Ok(Self {
            governor: Governor::new(&connector, config, budgets),
            credentials: Credentials::new(&config.credentials, config_file.clone()),
            connector,
            allow: config.network.allow.clone(),
            config_file,
            pool,
            network: config.network.clone(),
            secrets,
            max_request_bytes: config.limits.max_request_bytes,
            max_response_bytes: config.limits.max_response_bytes,
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
        page: &Arc<PageQuota>,
    ) -> Result<Response, EgressError> {
        let (url, response) = self.send(request, page).await?;
        let (head, body) = response.into_parts();
        let _waiting = page.waits.begin(Wait {
            reason: WaitReason::Response {
                origin: url.origin().ascii_serialization(),
            },
            until: None,
        });
        Ok(Response {
            status: head.status.as_u16(),
            headers: headers::received(&head.headers),
            body: body.whole().await?,
            url: match self.secrets.hidden() {
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
        page: &Arc<PageQuota>,
    ) -> Result<(Url, http::Response<ResponseBody>), EgressError> {
        let mut course = Course::new(&mut request, page);
        self.take_call(&request.method, page)?;
        let mut hop = match parse(request) {
            Ok(hop) => hop,
            Err((method, error)) => {
                self.record(&method, None).fail(&error);
                return Err(error);
            }
        };
        let mut follow = self.network.follow_redirects;
        loop {
            let again = (follow > 0).then(|| Repeatable::of(&hop));
            let url = hop.url.clone();
            let response = self.tried(hop, &mut course).await?;
            let next = again.and_then(|again| again.next(response.status(), response.headers()));
            match next {
                Some(next) => {
                    response.into_body().set_aside();
                    self.take_call(next.method.as_str(), page)?;
                    follow = follow.saturating_sub(1);
                    hop = next;
                }
                None => return Ok((url, response)),
            }
        }
    }

    /// Counts a call, also one that will be refused: each leaves a line in the log. Those past the quota leave one in
    /// all.
    fn take_call(&self, method: &str, page: &PageQuota) -> Result<(), EgressError> {
        page.take_call().map_err(|NoCalls { limit, is_first }| {
            let error = EgressError::TooManyCalls { limit };
            if is_first {
                self.record(method, None).fail(&error);
            }
            error
        })
    }

    async fn hop(
        &self,
        hop: Hop,
        attempt: u32,
        course: &mut Course<'_>,
    ) -> Result<http::Response<ResponseBody>, Failure> {
        let mut record = self.record(hop.method.as_str(), Some(&hop.url));
        record.attempt(attempt);
        let is_head = hop.method == http::Method::HEAD;
        let answered = self.exchange(hop, course, &mut record).await;
        let (mut head, incoming, coding, times) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                record.fail(&error);
                return Err(Failure {
                    is_broken: retry::is_broken(&error) && !record.is_answered(),
                    error,
                });
            }
        };
        if coding.is_some() {
            // They describe the compressed form, which the guest doesn't get.
            head.headers.remove(header::CONTENT_ENCODING);
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let bounds = Bounds {
            max_bytes: self.max_response_bytes,
            idle: self
                .network
                .idle_timeout
                .min(course.wishes.idle.unwrap_or(Duration::MAX)),
            deadline: times.deadline,
            reason: times.reason,
            page: course.page.clone(),
        };
        let replacer = self.secrets.hidden().map(Replacer::new);
        if replacer.is_some() && !is_head {
            // What stands in a secret's place has another length.
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let body = ResponseBody::new(incoming, coding, replacer, bounds, record);
        Ok(http::Response::from_parts(head, body))
    }

    async fn exchange(
        &self,
        mut hop: Hop,
        course: &mut Course<'_>,
        record: &mut Record,
    ) -> Result<Answered, EgressError> {
        headers::check(&hop.url)?;
        let rule = self
            .allow
            .matching(hop.method.as_str(), &hop.url)
            .ok_or_else(|| self.denied(hop.method.as_str(), &hop.url))?;
        record.allowed_by(rule.host().to_string().into());
        let credential = self.credentials.choose(&mut course.choice, &hop.url)?;
        let page = course.page;
        let origin = record.origin().to_owned();
        let is_streamed = matches!(hop.body, HopBody::Streamed(_));
        let admission = self
            .governor
            .admit(&origin, course.patience, &page.waits)
            .await?;
        if let Some(held) = admission.held {
            record.held(held);
            course.pause(held);
        }
        if let Some(credential) = credential {
            credential.add(&mut hop, &self.secrets)?;
        }
        let times = self.times(course);
        let _waiting = page.waits.begin(Wait {
            reason: WaitReason::Response {
                origin: origin.clone(),
            },
            until: None,
        });
        let sent = exchange::send(
            self.pool.client(),
            hop,
            times,
            self.max_request_bytes,
            page,
            record,
        );
        let sent = sent.await;
        match &sent {
            Ok(response) => admission.answered(response.status().as_u16(), response.headers()),
            // It may be the guest whose stream broke.
            Err(EgressError::Failed { .. }) if is_streamed => drop(admission),
            Err(error) => admission.failed(error),
        }
        let response = sent.map_err(|error| match error {
            EgressError::AddressDenied {
                origin,
                address,
                special_use,
                ..
            } => EgressError::AddressDenied {
                origin,
                address,
                special_use,
                file: self.config_file.clone(),
            },
            other => other,
        })?;
        let (mut head, incoming) = response.into_parts();
        if let Some(finder) = self.secrets.hidden() {
            headers::replace(&mut head.headers, &finder);
        }
        let coding = Coding::of(&head.headers).map_err(|source| EgressError::Failed {
            origin: record.origin().to_owned(),
            source: source.into(),
        })?;
        Ok((head, incoming, coding, times))
    }

    fn record(&self, method: &str, url: Option<&Url>) -> Record {
        Record::new(self.connector.clone(), method, url, self.secrets.clone())
    }

    /// The connector's secrets.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    fn denied(&self, method: &str, url: &Url) -> EgressError {
        EgressError::Denied {
            origin: url.origin().ascii_serialization(),
            rule: self.allow.suggestion(method, url),
            file: self.config_file.clone(),
        }
    }

    /// The time-outs of one request: the connector's, the request's and the page's, whichever is over first.
    fn times(&self, course: &Course<'_>) -> Times {
        let within = |own: Option<Duration>, limit: Duration| own.unwrap_or(limit).min(limit);
        let (wishes, total) = (&course.wishes, self.network.total_timeout);
        let mut times = Times {
            connect: within(wishes.connect, total),
            first_byte: within(wishes.first_byte, self.network.first_byte_timeout),
            deadline: course.began + course.paused + total,
            reason: Timeout::Total,
        };
        if course.patience.until < times.deadline {
            (times.deadline, times.reason) = (course.patience.until, course.patience.reason);
        }
        times
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
