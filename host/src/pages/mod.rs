//! One page being made: what its requests get, and when.
//!
//! This room has the waits between pages, the requests waiting for each call, the checks of what a guest returns, and
//! the text of the answer. It does not have HTTP or the way a guest is run.
//!
//! Uses `connectors`, and `weld-protocol` for the formats.

mod answer;
mod call_spans;
mod calls;
mod cpu_meter;
mod early;
mod error;
mod gauges;
mod guard;
mod holds;
mod key;
mod make;
mod monitor;
mod page_call;
mod pending;
mod ready;
mod schema;
mod schemas;
mod secrets;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio::time::Instant;
use weld_protocol::{IncomingState, PageRequest, Waiting, with_waiting};

use crate::account::Charge;
use crate::config::{Limits, ServerConfig};
use crate::connectors::{Connector, ConnectorError, Connectors};
use crate::report;
use crate::scope::{Deadline, DeadlineReason};
use crate::traces::RequestSpan;
use crate::waits::between_pages;
pub(crate) use answer::{PageAnswer, Receipt};
use calls::{CallPanic, Linger, NoMoreCalls};
pub(crate) use error::PagesError;
pub use gauges::HostGauges;
use holds::PageHolds;
use key::{PageKey, SchemaKey};
use make::PageMaker;
pub(crate) use make::REJOIN;
pub use monitor::CallMonitor;
pub(crate) use monitor::CallsUnderWay;
use page_call::PageCall;

/// How many versions of a connector are asked for its schema in turn, if each is replaced in the meantime.
const SCHEMA_VERSIONS: usize = 3;

/// How many copies of its request's state a call holds: one for the guest, and one in canonical spelling, in which
/// numbers such as `1e20` are up to five times as long.
const CALL_COPIES: u64 = 6;

/// How many copies of a state are held while it is sent back: with its mark, and in the answer's text.
const RETURNED_COPIES: u64 = 2;

/// The bytes held in addition to a state: a mark, the members around it, the table's name.
const SMALL_BYTES: u64 = 2 << 10;

/// Makes the answers to Weld's requests.
pub struct Pages {
    maker: Arc<PageMaker>,
    settings: PageSettings,
    holds: PageHolds,
}

/// Settings for making pages.
#[derive(Debug, Clone, Copy)]
pub struct PageSettings {
    /// Whether a call may run while no request waits for it. It may not if the platform stops all work between
    /// requests; then a page has only the time of its request.
    pub background: bool,
    /// Whether a request that comes before its page may begin waits for that, at most for `limits.answer-within`. If it
    /// may not, it gets a pending answer at once.
    pub holds: bool,
}

impl From<&ServerConfig> for PageSettings {
    fn from(config: &ServerConfig) -> Self {
        Self {
            background: config.background,
            holds: true,
        }
    }
}

impl Pages {
    /// Creates pages from these connectors.
    #[must_use]
    pub fn new(connectors: Arc<Connectors>, settings: PageSettings) -> Self {
        let maker = Arc::new(PageMaker::new(connectors));
        let account = maker.connectors.host_account();
        let forgetful = Arc::downgrade(&maker);
        account.set_reclaim(move |bytes| {
            forgetful
                .upgrade()
                .is_some_and(|maker| maker.forget_kept(bytes))
        });
        Self {
            maker,
            settings,
            holds: PageHolds::default(),
        }
    }

    /// The running calls, for the operator.
    #[must_use]
    pub fn monitor(&self) -> CallMonitor {
        CallMonitor::new(self.maker.clone())
    }

    /// The present values of the host's gauges.
    #[must_use]
    pub fn gauges(&self) -> HostGauges {
        HostGauges::new(self.maker.clone())
    }

    /// Begins no new calls and holds no requests any longer: requests waiting for a page get a pending answer at
    /// once.
    pub(crate) fn close(&self) {
        self.holds.close();
        self.maker.pages.close();
        self.maker.schemas.close();
        self.maker.connectors.close();
    }

    /// Cancels the calls that nobody has waited for during `at_least`. Returns how many there were.
    pub(crate) fn cancel_unwatched(&self, at_least: Duration) -> usize {
        let is_any = || {
            self.maker.pages.cancel_unwatched(at_least, |_| true)
                || self.maker.schemas.cancel_unwatched(at_least, |_| true)
        };
        std::iter::from_fn(|| is_any().then_some(())).count()
    }

    /// Lets the running calls end that a request waits for, at most until `until`. Cancels the others. Returns how many
    /// were canceled.
    pub(crate) async fn drain(&self, until: Instant) -> usize {
        let (pages, schemas) = tokio::join!(
            self.maker.pages.drain(until),
            self.maker.schemas.drain(until)
        );
        pages + schemas
    }

