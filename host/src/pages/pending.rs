//! Pages that are put off: the answers after a rate limit, and after a wait that ended the call.

use std::time::Duration;

use jiff::Timestamp;
use weld_protocol::{Pending, Waiting, with_waiting};

use super::error::PagesError;
use super::page_call::PageCall;
use super::ready::ReadyPage;
use crate::scope::CallScope;
use crate::waits::between_pages::{self, RateLimit};
use crate::waits::{Postponement, WaitReason};

/// How many copies of a state are held when a mark is added, and the maximum length of the mark and the answer around
/// it.
const MARKED_COPIES: u64 = 2;
const MARK_BYTES: u64 = 1 << 10;

/// The longest wait inside this call for which its page may be put off; `None` if it must not be.
pub(super) fn longest_postponement(call: &PageCall) -> Option<Duration> {
    let limits = call.connector.limits();
    let previous = previous(call);
    between_pages::longest_postponement(call.mark.as_ref(), previous, Timestamp::now(), limits)
}

/// The answer for a page that the API's rate limit refused. `asked` is how long the connector asks to wait.
///
/// # Errors
///
/// The API asks for a longer wait than `limits.max-wait`, or there is no memory for the answer.
pub(super) fn rate_limited(
    call: &PageCall,
    asked: Option<Duration>,
    now: Timestamp,
    scope: &CallScope,
) -> Result<ReadyPage, PagesError> {
    let refusal = scope.waits.refusal();
    let waiting = mark(call, asked, refusal.as_ref(), now)?;
    tracing::info!(until = %waiting.not_before, tries = waiting.tries, "rate-limited");
    Ok(ReadyPage {
        waits_for: waiting
            .reason
            .as_ref()
            .map(|_| between_pages::wait_of(&waiting)),
        ..put_off(call, &waiting, scope)?
    })
}

/// The answer for a page whose call was ended because of a long wait.
///
/// # Errors
///
/// As [`rate_limited`].
pub(super) fn postponed(
    call: &PageCall,
    postponement: Postponement,
    now: Timestamp,
    scope: &CallScope,
) -> Result<ReadyPage, PagesError> {
    let reason = Some(&postponement.wait.reason);
    let waiting = mark(call, Some(postponement.length), reason, now)?;
    let Postponement {
        wait,
        repeated_calls,
        ..
    } = postponement;
    tracing::info!(
        waits_for = %wait,
        tries = waiting.tries,
        repeated_calls,
        "postponed: the page begins again after the wait; until then its sandbox is free"
    );
    Ok(ReadyPage {
        waits_for: Some(wait),
        repeated_calls,
        ..put_off(call, &waiting, scope)?
    })
}

fn mark(
    call: &PageCall,
    asked: Option<Duration>,
    reason: Option<&WaitReason>,
    now: Timestamp,
) -> Result<Waiting, PagesError> {
    let limits = call.connector.limits();
    match between_pages::after_rate_limit(previous(call), asked, reason, now, limits) {
        RateLimit::Wait(waiting) => Ok(waiting),
        RateLimit::GiveUp { retry_after } => Err(PagesError::RateLimited { retry_after }),
    }
}

/// The mark with which the waiting continues.
fn previous(call: &PageCall) -> Option<&Waiting> {
    let limits = call.connector.limits();
    let mark = call.mark.as_ref();
    mark.filter(|mark| between_pages::in_time(mark, call.arrived, limits))
}

fn put_off(call: &PageCall, waiting: &Waiting, scope: &CallScope) -> Result<ReadyPage, PagesError> {
    let bytes = (call.state.len() as u64).saturating_mul(MARKED_COPIES);
    let charge = scope.account.transit(bytes + MARK_BYTES)?;
    let state = with_waiting(&call.state, waiting);
    Ok(ReadyPage::pending(&state, Pending::Waiting, charge))
}
