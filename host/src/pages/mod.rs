//! One page in the making: what a request for it gets, and when.
//!
//! Here belong the waits between pages, the check of what a guest hands over, and the answer's text. HTTP does not,
//! nor how a guest is run.
//!
//! Uses `connectors`, and `weld-protocol` for the formats.

mod error;
mod guard;
mod schema;
mod wait;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use weld_protocol::{Page, PageRequest, PageText, Pending, with_waiting};

use crate::connectors::{
    CallContext, CallError, Connector, ConnectorError, Connectors, GuestError, GuestPage,
};
pub(crate) use error::PageFailure;
use guard::{Guard, Step};
use wait::RateLimit;

/// When to ask for a schema again that the API's rate limit refused without a time.
const SCHEMA_RETRY: Duration = Duration::from_secs(60);

/// Makes the answers to Weld's requests.
pub struct Pages {
    connectors: Connectors,
    guard: Guard,
    /// Becomes true when the host shuts down: nobody is held from then on.
    closing: watch::Sender<bool>,
}

/// What a request for a page is answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: PageText,
    /// Where the page is not ready: why.
    pub(crate) pending: Option<Pending>,
    pub(crate) rows: u64,
}

impl Answer {
    fn pending(state: &str, why: Pending) -> Self {
        Self {
            text: PageText::pending(state),
            pending: Some(why),
            rows: 0,
        }
    }
}

impl Pages {
    /// Pages from these connectors.
    #[must_use]
    pub fn new(connectors: Connectors) -> Self {
        Self {
            connectors,
            guard: Guard::default(),
            closing: watch::Sender::new(false),
        }
    }

    pub(crate) fn connectors(&self) -> &Connectors {
        &self.connectors
    }

    /// Begins no more calls and holds nobody any more: who waits for a time gets a pending answer at once, who waits
    /// for a sandbox is told that the host shuts down.
    pub(crate) fn close(&self) {
        self.closing.send_replace(true);
        self.connectors.close();
    }

    /// A connector's schema as Weld reads it.
    ///
    /// # Errors
    ///
    /// [`PageFailure`].
    pub(crate) async fn schema(&self, connector: &Connector) -> Result<String, PageFailure> {
        let limits = connector.limits();
        let context = CallContext::default();
        let asking = self.connectors.schema(connector, &context);
        let asked = match limits.answer_within {
            None => asking.await,
            Some(limit) => tokio::time::timeout(limit, asking)
                .await
                .map_err(|_| PageFailure::SchemaTimeout { limit })?,
        };
        match asked {
            Ok(tables) => Ok(schema::write(tables)?),
            Err(ConnectorError::Call(CallError::Guest(GuestError::RateLimited(wait)))) => {
                Err(PageFailure::SchemaRateLimited {
                    retry_after: wait.unwrap_or(SCHEMA_RETRY),
                })
            }
            Err(ConnectorError::Call(CallError::Unreadable { source })) => {
                Err(PageFailure::UnreadableSchema { source })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One page of one table, held until the time that its state names.
    ///
    /// # Errors
    ///
    /// [`PageFailure`].
    pub(crate) async fn page(
        &self,
        connector: &Arc<Connector>,
        request: &PageRequest,
    ) -> Result<Answer, PageFailure> {
        let limits = connector.limits();
        let state = &request.state;
        let arrived = Timestamp::now();
        let waiting = state
            .waiting()
            .map(|waiting| wait::bound(waiting, arrived, limits));
        if let Some(waiting) = &waiting
            && !self
                .hold(wait::left(waiting, arrived), limits.answer_within)
                .await
        {
            let unchanged = state.waiting() == Some(waiting);
            let answered = if unchanged {
                state.received().to_owned()
            } else {
                with_waiting(state.guest(), waiting)
            };
            return Ok(Answer::pending(&answered, Pending::Waiting));
        }
        let fetched = self
            .connectors
            .fetch_page(
                connector,
                &request.table,
                state.guest(),
                &CallContext::default(),
            )
            .await;
        let now = Timestamp::now();
        match fetched {
            Ok(page) => self.answer(page, now, connector, request),
            Err(ConnectorError::Call(CallError::Guest(GuestError::RateLimited(asked)))) => {
                let previous = waiting
                    .as_ref()
                    .filter(|waiting| wait::in_time(waiting, arrived, limits));
                match wait::after_rate_limit(previous, asked, now, limits) {
                    RateLimit::Wait(waiting) => {
                        tracing::info!(until = %waiting.not_before, tries = waiting.tries, "rate-limited");
                        let state = with_waiting(state.guest(), &waiting);
                        Ok(Answer::pending(&state, Pending::Waiting))
                    }
                    RateLimit::GiveUp { retry_after } => {
                        Err(PageFailure::RateLimited { retry_after })
                    }
                }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for `left`, but no longer than `answer_within` and not while the host shuts down. Whether all of it is
    /// over.
    async fn hold(&self, left: Duration, answer_within: Option<Duration>) -> bool {
        if left.is_zero() {
            return true;
        }
        tracing::debug!(?left, "held until its time");
        let held = answer_within.map_or(left, |most| left.min(most));
        let mut closing = self.closing.subscribe();
        tokio::select! {
            () = tokio::time::sleep(held) => held == left,
            // The sender lives as long as `self`, so an error can't come.
            _ = closing.wait_for(|closing| *closing) => false,
        }
    }

    fn answer(
        &self,
        page: GuestPage,
        now: Timestamp,
        connector: &Connector,
        request: &PageRequest,
    ) -> Result<Answer, PageFailure> {
        let limits = connector.limits();
        let mut checked = Page::check(page.insert, page.state, page.has_more)?;
        let wait = page.wait.filter(|wait| !wait.is_zero());
        self.guard
            .note(&Step {
                connector: connector.name().as_str(),
                table: &request.table,
                incoming: &request.state.canonical(),
                page: &checked,
                waits: wait.is_some(),
                max_pages: limits.max_empty_pages,
            })
            .map_err(|stuck| PageFailure::Stuck { pages: stuck.pages })?;
        if let Some(asked) = wait {
            if asked > limits.max_wait {
                tracing::warn!(?asked, max_wait = ?limits.max_wait, "the connector's wait is shortened to limits.max-wait");
            }
            checked = checked.with_waiting(&wait::after_page(asked, now, limits));
        }
        let rows = checked.rows();
        Ok(Answer {
            text: checked.into_parts(),
            pending: None,
            rows,
        })
    }
}
