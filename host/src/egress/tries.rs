//! One request on its way: when it may be sent, and whether it is sent again.

use std::sync::Arc;
use std::time::Duration;

use http::Response;
use tokio::time::Instant;

use super::Egress;
use super::auth::Choice;
use super::body::ResponseBody;
use super::error::{EgressError, Timeout};
use super::exchange::Hop;
use super::governor::{Patience, retry};
use super::message::{Request, Wishes};
use super::quota::PageQuota;

/// A request on its way, through redirects and further tries.
pub(super) struct Course<'p> {
    pub(super) page: &'p Arc<PageQuota>,
    pub(super) wishes: Wishes,
    pub(super) began: Instant,
    /// For how long it was held, or waited for another try: no part of the exchange.
    pub(super) paused: Duration,
    /// For how long it may be.
    pub(super) patience: Patience,
    /// The credential that it carries.
    pub(super) choice: Choice,
    idempotent: Option<bool>,
}

/// Why a try came to nothing.
pub(super) struct Failure {
    pub(super) error: EgressError,
    /// Whether there was no connection, or none up to a response.
    pub(super) is_broken: bool,
}

impl<'p> Course<'p> {
    pub(super) fn new(request: &mut Request, page: &'p Arc<PageQuota>) -> Self {
        let wishes = request.wishes;
        let began = Instant::now();
        let own = wishes.total.and_then(|own| began.checked_add(own));
        let patience = match own {
            Some(until) if until < page.deadline => Patience {
                until,
                reason: Timeout::Request,
            },
            _ => Patience {
                until: page.deadline,
                reason: Timeout::Page,
            },
        };
        Self {
            page,
            wishes,
            began,
            paused: Duration::ZERO,
            patience,
            choice: Choice::Open(request.credential.take()),
            idempotent: request.idempotent,
        }
    }

    pub(super) fn pause(&mut self, time: Duration) {
        self.paused = self.paused.saturating_add(time);
    }
}

impl Egress {
    /// Sends a request, and again where it failed in a way that may pass and that doesn't matter to the API. Where no
    /// further try is left, or has time or calls of the page, the last response or error counts.
    pub(super) async fn tried(
        &self,
        mut hop: Hop,
        course: &mut Course<'_>,
    ) -> Result<Response<ResponseBody>, EgressError> {
        let mut attempt = 1;
        loop {
            let may_repeat = self
                .governor
                .may_repeat(hop.method.as_str(), course.idempotent);
            let again = if may_repeat { hop.copy() } else { None };
            let ended = self.hop(hop, attempt, course).await;
            let status = match &ended {
                Ok(response) if retry::passes(response.status().as_u16()) => {
                    Some(response.status().as_u16())
                }
                Err(failure) if failure.is_broken => None,
                Ok(_) | Err(_) => return ended.map_err(|failure| failure.error),
            };
            let next = again.and_then(|again| {
                let origin = again.url.origin().ascii_serialization();
                let headers = ended.as_ref().ok().map(Response::headers);
                let pause = self
                    .governor
                    .pause(&origin, attempt, headers, course.patience)?;
                course.page.try_call().then_some((again, origin, pause))
            });
            let Some((again, origin, pause)) = next else {
                return ended.map_err(|failure| failure.error);
            };
            if let Ok(response) = ended {
                response.into_body().set_aside();
            }
            self.governor
                .wait_for_retry(&origin, pause, status, &course.page.waits)
                .await;
            course.pause(pause);
            attempt = attempt.saturating_add(1);
            hop = again;
        }
    }
}
