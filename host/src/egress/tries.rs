//! One request on its way: when it may be sent, and whether it is sent again.

use std::sync::Arc;
use std::time::Duration;

use http::{Response, StatusCode};
use tokio::time::Instant;
use url::{Origin, Url};

use super::auth::{Carried, Choice, Credentials};
use super::body::ResponseBody;
use super::error::EgressError;
use super::exchange::Hop;
use super::governor::retry;
use super::message::{Request, Wishes};
use super::way::Way;
use crate::scope::{CallScope, Deadline, DeadlineReason};

/// A request on its way, through redirects and further tries.
pub(super) struct Course<'p> {
    pub(super) scope: &'p Arc<CallScope>,
    pub(super) wishes: Wishes,
    pub(super) began: Instant,
    /// For how long it was held, or waited for another try: no part of the exchange.
    pub(super) paused: Duration,
    /// When it must have ended, further tries included.
    pub(super) deadline: Deadline,
    /// The credential that it carries.
    pub(super) choice: Choice<'p>,
    /// What the last try carried, where that could be another one.
    pub(super) carried: Option<Carried>,
    /// Whether it is the host's: the guest doesn't see what comes back.
    pub(super) is_hosts_own: bool,
    /// Where the first request went, once that is known.
    begins_at: Option<Origin>,
    /// Whether its credential was had anew because the API refused it.
    is_renewed: bool,
    idempotent: Option<bool>,
}

/// Why a try came to nothing.
pub(super) struct Failure {
    pub(super) error: EgressError,
    /// Whether there was no connection, or none up to a response.
    pub(super) is_broken: bool,
}

impl<'p> Course<'p> {
    pub(super) fn new(
        request: &mut Request,
        scope: &'p Arc<CallScope>,
        credentials: &'p Credentials,
    ) -> Self {
        let wishes = request.wishes;
        let began = Instant::now();
        let own = wishes
            .total
            .map(|own| Deadline::new(began, own, DeadlineReason::Request));
        Self {
            wishes,
            began,
            deadline: own.map_or(scope.deadline, |own| scope.deadline.or_sooner(own)),
            is_hosts_own: false,
            choice: Choice::Open(credentials, request.credential.take()),
            idempotent: request.idempotent,
            ..Self::hosts_own(scope)
        }
    }

    /// A request that the host makes for itself, within what `scope` allows. It carries no credential.
    pub(super) fn hosts_own(scope: &'p Arc<CallScope>) -> Self {
        Self {
            scope,
            wishes: Wishes::default(),
            began: Instant::now(),
            paused: Duration::ZERO,
            deadline: scope.deadline,
            choice: Choice::Made(None),
            carried: None,
            is_hosts_own: true,
            begins_at: None,
            is_renewed: false,
            idempotent: None,
        }
    }

    pub(super) fn pause(&mut self, time: Duration) {
        self.paused = self.paused.saturating_add(time);
    }

    /// Whether the credential that was just sent may be had anew, since the API refused it: once, and not at another
    /// origin that the API has led to.
    fn renews(&mut self, status: StatusCode, url: &Url, is_repeatable: bool) -> bool {
        let Some(carried) = self.carried.take() else {
            return false;
        };
        if status != StatusCode::UNAUTHORIZED {
            carried.was_accepted();
            return false;
        }
        if self.is_renewed || self.begins_at.as_ref() != Some(&url.origin()) {
            return false;
        }
        // Forgotten also where this request can't be made again: the next one has another.
        let renews = carried.discard() && is_repeatable && self.scope.network.try_call();
        self.is_renewed |= renews;
        renews
    }
}

impl Way {
    /// Sends a request, and again where it failed in a way that may pass and that doesn't matter to the API, or where its
    /// credential was refused that could be had anew. Where no further try is left, or has time or calls of the page, the
    /// last response or error counts.
    pub(super) async fn tried(
        self: &Arc<Self>,
        mut hop: Hop,
        course: &mut Course<'_>,
    ) -> Result<Response<ResponseBody>, EgressError> {
        let url = hop.url.clone();
        course.begins_at.get_or_insert_with(|| url.origin());
        let may_repeat = self
            .governor
            .may_repeat(hop.method.as_str(), course.idempotent);
        let (mut attempt, mut tries) = (1, 1);
        loop {
            let mut again = if may_repeat || course.choice.may_renew() {
                hop.copy()
            } else {
                None
            };
            let ended = self.hop(hop, attempt, course).await;
            attempt = attempt.saturating_add(1);
            let is_repeatable = again.is_some();
            let ended = match ended {
                Ok(response) if course.renews(response.status(), &url, is_repeatable) => {
                    match again.take() {
                        Some(again) => {
                            response.into_body().set_aside();
                            hop = again;
                            continue;
                        }
                        None => Ok(response),
                    }
                }
                ended => ended,
            };
            let status = match &ended {
                Ok(response) if retry::passes(response.status().as_u16()) => {
                    Some(response.status().as_u16())
                }
                Err(failure) if failure.is_broken => None,
                Ok(_) | Err(_) => return ended.map_err(|failure| failure.error),
            };
            let next = again.filter(|_| may_repeat).and_then(|again| {
                let origin = again.url.origin().ascii_serialization();
                let headers = ended.as_ref().ok().map(Response::headers);
                let pause = self
                    .governor
                    .pause(&origin, tries, headers, course.deadline)?;
                course
                    .scope
                    .network
                    .try_call()
                    .then_some((again, origin, pause))
            });
            let Some((again, origin, pause)) = next else {
                return ended.map_err(|failure| failure.error);
            };
            if let Ok(response) = ended {
                response.into_body().set_aside();
            }
            self.governor
                .wait_for_retry(&origin, pause, status, &course.scope.waits)
                .await;
            course.pause(pause);
            tries = tries.saturating_add(1);
            hop = again;
        }
    }
}
