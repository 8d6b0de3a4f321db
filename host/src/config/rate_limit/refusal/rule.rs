//! One rule of `[[rate-limit.refusal]]`, or of a preset.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::HeaderName;
use serde_json::Value;

use super::body_path::BodyPath;
use crate::config::time_unit::TimeUnit;

/// What a response looks like that refuses a call, and what becomes of the call. All conditions that it names must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRule {
    /// What messages call it: its key and line, or its preset.
    pub name: String,
    /// `status`: within one of these; empty for any.
    pub statuses: Vec<RangeInclusive<u16>>,
    /// `header`.
    pub headers: Vec<HeaderCondition>,
    /// `json`.
    pub fields: Vec<FieldCondition>,
    /// `text`: one of these stands in the body, in whatever case; empty for any body.
    pub texts: Vec<String>,
    /// `then`.
    pub action: RefusalAction,
}

/// A header that the response has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderCondition {
    /// Its name.
    pub name: HeaderName,
    /// One of these stands in its value, in whatever case; empty for any value.
    pub texts: Vec<String>,
}

/// A field that the response's body has, if that is JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCondition {
    /// Where it stands.
    pub path: BodyPath,
    /// It is one of these; empty for any but `null`.
    pub values: Vec<Value>,
}

/// What becomes of a call that a response refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalAction {
    /// A rate limit: the connector's calls wait, then it is sent again.
    Wait(RefusalWait),
    /// A failure that may pass: it is sent again after a pause.
    Retry,
    /// The response is the connector's at once.
    Fail,
    /// The credential is renewed, as after 401, then it is sent again.
    Renew,
}

/// How long a rate limit lasts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusalWait {
    /// Where the response says it.
    pub place: Option<WaitPlace>,
    /// `wait-unit`: what a number there counts. `None` for seconds, or seconds or milliseconds since 1970, by its size.
    pub unit: Option<TimeUnit>,
    /// `wait`: if the response says nothing, there or in the usual headers.
    pub otherwise: Option<Duration>,
}

/// Where a response says how long to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitPlace {
    /// `wait-header`.
    Header(HeaderName),
    /// `wait-json`.
    Body(BodyPath),
    /// What the call needs of a store that fills up, and what that has: the difference, at so much a second.
    Refill {
        /// What the call needs.
        needed: BodyPath,
        /// What there is.
        available: BodyPath,
        /// What comes back each second.
        rate: BodyPath,
    },
}

impl RefusalRule {
    /// Whether the body decides, too.
    pub fn needs_body(&self) -> bool {
        self.needs_json() || !self.texts.is_empty()
    }

    /// Whether something stands in the body as JSON.
    pub fn needs_json(&self) -> bool {
        let is_told_there = match &self.action {
            RefusalAction::Wait(wait) => matches!(
                wait.place,
                Some(WaitPlace::Body(_) | WaitPlace::Refill { .. })
            ),
            RefusalAction::Retry | RefusalAction::Fail | RefusalAction::Renew => false,
        };
        is_told_there || !self.fields.is_empty()
    }
}
