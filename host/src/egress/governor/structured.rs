//! Structured fields (RFC 9651), as far as rate limit fields need them.
//!
//! This doesn't use the crate `sfv`: it refuses what the RFC refuses, such as a space before a parameter (`"daily" ;
//! q=1000`) or a key with capital letters, and APIs send both. Calls would run into a quota that was misread for that
//! reason.

/// More members than any API has policies.
const MAX_MEMBERS: usize = 16;

/// A member of a list, or of a dictionary.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ListMember {
    /// The item of a list, or the key of a dictionary; a string without its quotes.
    pub(super) item: String,
    /// The value, if the item is a key.
    pub(super) value: Option<String>,
    /// In their order, each with its value; the value is empty if there is none.
    parameters: Vec<(String, String)>,
}

impl ListMember {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The members of a field, whose lines are joined by commas. `None` if a string doesn't end: then the whole field has
/// no meaning.
pub(super) fn members(text: &str) -> Option<Vec<ListMember>> {
    let mut members = Vec::new();
    for part in split(text, ',')?.into_iter().take(MAX_MEMBERS) {
        let mut parts = split(part, ';')?.into_iter();
        let (item, value) = pair(parts.next().unwrap_or_default())?;
        if item.is_empty() {
            continue;
        }
        let parameters = parts
            .map(|part| pair(part).map(|(key, value)| (key, value.unwrap_or_default())))
            .collect::<Option<_>>()?;
        members.push(ListMember {
            item,
            value,
            parameters,
        });
    }
    Some(members)
}

/// `key=value`, or an item alone.
fn pair(text: &str) -> Option<(String, Option<String>)> {
    let text = text.trim();
    let key = split(text, '=')?.first().copied().unwrap_or_default();
    // The text after the first `=` may contain more of them, as bytes in Base64 do.
    let value = text.get(key.len().saturating_add(1)..);
    Some((bare(key), value.map(bare)))
}

/// An item without its quotes.
fn bare(text: &str) -> String {
    let text = text.trim();
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    match inner {
        None => text.to_owned(),
        Some(inner) => {
            let mut letters = inner.chars();
            let mut plain = String::with_capacity(inner.len());
            while let Some(letter) = letters.next() {
                plain.extend(if letter == '\\' {
                    letters.next()
                } else {
                    Some(letter)
                });
            }
            plain
        }
    }
}

/// The parts between separators that are outside of strings.
fn split(text: &str, separator: char) -> Option<Vec<&str>> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = text
        .split(|letter| {
            let was_escaped = std::mem::replace(&mut escaped, false);
            match letter {
                '\\' if quoted && !was_escaped => escaped = true,
                '"' if !was_escaped => quoted = !quoted,
                _ => return letter == separator && !quoted,
            }
            false
        })
        .collect();
    (!quoted).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(item: &str, value: Option<&str>, parameters: &[(&str, &str)]) -> ListMember {
        ListMember {
            item: item.to_owned(),
            value: value.map(str::to_owned),
            parameters: parameters
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn members_are_read_with_their_parameters() {
        let cases = [
            (
                r#""daily" ; q=1000;pk=:cHsdsRa894==:"#,
                Some(vec![member(
                    "daily",
                    None,
                    &[("q", "1000"), ("pk", ":cHsdsRa894==:")],
                )]),
            ),
            (
                r#""burst";q=100;w=60,"a,b;c=\"d\"";r=5;flag"#,
                Some(vec![
                    member("burst", None, &[("q", "100"), ("w", "60")]),
                    member("a,b;c=\"d\"", None, &[("r", "5"), ("flag", "")]),
                ]),
            ),
            (
                "limit=100, remaining=50,reset=5",
                Some(vec![
                    member("limit", Some("100"), &[]),
                    member("remaining", Some("50"), &[]),
                    member("reset", Some("5"), &[]),
                ]),
            ),
            ("100;w=60", Some(vec![member("100", None, &[("w", "60")])])),
            ("", Some(vec![])),
            (",,", Some(vec![])),
            (r#""burst;r=5"#, None),
            (r#""burst\";r=5"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(members(text), expected, "{text}");
        }
        assert_eq!(
            members("a;r=1;r=2").unwrap()[0].parameter("r"),
            Some("2"),
            "the last one counts"
        );
        assert_eq!(members(&"a,".repeat(100)).unwrap().len(), MAX_MEMBERS);
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[\\PC\"\\\\,;=]{0,100}") {
            if let Some(read) = members(&text) {
                prop_assert!(read.len() <= MAX_MEMBERS);
            }
        }
    }
}
