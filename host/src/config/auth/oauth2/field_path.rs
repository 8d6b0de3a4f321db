//! The path of a field in an answer.

use serde_json::Value;

/// The path of a field in a token endpoint's answer: names and numbers between dots, such as `data.access_token` or
/// `items.0.token`.
///
/// A JSONPath such as `$.items[0].token` and a JSON pointer such as `/data/access_token` (RFC 6901) are read, too; `.`
/// is the whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldPath {
    pointer: String,
}

impl FieldPath {
    /// Reads a path.
    ///
    /// # Errors
    ///
    /// The path is empty or has an empty part: no provider has a field without a name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text == "." || text == "$" {
            return Ok(Self {
                pointer: String::new(),
            });
        }
        let pointer = match text.strip_prefix('/') {
            Some(_) => text.to_owned(),
            None => without_brackets(text)
                .split('.')
                .map(|part| format!("/{}", part.replace('~', "~0").replace('/', "~1")))
                .collect(),
        };
        let has_empty_part = pointer.split('/').skip(1).any(str::is_empty);
        if has_empty_part || text.contains(char::is_control) {
            return Err("write the names that lead to the field with dots between them, such as \"data.access_token\"".to_owned());
        }
        Ok(Self { pointer })
    }

    /// Whether the path is that of the whole answer.
    pub fn is_whole(&self) -> bool {
        self.pointer.is_empty()
    }

    /// The path of a field at the top level of the answer.
    pub fn of_name(name: &str) -> Self {
        let escaped = name.replace('~', "~0").replace('/', "~1");
        Self {
            pointer: format!("/{escaped}"),
        }
    }

    /// The field; `None` if the answer doesn't have it.
    pub fn of<'v>(&self, answer: &'v Value) -> Option<&'v Value> {
        answer.pointer(&self.pointer)
    }

    /// The path of a sibling of this field.
    pub fn beside(&self, name: &str) -> Self {
        let parent = self
            .pointer
            .rsplit_once('/')
            .map_or("", |(parent, _)| parent);
        Self {
            pointer: format!("{parent}{}", Self::of_name(name).pointer),
        }
    }

    /// The last name, such as `access_token` of `data.access_token`.
    pub fn name(&self) -> String {
        let last = self.pointer.rsplit_once('/').map_or("", |(_, last)| last);
        last.replace("~1", "/").replace("~0", "~")
    }

    /// Whether the path is the same as the other one, or leads to a field within it.
    pub fn lies_in(&self, other: &Self) -> bool {
        let rest = self.pointer.strip_prefix(&other.pointer);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The path with dots, as the file may have it.
    pub fn dotted(&self) -> String {
        if self.is_whole() {
            return ".".to_owned();
        }
        let parts = self.pointer.split('/').skip(1);
        let parts: Vec<String> = parts
            .map(|part| part.replace("~1", "/").replace("~0", "~"))
            .collect();
        parts.join(".")
    }
}

/// Converts a JSONPath into names and numbers between dots: `$.items[0]['token']` into `items.0.token`.
fn without_brackets(text: &str) -> String {
    let text = text.strip_prefix("$.").unwrap_or(text);
    let text = text
        .strip_prefix('$')
        .filter(|rest| rest.starts_with('['))
        .unwrap_or(text);
    let mut path = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        let Some((inner, after)) = after.split_once(']') else {
            break;
        };
        path.push_str(before);
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(inner.trim_matches(['\'', '"']));
        rest = after;
    }
    path.push_str(rest);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_through_names_and_numbers() {
        let answer = serde_json::json!({
            "data": { "access_token": "a", "list": [{ "token": "b" }] }, "x.y": "c", "s/t": "d"
        });
        for (path, expected, dotted) in [
            ("data.access_token", Some("a"), "data.access_token"),
            ("data.list.0.token", Some("b"), "data.list.0.token"),
            ("/data/list/0/token", Some("b"), "data.list.0.token"),
            ("/x.y", Some("c"), "x.y"),
            ("s/t", Some("d"), "s/t"),
            ("data.other", None, "data.other"),
            ("$.data.access_token", Some("a"), "data.access_token"),
            ("data.list[0].token", Some("b"), "data.list.0.token"),
            (
                "$['data']['list'][0]['token']",
                Some("b"),
                "data.list.0.token",
            ),
            ("access_token", None, "access_token"),
        ] {
            let path = FieldPath::parse(path).expect(path);
            assert_eq!(path.of(&answer).and_then(Value::as_str), expected);
            assert_eq!(path.dotted(), dotted);
        }
        let path = FieldPath::parse("data.access_token").expect("a path");
        assert_eq!(path.beside("list").dotted(), "data.list");
        assert_eq!(path.name(), "access_token");
        let data = FieldPath::parse("data").expect("a path");
        assert!(path.lies_in(&path) && path.lies_in(&data) && !data.lies_in(&path));
        assert!(!FieldPath::of_name("database").lies_in(&data));
        assert_eq!(FieldPath::parse("$").expect("a path").dotted(), ".");
        for wrong in ["", "a.", "a..b", "/", "/a/", "a\nb"] {
            assert!(FieldPath::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
