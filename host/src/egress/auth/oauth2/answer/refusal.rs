//! A refusal in the provider's own words, and where a token may stand instead.

use serde_json::Value;

/// Where the words of a refusal stand, the likelier names first.
const CODE_NAMES: [&str; 9] = [
    "error",
    "error_code",
    "errorCode",
    "errcode",
    "err_code",
    "code",
    "Code",
    "ErrorCode",
    "status_code",
];
const DESCRIPTION_NAMES: [&str; 18] = [
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
];

/// How a refusal is flagged that has status 200.
const FLAG_NAMES: [&str; 3] = ["ok", "success", "Success"];

/// Where a token often stands.
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

/// How deep an answer is looked through.
const MAX_DEPTH: usize = 4;

/// What a refusal says.
#[derive(Debug, Default)]
pub(super) struct RefusalWords {
    /// May be empty.
    pub(super) code: String,
    /// May be empty.
    pub(super) description: String,
    /// Whether the answer says that it is a refusal, and not only words.
    pub(super) is_flagged: bool,
}

impl RefusalWords {
    /// Those of an answer without a token. They may hold secrets.
    pub(super) fn of(answer: &Value) -> Self {
        let code = find(answer, &CODE_NAMES, MAX_DEPTH, &code);
        let description = find(answer, &DESCRIPTION_NAMES, MAX_DEPTH, &description);
        let flag = |value: &Value| (value.as_bool() == Some(false)).then(String::new);
        let is_flagged = code.is_some() || find(answer, &FLAG_NAMES, 1, &flag).is_some();
        let (code, description) = (code.unwrap_or_default(), description.unwrap_or_default());
        let description = if description == code {
            String::new()
        } else {
            description
        };
        Self {
            code,
            description,
            is_flagged,
        }
    }
}

/// A text or a number that is no word of success.
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

/// What `read` makes of the first field that has one of these names, those of this object before those within it.
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

/// The path of what looks like a token, for `token-path`; `None` if nothing does.
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
