//! The meaning of a response by the rules of the configuration, `[[rate-limit.refusal]]` and its presets.
//!
//! The head decides first. The body's beginning is read only if a rule whose conditions the head meets requires it;
//! the response's reader still gets the whole body. Without rules nothing is read or charged.

mod conditions;
mod exchange_judgment;
mod judge;
mod wait;

pub(super) use exchange_judgment::ExchangeJudgment;
pub(super) use judge::{HeadJudgment, Judgment, Refusals};
