//! One rule of `[[rate-limit.refusal]]`, or of a preset.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::HeaderName;
use serde_json::Value;

use super::body_path::BodyPath;
use crate::config::time_unit::TimeUnit;

/// A response that refuses a call, and what is done with the call. All conditions of the rule must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalRule {
    /// The name in messages: its key and line, or its preset.
    pub name: String,
    /// `status`: ranges, one of which contains the response's status; empty for any status.
    pub statuses: Vec<RangeInclusive<u16>>,
    /// `header`.
    pub headers: Vec<HeaderCondition>,
    /// `json`.
    pub fields: Vec<FieldCondition>,
    /// `text`: the body contains one of these, ignoring case; empty for any body.
    pub texts: Vec<String>,
    /// `then`.
    pub action: RefusalAction,
}

/// A header that the response must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderCondition {
    /// Its name.
    pub name: HeaderName,
    /// The value contains one of these, ignoring case; empty for any value.
    pub texts: Vec<String>,
}

/// A field that the response's JSON body must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldCondition {
    /// Its path.
    pub path: BodyPath,
    /// Its value is one of these; empty for any value but `null`.
    pub values: Vec<Value>,
}

/// What is done with a call that a response refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalAction {
    /// A rate limit: the connector's calls wait, then the call is retried.
    Wait(RefusalWait),
    /// A temporary failure: the call is retried after a pause.
    Retry,
    /// The response goes to the connector at once.
    Fail,
    /// The credential is renewed, as after a 401, then the call is retried.
    Renew,
}

/// How long to wait for a rate limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefusalWait {
    /// Where the response states it.
    pub place: Option<WaitPlace>,
    /// `wait-unit`: the unit of a number there. `None` for seconds from now, or seconds or milliseconds since 1970,
    /// depending on its size.
    pub unit: Option<TimeUnit>,
    /// `wait`: the time if the response states none, neither there nor in the usual headers.
    pub otherwise: Option<Duration>,
}

/// Where a response states how long to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitPlace {
    /// `wait-header`.
    Header(HeaderName),
    /// `wait-json`.
    Body(BodyPath),
    /// A budget that refills at a rate: the missing amount, divided by the rate.
    Refill {
        /// The amount that the call needs.
        needed: BodyPath,
        /// The amount that is available.
        available: BodyPath,
        /// The amount refilled each second.
        rate: BodyPath,
    },
}

impl RefusalRule {
    /// Whether the rule needs the response's body.
    pub fn needs_body(&self) -> bool {
        self.needs_json() || !self.texts.is_empty()
    }

    /// Whether the rule needs the response's body as JSON.
    pub fn needs_json(&self) -> bool {
        let waits_by_body = match &self.action {
            RefusalAction::Wait(wait) => matches!(
                wait.place,
                Some(WaitPlace::Body(_) | WaitPlace::Refill { .. })
            ),
            RefusalAction::Retry | RefusalAction::Fail | RefusalAction::Renew => false,
        };
        waits_by_body || !self.fields.is_empty()
    }
}
