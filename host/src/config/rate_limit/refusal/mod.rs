//! Responses that refuse a call: `[[rate-limit.refusal]]` and `refusals` of `[rate-limit]`.

mod body_path;
mod presets;
mod reader;
mod rule;
mod section;

pub use body_path::BodyPath;
pub use rule::{
    FieldCondition, HeaderCondition, RefusalAction, RefusalRule, RefusalWait, WaitPlace,
};
