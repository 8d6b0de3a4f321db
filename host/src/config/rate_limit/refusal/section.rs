//! Reads `[[rate-limit.refusal]]`.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::HeaderName;
use serde_json::Value;

use super::body_path::BodyPath;
use super::rule::{
    FieldCondition, HeaderCondition, RefusalAction, RefusalRule, RefusalWait, WaitPlace,
};
use crate::config::choice::chosen;
use crate::config::document::TomlEntry;
use crate::config::range::Range;
use crate::config::settings::Settings;
use crate::config::time_unit::TimeUnit;

/// The limit on rules, more than an API has ways to refuse a call.
const MAX_RULES: usize = 64;

/// The statuses of final responses.
const STATUSES: RangeInclusive<u16> = 200..=599;

/// Reads `refusal`, a list of tables. A rule that renews a credential is invalid if no credential can be renewed.
pub(super) fn rules(
    settings: &mut Settings<'_, '_, '_>,
    has_renewable_credential: bool,
) -> Vec<RefusalRule> {
    settings.sections("refusal", MAX_RULES, |settings, entry| {
        let rule = rule(settings, entry)?;
        if rule.action == RefusalAction::Renew
            && !has_renewable_credential
            && let Some(then) = settings.entry("then")
        {
            settings.note(then.problem(
                "the connector has no credential that can be renewed: add a section `[auth.NAME]` of kind oauth2, session or \
                 jwt, or write one of wait, retry, fail",
            ));
        }
        Some(rule)
    })
}

fn rule(settings: &mut Settings<'_, '_, '_>, entry: &TomlEntry<'_>) -> Option<RefusalRule> {
    let statuses = statuses(settings);
    let headers = headers(settings);
    let fields = fields(settings);
    let texts = settings.one_or_more("text", "a text that the body contains", not_empty);
    let has_condition = ["status", "header", "json", "text"]
        .iter()
        .filter(|key| settings.entry(key).is_some())
        .count()
        > 0;
    if !has_condition {
        settings.note(entry.problem(
            "write at least one of `status`, `header`, `json` and `text`, by which the host recognizes a refusal",
        ));
    }
    for key in ["status", "header", "json", "text"] {
        if let Some(entry) = settings.entry(key)
            && entry.is_empty()
        {
            settings.note(
                entry.problem(
                    "the condition is empty, so every response would match: write a value",
                ),
            );
        }
    }
    let is_of_success = |class: &RangeInclusive<u16>| class.contains(&200) || class.end() < &300;
    let has_other = ["header", "json", "text"]
        .iter()
        .any(|key| settings.entry(key).is_some());
    if let Some(entry) = settings.entry("status")
        && !has_other
        && statuses.iter().any(is_of_success)
    {
        settings.note(entry.problem(
            "successful responses have this status, too: add `header`, `json` or `text` to tell refusals from them",
        ));
    }
    let wait = wait(settings);
    let action = action(entry, settings, wait)?;
    Some(RefusalRule {
        name: entry.place(),
        statuses,
        headers,
        fields,
        texts,
        action,
    })
}

/// Reads `then`, and the keys of a wait.
fn action(
    entry: &TomlEntry<'_>,
    settings: &mut Settings<'_, '_, '_>,
    wait: RefusalWait,
) -> Option<RefusalAction> {
    const ACTIONS: &str = "one of wait, retry, fail, renew";
    if settings.entry("then").is_none() {
        settings.note(entry.problem(format!("`then` is missing: write {ACTIONS}")));
        return None;
    }
    let actions = [
        ("wait", RefusalAction::Wait(wait)),
        ("retry", RefusalAction::Retry),
        ("fail", RefusalAction::Fail),
        ("renew", RefusalAction::Renew),
    ];
    let action = settings.value("then", None, ACTIONS, |text| {
        chosen("action", text, actions, |(name, _)| name).map(|(_, action)| Some(action))
    })?;
    for key in ["wait", "wait-header", "wait-json", "wait-unit"] {
        if let Some(entry) = settings.entry(key)
            && !matches!(action, RefusalAction::Wait(_))
        {
            settings.note(entry.problem("this key requires `then = \"wait\"`"));
        }
    }
    Some(action)
}

