//! `RateLimit: "policy";r=50;t=30` with `RateLimit-Policy: "policy";q=100;w=60`, from draft 08 of the IETF on
//! (draft-ietf-httpapi-ratelimit-headers), also under a name with a prefix such as `Beta-RateLimit`.

use std::borrow::Cow;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};

use super::amount::count;
use super::header_name::MAX_NAME_BYTES;
use super::header_words::is_weight;
use super::quota_report::{QuotaFault, QuotaFaultKind, QuotaForm, QuotaReport};
use super::structured::{ListMember, members};

/// The draft's units other than requests. None of them is a quota of calls.
const OTHER_UNITS: [&str; 2] = ["content-bytes", "concurrent-requests"];

/// Whether a header with this name and value describes quotas as members of a structured field.
pub(super) fn is_structured(name: &str, text: &str) -> bool {
    let is_field = ["ratelimit", "rate-limit"].iter().any(|end| {
        let before = name.strip_suffix(end);
        before.is_some_and(|before| before.is_empty() || before.ends_with('-'))
    });
    is_field && members(text).is_some_and(|stated| stated.iter().any(states_remainder))
}

/// The quotas of all such headers except those that are `is_passed_over`; `faults` receives the headers that can't be
/// understood.
pub(super) fn reports(
    headers: &HeaderMap,
    is_passed_over: impl Fn(&str) -> bool,
    faults: &mut Vec<QuotaFault>,
) -> Vec<QuotaReport> {
    let mut reports = Vec::new();
    for name in headers.keys().map(http::HeaderName::as_str) {
        // Most names end differently.
        let Some(text) = name
            .ends_with("limit")
            .then(|| joined(headers, name))
            .flatten()
        else {
            continue;
        };
        if !is_structured(name, &text) || is_passed_over(name) {
            continue;
        }
        let policies = joined(headers, &format!("{name}-policy"));
        let policies = policies.and_then(|text| members(&text)).unwrap_or_default();
        for member in members(&text).unwrap_or_default() {
            let policy = policies.iter().find(|policy| policy.item == member.item);
            match report(&member, policy) {
                Ok(report) => reports.extend(report),
                Err(kind) => faults.push(QuotaFault::new(name, &text, kind)),
            }
        }
    }
    reports
}

/// How long the quota with this limit lasts, by a policy of the earlier drafts: `RateLimit-Policy: 100;w=60`, also
/// under another name.
pub(super) fn window_of(headers: &HeaderMap, limit: u64) -> Option<Duration> {
    let names = headers.keys().map(http::HeaderName::as_str);
    let mut policies = names
        .filter(|name| name.ends_with("-policy") && name.contains("limit"))
        .filter_map(|name| members(&joined(headers, name)?))
        .flatten();
    let policy = policies.find(|policy| first_count(&policy.item) == Some(limit))?;
    window(&policy)
}

/// `"name";r=50;t=30`, with the values of its policy. `None` if it doesn't count calls.
fn report(
    member: &ListMember,
    policy: Option<&ListMember>,
) -> Result<Option<QuotaReport>, QuotaFaultKind> {
    let parameter = |name| policy.and_then(|policy| policy.parameter(name));
    let unit = parameter("qu").unwrap_or("requests");
    if OTHER_UNITS.contains(&unit) {
        return Ok(None);
    }
    let is_weighted = is_weight(unit);
    if (unit != "requests" && !is_weighted) || member.item.len() > MAX_NAME_BYTES {
        return Err(QuotaFaultKind::Form);
    }
    let window = policy.and_then(window);
    let stated = |name| member.parameter(name).and_then(first_count);
    let remaining = stated("r").ok_or(QuotaFaultKind::Form)?;
    let reset = stated("t").map(Duration::from_secs).or(window);
    Ok(Some(QuotaReport {
        name: member.item.clone().into(),
        limit: parameter("q").and_then(first_count),
        remaining,
        reset: Some(reset.ok_or(QuotaFaultKind::NoReset)?),
        window,
        form: QuotaForm::Window,
        is_weighted,
        is_of_some_calls: false,
    }))
}

fn states_remainder(member: &ListMember) -> bool {
    member.parameter("r").is_some()
}

fn window(policy: &ListMember) -> Option<Duration> {
    let seconds = policy.parameter("w").and_then(first_count)?;
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// All lines of a header as one.
fn joined<'h>(headers: &'h HeaderMap, name: &str) -> Option<Cow<'h, str>> {
    let text = |value: &'h HeaderValue| value.to_str().ok();
    let mut lines = headers.get_all(name).iter().filter_map(text);
    let first = lines.next()?;
    Some(lines.fold(Cow::Borrowed(first), |joined, line| {
        Cow::Owned(format!("{joined}, {line}"))
    }))
}

/// A number of calls: the first one of a list, without its parameters and fraction.
fn first_count(text: &str) -> Option<u64> {
    count(text.split([',', ';']).next()?.trim())
}
