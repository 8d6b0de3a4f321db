//! A request on its way through redirects and further tries, and who it is made for.

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
use super::refusals::Refusals;
use crate::account::Charge;
use crate::scope::{CallScope, Deadline, DeadlineReason};
use crate::secrets::Finder;

/// A request on its way, through redirects and further tries.
pub(super) struct Attempt<'s, B> {
    pub(super) scope: &'s Arc<CallScope>,
    /// The request's own. They count if they are shorter than the connector's.
    pub(super) timeouts: Timeouts,
    /// When its exchanges began. Pauses, in the governor's queue or before another try, put it off: they are no part of
    /// an exchange.
    pub(super) began: Instant,
    /// When it must have ended, pauses included.
    pub(super) deadline: Deadline,
    /// Where what it takes is charged.
    pub(super) memory: ExchangeMemory,
    /// Whose credential it carries.
    pub(super) bearer: B,
    /// Whether it may be sent again after a failure, as the request says; by default its method decides.
    pub(super) idempotent: Option<bool>,
    /// The rules by which its responses are judged; `None` if status and headers alone count.
    pub(super) refusals: Option<&'s Refusals>,
}

/// Who a request is made for: what it carries, and what may be seen of its response. `auth` has the guest's; the host's
/// own requests are made by [`NoCredential`]. It stands between the two rooms because a token needs a request, and a
/// request needs a token.
pub(super) trait Bearer: Send {
    /// Obtains the credential for a try at this URL, if it needs one, by this deadline. Whether it had to be waited for.
    ///
    /// # Errors
    ///
    /// The credential can't be obtained, or not in time.
    fn prepare(
        &mut self,
        url: &Url,
        deadline: Deadline,
    ) -> impl Future<Output = Result<bool, EgressError>> + Send;

    /// Whether what was prepared is still good; true if there is nothing.
    fn holds(&self) -> bool;

    /// Adds what was prepared to a request that is sent now.
    ///
    /// # Errors
    ///
    /// It can't be signed, or not be put into this request.
    fn add(&mut self, request: &mut Outgoing) -> Result<(), EgressError>;

    /// Whether it can be a credential that is renewed once an API refuses it.
    fn may_renew(&self) -> bool;

    /// Learns whether this URL's answer refused the credential. Whether the request should be sent again, with another
    /// one.
    fn renews(&mut self, is_refused: bool, url: &Url, is_repeatable: bool) -> bool;

    /// Finds what whoever gets the response must not see; `None` if there is nothing.
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

/// A try that came to nothing, for whoever decides about the next one.
pub(super) struct TryFailure {
    pub(super) error: EgressError,
    /// Whether a response's head had come.
    pub(super) is_answered: bool,
}

impl TryFailure {
    /// Whether the API has not begun with the request.
    pub(super) fn is_unbegun(&self) -> bool {
        !self.is_answered && FailureKind::of(&self.error) == Some(FailureKind::Unbegun)
    }

    /// Whether the API may have carried the request out: there was a connection, and it broke off.
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
    /// Whether there is time for this wait before the next try, within the page or between pages. `sent` is how many tries
    /// have been made. Where there isn't, the log says why.
    pub(super) fn has_room_for(&self, wait: Duration, origin: &str, sent: u32) -> bool {
        let Some(begins) = Instant::now().checked_add(wait) else {
            return false;
        };
        if begins < self.deadline.at {
            return true;
        }
        let limit = self.deadline.reason;
        if !self.deadline.leaves_between_pages(begins) {
            tracing::info!(
                origin,
                "not waiting {wait:.1?} for another try: that is longer than {limit} allows"
            );
            return false;
        }
        let obstacle = self
            .scope
            .waits
            .postponer
            .obstacle(&another_try(origin), wait, sent);
        if let Some(obstacle) = obstacle {
            tracing::info!(
                origin,
                "not waiting {wait:.1?} for another try: that is longer than {limit} allows, and the call can't wait \
                 between pages: {obstacle}"
            );
        }
        obstacle.is_none()
    }

    /// A request that begins now, within `scope` and its own time-outs.
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
        }
    }

    /// Adds the credential to a request that is sent now, and charges what the exchange takes.
    ///
    /// # Errors
    ///
    /// The credential can't be added, or there is no memory left.
    pub(super) fn made_ready(&mut self, request: &mut Outgoing) -> Result<Charge, EgressError> {
        self.bearer.add(request)?;
        Ok(self.memory.charge(EXCHANGE_BYTES)?)
    }

    /// It was held for so long, which is no part of the exchange.
    pub(super) fn pause(&mut self, time: Duration) {
        self.began = self.began.checked_add(time).unwrap_or(self.began);
    }
}
