//! Checks a page that a worker returns, as the host checks one of a component, and adds the waits between pages.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::value::RawValue;
use weld_protocol::{Page, PageRequest, PageText, Pending, Waiting, with_waiting};

use super::fault::{NativeFault, WorkerFault};
use super::message::PageLine;
use crate::config::{Limits, SecretInState};
use crate::secrets::Secrets;
use crate::waits::between_pages::{self, RateLimit};
use crate::waits::{Wait, WaitReason};

/// An answer to a request for a page.
#[derive(Debug)]
pub(super) struct NativeReply {
    pub(super) text: PageText,
    /// Why the page isn't ready; `None` if it is.
    pub(super) pending: Option<Pending>,
    /// What a page that isn't ready waits for.
    pub(super) waits_for: Option<Wait>,
}

impl NativeReply {
    /// The request came before the time in its mark.
    pub(super) fn early(request: &PageRequest, mark: &Waiting) -> Self {
        Self {
            text: PageText::pending(&with_waiting(request.state.guest(), mark)),
            pending: Some(Pending::Waiting),
            waits_for: Some(between_pages::wait_of(mark)),
        }
    }

    /// The page is being made.
    pub(super) fn running(request: &PageRequest, waits_for: Option<Wait>) -> Self {
        Self {
            text: PageText::pending(request.state.received()),
            pending: Some(Pending::Running),
            waits_for,
        }
    }
}

/// The answer with a page.
///
/// # Errors
///
/// [`NativeFault`]: the value is not a valid page, it exceeds a limit, or its state contains a secret.
pub(super) fn check(
    value: &RawValue,
    limits: &Limits,
    secrets: &Secrets,
) -> Result<NativeReply, NativeFault> {
    let page: PageLine =
        serde_json::from_str(value.get()).map_err(|source| WorkerFault::Value {
            expected: "page",
            source,
        })?;
    let PageLine {
        mut insert,
        state,
        has_more,
        wait,
    } = page;
    if insert.len() as u64 > limits.max_page_bytes {
        return Err(NativeFault::PageTooLarge {
            bytes: insert.len(),
            limit_bytes: limits.max_page_bytes,
        });
    }
    if state.len() as u64 > limits.max_state_bytes {
        return Err(NativeFault::StateTooLarge {
            bytes: state.len(),
            limit_bytes: limits.max_state_bytes,
        });
    }
    if let Some(finder) = secrets.all() {
        let refuses = limits.secret_in_state == SecretInState::Refuse;
        if refuses && finder.is_in(state.as_bytes()) {
            return Err(NativeFault::SecretInState);
        }
        let longest = usize::try_from(limits.max_page_bytes).unwrap_or(usize::MAX);
        let replaced = finder.replaced_json(&insert, longest);
        if let Some(replaced) = replaced.map_err(|_| NativeFault::ReplacedTooLarge {
            limit_bytes: limits.max_page_bytes,
        })? {
            tracing::warn!("replaced a secret in the page's rows");
            insert = replaced;
        }
    }
    let mut checked = Page::check(insert, state, has_more)?;
    let wait = wait.filter(|wait| *wait > 0);
    if let Some(wait) = wait {
        let asked = Duration::from_millis(wait.into());
        let mark = between_pages::after_page(asked, Timestamp::now(), limits);
        checked = checked.with_waiting(&mark);
    }
    Ok(NativeReply {
        text: checked.into_parts(),
        pending: None,
        waits_for: None,
    })
}

/// The answer for a page that the API's rate limit refused: it is put off. `asked` is how long the connector asks to
/// wait, and `refusal` the answer that refused the connector's call, if there was one.
///
/// # Errors
///
/// The wait is longer than `limits.max-wait`.
pub(super) fn put_off(
    request: &PageRequest,
    asked: Option<Duration>,
    refusal: Option<&WaitReason>,
    arrived: Timestamp,
    limits: &Limits,
) -> Result<NativeReply, NativeFault> {
    let mark = request.state.waiting();
    let previous = mark.filter(|mark| between_pages::in_time(mark, arrived, limits));
    match between_pages::after_rate_limit(previous, asked, refusal, Timestamp::now(), limits) {
        RateLimit::Wait(mark) => Ok(NativeReply::early(request, &mark)),
        RateLimit::GiveUp { retry_after } => Err(NativeFault::WaitTooLong { retry_after }),
    }
}

