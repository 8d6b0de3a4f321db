//! The verdict on a response, by rules.

use http::HeaderMap;
use serde_json::Value;

use super::wait::UnreadWait;
use super::{conditions, wait};
use crate::config::{RefusalAction, RefusalRule};
use crate::egress::governor::{QuotaReadings, ResponseVerdict};

/// How many bytes a byte of JSON may become as a tree, at most: the seven bytes of an object with one field in a
/// list, `{"":0},`, become a node of a map.
const TREE_FACTOR: u64 = 128;

/// The rules of one connector, in order of precedence.
#[derive(Debug)]
pub(in crate::egress) struct Refusals(Vec<RefusalRule>);

/// The meaning of a response.
#[derive(Debug, Clone)]
pub(in crate::egress) struct Judgment<'r> {
    pub(in crate::egress) verdict: ResponseVerdict,
    /// The deciding rule; `None` if status and headers alone decide.
    pub(in crate::egress) rule: Option<&'r RefusalRule>,
    /// Whether it is a rate limit only because of a rule: without the rule, it would not look like one.
    pub(in crate::egress) is_hidden_limit: bool,
    /// The value that the rule expects to be a wait, and that can't be read.
    pub(in crate::egress) unread: Option<UnreadWait>,
}

/// The meaning of a response as far as its head shows it.
#[derive(Debug)]
pub(in crate::egress) enum HeadJudgment<'r> {
    /// Decided.
    Known(Judgment<'r>),
    /// The body decides.
    Open(BodyJudge<'r>),
}

/// Judges a response whose body decides.
#[derive(Debug)]
pub(in crate::egress) struct BodyJudge<'r> {
    /// The rules whose conditions the head meets.
    rules: Vec<&'r RefusalRule>,
    status: u16,
    needs_json: bool,
}

impl Judgment<'_> {
    /// The judgment if there is no response.
    pub(in crate::egress) const UNANSWERED: Self = Self {
        verdict: ResponseVerdict::Answer,
        rule: None,
        is_hidden_limit: false,
        unread: None,
    };

    /// The meaning of a response to which no rule applies.
    pub(in crate::egress) fn plain(status: u16, readings: &QuotaReadings) -> Self {
        Self {
            verdict: ResponseVerdict::of(status, readings),
            rule: None,
            is_hidden_limit: false,
            unread: None,
        }
    }
}

impl Refusals {
    pub(in crate::egress) fn new(rules: Vec<RefusalRule>) -> Self {
        Self(rules)
    }

    /// Judges the head of a response, with its readings of quotas.
    pub(in crate::egress) fn of_head(
        &self,
        status: u16,
        headers: &HeaderMap,
        readings: &QuotaReadings,
    ) -> HeadJudgment<'_> {
        let mut rules = self.0.iter();
        let met = rules.find(|rule| conditions::of_head(rule, status, headers));
        match met {
            None => HeadJudgment::Known(Judgment::plain(status, readings)),
            Some(rule) if !rule.needs_body() => {
                HeadJudgment::Known(judgment(rule, (status, headers), None, readings))
            }
            Some(rule) => {
                let others = rules.filter(|rule| conditions::of_head(rule, status, headers));
                let rules: Vec<_> = std::iter::once(rule).chain(others).collect();
                HeadJudgment::Open(BodyJudge {
                    needs_json: rules.iter().any(|rule| rule.needs_json()),
                    rules,
                    status,
                })
            }
        }
    }
}

impl<'r> BodyJudge<'r> {
    /// How many bytes it may take to judge a body of this length.
    pub(in crate::egress) fn tree_bytes(&self, length: usize) -> u64 {
        if !self.needs_json {
            return 0;
        }
        let length = u64::try_from(length).unwrap_or(u64::MAX);
        length.saturating_mul(TREE_FACTOR)
    }

    /// The meaning of the response without its body.
    pub(in crate::egress) fn without_body(&self, readings: &QuotaReadings) -> Judgment<'r> {
        Judgment::plain(self.status, readings)
    }

    /// The meaning of the response. `beginning` is that of its body, and `is_whole` says whether it is the whole
    /// body: JSON is read only as a whole.
    pub(in crate::egress) fn judge(
        &self,
        headers: &HeaderMap,
        beginning: &[u8],
        is_whole: bool,
        readings: &QuotaReadings,
    ) -> Judgment<'r> {
        let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
        let json: Option<Value> = if is_whole && self.needs_json {
            serde_json::from_slice(text).ok()
        } else {
            None
        };
        let mut rules = self.rules.iter();
        match rules.find(|rule| conditions::of_body(rule, text, json.as_ref())) {
            Some(rule) => judgment(rule, (self.status, headers), json.as_ref(), readings),
            None => self.without_body(readings),
        }
    }
}

fn judgment<'r>(
    rule: &'r RefusalRule,
    (status, headers): (u16, &HeaderMap),
    body: Option<&Value>,
    readings: &QuotaReadings,
) -> Judgment<'r> {
    let mut unread = None;
    let verdict = match &rule.action {
        RefusalAction::Wait(wait) => {
            let asked;
            (asked, unread) = wait::of_refusal(wait, headers, body, readings);
            ResponseVerdict::RateLimit(asked)
        }
        RefusalAction::Retry => ResponseVerdict::Failure,
        RefusalAction::Fail => ResponseVerdict::Answer,
        RefusalAction::Renew => ResponseVerdict::Credential,
    };
    let is_limit = |verdict| matches!(verdict, ResponseVerdict::RateLimit(_));
    Judgment {
        verdict,
        rule: Some(rule),
        unread,
        is_hidden_limit: is_limit(verdict) && !is_limit(ResponseVerdict::of(status, readings)),
    }
}

#[cfg(test)]
mod tests;