    /// A connector's schema as Weld reads it. It is never pending: the request waits for it. `within` is the request's own
    /// deadline, if it has one, and `span` its span, if it is recorded.
    ///
    /// # Errors
    ///
    /// [`PagesError`].
    pub(crate) async fn schema(
        &self,
        connector: &Arc<Connector>,
        within: Option<Deadline>,
        span: Option<&RequestSpan>,
    ) -> Result<Bytes, Arc<PagesError>> {
        let limits = connector.limits();
        let deadline = answer_deadline(limits, Instant::now(), within);
        let mut connector = connector.clone();
        for _ in 0..SCHEMA_VERSIONS {
            match self.schema_of(&connector, deadline, span).await {
                Err(failure) if matches!(*failure, PagesError::Superseded) => {
                    let name = Some(connector.name().as_str());
                    connector = self.maker.connectors.find(name).map_err(PagesError::from)?;
                }
                made => return made,
            }
        }
        Err(Arc::new(PagesError::Superseded))
    }

    async fn schema_of(
        &self,
        connector: &Arc<Connector>,
        deadline: Option<Deadline>,
        span: Option<&RequestSpan>,
    ) -> Result<Bytes, Arc<PagesError>> {
        let limits = connector.limits();
        let key = SchemaKey {
            connector: connector.name().clone(),
            version: connector.version(),
        };
        if let Some(schema) = self.maker.schema_cache.get(&key.connector, key.version) {
            return Ok(schema.0.clone());
        }
        let call_deadline = deadline.filter(|_| !self.settings.background);
        let maker = self.maker.clone();
        let begin = |waits, span| maker.schema(connector.clone(), call_deadline, waits, span);
        let traced = (span, "schema");
        let joined = self
            .maker
            .schemas
            .join(key, self.linger(limits), traced, begin);
        let mut waiter = joined.map_err(shutting_down)?;
        tokio::select! {
            biased;
            made = waiter.outcome() => match made {
                Ok(schema) => Ok(schema?.0.clone()),
                // A shutdown cancels calls that would only sleep.
                Err(CallPanic) if self.holds.are_closed() => Err(shutting_down(NoMoreCalls)),
                Err(error) => Err(crashed(error)),
            },
            () = reached(deadline) => Err(Arc::new(match deadline {
                Some(Deadline { limit, reason: DeadlineReason::Invocation, .. }) => {
                    PagesError::SchemaInvocationTimeout { limit }
                }
                _ => PagesError::SchemaTimeout {
                    limit: limits.answer_within.unwrap_or_default(),
                },
            })),
        }
    }

    /// One page of one table, begun no earlier than its state allows. If it is not ready once `released` is, the answer is a
    /// pending one. `within` is the request's own deadline, if it has one, and `span` its span, if it is recorded.
    ///
    /// # Errors
    ///
    /// [`PagesError`].
    pub(crate) async fn page(
        &self,
        connector: &Arc<Connector>,
        request: &Arc<PageRequest>,
        (released, within): (impl Future<Output = ()> + Send, Option<Deadline>),
        span: Option<&RequestSpan>,
    ) -> Result<PageAnswer, Arc<PagesError>> {
        let limits = connector.limits();
        let state = &request.state;
        let (arrived, now) = (Timestamp::now(), Instant::now());
        let mut ended = pin!(async {
            tokio::select! {
                () = self.holds.ended() => {}
                () = released => {}
            }
        });
        let deadline = answer_deadline(limits, now, within);
        let mark = state
            .waiting()
            .map(|mark| between_pages::bound(mark, arrived, limits));
        if let Some(mark) = &mark {
            let left = between_pages::left(mark, arrived);
            let held = self
                .maker
                .held
                .begin(connector.name(), between_pages::wait_of(mark));
            let is_over = if self.settings.holds {
                held_until_its_time(left, deadline, ended.as_mut(), span).await
            } else {
                left.is_zero()
            };
            drop(held);
            // A page that can't outlast its request needs the request's whole time.
            if !is_over || !(left.is_zero() || self.settings.background) {
                let charge = charge_for(connector, state, RETURNED_COPIES)?;
                return Ok(PageAnswer::early(
                    &returned_state(state, Some(mark)),
                    mark,
                    charge,
                ));
            }
        }
        let charge = charge_for(connector, state, CALL_COPIES)?;
        let identify = {
            let (name, request) = (connector.name().clone(), request.clone());
            move || {
                let canonical = request.state.canonical();
                let key = PageKey::new(&name, &request.table, &canonical);
                (canonical, key)
            }
        };
        let identified = connector.work_aside(state.received().len(), identify);
        let (canonical, key) = identified
            .await
            .map_err(|error| Arc::new(ConnectorError::Call(error).into()))?;
        let maker = self.maker.clone();
        let begin = |waits, span| {
            let call = PageCall {
                connector: connector.clone(),
                table: request.table.clone(),
                state: state.guest().to_owned(),
                canonical,
                mark: mark.clone(),
                arrived,
                deadline: deadline.filter(|_| !self.settings.background),
                charge,
            };
            maker.page(call, waits, span)
        };
        let traced = (span, "page");
        let joined = self
            .maker
            .pages
            .join(key, self.linger(limits), traced, begin);
        let Ok(mut waiter) = joined else {
            // The request was accepted before the shutdown, so it is not refused.
            let charge = charge_for(connector, state, RETURNED_COPIES)?;
            let state = returned_state(state, mark.as_ref());
            return Ok(PageAnswer::not_begun(&state, charge));
        };
        let made = tokio::select! {
            biased;
            made = waiter.outcome() => Some(made),
            // Without a background, the call itself ends by then.
            () = reached(deadline.filter(|_| self.settings.background)) => None,
            () = ended => None,
        };
        match made {
            Some(Ok(Ok(page))) => Ok(PageAnswer::ready(&page, waiter)),
            Some(Ok(Err(failure))) if !failure.may_pass() => Err(failure),
            Some(Err(error)) if !self.holds.are_closed() => Err(crashed(error)),
            // A shutdown cancels calls that would only sleep, even while a request waits for them.
            None | Some(Ok(Err(_)) | Err(_)) => Ok(PageAnswer::running(
                &returned_state(state, mark.as_ref()),
                &waiter,
                charge_for(connector, state, RETURNED_COPIES)?,
            )),
        }
    }

