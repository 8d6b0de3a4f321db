//! One call, from its slot to the answer for its requests.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{SharedString, histogram};
use tokio::time::Instant;
use weld_protocol::Page;

use super::calls::{OutcomeBounds, SharedCalls};
use super::cpu_meter::CpuMeter;
use super::early::EarlyRequests;
use super::error::PagesError;
use super::guard::{Guard, PageStep};
use super::key::{PageKey, SchemaKey};
use super::page_call::PageCall;
use super::ready::{CallResult, ReadyPage, ReadySchema};
use super::schemas::SchemaCache;
use super::{call_spans, pending, schema, secrets};
use crate::config::{ConnectorName, Limits};
use crate::connectors::{
    CallError, Connector, ConnectorError, Connectors, Evictable, GuestPage, PageNote, Slot,
};
use crate::guest_error::GuestError;
use crate::report::{self, milliseconds};
use crate::scope::{CallScope, Deadline, DeadlineReason};
use crate::telemetry::catalog;
use crate::traces::OpenSpan;
use crate::waits::{Wait, WaitReason, Waits, between_pages};

/// The memory for pages and schemas that wait for their client.
const KEPT: OutcomeBounds = OutcomeBounds {
    outcomes: 4_096,
    bytes: 256 << 20,
};

/// When to request a schema again after the API's rate limit refused it without giving a time.
const SCHEMA_RETRY: Duration = Duration::from_secs(60);

/// How long a client may take to ask again before its call counts as left. Weld asks at once.
pub(crate) const REJOIN: Duration = Duration::from_secs(5);

/// Makes pages and schemas. Every running call holds it.
pub(super) struct PageMaker {
    pub(super) connectors: Arc<Connectors>,
    pub(super) pages: SharedCalls<PageKey, CallResult<ReadyPage>>,
    pub(super) schemas: SharedCalls<SchemaKey, CallResult<ReadySchema>>,
    pub(super) schema_cache: SchemaCache,
    /// The requests that come before their time.
    pub(super) held: Arc<EarlyRequests>,
    guard: Guard,
}

impl PageMaker {
    pub(super) fn new(connectors: Arc<Connectors>) -> Self {
        Self {
            connectors,
            pages: SharedCalls::new(KEPT),
            schemas: SharedCalls::new(KEPT),
            schema_cache: SchemaCache::default(),
            held: Arc::default(),
            guard: Guard::default(),
        }
    }

    /// Drops kept pages and schemas that no request waits for, the oldest first, until this many bytes are freed.
    /// Returns whether there were any.
    pub(super) fn forget_kept(&self, bytes: u64) -> bool {
        let mut freed = 0_u64;
        let mut is_any = false;
        while freed < bytes {
            let forgotten = self
                .pages
                .forget_oldest()
                .or_else(|| self.schemas.forget_oldest())
                .or_else(|| self.schema_cache.forget_one());
            let Some(forgotten) = forgotten else { break };
            freed = freed.saturating_add(forgotten);
            is_any = true;
        }
        is_any
    }

    /// Makes a schema. `span` is that of the call, if it is recorded.
    pub(super) async fn schema(
        self: Arc<Self>,
        connector: Arc<Connector>,
        deadline: Option<Deadline>,
        waits: Arc<Waits>,
        span: Option<OpenSpan>,
    ) -> CallResult<ReadySchema> {
        let span = span.map(|span| call_spans::begin_call(span, &connector, None));
        let made = self.ask_schema(&connector, deadline, waits).await;
        call_spans::end_call(span, None, made.as_ref().err());
        match made {
            Ok(schema) => {
                let schema = Arc::new(schema);
                let ttl = connector.limits().schema_ttl;
                self.schema_cache
                    .put(connector.name(), connector.version(), &schema, ttl);
                Ok(schema)
            }
            Err(failure) => Err(failed(&connector, None, failure)),
        }
    }

