//! What the spans of calls say.

use super::error::PagesError;
use super::ready::ReadyPage;
use crate::connectors::{CallError, Connector};
use crate::guest_error::GuestError;
use crate::report;
use crate::scope::CallScope;
use crate::traces::{AttributeValue, OpenSpan};

/// Adds what a call has made.
pub(super) fn describe_page(span: &mut OpenSpan, page: &ReadyPage) {
    span.set("weld.rows", page.rows);
    span.set_if("weld.pending", page.pending.map(|pending| pending.as_str()));
}

/// Ends the span of a call: what it was for, and why it failed.
pub(super) fn end_call(
    mut span: OpenSpan,
    connector: &Connector,
    table: Option<&str>,
    failure: Option<&PagesError>,
) {
    span.set("weld.connector", connector.name().shared());
    span.set_if("weld.table", table.map(AttributeValue::text));
    // A page that may come if it is requested again has not failed.
    if let Some(failure) = failure.filter(|failure| !failure.may_pass()) {
        span.fail(&report::chain(failure));
    }
}

/// Ends the span of a connector's run, if there is one.
pub(super) fn end_run(span: Option<OpenSpan>, scope: &CallScope, failure: Option<&CallError>) {
    let Some(mut span) = span else {
        return;
    };
    let used = AttributeValue::milliseconds(scope.cpu.used());
    span.set("weld.cpu_ms", used);
    // A wait between pages has not failed.
    let has_failed = failure.is_some_and(|failure| {
        !matches!(
            failure,
            CallError::Postponed(_) | CallError::Guest(GuestError::RateLimited(_))
        )
    });
    if has_failed {
        // The call's span says why.
        span.fail("");
    }
}
