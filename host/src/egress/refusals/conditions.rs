//! Whether a response meets a rule's conditions.

use http::HeaderMap;
use serde_json::Value;

use crate::config::{FieldCondition, HeaderCondition, RefusalRule};

/// Whether status and headers match the rule.
pub(super) fn of_head(rule: &RefusalRule, status: u16, headers: &HeaderMap) -> bool {
    let statuses = &rule.statuses;
    (statuses.is_empty() || statuses.iter().any(|range| range.contains(&status)))
        && rule.headers.iter().all(|header| is_met(header, headers))
}

/// Whether the body matches the rule. `text` is its beginning, `json` the whole body if that is JSON.
pub(super) fn of_body(rule: &RefusalRule, text: &[u8], json: Option<&Value>) -> bool {
    let has_text = rule.texts.is_empty() || rule.texts.iter().any(|wanted| holds(text, wanted));
    has_text && rule.fields.iter().all(|field| has(field, json))
}

fn is_met(condition: &HeaderCondition, headers: &HeaderMap) -> bool {
    headers.get_all(&condition.name).iter().any(|value| {
        let texts = &condition.texts;
        texts.is_empty() || texts.iter().any(|text| holds(value.as_bytes(), text))
    })
}

fn has(condition: &FieldCondition, json: Option<&Value>) -> bool {
    json.is_some_and(|json| {
        condition.path.any(json, &|value| match &*condition.values {
            [] => !value.is_null(),
            values => values.iter().any(|wanted| is_same(value, wanted)),
        })
    })
}

/// Whether a value equals the wanted one, even if only one of them is a string: APIs write `"code": 17` and `"code":
/// "17"`.
fn is_same(value: &Value, wanted: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    value == wanted || text(value).is_some_and(|value| Some(value) == text(wanted))
}

/// Whether these bytes contain a text, ignoring the case of ASCII letters.
fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part.eq_ignore_ascii_case(text.as_bytes()))
}
