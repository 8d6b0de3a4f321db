//! A refusal in the provider's own words, and places where a token may be instead.

use http::{HeaderMap, header};
use serde_json::Value;

use crate::egress::auth::fault::EndpointFault;

/// The names of the fields with a refusal's words, likelier names first.
const CODE_NAMES: [&str; 16] = [
    "error",
    "error_code",
    "errorCode",
    "errcode",
    "err_code",
    "code",
    "Code",
    "ErrorCode",
    "status_code",
    "Error",
    "errorType",
    "error_type",
    "fault_code",
    "faultCode",
    "faultcode",
    "errorcode",
];
const DESCRIPTION_NAMES: [&str; 23] = [
    "error_description",
    "errorDescription",
    "error_message",
    "errorMessage",
    "error_msg",
    "errmsg",
    "err_msg",
    "message",
    "Message",
    "msg",
    "errorSummary",
    "detail",
    "details",
    "description",
    "reason",
    "title",
    "errors",
    "error_detail",
    "fault_string",
    "faultString",
    "faultstring",
    "info",
    "hint",
];

/// The fields that mark a refusal with status 200, and the values that do so.
const FLAG_NAMES: [&str; 5] = ["ok", "success", "Success", "succeeded", "isSuccess"];
const OUTCOME_NAMES: [&str; 3] = ["status", "result", "Status"];
const FAILURES: [&str; 6] = ["error", "fail", "failed", "failure", "ko", "nok"];

/// The usual names of a token.
const TOKEN_NAMES: [&str; 9] = [
    "access_token",
    "accessToken",
    "AccessToken",
    "token",
    "Token",
    "session_token",
    "sessionToken",
    "jwt",
    "sessionId",
];

/// The depth to which an answer is searched.
const MAX_DEPTH: usize = 4;

/// The words of a refusal.
#[derive(Debug, Default)]
pub(super) struct RefusalWords {
    /// May be empty.
    code: String,
    /// May be empty.
    description: String,
}

impl RefusalWords {
    /// The words of an answer without a token. They may contain secrets.
    pub(super) fn of(answer: &Value) -> Self {
        let code = find(answer, &CODE_NAMES, MAX_DEPTH, &code).unwrap_or_default();
        let description = find(answer, &DESCRIPTION_NAMES, MAX_DEPTH, &description);
        let description = description.unwrap_or_default();
        let description = if description == code {
            String::new()
        } else {
            description
        };
        Self { code, description }
    }

    /// The words of the head (RFC 6750, section 3): `WWW-Authenticate: Basic error="invalid_client"`.
    pub(super) fn of_challenge(headers: &HeaderMap) -> Self {
        let mut words = Self::default();
        for value in headers.get_all(header::WWW_AUTHENTICATE) {
            for parameter in value.to_str().unwrap_or_default().split(',') {
                let Some((name, text)) = parameter.split_once('=') else {
                    continue;
                };
                let text = text.trim().trim_matches('"').to_owned();
                match name.trim().rsplit(' ').next() {
                    Some("error") => words.code = text,
                    Some("error_description") => words.description = text,
                    _ => {}
                }
            }
        }
        words
    }

    /// Whether there are any.
    pub(super) fn is_something(&self) -> bool {
        !self.code.is_empty() || !self.description.is_empty()
    }
}

impl From<RefusalWords> for EndpointFault {
    fn from(RefusalWords { code, description }: RefusalWords) -> Self {
        Self::Refused { code, description }
    }
}

/// Whether an answer marks itself as a refusal, by a flag or by an error at its top.
pub(super) fn says_no(answer: &Value) -> bool {
    let Some(fields) = answer.as_object() else {
        return false;
    };
    let is_false = |value: &Value| match value {
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::String(text) => text.trim().eq_ignore_ascii_case("false"),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    let is_failure = |value: &Value| {
        let text = value.as_str().unwrap_or_default().trim();
        FAILURES.iter().any(|word| text.eq_ignore_ascii_case(word))
    };
    let is_error = |value: &Value| match value {
        Value::String(_) => code(value).is_some(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    };
    let any = |names: &[&str], is_so: &dyn Fn(&Value) -> bool| {
        names
            .iter()
            .any(|name| fields.get(*name).is_some_and(is_so))
    };
    any(&FLAG_NAMES, &is_false)
        || any(&OUTCOME_NAMES, &is_failure)
        || any(&["error", "errors"], &is_error)
}

/// A string or a number that doesn't mean success.
fn code(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let lower = text.to_ascii_lowercase();
    let is_success = ["", "0", "200", "201", "ok", "success", "none"].contains(&lower.as_str());
    (!is_success).then_some(text)
}

fn description(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => code(&text.trim().into()),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            (!texts.is_empty()).then(|| texts.join("; "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    }
}

/// The result of `read` for the first field with one of these names, first in this object and then within it.
fn find(
    value: &Value,
    names: &[&str],
    depth: usize,
    read: &dyn Fn(&Value) -> Option<String>,
) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match value {
        Value::Object(fields) => names
            .iter()
            .find_map(|name| read(fields.get(*name)?))
            .or_else(|| {
                let mut within = fields.values();
                within.find_map(|value| find(value, names, depth, read))
            }),
        Value::Array(items) => items.iter().find_map(|item| find(item, names, depth, read)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The path of a field that looks like a token, for `token-path`; `None` if there is none.
pub(super) fn path_of_token(answer: &Value) -> Option<String> {
    path_within(answer, MAX_DEPTH)
}

fn path_within(value: &Value, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    let is_token = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
    let is_plain = |name: &str| {
        let fits = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
        !name.is_empty() && name.len() <= 40 && name.chars().all(fits)
    };
    let joined =
        |name: &str, value: &Value| path_within(value, depth).map(|rest| format!("{name}.{rest}"));
    match value {
        Value::Object(fields) => TOKEN_NAMES
            .iter()
            .find(|name| fields.get(**name).is_some_and(is_token))
            .map(|name| (*name).to_owned())
            .or_else(|| {
                let mut within = fields.iter().filter(|(name, _)| is_plain(name));
                within.find_map(|(name, value)| joined(name, value))
            }),
        Value::Array(items) => items.first().and_then(|item| joined("0", item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