    async fn ask_schema(
        &self,
        connector: &Arc<Connector>,
        deadline: Option<Deadline>,
        waits: Arc<Waits>,
    ) -> Result<ReadySchema, PagesError> {
        let (_slot, scope) = self.begin(connector, deadline, waits).await?;
        let _cpu = CpuMeter::of(connector, &scope);
        let run = call_spans::begin_run(&scope);
        let asked = tokio::select! {
            asked = connector.schema(&scope) => asked,
            () = connector.superseded() => return Err(PagesError::Superseded),
        };
        call_spans::end_run(run, &scope, asked.as_ref().err());
        match asked {
            Ok(schema) => {
                let bytes = schema.bytes();
                let written = {
                    let connector = connector.clone();
                    move || -> Result<ReadySchema, PagesError> {
                        let max_bytes = connector.limits().max_schema_bytes;
                        let (text, mut charge) = schema::write(schema, max_bytes)?;
                        let text = secrets::schema(text, &connector, &mut charge)?;
                        Ok(ReadySchema::new(text, charge))
                    }
                };
                let work = connector.work(&scope, bytes, written);
                work.await.map_err(ConnectorError::Call)?
            }
            Err(CallError::Guest(GuestError::RateLimited(wait))) => {
                Err(PagesError::SchemaRateLimited {
                    retry_after: wait.unwrap_or(SCHEMA_RETRY),
                })
            }
            Err(CallError::Unreadable { source }) => Err(PagesError::UnreadableSchema { source }),
            Err(error) => Err(ConnectorError::Call(error).into()),
        }
    }

    /// Makes a page. `span` is that of the call, if it is recorded.
    pub(super) async fn page(
        self: Arc<Self>,
        call: PageCall,
        waits: Arc<Waits>,
        span: Option<OpenSpan>,
    ) -> CallResult<ReadyPage> {
        let (call, began) = (Arc::new(call), Instant::now());
        let span =
            span.map(|span| call_spans::begin_call(span, &call.connector, Some(&call.table)));
        let made = self.ask_page(call.clone(), waits).await;
        let connector = SharedString::from_shared(call.connector.name().shared());
        histogram!(catalog::PAGE_SECONDS.name, "connector" => connector).record(began.elapsed());
        call_spans::end_call(span, made.as_ref().ok(), made.as_ref().err());
        match made {
            Ok(page) => {
                if page.pending.is_none() {
                    let note = PageNote {
                        at: Timestamp::now(),
                        rows: page.rows,
                        took: began.elapsed(),
                    };
                    call.connector.journal().note_page(&call.table, note);
                }
                Ok(Arc::new(page))
            }
            Err(failure) => Err(failed(&call.connector, Some(&call.table), failure)),
        }
    }

    async fn ask_page(
        self: &Arc<Self>,
        call: Arc<PageCall>,
        waits: Arc<Waits>,
    ) -> Result<ReadyPage, PagesError> {
        waits.postponer.allow(pending::longest_postponement(&call));
        let (slot, scope) = self.begin(&call.connector, call.deadline, waits).await?;
        let _cpu = CpuMeter::of(&call.connector, &scope);
        let run = call_spans::begin_run(&scope);
        let fetched = tokio::select! {
            fetched = call.connector.fetch_page(&call.table, &call.state, &scope) => fetched,
            () = call.connector.superseded() => return Err(PagesError::Superseded),
        };
        drop(slot);
        call_spans::end_run(run, &scope, fetched.as_ref().err());
        let now = Timestamp::now();
        match fetched {
            Ok(page) => {
                let (bytes, maker, connector) =
                    (page.bytes(), self.clone(), call.connector.clone());
                let work = connector.work(&scope, bytes, move || maker.check(page, now, &call));
                work.await.map_err(ConnectorError::Call)?
            }
            Err(CallError::Guest(GuestError::RateLimited(asked))) => {
                pending::rate_limited(&call, asked, now, &scope)
            }
            Err(CallError::Postponed(postponement)) => {
                pending::postponed(&call, postponement, now, &scope)
            }
            Err(error) => Err(ConnectorError::Call(error).into()),
        }
    }