/// The longest line that a worker needs: a page or a request with all its texts quoted, which doubles most of them.
pub(super) fn longest_line(limits: &Limits) -> usize {
    const ENVELOPE_BYTES: u64 = 1 << 20;
    let page = limits.max_page_bytes.saturating_add(limits.max_state_bytes);
    let longest = page
        .max(limits.max_request_bytes)
        .max(limits.max_schema_bytes)
        .saturating_mul(2)
        .saturating_add(ENVELOPE_BYTES);
    usize::try_from(longest).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::size_text;
    use crate::waits::LastTry;

    fn value(insert: &str, state: &str, more: &str) -> Box<RawValue> {
        let page =
            serde_json::json!({"insert": insert, "state": state, "has-more": true}).to_string();
        let text = page.replacen('{', &format!("{{{more}"), 1);
        RawValue::from_string(text).unwrap()
    }

    fn checked(value: &RawValue, limits: &Limits) -> Result<String, String> {
        let secrets = Secrets::of("shop");
        secrets.add("hunter2hunter2", "auth.shop");
        let reply = check(value, limits, &secrets);
        reply
            .map(|reply| reply.text.into_chunks().concat())
            .map_err(|fault| crate::report::chain(&fault))
    }

    #[test]
    fn pages_are_checked_as_those_of_components() {
        let limits = Limits {
            max_page_bytes: 60,
            max_state_bytes: 20,
            ..Limits::default()
        };
        let good = checked(&value(r#"[{"id":1}]"#, "{}", ""), &limits);
        assert_eq!(
            good.unwrap(),
            r#"{"insert":[{"id":1}],"state":{},"hasMore":true}"#
        );
        let hidden = checked(&value(r#"[{"a":"hunter2hunter2"}]"#, "{}", ""), &limits);
        assert!(hidden.unwrap().contains(r#"[{"a":"[secret auth.shop]"}]"#));
        let waits = checked(&value("[]", r#"{"a":1}"#, r#""wait":60000,"#), &limits);
        assert!(
            waits
                .unwrap()
                .contains(r#"{"a":1,"weld-host":{"not-before":"#)
        );
        let long = format!("[{{\"a\":\"{}\"}}]", "x".repeat(60));
        for (page, words) in [
            (
                value(&long, "{}", ""),
                "more than the 60B that `limits.page-size` allows",
            ),
            (
                value("[]", r#"{"a":"0123456789abc"}"#, ""),
                "more than the 20B that `limits.state-size` allows",
            ),
            (
                value("[]", r#"{"":"hunter2hunter2"}"#, ""),
                "`limits.state-size`",
            ),
            (
                value("[1]", "{}", ""),
                "insert[0] is a number, not an object",
            ),
            (
                value("[]", "null", ""),
                "state is null though has-more is true",
            ),
        ] {
            let error = checked(&page, &limits).unwrap_err();
            assert!(error.contains(words), "{words}: {error}");
        }
        let secret = value("[]", r#"{"at":"hunter2hunter2"}"#, "");
        let error = checked(&secret, &Limits::default()).unwrap_err();
        assert!(error.contains("put a secret into its state"), "{error}");
        let odd = RawValue::from_string("[]".to_owned()).unwrap();
        let error = checked(&odd, &limits).unwrap_err();
        assert!(
            error.starts_with("the connector's process returned an invalid page: "),
            "{error}"
        );
    }

    #[test]
    fn a_refused_page_waits_and_finally_gives_up() {
        let request = PageRequest::parse(br#"{"name":"deals","state":{"page":2}}"#).unwrap();
        let now = Timestamp::now();
        let limits = Limits::default();
        let second = Duration::from_secs(1);
        let refusal = WaitReason::Retry {
            origin: "https://api.example.com".into(),
            last: LastTry::Answered(429),
        };
        let reply = put_off(&request, Some(second), Some(&refusal), now, &limits).unwrap();
        assert_eq!(reply.pending, Some(Pending::Waiting));
        let wait = reply.waits_for.unwrap().to_string();
        let expected =
            "another try at https://api.example.com (it answered 429 Too Many Requests) until ";
        assert!(wait.starts_with(expected), "{wait}");
        let text = reply.text.into_chunks().concat();
        assert!(
            text.contains(r#""page":2"#) && text.contains("\"tries\":1"),
            "{text}"
        );
        let longer = limits.max_wait + second;
        assert!(matches!(
            put_off(&request, Some(longer), None, now, &limits),
            Err(NativeFault::WaitTooLong { retry_after }) if retry_after == longer
        ));
    }

    #[test]
    fn a_line_has_room_for_a_page_in_quotes() {
        let limits = Limits::default();
        let most = u64::try_from(longest_line(&limits)).unwrap();
        assert!(most > 2 * limits.max_page_bytes, "{}", size_text(most));
    }
}