    fn linger(&self, limits: &Limits) -> Linger {
        Linger {
            running: if self.settings.background {
                limits.linger
            } else {
                Duration::ZERO
            },
            finished: limits.linger,
        }
    }
}

/// Waits for `left`, but at most until `until` and until `ended` is ready. Returns whether all of it has passed.
async fn held_until_its_time(
    left: Duration,
    until: Option<Deadline>,
    ended: impl Future<Output = ()>,
    span: Option<&RequestSpan>,
) -> bool {
    if left.is_zero() {
        return true;
    }
    let _held = span.map(|span| span.part("wait until the page may begin"));
    tracing::debug!(left_ms = report::milliseconds(left), "held until its time");
    tokio::select! {
        biased;
        () = tokio::time::sleep(left) => true,
        () = reached(until) => false,
        () = ended => false,
    }
}

/// The received state for a client that has to ask again, with the mark that applies here.
fn returned_state(state: &IncomingState, mark: Option<&Waiting>) -> String {
    match mark {
        Some(mark) if state.waiting() != Some(mark) => with_waiting(state.guest(), mark),
        _ => state.received().to_owned(),
    }
}

/// Charges this many copies of a request's state.
fn charge_for(
    connector: &Connector,
    state: &IncomingState,
    copies: u64,
) -> Result<Charge, Arc<PagesError>> {
    let bytes = (state.received().len() as u64).saturating_mul(copies);
    let charge = connector.host_account().charge(bytes + SMALL_BYTES);
    charge.map_err(|error| Arc::new(error.into()))
}

/// When a request that arrived at `arrived` must have its answer; `None` if there is no limit. A request's own deadline,
/// `within`, takes the place of the default of `limits.answer-within`: the default is for clients of whose patience
/// nothing is known.
fn answer_deadline(
    limits: &Limits,
    arrived: Instant,
    within: Option<Deadline>,
) -> Option<Deadline> {
    let is_default = limits.answer_within == Limits::default().answer_within;
    let limit = limits
        .answer_within
        .filter(|_| within.is_none() || !is_default);
    let configured = limit.map(|limit| Deadline::new(arrived, limit, DeadlineReason::AnswerWithin));
    match (within, configured) {
        (Some(within), Some(configured)) => Some(within.or_sooner(configured)),
        (within, configured) => within.or(configured),
    }
}

/// Waits until `deadline`; forever if there is none.
async fn reached(deadline: Option<Deadline>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.at).await,
        None => std::future::pending().await,
    }
}

fn shutting_down(NoMoreCalls: NoMoreCalls) -> Arc<PagesError> {
    Arc::new(ConnectorError::ShuttingDown.into())
}

fn crashed(CallPanic: CallPanic) -> Arc<PagesError> {
    Arc::new(PagesError::Crashed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn deadline_of_an_invocation_takes_the_place_of_the_default() {
        let seconds = Duration::from_secs;
        let arrived = Instant::now();
        for (answer_within, invocation, expected) in [
            (Some(55), None, Some((55, DeadlineReason::AnswerWithin))),
            (None, None, None),
            (Some(55), Some(900), Some((900, DeadlineReason::Invocation))),
            (Some(55), Some(3), Some((3, DeadlineReason::Invocation))),
            (None, Some(900), Some((900, DeadlineReason::Invocation))),
            (
                Some(20),
                Some(900),
                Some((20, DeadlineReason::AnswerWithin)),
            ),
            (Some(20), Some(3), Some((3, DeadlineReason::Invocation))),
        ] {
            let limits = Limits {
                answer_within: answer_within.map(seconds),
                ..Limits::default()
            };
            let within = invocation.map(|invocation| {
                Deadline::new(arrived, seconds(invocation), DeadlineReason::Invocation)
            });
            let deadline = answer_deadline(&limits, arrived, within);
            let found = deadline.map(|deadline| (deadline.limit.as_secs(), deadline.reason));
            assert_eq!(found, expected, "{answer_within:?} {invocation:?}");
        }
    }
}