/// Reads `wait`, `wait-header` or `wait-json`, and `wait-unit`.
fn wait(settings: &mut Settings<'_, '_, '_>) -> RefusalWait {
    let header = settings.value(
        "wait-header",
        None,
        "the name of a header such as \"x-retry-in\"",
        |text| header_name(text).map(Some),
    );
    let path = settings.value(
        "wait-json",
        None,
        "a field's path such as \"error.retry_in\"",
        |text| BodyPath::parse(text).map(Some),
    );
    let expected = format!("one of {}", TimeUnit::names());
    let unit = settings.value("wait-unit", None, &expected, |text| {
        TimeUnit::parse(text).map(Some)
    });
    let places = ["wait-header", "wait-json"].map(|key| settings.entry(key));
    let entry = settings.entry("wait-unit");
    match (places, entry) {
        ([Some(_), Some(both)], _) => {
            settings.note(both.problem("write `wait-header` or `wait-json`, not both"));
        }
        ([None, None], Some(unit)) => settings
            .note(unit.problem("this key requires `wait-header` or `wait-json`, whose unit it is")),
        _ => {}
    }
    let otherwise = settings.value("wait", None, "a time such as \"60s\"", |text| {
        Range::<Duration>::TIME.parse(text).map(Some)
    });
    RefusalWait {
        place: header.map(WaitPlace::Header).or(path.map(WaitPlace::Body)),
        unit,
        otherwise,
    }
}

/// Reads `status`: a number, a class such as `"4xx"`, or a list of both.
fn statuses(settings: &mut Settings<'_, '_, '_>) -> Vec<RangeInclusive<u16>> {
    let Some(entry) = settings.entry("status") else {
        return Vec::new();
    };
    let entries = entry.items().unwrap_or_else(|| vec![entry]);
    let mut statuses = Vec::with_capacity(entries.len());
    for entry in entries {
        let status =
            match entry.as_str() {
                Some("2xx") => Ok(200..=299),
                Some("3xx") => Ok(300..=399),
                Some("4xx") => Ok(400..=499),
                Some("5xx") => Ok(500..=599),
                Some(_) => Err(entry
                    .problem("not a status: write \"2xx\", \"3xx\", \"4xx\", \"5xx\" or a number")),
                None => entry.whole_number(&STATUSES).map(|status| status..=status),
            };
        match status {
            Ok(status) => statuses.push(status),
            Err(problem) => settings.note(problem),
        }
    }
    statuses
}

/// Reads `header`: the name of a header that must be present, or a table of names with the text of their values.
fn headers(settings: &mut Settings<'_, '_, '_>) -> Vec<HeaderCondition> {
    let Some(entry) = settings.entry("header") else {
        return Vec::new();
    };
    if !entry.is_table() {
        let expected =
            "a header's name such as \"x-error\", or a table such as { x-error = \"limit\" }";
        let name = settings.value("header", None, expected, |text| header_name(text).map(Some));
        let condition = name.map(|name| HeaderCondition {
            name,
            texts: Vec::new(),
        });
        return condition.into_iter().collect();
    }
    let mut conditions: Vec<HeaderCondition> = Vec::new();
    for (entry, name, text) in settings.texts("header") {
        let parsed = header_name(name).and_then(|name| Ok((name, not_empty(&text)?)));
        match parsed {
            Ok((name, text)) => match conditions.iter_mut().find(|known| known.name == name) {
                Some(known) => known.texts.push(text),
                None => conditions.push(HeaderCondition {
                    name,
                    texts: vec![text],
                }),
            },
            Err(message) => settings.note(entry.problem(message)),
        }
    }
    conditions
}

/// Reads `json`: the path of a field that must be present, or a table of paths with their values.
fn fields(settings: &mut Settings<'_, '_, '_>) -> Vec<FieldCondition> {
    let Some(entry) = settings.entry("json") else {
        return Vec::new();
    };
    if !entry.is_table() {
        let expected = "a field's path such as \"errors.*.code\", or a table such as { \"errors.*.code\" = \"LIMIT\" }";
        let path = settings.value("json", None, expected, |text| {
            BodyPath::parse(text).map(Some)
        });
        let condition = path.map(|path| FieldCondition {
            path,
            values: Vec::new(),
        });
        return condition.into_iter().collect();
    }
    let Some(table) = settings.object("json") else {
        return Vec::new();
    };
    let mut conditions = Vec::with_capacity(table.len());
    for (path, value) in table {
        let values = match value {
            Value::Array(values) => values,
            value => vec![value],
        };
        let is_wrong = |value: &Value| value.is_array() || value.is_object();
        if values.is_empty() || values.iter().any(is_wrong) {
            settings.note(entry.problem(format!(
                "`{path}`: write a string, a number, true or false, or a list of them"
            )));
            continue;
        }
        match BodyPath::parse(&path) {
            Ok(path) => conditions.push(FieldCondition { path, values }),
            Err(message) => settings.note(entry.problem(format!("`{path}`: {message}"))),
        }
    }
    conditions
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    HeaderName::from_bytes(text.as_bytes()).map_err(|_| {
        "a header's name may contain only letters, digits and `!#$%&'*+-.^_`|~`".to_owned()
    })
}

fn not_empty(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("the text is empty, so every response would match: write a text".to_owned());
    }
    Ok(text.to_owned())
}