    /// Waits for a slot. Calls without waiters make room.
    async fn begin(
        &self,
        connector: &Connector,
        deadline: Option<Deadline>,
        waits: Arc<Waits>,
    ) -> Result<(Slot, Arc<CallScope>), PagesError> {
        let slot = {
            let _waiting = waits.begin(Wait {
                reason: WaitReason::Sandbox,
                until: None,
            });
            let make_room = |evictable: Evictable<'_>| {
                let may_go = |connector: &ConnectorName| match evictable {
                    Evictable::Any => true,
                    Evictable::Of(full) => connector == full,
                };
                if self
                    .pages
                    .cancel_unwatched(REJOIN, |page| may_go(page.connector()))
                    || self
                        .schemas
                        .cancel_unwatched(REJOIN, |schema| may_go(&schema.connector))
                {
                    tracing::info!("canceled a call that nobody waits for, to make room");
                }
            };
            self.connectors.admit(connector, make_room).await?
        };
        let limits = connector.limits();
        let deadline = call_deadline(limits, deadline, Instant::now());
        Ok((
            slot,
            Arc::new(CallScope::new(
                limits,
                deadline,
                waits,
                connector.host_account(),
            )),
        ))
    }

    fn check(
        &self,
        mut page: GuestPage,
        now: Timestamp,
        call: &PageCall,
    ) -> Result<ReadyPage, PagesError> {
        let limits = call.connector.limits();
        secrets::page(&mut page, &call.connector)?;
        let (has_more, wait) = (page.has_more, page.wait.filter(|wait| !wait.is_zero()));
        let (insert, state, charge) = page.into_parts();
        let mut checked = Page::check(insert, state, has_more)?;
        self.guard
            .note(&PageStep {
                connector: call.connector.name().as_str(),
                table: &call.table,
                incoming: &call.canonical,
                page: &checked,
                waits: wait.is_some(),
                max_pages: limits.max_empty_pages,
            })
            .map_err(|stuck| PagesError::Stuck { pages: stuck.pages })?;
        if let Some(asked) = wait {
            if asked > limits.max_wait {
                tracing::warn!(
                    asked_ms = milliseconds(asked),
                    max_wait_ms = milliseconds(limits.max_wait),
                    "the connector asked for a longer wait than limits.max-wait, so it is shortened"
                );
            }
            checked = checked.with_waiting(&between_pages::after_page(asked, now, limits));
        }
        let rows = checked.rows();
        Ok(ReadyPage::new(checked.into_parts(), rows, charge))
    }
}

/// Records a failure, unless the page may come if it is requested again.
fn failed(connector: &Connector, table: Option<&str>, failure: PagesError) -> Arc<PagesError> {
    if !failure.may_pass() {
        let message = report::chain(&failure);
        connector.journal().note_failure(table, &message);
    }
    Arc::new(failure)
}

/// The deadline of a call that got its slot at `began`. `answer` is when its request must have the answer, if the
/// call can't continue without it.
fn call_deadline(limits: &Limits, answer: Option<Deadline>, began: Instant) -> Deadline {
    let page = Deadline::new(began, limits.page_timeout, DeadlineReason::PageTimeout);
    answer.map_or(page, |answer| page.or_sooner(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn call_ends_with_its_answer_or_its_page_whichever_is_sooner() {
        let seconds = Duration::from_secs;
        for (answer_within, page_timeout, queued, ends, reason) in [
            // Both are equal: the answer's time began when the request arrived, the page's when it got its slot.
            (10, 10, 0, 10, DeadlineReason::PageTimeout),
            (10, 10, 1, 10, DeadlineReason::AnswerWithin),
            // `answer-within` is longer, but part of it may already have passed.
            (20, 10, 0, 10, DeadlineReason::PageTimeout),
            (20, 10, 9, 19, DeadlineReason::PageTimeout),
            (20, 10, 10, 20, DeadlineReason::PageTimeout),
            (20, 10, 11, 20, DeadlineReason::AnswerWithin),
            (20, 10, 30, 20, DeadlineReason::AnswerWithin),
            (5, 10, 0, 5, DeadlineReason::AnswerWithin),
        ] {
            let limits = Limits {
                page_timeout: seconds(page_timeout),
                ..Limits::default()
            };
            let arrived = Instant::now();
            let answer = Deadline::new(
                arrived,
                seconds(answer_within),
                DeadlineReason::AnswerWithin,
            );
            let deadline = call_deadline(&limits, Some(answer), arrived + seconds(queued));
            let case = (answer_within, page_timeout, queued);
            assert_eq!(deadline.at, arrived + seconds(ends), "{case:?}");
            assert_eq!(deadline.reason, reason, "{case:?}");
            let limit = match reason {
                DeadlineReason::AnswerWithin => answer_within,
                _ => page_timeout,
            };
            assert_eq!(deadline.limit, seconds(limit), "{case:?}");
            let alone = call_deadline(&limits, None, arrived);
            assert_eq!(alone.reason, DeadlineReason::PageTimeout, "{case:?}");
        }
    }
}
