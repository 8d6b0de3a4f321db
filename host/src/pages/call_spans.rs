//! What the spans of calls say.

use super::error::PagesError;
use super::ready::ReadyPage;
use crate::connectors::{CallError, Connector};
use crate::guest_error::GuestError;
use crate::report;
use crate::scope::CallScope;
use crate::traces::{AttributeValue, OpenSpan, WorkSpan};

/// The span of a call, with what the call is for.
pub(super) fn begin_call(
    mut span: OpenSpan,
    connector: &Connector,
    table: Option<&str>,
) -> WorkSpan {
    span.set("weld.connector", connector.name().shared());
    span.set_if("weld.table", table.map(AttributeValue::text));
    WorkSpan::new(span)
}

/// Ends the span of a call, if there is one: what the call has made, or why it failed. `page` is `None` if it failed, or
/// was for a schema.
pub(super) fn end_call(
    span: Option<WorkSpan>,
    page: Option<&ReadyPage>,
    failure: Option<&PagesError>,
) {
    let Some(span) = span else {
        return;
    };
    span.end(|span| {
        if let Some(page) = page {
            span.set("weld.rows", page.rows);
            span.set_if("weld.pending", page.pending.map(|pending| pending.as_str()));
        }
        // A page that may come if it is requested again has not failed.
        if let Some(failure) = failure.filter(|failure| !failure.may_pass()) {
            span.fail(&report::chain(failure));
        }
    });
}

/// Begins the span of a connector's run, if the call is recorded.
pub(super) fn begin_run(scope: &CallScope) -> Option<WorkSpan> {
    let trace = scope.waits.trace()?;
    Some(WorkSpan::new(trace.run("run")))
}

/// Ends the span of a connector's run, if there is one.
pub(super) fn end_run(span: Option<WorkSpan>, scope: &CallScope, failure: Option<&CallError>) {
    let Some(span) = span else {
        return;
    };
    // A wait between pages has not failed.
    let has_failed = failure.is_some_and(|failure| {
        !matches!(
            failure,
            CallError::Postponed(_) | CallError::Guest(GuestError::RateLimited(_))
        )
    });
    span.end(|span| {
        let used = AttributeValue::milliseconds(scope.cpu.used());
        span.set("weld.cpu_ms", used);
        if has_failed {
            // The call's span says why.
            span.fail("");
        }
    });
}
