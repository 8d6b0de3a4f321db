//! A request with its redirects and tries, and the party that it is made for.

use std::sync::Arc;
use std::time::Duration;

use hyper_util::client::legacy;
use tokio::time::Instant;
use url::Url;

use super::error::EgressError;
use super::failure::FailureKind;
use super::governor::another_try;
use super::memory::{EXCHANGE_BYTES, ExchangeMemory, MemoryPayer};
use super::message::Timeouts;
use super::outgoing::Outgoing;
use super::redirect_note::RedirectNote;
use super::refusals::Refusals;
use crate::account::Charge;
use crate::config::wait_text;
use crate::scope::{CallScope, Deadline, DeadlineReason};
use crate::secrets::Finder;
use crate::waits::LastTry;

/// A request with all of its redirects and tries.
pub(super) struct Attempt<'s, B> {
    pub(super) scope: &'s Arc<CallScope>,
    /// The request's own timeouts. They apply where they are shorter than the connector's.
    pub(super) timeouts: Timeouts,
    /// When its exchanges began. Pauses (in the governor's queue or before another try) move it forward: they are not
    /// part of an exchange.
    pub(super) began: Instant,
    /// When it must have ended, including pauses.
    pub(super) deadline: Deadline,
    /// Where its memory is charged.
    pub(super) memory: ExchangeMemory,
    /// Provides its credential.
    pub(super) bearer: B,
    /// Whether it may be sent again after a failure, as the request says; by default, its method decides.
    pub(super) idempotent: Option<bool>,
    /// The rules by which its responses are judged; `None` if only status and headers count.
    pub(super) refusals: Option<&'s Refusals>,
    /// The origin that it was meant for before any redirect. No other origin learns which trace it belongs to; `None` if
    /// none does.
    pub(super) origin: Option<Arc<str>>,
    /// The URL that redirected it to where it goes now.
    pub(super) redirect: RedirectNote,
}

/// The party that a request is made for: which credential the request carries, and what may be shown of its response.
/// `auth` implements it for guests; the host's own requests use [`NoCredential`]. The trait separates the two modules
/// because a token needs a request, and a request needs a token.
pub(super) trait Bearer: Send {
    /// Obtains the credential for a try at this URL by this deadline, if one is needed. Returns whether the call had
    /// to wait for it.
    ///
    /// # Errors
    ///
    /// The credential can't be obtained, or not in time.
    fn prepare(
        &mut self,
        url: &Url,
        deadline: Deadline,
    ) -> impl Future<Output = Result<bool, EgressError>> + Send;

    /// Whether the prepared credential is still valid; true if there is none.
    fn holds(&self) -> bool;

    /// Adds the prepared credential to a request that is about to be sent.
    ///
    /// # Errors
    ///
    /// The credential can't be signed, or can't be added to this request.
    fn add(&mut self, request: &mut Outgoing) -> Result<(), EgressError>;

    /// Whether it may have a credential that is renewed once an API refuses it.
    fn may_renew(&self) -> bool;

    /// Learns whether this URL's response refused the credential. Returns whether the request should be sent again
    /// with another one.
    fn renews(&mut self, is_refused: bool, url: &Url, is_repeatable: bool) -> bool;

    /// Finds the secrets that the reader of the response must not see; `None` if there are none.
    fn hidden(&self) -> Option<Arc<Finder>>;
}

/// The host itself, which sends requests without a credential and sees the responses as they are.
pub(super) struct NoCredential;

impl Bearer for NoCredential {
    async fn prepare(&mut self, _: &Url, _: Deadline) -> Result<bool, EgressError> {
        Ok(false)
    }

    fn holds(&self) -> bool {
        true
    }

    fn add(&mut self, _: &mut Outgoing) -> Result<(), EgressError> {
        Ok(())
    }

    fn may_renew(&self) -> bool {
        false
    }

    fn renews(&mut self, _: bool, _: &Url, _: bool) -> bool {
        false
    }

    fn hidden(&self) -> Option<Arc<Finder>> {
        None
    }
}

/// A failed try, for the decision about the next one.
pub(super) struct TryFailure {
    pub(super) error: EgressError,
    /// Whether the head of a response had arrived.
    pub(super) is_answered: bool,
}

impl TryFailure {
    /// Whether the API has not begun to process the request.
    pub(super) fn is_unbegun(&self) -> bool {
        !self.is_answered && FailureKind::of(&self.error) == Some(FailureKind::Unbegun)
    }

    /// Whether the API may have carried the request out: there was a connection, and it broke.
    pub(super) fn was_asked(&self) -> bool {
        let EgressError::Failed { source, .. } = &self.error else {
            return false;
        };
        match FailureKind::of(&self.error) {
            Some(FailureKind::Stale) => true,
            Some(FailureKind::Passing) => source
                .downcast_ref::<legacy::Error>()
                .is_some_and(|error| !error.is_connect()),
            Some(FailureKind::Unbegun | FailureKind::Lasting) | None => false,
        }
    }
}

impl<'s, B: Bearer> Attempt<'s, B> {
    /// Whether there is time for this wait before the next try, within the page or between pages. `last` is how the last
    /// of `sent` tries ended. If there is no time, the reason is logged.
    pub(super) fn has_room_for(
        &self,
        wait: Duration,
        origin: &Arc<str>,
        last: LastTry,
        sent: u32,
    ) -> bool {
        let Some(begins) = Instant::now().checked_add(wait) else {
            return false;
        };
        if begins < self.deadline.at {
            return true;
        }
        let (limit, shown) = (self.deadline.bound(), wait_text(wait));
        if !self.deadline.leaves_between_pages(begins) {
            tracing::info!(
                origin = &**origin,
                "not waiting {shown} for another try: that is too long: {limit}"
            );
            return false;
        }
        let obstacle = self
            .scope
            .waits
            .postponer
            .obstacle(&another_try(origin, last), wait, sent);
        if let Some(obstacle) = obstacle {
            tracing::info!(
                origin = &**origin,
                "not waiting {shown} for another try: that is too long: {limit}, and the call can't wait between pages: \
                 {obstacle}"
            );
        }
        obstacle.is_none()
    }

    /// A request that begins now, within `scope` and its own timeouts.
    pub(super) fn new(
        scope: &'s Arc<CallScope>,
        timeouts: Timeouts,
        payer: MemoryPayer,
        bearer: B,
    ) -> Self {
        let began = Instant::now();
        let own = timeouts
            .total
            .map(|own| Deadline::new(began, own, DeadlineReason::Request));
        Self {
            scope,
            timeouts,
            began,
            deadline: own.map_or(scope.deadline, |own| scope.deadline.or_sooner(own)),
            memory: ExchangeMemory::new(&scope.account, payer),
            bearer,
            idempotent: None,
            refusals: None,
            origin: None,
            redirect: RedirectNote::default(),
        }
    }

    /// Adds the credential to a request that is about to be sent, and charges the memory of the exchange.
    ///
    /// # Errors
    ///
    /// The credential can't be added, or no memory is left.
    pub(super) fn made_ready(&mut self, request: &mut Outgoing) -> Result<Charge, EgressError> {
        self.bearer.add(request)?;
        Ok(self.memory.charge(EXCHANGE_BYTES)?)
    }

    /// Notes that the request was held for this long, which is not part of the exchange.
    pub(super) fn pause(&mut self, time: Duration) {
        self.began = self.began.checked_add(time).unwrap_or(self.began);
    }
}
