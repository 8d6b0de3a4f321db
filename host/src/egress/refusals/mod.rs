//! What a response means by the rules of the configuration, `[[rate-limit.refusal]]` and its presets.
//!
//! The head decides first. Only if a rule whose conditions it meets asks for the body, too, the body's beginning is read;
//! whoever gets the response gets it whole all the same. Without rules nothing is read and nothing is taken.

mod conditions;
mod exchange_judgment;
mod judge;
mod wait;

pub(super) use exchange_judgment::ExchangeJudgment;
pub(super) use judge::{HeadJudgment, Judgment, Refusals};
