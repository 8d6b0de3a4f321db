//! The path of values in a response's body.

use std::fmt;

use serde_json::Value;

/// The path of values in a JSON body: names and numbers between dots, such as `error.code`, or a JSON pointer (RFC
/// 6901), such as `/error/code`. A part `*` is any item of a list, or any field of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyPath {
    parts: Vec<String>,
}

impl BodyPath {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// The path is empty, has an empty part, or contains brackets.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<String> = match text.strip_prefix('/') {
            Some(pointer) => pointer
                .split('/')
                .map(|part| part.replace("~1", "/").replace("~0", "~"))
                .collect(),
            None => text.split('.').map(str::to_owned).collect(),
        };
        let is_wrong = |part: &String| {
            part.is_empty() || part.ends_with(']') || part.contains(char::is_control)
        };
        if parts.first().is_some_and(|part| part == "$") {
            return Err(format!(
                "a path begins with the first name, not with `$`: write \"{}\"",
                text.trim_start_matches(['$', '.'])
            ));
        }
        if parts.iter().any(is_wrong) {
            return Err("write the names that lead to the field with dots between them, and `*` for any item of a list, such as \
                 \"errors.*.code\""
                .to_owned());
        }
        Ok(Self { parts })
    }

    /// Whether one of the values at this path satisfies the predicate.
    pub fn any(&self, body: &Value, is_wanted: &impl Fn(&Value) -> bool) -> bool {
        any(&self.parts, body, is_wanted)
    }

    /// The first value at this path; `None` if the body has none.
    pub fn first<'v>(&self, body: &'v Value) -> Option<&'v Value> {
        first(&self.parts, body)
    }
}

impl fmt::Display for BodyPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.parts.join("."))
    }
}

fn any(parts: &[String], value: &Value, is_wanted: &impl Fn(&Value) -> bool) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return is_wanted(value);
    };
    let mut found = fields(part, value);
    found.any(|value| any(rest, value, is_wanted))
}

fn first<'v>(parts: &[String], value: &'v Value) -> Option<&'v Value> {
    let Some((part, rest)) = parts.split_first() else {
        return Some(value);
    };
    let mut found = fields(part, value);
    found.find_map(|value| first(rest, value))
}

/// The values that one part of a path selects.
fn fields<'v>(part: &str, value: &'v Value) -> Box<dyn Iterator<Item = &'v Value> + 'v> {
    match value {
        Value::Array(items) if part == "*" => Box::new(items.iter()),
        Value::Object(fields) if part == "*" => Box::new(fields.values()),
        Value::Array(items) => {
            let item = part.parse().ok().and_then(|index: usize| items.get(index));
            Box::new(item.into_iter())
        }
        Value::Object(fields) => Box::new(fields.get(part).into_iter()),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_leads_through_names_numbers_and_any_item() {
        let body = json!({
            "errors": [{ "code": "A" }, { "extensions": { "code": "B" } }, { "code": "C" }],
            "x/y": { "one": 1, "two": 2 },
        });
        for (path, wanted, is_there) in [
            ("errors.0.code", json!("A"), true),
            ("errors.*.code", json!("C"), true),
            ("errors.*.code", json!("B"), false),
            ("/errors/*/extensions/code", json!("B"), true),
            ("/x~1y/two", json!(2), true),
            ("x/y.*", json!(1), true),
            ("errors.3.code", json!("A"), false),
            ("errors.code", json!("A"), false),
            ("*.*.code", json!("A"), true),
        ] {
            let path = BodyPath::parse(path).expect(path);
            let found = path.any(&body, &|value| *value == wanted);
            assert_eq!(found, is_there, "{path:?}");
        }
        let any = BodyPath::parse("errors.*.code").expect("a path");
        assert_eq!(any.first(&body), Some(&json!("A")));
        let list = BodyPath::parse("*.errorCode").expect("a path");
        assert_eq!(
            list.first(&json!([{}, { "errorCode": 7 }])),
            Some(&json!(7))
        );
        for wrong in [
            "",
            ".",
            "a.",
            "a..b",
            "errors[0].code",
            "errors[]",
            "a\nb",
            "$",
            "$.code",
        ] {
            assert!(BodyPath::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
