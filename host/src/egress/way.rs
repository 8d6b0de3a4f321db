//! A connector's way to the network: one request through the rules, the governor and the caps.
//!
//! Guests' requests take it, and the host's own for a token.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, header};
use tokio::time::Instant;
use url::Url;

use super::auth::Ready;
use super::body::{Bounds, ResponseBody};
use super::decode::Coding;
use super::error::EgressError;
use super::exchange::{self, Hop, HopBody, Times};
use super::governor::{Admission, Governor, retry};
use super::headers;
use super::pool::Pool;
use super::record::Record;
use super::tries::{Course, Failure};
use crate::config::{AllowList, NetworkConfig};
use crate::report;
use crate::scope::{Deadline, DeadlineReason};
use crate::secrets::{Replacer, Secrets};
use crate::tokens::Store;
use crate::waits::{Wait, WaitReason};

/// A response's head, and what its body needs.
type Answered = (
    http::response::Parts,
    hyper::body::Incoming,
    Option<Coding>,
    Times,
);

/// What the requests of one connector go through. Its connections are its own: no other connector's requests ride on
/// them.
pub(super) struct Way {
    pub(super) connector: Arc<str>,
    pub(super) allow: AllowList,
    /// The file that a refusal's message sends the operator to.
    pub(super) config_file: String,
    pub(super) network: NetworkConfig,
    pub(super) pool: Arc<Pool>,
    pub(super) governor: Governor,
    pub(super) secrets: Secrets,
    pub(super) max_request_bytes: u64,
    pub(super) max_response_bytes: u64,
    /// `limits.page-timeout`: nobody waits for longer.
    pub(super) page_timeout: Duration,
    /// Where tokens are kept.
    pub(super) tokens: Option<Store>,
}

impl Way {
    /// Sends one request once. The response's body is still to come.
    pub(super) async fn hop(
        self: &Arc<Self>,
        hop: Hop,
        attempt: u32,
        course: &mut Course<'_>,
    ) -> Result<http::Response<ResponseBody>, Failure> {
        let mut record = self.record(hop.method.as_str(), Some(&hop.url));
        record.attempt(attempt);
        let is_head = hop.method == Method::HEAD;
        let answered = self.exchange(hop, course, &mut record).await;
        let (mut head, incoming, coding, times) = match answered {
            Ok(answered) => answered,
            Err(error) => {
                if let EgressError::Credentials(failure) = &error {
                    course
                        .scope
                        .network
                        .note_credential(Some(report::chain(failure)));
                }
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
            scope: course.scope.clone(),
        };
        let replacer = if course.is_hosts_own {
            None
        } else {
            self.secrets.hidden().map(Replacer::new)
        };
        if replacer.is_some() && !is_head {
            // What stands in a secret's place has another length.
            head.headers.remove(header::CONTENT_LENGTH);
        }
        let body = ResponseBody::new(incoming, coding, replacer, bounds, record);
        Ok(http::Response::from_parts(head, body))
    }

    async fn exchange(
        self: &Arc<Self>,
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
        let origin = record.origin().to_owned();
        let is_streamed = matches!(hop.body, HopBody::Streamed(_));
        let (credential, admission) = self.admitted(&hop.url, &origin, course, record).await?;
        if let Some(credential) = credential {
            course.carried = credential.add(&mut hop, &self.secrets)?;
            course.scope.network.note_credential(None);
        }
        let times = self.times(course);
        let _waiting = course.scope.waits.begin(Wait {
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
            course.scope,
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
        if !course.is_hosts_own
            && let Some(finder) = self.secrets.hidden()
        {
            headers::replace(&mut head.headers, &finder);
        }
        let coding = Coding::of(&head.headers).map_err(|source| EgressError::Failed {
            origin: record.origin().to_owned(),
            source: source.into(),
        })?;
        Ok((head, incoming, coding, times))
    }

    /// The request's credential, then the governor's leave. Never the other way round: a token that is asked for while a
    /// call is let through may wait for that very call, where both go to one origin.
    async fn admitted<'w>(
        self: &'w Arc<Self>,
        url: &Url,
        origin: &'w str,
        course: &mut Course<'_>,
        record: &mut Record,
    ) -> Result<(Option<Ready>, Admission<'w>), EgressError> {
        let credential = course.choice.choose(url)?;
        let began = Instant::now();
        let mut was_held = false;
        let mut is_last = false;
        let (ready, admission) = loop {
            let ready = match &credential {
                None => None,
                Some(held) => Some(held.ready(self, course.scope, course.deadline).await?),
            };
            let admission = self
                .governor
                .admit(origin, course.deadline, &course.scope.waits)
                .await?;
            was_held |= admission.held.is_some() || ready.as_ref().is_some_and(Ready::was_awaited);
            // Its time may be over after a long one in the queue; but the queue may always be that long.
            if is_last || ready.as_ref().is_none_or(Ready::holds) {
                break (ready, admission);
            }
            is_last = true;
            admission.unmade();
        };
        if was_held {
            let held = began.elapsed();
            record.held(held);
            course.pause(held);
        }
        Ok((ready, admission))
    }

    /// What is told of a call; without a `url` of a request that is none.
    pub(super) fn record(&self, method: &str, url: Option<&Url>) -> Record {
        Record::new(self.connector.clone(), method, url, self.secrets.clone())
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
        let exchange = Deadline::new(course.began + course.paused, total, DeadlineReason::Total);
        Times {
            connect: within(wishes.connect, total),
            first_byte: within(wishes.first_byte, self.network.first_byte_timeout),
            deadline: exchange.or_sooner(course.deadline),
        }
    }
}
